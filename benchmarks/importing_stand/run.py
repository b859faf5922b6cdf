"""One import in a process of its own: prints the processor time it took, and how much memory it had."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import msgspec


class Ran(msgspec.Struct, frozen=True):
    """What a run took of all processors [s], and the most memory it had [MB]."""

    processor_s: float
    peak_mb: float


def main() -> None:
    """Run ``wattproof`` with what was given, or DuckDB alone: ``duckdb SOURCE TARGET``."""
    if sys.argv[1] == "duckdb":
        from benchmarks.importing_stand.files import into_a_table  # noqa: PLC0415 - the import is not the peer's

        into_a_table(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        from wattproof.main import app  # noqa: PLC0415 - its time is part of the command's

        app(sys.argv[1:], standalone_mode=False)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    ran = Ran(time.process_time(), int(found[1]) / 1024)
    sys.stdout.write("\n" + msgspec.json.encode(ran).decode() + "\n")


if __name__ == "__main__":
    main()
