"""`wattproof db`: care for the data file."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
import typer

from wattproof.in_korean import Language

if TYPE_CHECKING:
    from storage.duck.maintenance import Checked
    from wattproof.data_file_desk import Line, Request

app = typer.Typer(
    help="Check, back up, restore and compact the data file; while `wattproof up` runs, it does the work.",
    no_args_is_help=True,
)

Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Lang = Annotated[
    Language | None, typer.Option("--lang", help="Language of the answer; by default the configuration's.")
]

_KOREAN = {"check": "검사", "backup": "백업", "compact": "정리", "restore": "복원", "rows": "행", "bytes": "바이트"}


@app.command()
def check(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A backup or data file that nobody uses, instead of our own.")
    ] = None,
    as_json: Json = False,
    language: Lang = None,
) -> None:
    """Read every row of the data file, or of a backup; exit 1 if something is wrong, 3 if it cannot be read."""
    from storage import StoreError
    from storage.duck import maintenance
    from wattproof.data_file_desk import Request
    from wattproof.errors import UnavailableError

    spoken = _spoken(context, language)
    if file is None:
        found = _done(context, Request("check"), spoken, as_json=as_json).checked
    else:
        try:
            found = maintenance.check_file(file)
        except StoreError as error:
            raise UnavailableError(str(error)) from error
    if found is None:
        raise UnavailableError("the check ended without an answer; try again")
    sentence = _checked_ko(found) if spoken == "ko" else _checked_en(found)
    _tell(found, sentence, as_json=as_json, ok=found.ok)
    raise typer.Exit(0 if found.ok else 1)


@app.command()
def backup(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; an existing file is not overwritten.")],
    as_json: Json = False,
    language: Lang = None,
) -> None:
    """Copy the data file as it is at this moment, while readings go on being stored."""
    from wattproof.data_file_desk import Request

    spoken = _spoken(context, language)
    copied = _done(context, Request("backup", str(target.absolute())), spoken, as_json=as_json).copied
    if copied is not None:
        held = f"측정값 {copied.readings:,}개" if spoken == "ko" else f"{copied.readings:,} readings"
        _tell(copied, f"{copied.path}: {held}, {_mb(copied.bytes)}", as_json=as_json)


@app.command()
def compact(context: typer.Context, as_json: Json = False, language: Lang = None) -> None:
    """Write the data file anew without the room of what was deleted, while readings go on being stored."""
    from wattproof.data_file_desk import Request

    spoken = _spoken(context, language)
    copied = _done(context, Request("compact"), spoken, as_json=as_json).copied
    if copied is not None:
        before, now = _mb(copied.before_bytes), _mb(copied.bytes)
        sizes = f"이전 {before}, 지금 {now}" if spoken == "ko" else f"{before} before, {now} now"
        sentence = f"{copied.path}: {sizes}"
        _tell(copied, sentence, as_json=as_json)


@app.command()
def restore(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A backup; it stays as it is.")],
    force: Annotated[
        bool, typer.Option("--force", help="Set an existing data file aside (renamed, not deleted).")
    ] = False,
    as_json: Json = False,
    language: Lang = None,
) -> None:
    """Put a backup in the place of the data file once a copy of it is checked; nothing may be using it."""
    from storage import StoreError
    from storage.duck import restoring
    from wattproof.errors import UnavailableError

    path, spoken = _data_file(context), _spoken(context, language)
    try:
        with _progress("restore", spoken, shown=not as_json, unit="bytes") as progress:
            held, aside = restoring.restore(source, path, force=force, progress=progress)
    except StoreError as error:
        raise UnavailableError(str(error)) from error
    newest = _time(context, held.newest)
    answer = {
        "path": str(path),
        "readings": held.readings,
        "newest": newest,
        "set_aside": None if aside is None else str(aside),
    }
    _tell(answer, _RESTORED[spoken](path, held.readings, newest, aside), as_json=as_json)


def _restored_en(path: Path, readings: int, newest: str | None, aside: Path | None) -> str:
    sentence = f"{path}: {readings:,} readings restored, all of it can be read"
    if newest:
        sentence += (
            f"; the newest is of {newest}: what was stored after the backup was made is not in it, and gateways have"
            " deleted what was acknowledged"
        )
    if aside:
        sentence += f"; what was there is now {aside}" + ("; look there for what came since" if newest else "")
    return sentence


def _restored_ko(path: Path, readings: int, newest: str | None, aside: Path | None) -> str:
    sentence = f"{path}: 측정값 {readings:,}개 복원, 모두 읽을 수 있음"
    if newest:
        sentence += (
            f"; 가장 최근 측정값의 시각: {newest}. 백업 이후에 저장된 측정값은 들어 있지 않으며, 게이트웨이도"
            " 저장이 확인된 측정값은 이미 지웠음"
        )
    if aside:
        sentence += f"; 있던 파일의 새 이름: {aside}" + (" (백업 이후의 측정값은 여기에서 찾을 것)" if newest else "")
    return sentence


_RESTORED: Final = {"ko": _restored_ko, "en": _restored_en}


def _time(context: typer.Context, ms: int | None) -> str | None:
    """A time [ms UTC] in the zone of the configuration, ISO 8601."""
    from wattproof.config import find_file, load

    if ms is None:
        return None
    zone = ZoneInfo(load(find_file(context.obj, os.environ), os.environ).api.timezone)
    return dt.datetime.fromtimestamp(ms / 1000, zone).isoformat(sep=" ", timespec="seconds")


def _spoken(context: typer.Context, told: Language | None) -> Language:
    from wattproof.in_korean import configured

    return told or configured(context.obj, os.environ)


def _checked_en(found: Checked) -> str:
    sentence = (
        f"{found.path}: {found.readings:,} readings of {found.series:,} series, {found.rollups:,} quarter-hours,"
        f" {_mb(found.bytes)}, of which {_mb(found.free_bytes)} unused; "
    )
    if found.left:
        sentence += f"{found.left:,} more wait in the journal beside it, the next start takes them in; "
    if found.ok:
        return f"{sentence}all of it can be read"
    sentence += f"{found.duplicates:,} duplicates, {found.orphans:,} readings without a series"
    if found.left_damaged_bytes:
        sentence += (
            f", {found.left_damaged_bytes:,} bytes of its journal damaged: their readings are gone, check the disk"
        )
    return sentence


def _checked_ko(found: Checked) -> str:
    sentence = (
        f"{found.path}: 계열 {found.series:,}개의 측정값 {found.readings:,}개, 15분 집계 {found.rollups:,}개,"
        f" {_mb(found.bytes)} (그중 빈 공간 {_mb(found.free_bytes)}); "
    )
    if found.left:
        sentence += f"옆의 저널에 {found.left:,}개가 더 있으며 다음에 시작할 때 들어옴; "
    if found.ok:
        return f"{sentence}모두 읽을 수 있음"
    sentence += f"중복 {found.duplicates:,}개, 계열을 알 수 없는 측정값 {found.orphans:,}개"
    if found.left_damaged_bytes:
        sentence += f", 저널 {found.left_damaged_bytes:,}바이트 손상: 그 측정값은 되살릴 수 없음, 디스크를 확인할 것"
    return sentence


def _data_file(context: typer.Context) -> Path:
    """The file of the configuration.

    Raises
    ------
    BadInputError
        When readings are kept in InfluxDB.
    """
    from wattproof.config import find_file, load
    from wattproof.errors import BadInputError

    settings = load(find_file(context.obj, os.environ), os.environ).store_settings
    if settings.engine != "duck":
        raise BadInputError(
            f"readings are kept on {settings.influx_url}, not in a file; use InfluxDB's own tools (`influxd backup`)"
        )
    return Path(settings.path).resolve()


def _done(context: typer.Context, request: Request, language: Language, *, as_json: bool) -> Line:
    """Ask the process that holds the file, or open the file here when there is none."""
    import storage
    from storage.duck.placing import unfinished_restores
    from wattproof.data_file_desk import ask, perform
    from wattproof.errors import UnavailableError

    path = _data_file(context)
    with _progress(request.action, language, shown=not as_json) as progress:
        answer = ask(path, request, progress)
        if answer is not None:
            return answer
        # One that a killed restore had still to put in place is put there when it is opened.
        if not path.is_file() and not unfinished_restores(path):
            raise UnavailableError(f"{path}: there is no data file yet; `wattproof up` makes it")
        try:
            store = storage.DuckStore(path)
            try:
                return perform(store, request, progress)
            finally:
                store.close()
        except storage.StoreError as error:
            raise UnavailableError(str(error)) from error


@contextmanager
def _progress(
    what: str, language: Language, *, shown: bool, unit: str = "rows"
) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    if language == "ko":
        what, unit = _KOREAN[what], _KOREAN[unit]
    columns = TextColumn(what), BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeRemainingColumn()
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not (shown and console.is_terminal)) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell(answer: object, sentence: str, *, as_json: bool, ok: bool = True) -> None:
    if as_json:
        plain = msgspec.to_builtins(answer)
        sys.stdout.write(msgspec.json.encode({"ok": ok, **plain}).decode() + "\n")
    else:
        sys.stdout.write(sentence + "\n")


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
