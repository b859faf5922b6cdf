"""The JSON Schemas of plans and programmes, as published in ``docs/``, for editors and other programs."""

from __future__ import annotations

from typing import Any

import msgspec

from evaluation.plan import Plan
from evaluation.programme import Programme


def plan_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a plan's file."""
    return _schema(Plan, "WattProof evaluation plan")


def programme_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a programme's file."""
    return _schema(Programme, "WattProof programme")


def _schema(kind: type, title: str) -> dict[str, Any]:
    (reference,), definitions = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **reference,
        "$defs": definitions,
    }
