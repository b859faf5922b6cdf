"""Write what is published of mappings: ``python -m collector.foreign`` from the repository's root."""

from __future__ import annotations

import json
from pathlib import Path

from collector.foreign.schema import mapping_schema


def main() -> None:
    """Write ``docs/mapping.schema.json``."""
    schema = json.dumps(mapping_schema(), indent=2, ensure_ascii=False) + "\n"
    Path("docs/mapping.schema.json").write_text(schema, encoding="utf-8")


if __name__ == "__main__":
    main()
