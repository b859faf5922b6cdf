"""Write what is published of plans and programmes: ``python -m evaluation`` from the repository's root."""

from __future__ import annotations

import json
from pathlib import Path

from evaluation.schema import plan_schema, programme_schema


def main() -> None:
    """Write ``docs/plan.schema.json`` and ``docs/programme.schema.json``."""
    for name, schema in (("plan", plan_schema()), ("programme", programme_schema())):
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        Path(f"docs/{name}.schema.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
