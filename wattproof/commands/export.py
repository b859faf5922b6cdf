"""`wattproof export`."""

from __future__ import annotations

import datetime as dt
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec
import typer

from wattproof.in_korean import Language

_EVERY = re.compile(r"(\d+)(s|m|h|d)")
_LENGTHS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_Format = Literal["parquet", "csv", "xlsx"]
_Aggregate = Literal["mean", "min", "max", "first", "last", "count", "increase", "time_mean"]


def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; an existing file is not overwritten.")],
    site: Annotated[str, typer.Option("--site", metavar="SITE", help="Whose readings.")],
    device: Annotated[
        list[str] | None, typer.Option("--device", metavar="ID", help="Of this device only; may be given again.")
    ] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option("--channel", metavar="NAME", help="This channel only, e.g. energy_import_wh; may be given again."),
    ] = None,
    since: Annotated[
        str,
        typer.Option(
            "--from", metavar="TIME", help="First day or time, e.g. 2026-03-01 or '2026-03-01 06:00', in the zone."
        ),
    ] = "",
    until: Annotated[
        str, typer.Option("--to", metavar="TIME", help="Last day, itself included, or the time to stop before.")
    ] = "",
    zone: Annotated[
        str,
        typer.Option(
            "--zone", metavar="ZONE", help="Zone of --from, --to and the local times; days begin at its midnight."
        ),
    ] = "Asia/Seoul",
    every: Annotated[
        str, typer.Option("--every", metavar="LENGTH", help="Windows instead of readings: 15m, 1h, 1d.")
    ] = "",
    aggregate: Annotated[
        _Aggregate | None,
        typer.Option(
            "--aggregate", help="Of windows; else a counter's increase, a gauge's mean over time, a state's last."
        ),
    ] = None,
    form: Annotated[_Format | None, typer.Option("--format", help="Of the file; by its name without it.")] = None,
    wide: Annotated[
        bool, typer.Option("--wide", help="One row per time and one column per series, instead of one row per value.")
    ] = False,
    bom: Annotated[
        bool, typer.Option("--bom", help="Begin a CSV file with a byte order mark, so that Excel shows Korean.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    language: Annotated[
        Language | None,
        typer.Option("--lang", help="Language of the answer; by default the configuration's."),
    ] = None,
) -> None:
    """Export readings or aggregates to Parquet, CSV or XLSX."""
    import exchange
    import storage
    from wattproof import services
    from wattproof.config import find_file, load
    from wattproof.errors import BadInputError, StoppedError, UnavailableError
    from wattproof.stopping import stop_event

    config = load(find_file(context.obj, os.environ), os.environ)
    chosen = form or _form(file)
    if aggregate is not None and not every:
        raise BadInputError("--aggregate is of windows: say how long they are, e.g. --every 15m")
    if bom and chosen != "csv":
        raise BadInputError(f"--bom is for CSV; {chosen} needs none")
    try:
        clock = exchange.zone_named(zone)
        start, end = _moment(since, clock, last=False), _moment(until, clock, last=True)
    except exchange.ExchangeError as error:
        raise BadInputError(str(error)) from error
    length = _length(every)
    if start is not None and end is not None and start >= end:
        raise BadInputError(f"--from {since} is not before --to {until}")
    settings = config.store_settings
    if settings.engine == "duck" and not Path(settings.path).exists():
        raise UnavailableError(
            f"{settings.path}: no readings are there yet; run this where wattproof.yaml is, or name it with --config"
        )
    store = services.open_store(settings)
    try:
        with stop_event() as stop, _progress(shown=not as_json) as progress:
            selection = exchange.select(
                store, site, device or (), channel or (), start, end, clock, every_ms=length,
                aggregate=storage.Aggregate(aggregate) if aggregate else None,
            )  # fmt: skip
            done = exchange.export(
                store, selection, file, chosen, wide=wide, bom=bom, force=force, stopped=stop.is_set, progress=progress
            )
    except exchange.ExchangeError as error:
        raise BadInputError(str(error)) from error
    except storage.StoreError as error:
        raise UnavailableError(str(error)) from error
    finally:
        store.close()
    if done is None:
        raise StoppedError(f"{file}: stopped; no file was written")
    if as_json:
        sys.stdout.write(msgspec.json.encode(done).decode() + "\n")
        return
    size = f"{done.bytes / 1e6:,.1f} MB" if done.bytes >= 1e6 else f"{done.bytes / 1e3:,.1f} kB"
    words = exchange.Words(
        f"{done.path}: 계열 {done.series}개, {done.rows:,}행, 값 {done.values:,}개, {size}",
        f"{done.path}: {done.series} series, {done.rows:,} rows, {done.values:,} values, {size}",
    )
    sys.stdout.write(words.said(language or config.api.language) + "\n")


def _form(file: Path) -> _Format:
    from wattproof.errors import BadInputError

    for known in get_args(_Format):
        if file.suffix.lower() == f".{known}":
            return known  # type: ignore[no-any-return] # one of the literals
    raise BadInputError(
        f"{file}: the name does not tell the format; end it in .parquet, .csv or .xlsx, or say --format"
    )


def _length(text: str) -> int:
    from wattproof.errors import BadInputError

    if not text:
        return 0
    match = _EVERY.fullmatch(text)
    length = int(match[1]) * _LENGTHS[match[2]] if match else 0
    if not length or (86_400_000 % length and length % 86_400_000):
        raise BadInputError(f"--every {text!r}: write a part of a day or whole days, e.g. 1m, 15m, 1h, 1d")
    return length


def _moment(text: str, zone: dt.tzinfo, *, last: bool) -> int | None:
    """A day or a time of a zone [ms UTC]; of a last day, its end."""
    from wattproof.errors import BadInputError

    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise BadInputError(f"{text!r} is no day or time; write e.g. 2026-03-01 or '2026-03-01 06:00'") from None
    if last and len(text.strip()) <= 10:
        moment += dt.timedelta(days=1)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp() * 1000)


@contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[str, int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not (shown and console.is_terminal)) as bar:
        task = bar.add_task("", total=None)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)
