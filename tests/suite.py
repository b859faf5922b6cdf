"""The whole suite, as `make test` runs it; the few tests that fail are tried once more, alone, and always named.

Real brokers, databases and browsers share two cores with each other, and perhaps with other machines. A test that fails
in that crowd and passes alone has found a wait that is too short, or a race: its first failure is printed in full, and
told in short at the very end, for somebody to mend. Python's own suite does the same (`python -m test --rerun`). What
fails alone as well, or more than `MOST` at once, is no matter of the crowd.

A log that is kept only to its last lines still tells what failed: where, why, and what was logged before.

``python -m tests.suite [pytest's arguments]``
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

MOST: Final = 3
_ALONE: Final = "--alone"
_REASON_LINES: Final = 12
_LOG_LINES: Final = 15
_WIDTH: Final = 240


class Failed:
    """Hears which tests fail, and how; a plugin of pytest's."""

    def __init__(self) -> None:
        self.reports: dict[str, pytest.TestReport] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the first report of a test whose setup, call or teardown failed."""
        if report.failed:
            self.reports.setdefault(report.nodeid, report)

    def tell(self) -> None:
        """Print the failures in short, as many as fit into the last lines of a log."""
        for name, report in list(self.reports.items())[:MOST]:
            print(f"\nFAILED {name} ({report.when})", *_where(report), *_why(report), "  logged last:", sep="\n")
            print(*(f"    {line}" for line in _logged(report) or ["nothing"]), sep="\n", flush=True)


def _where(report: pytest.TestReport) -> list[str]:
    """The lines of the test's own file that led to the failure."""
    file = report.nodeid.split("::")[0]
    found = []
    for entry in getattr(getattr(report.longrepr, "reprtraceback", None), "reprentries", []):
        place = getattr(entry, "reprfileloc", None)
        if place is not None and Path(place.path).name == Path(file).name:
            source = next((line[1:].strip() for line in entry.lines if line.startswith(">")), "")
            found.append(f"  {file}:{place.lineno}: {source}"[:_WIDTH])
    return found


def _why(report: pytest.TestReport) -> list[str]:
    crash = getattr(report.longrepr, "reprcrash", None)
    reason = report.longreprtext if crash is None else crash.message
    return [f"  E {line}"[:_WIDTH] for line in reason.splitlines()[:_REASON_LINES]]


def _logged(report: pytest.TestReport) -> list[str]:
    """The last events, and of tracebacks between them the last lines."""
    lines = [line for _, text in report.sections for line in text.splitlines()]
    told = [line for line in lines if line[:1].strip() and not line.startswith("Traceback")]
    return [line[:_WIDTH] for line in told[-_LOG_LINES:]]


def main(arguments: list[str]) -> int:
    """Run the suite; pytest's exit code, of the second try where there was one."""
    alone = arguments[:1] == [_ALONE]
    failed = Failed()
    ended = int(pytest.main(arguments[alone:], plugins=[failed]))
    names = failed.reports
    if alone or ended != pytest.ExitCode.TESTS_FAILED or not 0 < len(names) <= MOST:
        failed.tell()
        return ended
    print("\nTried once more, alone:", *names, sep="\n  ", flush=True)
    command = [sys.executable, "-m", "tests.suite", _ALONE, "-p", "no:cacheprovider", *names]
    again = subprocess.run(command, check=False).returncode
    if again == pytest.ExitCode.OK:
        failed.tell()
        print("\nPASSED ONLY THE SECOND TIME, alone; to be mended (the failure is above):", *names, sep="\n  ")
    return again


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
