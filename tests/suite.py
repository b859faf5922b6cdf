"""The whole suite, as `make test` runs it; the few tests that fail are tried once more, alone, and always named.

Real brokers, databases and browsers share two cores with each other, and perhaps with other machines. A test that fails
in that crowd and passes alone has found a wait that is too short, or a race: its first failure is printed in full, and
its name last, for somebody to mend. Python's own suite does the same (`python -m test --rerun`). What fails alone as
well, or more than `MOST` at once, is no matter of the crowd.

``python -m tests.suite [pytest's arguments]``
"""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import pytest

MOST: Final = 3


class Failed:
    """Hears which tests fail; a plugin of pytest's."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the name of a test whose setup, call or teardown failed."""
        if report.failed:
            self.names[report.nodeid] = None


def main(arguments: list[str]) -> int:
    """Run the suite; pytest's exit code, of the second try where there was one."""
    failed = Failed()
    ended = pytest.main(arguments, plugins=[failed])
    if ended != pytest.ExitCode.TESTS_FAILED or not 0 < len(failed.names) <= MOST:
        return int(ended)
    print("\nTried once more, alone:", *failed.names, sep="\n  ", flush=True)
    again = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *failed.names], check=False)
    if again.returncode == pytest.ExitCode.OK:
        print("\nPASSED ONLY THE SECOND TIME, alone; to be mended (the failure is above):", *failed.names, sep="\n  ")
    return again.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
