"""The steps of `wattproof import`: what it shows, how it stores, what it warns of."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console

from wattproof.in_korean import Language

if TYPE_CHECKING:
    import exchange
    from wattproof.config import Config

_DAY_MS = 86_400_000
_UNITS = {"read": "rows read", "store": "readings stored", "roll": "quarter-hours rolled up"}
_UNITS_KO = {"read": "읽은 행", "store": "저장한 측정값", "roll": "집계한 15분 구간"}
_STORE_MB = 128
"""What the store may keep in memory during an import, which writes and asks for little (`benchmarks.importing`)."""


def load(
    understood: exchange.Understood,
    config: Config,
    site: str,
    *,
    duplicates: exchange.Duplicates,
    skip_bad: bool,
    replace: bool,
    resume: bool,
    shown: bool,
    language: Language,
) -> exchange.Loaded:
    """Store a file until it is done or Ctrl-C; parameters as of `exchange.load`, the last two are the progress's.

    Raises
    ------
    UnavailableError
        The store cannot be opened or used.
    """
    import exchange
    import storage
    from wattproof import services
    from wattproof.errors import UnavailableError
    from wattproof.stopping import stop_event

    settings = config.store_settings
    store = services.open_store(msgspec.structs.replace(settings, memory_mb=min(settings.memory_mb, _STORE_MB)))
    try:
        with stop_event() as stop, progress(language, shown=shown) as tell:
            return exchange.load(
                understood, store, site, config.folder / "imports", now=time.time_ns() // 1_000_000,
                duplicates=duplicates, skip_bad=skip_bad, replace=replace, resume=resume,
                stopped=stop.is_set, progress=tell,
            )  # fmt: skip
    except storage.StoreError as error:
        raise UnavailableError(str(error)) from error
    finally:
        store.close()


def show(summary: exchange.Summary, *, as_json: bool, language: Language) -> None:
    """Print what was understood."""
    import exchange

    if as_json:
        sys.stdout.write(msgspec.json.encode(summary).decode() + "\n")
    else:
        Console().print(exchange.render(summary, language))


def show_fit(
    understood: exchange.Understood,
    config: Config,
    site: str,
    *,
    duplicates: exchange.Duplicates,
    replace: bool,
    language: Language,
) -> None:
    """Show how a file would fit to what the store holds, where there is a store and nobody else has it open.

    Raises
    ------
    exchange.ConflictError
        When it would be refused.
    """
    import exchange
    import storage
    from wattproof import services
    from wattproof.errors import UnavailableError

    settings = config.store_settings
    if settings.engine == "duck" and not Path(settings.path).exists():
        return
    try:
        store = services.open_store(settings)
    except UnavailableError as error:
        words = exchange.Words("저장소와 맞춰 보지 못함", "how it fits to what the store holds was not looked at")
        sys.stderr.write(f"{words.said(language)}: {error}\n")
        return
    try:
        folder = config.folder / "imports"
        for each in exchange.fitted(understood, store, site, folder, duplicates=duplicates, replace=replace):
            sys.stdout.write(exchange.joined_text(each, language) + "\n")
    except storage.StoreError as error:
        raise UnavailableError(str(error)) from error
    finally:
        store.close()


def write_new(path: Path, text: str) -> None:
    """Write a mapping where nothing is yet.

    Raises
    ------
    BadInputError
        There is a file of this name.
    """
    from wattproof.errors import BadInputError

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise BadInputError(f"{path} is there already; choose another name for the mapping, or remove it") from None


def warn(understood: exchange.Understood, config: Config, language: Language) -> None:
    """Say what retention will do with readings as old as these."""
    import exchange

    days = config.store.keep_raw_days
    oldest = exchange.oldest(understood.series)
    if not days or oldest is None or oldest > time.time_ns() // 1_000_000 - days * _DAY_MS:
        return
    rolled = config.store.keep_rollup_days
    words = exchange.Words(
        f"보존 기간 {days}일보다 오래된 측정값이 있음: 15분 집계는 {f'{rolled}일 동안' if rolled else '계속'} 남지만,"
        " 측정값 자체는 `wattproof up`이 실행되면 몇 시간 안에 지워짐. 평가의 기준기간으로 쓰려면"
        " 먼저 평가 계획을 저장하거나 store.keep_raw_days를 늘리거나 0(무기한)으로 할 것.",
        f"Some of these readings are older than {days} days: their quarter-hours stay"
        f"{f' for {rolled} days' if rolled else ''}, but the readings themselves are deleted within hours of the next"
        " `wattproof up`. To use them as a baseline, save the plan first, or raise store.keep_raw_days (0: for ever).",
    )
    sys.stderr.write(words.said(language) + "\n")


@contextmanager
def progress(language: Language, *, shown: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on standard error where that is a terminal; yields what is told of what is done and what there is."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    units = _UNITS_KO if language == "ko" else _UNITS
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not (shown and console.is_terminal)) as bar:
        task = bar.add_task(units["read"], total=None)
        yield lambda what, done, total: bar.update(task, description=units[what], completed=done, total=total or None)
