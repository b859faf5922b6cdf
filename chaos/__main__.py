"""Strike real parts, and print the ledger of every reading.

Ctrl-C ends the striking; what was read until then is accounted for.

``python -m chaos [--faults 100] [--seed 1] [--store duck|influx] [--influxd PROGRAM] [--json] [--lang en|ko]
[--keep FOLDER]``
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from chaos.faults import Fault
from chaos.run import StuckError, run
from chaos.terminal import Language, table
from wattproof.stopping import stop_event

_WIDE = 132


def main() -> int:
    """Run once; exit 0 when every reading is where it must be, 1 when not."""
    parser = argparse.ArgumentParser(
        prog="python -m chaos", description="Strike real parts; account for every reading."
    )
    parser.add_argument("--faults", type=_count, default=100, help="how many faults (default: 100)")
    parser.add_argument("--seed", type=int, default=1, help="which faults, in which order (default: 1)")
    parser.add_argument("--store", choices=["duck", "influx"], default="duck", help="which store (default: duck)")
    parser.add_argument(
        "--influxd",
        type=_program,
        metavar="PROGRAM",
        help="InfluxDB of --store influx, 1.x or 2.x, e.g. one that `make influxdb` built (default: Debian's influxd)",
    )
    parser.add_argument("--json", action="store_true", help="print the ledger as one JSON object")
    parser.add_argument("--lang", choices=["en", "ko"], help="language of the table (default: that of LANG)")
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="FOLDER",
        help="build in this new folder, and leave logs and files (default: leave them only when a run fails)",
    )
    options = parser.parse_args()
    if options.influxd and options.store != "influx":
        parser.error("--influxd is the server of --store influx; name that too")
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        folder = _folder(options.keep)
    except FileExistsError:
        parser.error(f"{options.keep} is there already; --keep makes a new folder")
    try:
        with stop_event() as stop, _shown(options.faults) as show:
            ledger = run(
                folder,
                options.store,
                options.faults,
                options.seed,
                on_fault=show,
                stop=stop,
                influxd=options.influxd or "",
            )
    except StuckError as error:
        sys.stderr.write(f"seed {options.seed}, store {options.store}: {error}\n")
        return 1
    if options.json:
        sys.stdout.write(msgspec.json.encode(ledger).decode() + "\n")
    else:
        console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)
        console.print(table(ledger, options.lang or _language()))
    for finding in ledger.findings:
        sys.stderr.write(finding + "\n")
    if not ledger.clean:
        sys.stderr.write(f"journals, logs, outboxes and the store of this run are in {folder}\n")
    elif not options.keep:
        shutil.rmtree(folder)
    return 0 if ledger.clean else 1


def _count(text: str) -> int:
    if not text.isdecimal() or (count := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of faults; give 1 or more")
    return count


def _program(text: str) -> str:
    if (found := shutil.which(text)) is None:
        raise argparse.ArgumentTypeError(f"{text} is no program here; `make influxdb` builds some into .influxdb/")
    return str(Path(found).absolute())


def _folder(kept: Path | None) -> Path:
    """Where the run is built."""
    if kept is None:
        return Path(tempfile.mkdtemp(prefix="chaos-"))
    kept.mkdir(parents=True)
    return kept


def _language() -> Language:
    named = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "ko" if named.lower().startswith("ko") else "en"


@contextlib.contextmanager
def _shown(total: int) -> Iterator[Callable[[int, Fault], None]]:
    """A bar on standard error, if that is a terminal."""
    bar = Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("faults"),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
    task = bar.add_task("starting", total=total)

    def show(number: int, fault: Fault) -> None:
        bar.update(task, completed=number + 1, description=f"{fault.kind.replace('_', ' ')}: {fault.target}")

    with bar:
        yield show


if __name__ == "__main__":
    raise SystemExit(main())
