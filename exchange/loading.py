"""An understood file into the store: in chunks, so that it can be stopped and gone on with, and twice is once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import structlog

from exchange.clock_texts import Times
from exchange.contents import Floats
from exchange.errors import BadCellsError, ConflictError, OpenQuestionsError
from exchange.mapping import DEFAULT_KIND
from exchange.series import Duplicates, FileSeries, register
from exchange.understanding import Understood
from storage import Series, Store
from telemetry import Batch, Table, check_name

log = structlog.get_logger(__name__)

GATEWAY: Final = "import"
"""Whom the batches of an import come from."""

_AT_ONCE: Final = 20_000
_OWN_KINDS: Final = frozenset({"link", "gateway"})
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
    """

    file: str
    sha256: str
    stored_until: dict[str, int]
    finished: bool


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
    """

    readings: int
    stored: int
    already: int
    finished: bool
    rejected: dict[str, int] = {}
    rolled: int = 0


@dataclass(frozen=True, slots=True)
class _Ready:
    series: Series
    times: Times
    values: Floats

    @property
    def key(self) -> str:
        return f"{self.series.kind}/{self.series.device}/{self.series.channel}"


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
    if understood.bad_count and not skip_bad:
        cure = "Mend them, or import everything else with --skip-bad"
        raise BadCellsError(path, understood.bad, understood.bad_count, cure)
    if understood.repeats.other and duplicates == "refuse":
        shown = "; ".join(
            f"{each.header!r}: {each.first[1]:g} on line {each.first[0]}, {each.second[1]:g} on line {each.second[0]}"
            for each in understood.repeats.clashes[:5]
        )
        raise ConflictError(
            f"{path}: nothing imported: {understood.repeats.other} times come again with another value: {shown}."
            " Say which counts: --duplicates first or --duplicates last"
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
    state = _read_state(path) if resume else None
    if state is not None and state.finished:
        total = sum(map(len, (each.values for each in understood.series)))
        return Loaded(total, 0, total, finished=True)
    ready = [_ready(each, store, site, replace=replace) for each in understood.series if len(each.values)]
    until = dict(state.stored_until) if state is not None else {}
    total = sum(len(each.times) for each in ready)
    already = sum(int(np.count_nonzero(each.times <= until.get(each.key, -(2**62)))) for each in ready)
    rejected: dict[str, int] = {}
    done = already
    seq = 0
    for each in ready:
        first = int(np.searchsorted(each.times, until.get(each.key, -(2**62)), side="right"))
        for begin in range(first, len(each.times), _AT_ONCE):
            if stopped():
                return Loaded(total, done - already, already, finished=False, rejected=rejected)
            some = slice(begin, min(begin + _AT_ONCE, len(each.times)))
            seq += 1
            for refused in store.write([_batch(each, some, epoch, seq)]).rejected:
                rejected[refused.reason] = rejected.get(refused.reason, 0) + refused.readings
            until[each.key] = int(each.times[some.stop - 1])
            _write_state(path, State(understood.source.path.name, understood.source.sha256, until, finished=False))
            done += some.stop - some.start
            progress("store", done, total)
    _write_state(path, State(understood.source.path.name, understood.source.sha256, until, finished=True))
    log.info("file_imported", file=understood.source.path.name, site=site, readings=done - already, already=already)
    return Loaded(
        total, done - already, already, finished=True, rejected=rejected, rolled=_roll(store, now, stopped, progress)
    )


def epoch_of(understood: Understood, site: str, duplicates: Duplicates) -> str:
    """Name of an import: the same for the same bytes, read the same way, for the same site."""
    said = msgspec.json.encode(understood.mapping)
    return hashlib.sha256(
        b"\0".join([understood.source.sha256.encode(), site.encode(), said, duplicates.encode()])
    ).hexdigest()[:16]


def _ready(found: FileSeries, store: Store, site: str, *, replace: bool) -> _Ready:
    series = Series(site, _kind(found, store, site), found.device, found.channel)
    if found.meaning != "interval":
        times, values = found.times, found.values
    else:
        first = int(found.starts[0])
        before, held = store.read_around(series, first, first + 1)
        there = held[before == first]
        preceded = not len(there) and bool((before < first - 1).any())
        times, values = register(found, float(there[0]) if len(there) else 0.0, preceded=preceded)
    _refuse_conflicts(found, series, times, values, store, replace=replace)
    return _Ready(series, times, values)


def _kind(found: FileSeries, store: Store, site: str) -> str:
    """Kind of the device; as the store knows it, unless the file or its mapping says another than the usual one."""
    if found.kind != DEFAULT_KIND:
        return found.kind
    kinds = {each.kind for each in store.series(site) if each.device == found.device} - _OWN_KINDS
    return kinds.pop() if len(kinds) == 1 else found.kind


def _refuse_conflicts(
    found: FileSeries, series: Series, times: Times, values: Floats, store: Store, *, replace: bool
) -> None:
    around, held = store.read_around(series, int(times[0]), int(times[-1]) + 1)
    inside = (around >= times[0]) & (around <= times[-1])
    place = np.minimum(np.searchsorted(times, around), len(times) - 1)
    ours = inside & (times[place] == around)
    changed = ours & (held.view(np.int64) != values[place].view(np.int64))
    name = f"{series.site}/{series.device}/{series.channel}"
    if found.meaning == "interval":
        foreign = int(np.count_nonzero(inside & ~ours) + np.count_nonzero(changed))
        if foreign or (int(ours.sum()) < len(times) and bool((around > times[-1]).any())):
            what = f"holds {foreign} other readings within" if foreign else "has readings after"
            raise ConflictError(
                f"{name}: the store {what} {_day(times[0])} to {_day(times[-1])} (UTC). Energy of intervals becomes a"
                " counter of its own, which cannot be laid into or before another's: give it a device of its own"
                f" (--device {series.device}-import), or import files in the order of their time"
            )
    elif changed.any() and not replace:
        at = int(np.flatnonzero(changed)[0])
        raise ConflictError(
            f"{name}: the store holds other values at {int(changed.sum())} of these times, first {held[at]:g} where the"
            f" file has {values[place][at]:g} ({_day(around[at])} UTC); --replace puts the file's in their place"
        )


def _day(time: int) -> str:
    return str(np.datetime64(int(time), "m")).replace("T", " ")


def _batch(each: _Ready, some: slice, epoch: str, seq: int) -> Batch:
    values: list[float | None] = each.values[some].tolist()
    table = Table(each.series.device, each.series.kind, each.times[some].tolist(), {each.series.channel: values})
    return Batch(each.series.site, GATEWAY, epoch, seq, [table])


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


def oldest(understood: Sequence[FileSeries]) -> int | None:
    """Time of the first value of all series [ms UTC]; None without any."""
    return min((int(each.times[0]) for each in understood if len(each.times)), default=None)
