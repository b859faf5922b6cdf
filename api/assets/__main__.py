"""``python -m api.assets``: put the borrowed files into this checkout; quick when they are there already."""

from __future__ import annotations

import sys

from api.assets.vendor import TARGET, build


def main() -> int:
    """Build, and say in one line what happened."""
    try:
        fetched = build()
    except (RuntimeError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{TARGET}: {'fetched' if fetched else 'up to date'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
