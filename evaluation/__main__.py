"""Write what is published of plans: ``python -m evaluation`` from the repository's root."""

from __future__ import annotations

import json
from pathlib import Path

from evaluation.schema import plan_schema


def main() -> None:
    """Write ``docs/plan.schema.json``."""
    schema = json.dumps(plan_schema(), indent=2, ensure_ascii=False) + "\n"
    Path("docs/plan.schema.json").write_text(schema, encoding="utf-8")


if __name__ == "__main__":
    main()
