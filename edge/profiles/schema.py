"""The JSON Schema of profile files, as published in ``docs/profiles.schema.json``, for editors and other programs."""

from __future__ import annotations

from typing import Any

import msgspec

from edge.profiles.inline import InlineProfile
from edge.profiles.model import ProfileDocument
from edge.profiles.plc_memory import PlcMemory


def profile_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a profile's file, of one written in a site file, and of a PLC's memory map."""
    kinds = [ProfileDocument, InlineProfile, PlcMemory]
    references, definitions = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "WattProof device profiles",
        "anyOf": list(references),
        "$defs": definitions,
    }
