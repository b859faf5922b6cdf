"""`python -m telemetry DOCS`: write what is published about the words everyone shares."""

from __future__ import annotations

import sys
from pathlib import Path

from telemetry.published import channel_table, wire_schema

if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    (folder / "channels.md").write_text(channel_table(), encoding="utf-8")
    (folder / "wire.schema.json").write_text(wire_schema(), encoding="utf-8")
