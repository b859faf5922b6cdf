"""The JSON Schema of plans, as published in ``docs/plan.schema.json``, for editors and other programs."""

from __future__ import annotations

from typing import Any

import msgspec

from evaluation.plan import Plan


def plan_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a plan's file."""
    (reference,), definitions = msgspec.json.schema_components([Plan], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "WattProof evaluation plan",
        **reference,
        "$defs": definitions,
    }
