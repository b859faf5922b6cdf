"""The JSON Schema of mapping files, as published in ``docs/mapping.schema.json``, for editors and other programs."""

from __future__ import annotations

from typing import Any

import msgspec

from collector.foreign.model import MappingDocument


def mapping_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a mapping's file."""
    (reference,), definitions = msgspec.json.schema_components([MappingDocument], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "WattProof mappings of messages of others",
        **reference,
        "$defs": definitions,
    }
