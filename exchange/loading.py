"""An understood file into the store: in chunks, so that it can be stopped and gone on with, and twice is once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import structlog

from exchange.clock_texts import Times
from exchange.contents import Floats
from exchange.errors import BadCellsError, ConflictError, OpenQuestionsError
from exchange.file_series import FileSeries
from exchange.history import Joined
from exchange.placing import Placed, place
from exchange.series import Duplicates
from exchange.understanding import Understood
from storage import Store
from telemetry import Batch, Table, check_name

log = structlog.get_logger(__name__)

GATEWAY: Final = "import"
"""Whom the batches of an import come from."""

_AT_ONCE: Final = 20_000
_LONG_AGO: Final = -(2**62)
_ROLL_AT_ONCE: Final = 2_000

Progress = Callable[[str, int, int], None]
"""Called with ``store`` or ``roll``, what is done and what there is in all (readings, quarter-hours)."""


class State(msgspec.Struct, frozen=True):
    """How far an import is, kept beside the data.

    Parameters
    ----------
    file, sha256
        What is imported.
    stored_until
        Of each series, the time of its last stored reading [ms UTC].
    finished
        Whether all of it is stored.
    fronts
        Of each series that was laid in front of others' readings, the time of the first of these [ms UTC].
    """

    file: str
    sha256: str
    stored_until: dict[str, int]
    finished: bool
    fronts: dict[str, int] = {}


class Loaded(msgspec.Struct, frozen=True):
    """What became of an import.

    Parameters
    ----------
    readings
        To be stored in all; of intervals, the counter's readings at their edges.
    stored
        Stored by this run.
    already
        Stored by an earlier run.
    finished
        Whether all are stored now.
    rejected
        Refused by the store, with their reasons.
    rolled
        Quarter-hours computed.
    joined
        What was laid in front of a meter's own readings.
    """

    readings: int
    stored: int
    already: int
    finished: bool
    rejected: dict[str, int] = {}
    rolled: int = 0
    joined: list[Joined] = []


def refuse_unless_clear(understood: Understood, *, duplicates: Duplicates = "refuse", skip_bad: bool = False) -> None:
    """Raise what stands in the way of an import.

    Raises
    ------
    OpenQuestionsError
        When the file can be read in more than one way.
    BadCellsError
        When cells are no numbers or no times, unless these are to be skipped; or times have two values.
    """
    path = str(understood.source.path)
    if understood.questions:
        raise OpenQuestionsError(path, understood.questions)
    if understood.bad.count and not skip_bad:
        raise BadCellsError(path, understood.bad.first, understood.bad.count)
    if understood.repeats.other and duplicates == "refuse":
        few, count = understood.repeats.clashes[:5], understood.repeats.other
        shown = "; ".join(
            f"{each.header!r}: {each.first[1]:g} on line {each.first[0]}, {each.second[1]:g} on line {each.second[0]}"
            for each in few
        )
        korean = "; ".join(
            f"{each.header!r}: {each.first[0]}행 {each.first[1]:g}, {each.second[0]}행 {each.second[1]:g}"
            for each in few
        )
        raise ConflictError(
            f"{path}: nothing imported: {count:,} times come again with another value: {shown}."
            " Say which counts: --duplicates first or --duplicates last",
            f"{path}: 가져오지 않았습니다: {count:,}개 시각이 다른 값으로 다시 나옵니다: {korean}. 쓸 값을 --duplicates"
            " first나 --duplicates last로 정하십시오.",
        )


def load(
    understood: Understood,
    store: Store,
    site: str,
    folder: Path,
    *,
    now: int,
    duplicates: Duplicates = "refuse",
    skip_bad: bool = False,
    replace: bool = False,
    resume: bool = True,
    stopped: Callable[[], bool] = lambda: False,
    progress: Progress = lambda _what, _done, _total: None,
) -> Loaded:
    """Store what a file holds, and roll it up.

    Parameters
    ----------
    folder
        Where the states of imports are kept.
    now
        Roll-ups of windows that ended before are computed [ms UTC].
    replace
        Let this file's values take the place of others of the same series and time.
    resume
        Go on where an earlier run of the same file, read the same way, was stopped.
    stopped
        Asked between chunks whether to stop.

    Raises
    ------
    OpenQuestionsError, BadCellsError
        See `refuse_unless_clear`.
    ConflictError
        When the store holds readings that these would contradict.
    StoreError
        When the store cannot be used.
    """
    check_name(site, "site")
    refuse_unless_clear(understood, duplicates=duplicates, skip_bad=skip_bad)
    epoch = epoch_of(understood, site, duplicates)
    path = folder / f"{epoch}.json"
    state = _read_state(path) or State(understood.source.path.name, understood.source.sha256, {}, finished=False)
    if resume and state.finished:
        total = understood.readings
        return Loaded(total, 0, total, finished=True)
    ready = _placed(understood, store, site, state, replace=replace)
    until = dict(state.stored_until) if resume else {}
    state = msgspec.structs.replace(
        state,
        stored_until=until,
        finished=False,
        fronts={each.key: each.front for each in ready if each.front is not None},
    )
    # Before anything is stored: once it is, nobody can tell these readings from those that were there.
    _write_state(path, state)
    joined = [each.joined for each in ready if each.joined is not None]
    total = sum(each.count for each in ready)
    already = _already(ready, until)
    rejected: dict[str, int] = {}
    done = already
    for seq, some in enumerate(_commits(ready, until), 1):
        if stopped():
            return Loaded(total, done - already, already, finished=False, rejected=rejected, joined=joined)
        for refused in store.write([_batch(some, site, epoch, seq)]).rejected:
            rejected[refused.reason] = rejected.get(refused.reason, 0) + refused.readings
        until.update({each.key: int(times[-1]) for each, times, _ in some})
        _write_state(path, state)
        done += sum(len(times) for _, times, _ in some)
        progress("store", done, total)
    _write_state(path, msgspec.structs.replace(state, finished=True))
    log.info("file_imported", file=understood.source.path.name, site=site, readings=done - already, already=already)
    rolled = _roll(store, now, stopped, progress)
    return Loaded(total, done - already, already, finished=True, rejected=rejected, rolled=rolled, joined=joined)


def fitted(
    understood: Understood,
    store: Store,
    site: str,
    folder: Path,
    *,
    duplicates: Duplicates = "refuse",
    replace: bool = False,
) -> list[Joined]:
    """Say how a file would fit to what the store holds, and store nothing; parameters and errors as of `load`."""
    check_name(site, "site")
    state = _read_state(folder / f"{epoch_of(understood, site, duplicates)}.json") or State("", "", {}, finished=False)
    if state.finished:
        return []
    ready = _placed(understood, store, site, state, replace=replace)
    return [each.joined for each in ready if each.joined is not None]


def _placed(understood: Understood, store: Store, site: str, state: State, *, replace: bool) -> list[Placed]:
    return [
        place(each, store, site, understood.line.zone, replace=replace, fronts=state.fronts)
        for each in understood.series
        if len(each)
    ]


def epoch_of(understood: Understood, site: str, duplicates: Duplicates) -> str:
    """Name of an import: the same for the same bytes, read the same way, for the same site."""
    said = msgspec.json.encode(understood.mapping)
    return hashlib.sha256(
        b"\0".join([understood.source.sha256.encode(), site.encode(), said, duplicates.encode()])
    ).hexdigest()[:16]


_Part = tuple[Placed, Times, Floats]
"""Readings of one series: whose, times [ms UTC] and values [the registry's unit], both of shape (readings,)."""


def _commits(ready: Sequence[Placed], until: dict[str, int]) -> Iterator[list[_Part]]:
    """What is to be stored, as much at a time as one commit takes; of short series, several together."""
    pending: list[_Part] = []
    for part in _parts(ready, dict(until)):
        if pending and sum(len(times) for _, times, _ in pending) + len(part[1]) > _AT_ONCE:
            yield pending
            pending = []
        pending.append(part)
    if pending:
        yield pending


def _parts(ready: Sequence[Placed], until: dict[str, int]) -> Iterator[_Part]:
    for each in ready:
        for times, values in each.readings():
            first = int(np.searchsorted(times, until.get(each.key, _LONG_AGO), side="right"))
            for begin in range(first, len(times), _AT_ONCE):
                some = slice(begin, begin + _AT_ONCE)
                yield each, times[some], values[some]


def _already(ready: Sequence[Placed], until: dict[str, int]) -> int:
    """How many readings an earlier run has stored."""
    return sum(
        int(np.searchsorted(times, until[each.key], side="right"))
        for each in ready
        if each.key in until
        for times, _ in each.readings()
    )


def _batch(some: Sequence[_Part], site: str, epoch: str, seq: int) -> Batch:
    tables = []
    for each, times, values in some:
        numbers: list[float | None] = values.tolist()
        tables.append(Table.of(each.series.device, each.series.kind, times.tolist(), {each.series.channel: numbers}))
    return Batch(site, GATEWAY, epoch, seq, tables)


def _roll(store: Store, now: int, stopped: Callable[[], bool], progress: Progress) -> int:
    done, total = 0, store.touched()
    while not stopped() and (some := store.roll(now, _ROLL_AT_ONCE)):
        done += some
        progress("roll", done, max(total, done))
    return done


def _read_state(path: Path) -> State | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except (FileNotFoundError, msgspec.DecodeError, msgspec.ValidationError):
        # Without a state everything is stored again, which changes nothing.
        return None


def _write_state(path: Path, state: State) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(msgspec.json.encode(state))
    partial.replace(path)


def oldest(series: Sequence[FileSeries]) -> int | None:
    """Time of the first value of all series [ms UTC]; None without any."""
    return min((each.totals.first for each in series if len(each)), default=None)
