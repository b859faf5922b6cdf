"""The words in published form: the table of channels and the messages' JSON Schema, as kept in ``docs/``."""

from __future__ import annotations

import json

from telemetry.channels import CHANNELS
from telemetry.codec import json_schema


def channel_table() -> str:
    """``docs/channels.md``."""
    lines = [
        "# Channels",
        "",
        "One quantity each, its unit in its name. Storage keeps these units; people are shown the last column's.",
        "A value outside the plausible range is a defect of the reading: it is counted, and never stored.",
        "",
        "| channel | unit | kind | plausible | English | 한국어 | shown in |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{c.name}` | {c.unit} | {c.kind} | {c.low:g} … {c.high:g} | {c.en} | {c.ko} | {c.display_unit or '–'} |"
        for c in CHANNELS.values()
    ]
    return "\n".join(lines) + "\n"


def wire_schema() -> str:
    """``docs/wire.schema.json``."""
    return json.dumps(json_schema(), indent=2) + "\n"
