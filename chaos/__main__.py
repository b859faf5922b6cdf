"""Strike real parts, and print the ledger of every reading.

Ctrl-C ends the striking; what was read until then is accounted for.

``python -m chaos [--faults 100] [--seed 1] [--store duck|influx] [--json] [--keep FOLDER]``
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog
from rich.console import Console
from rich.table import Table

from chaos.faults import Fault
from chaos.ledger import Ledger
from chaos.run import StuckError, run
from wattproof.stopping import stop_event


def main() -> int:
    """Run once; exit 0 when every reading is where it must be, 1 when not."""
    parser = argparse.ArgumentParser(
        prog="python -m chaos", description="Strike real parts; account for every reading."
    )
    parser.add_argument("--faults", type=int, default=100, help="how many faults (default: 100)")
    parser.add_argument("--seed", type=int, default=1, help="which faults, in which order (default: 1)")
    parser.add_argument("--store", choices=["duck", "influx"], default="duck", help="which store (default: duck)")
    parser.add_argument("--json", action="store_true", help="print the ledger as one JSON object")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="build in this new folder, and leave logs and files"
    )
    options = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with tempfile.TemporaryDirectory(prefix="chaos-") as scratch:
        folder = options.keep or Path(scratch)
        try:
            folder.mkdir(parents=True, exist_ok=not options.keep)
        except FileExistsError:
            parser.error(f"{folder} is there already; --keep makes a new folder")
        try:
            with stop_event() as stop:
                show = _show(options.faults)
                ledger = run(folder, options.store, options.faults, options.seed, on_fault=show, stop=stop)
        except StuckError as error:
            sys.stderr.write(f"\nseed {options.seed}, store {options.store}: {error}\n")
            return 1
    for finding in ledger.findings:
        sys.stderr.write(finding + "\n")
    if options.json:
        sys.stdout.write(msgspec.json.encode(ledger).decode() + "\n")
    else:
        Console().print(table(ledger))
    return 0 if ledger.clean else 1


def _show(total: int) -> Callable[[int, Fault], None]:
    def show(number: int, fault: Fault) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[Kfault {number + 1} of {total}: {fault.kind} {fault.target}")

    return show


def table(ledger: Ledger) -> Table:
    """The ledger for people."""
    title = f"{sum(ledger.faults.values())} faults in {ledger.seconds:.0f} s, store {ledger.store}, seed {ledger.seed}"
    shown = Table(title=title, title_justify="left", show_header=False)
    shown.add_column()
    shown.add_column(justify="right")
    shown.add_column()
    for kind, count in ledger.faults.items():
        shown.add_row(kind.replace("_", " "), f"{count:,}", "faults")
    for name, count in ledger.kills.items():
        shown.add_row(f"kill -9 of {name}", f"{count:,}", "times")
    shown.add_row("bytes altered on the lines", f"{ledger.bytes_altered:,}", "bytes", end_section=True)
    for name in ("read", "stored", "outbox", "quarantined", "gaps", "unbalanced"):
        shown.add_row(name, f"{getattr(ledger, name):,}", "readings")
    shown.add_section()
    for name in ("lost", "altered", "duplicated", "invented"):
        shown.add_row(name, f"{getattr(ledger, name):,}", "readings")
    shown.add_section()
    shown.add_row("declared a gap, yet stored", f"{ledger.gaps_stored:,}", "readings")
    shown.add_row("read, not committed when killed", f"{ledger.uncommitted:,}", "readings")
    shown.add_row("the oldest of them", f"{ledger.uncommitted_ms:,.0f}", "ms")
    shown.add_row("full disk, killed before a gap was told", f"{ledger.undeclared:,}", "readings")
    shown.add_row("answered, and not taken for a reading", f"{ledger.not_taken:,}", "answers")
    shown.add_row("longest until all delivered again", f"{ledger.recovery_s:,.1f}", "s")
    return shown


if __name__ == "__main__":
    raise SystemExit(main())
