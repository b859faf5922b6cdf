"""Which quarter-hours a write touches, noted in the very request that carries its readings, until they are rolled up.

A note is one point of the measurement ``_touched``: its time is when it was written, its tag the process that wrote it,
its only field the text of what is to be rolled. Rolling takes windows out of the text, and never puts one in, so that
workers may roll at once; a note that is written while they work has a time of its own. So nothing hangs on clocks that
agree, or on a server that can delete. A worker that dies leaves the text as it was: those windows are rolled again.

A request is not visible at once: InfluxDB works on each of its shards by itself, and in a shard on each series, so that
a note may be seen, and worked off, before the readings it speaks of. Therefore what may be rolled already is noted
twice: with the readings, and again, at a time of its own, when the server has confirmed these and before the sender
hears of it. What is acknowledged has a note, then, that was not there before all of its readings were; whoever read
the first note only has read no other, and works none off. A writer that dies between the two has acknowledged nothing:
its readings come again, and are noted again. Should nobody send them again, the first note stands, as good as ever.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec
import numpy as np

from storage.blocks import Block
from storage.influx.influxql import ANY, identifier
from storage.influx.lines import BlockPiece, Piece
from storage.influx.server import Server
from storage.store import ROLLUP_MS, Series, Times

TOUCHED: Final = "_touched"
"""No device kind begins so."""

Run = tuple[int, int]
"""First and last window of a run, counted in quarter-hours since 1970."""

_LONGEST_TEXT: Final = 48_000
"""InfluxDB's strings end at 64 KiB; quotes are doubled by their escapes."""
_PER_ENTRY: Final = 1_000
_MARGIN_MS: Final = 60_000
"""How far clocks may differ before a window that another process takes for ended is still thought to be running."""
_STRING: Final = str.maketrans({"\\": "\\\\", '"': '\\"'})
_ENCODER: Final = msgspec.json.Encoder()
_NONE: Final = frozenset[int]()


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """The same windows of the same channels of some devices."""

    site: str
    kind: str
    devices: list[str]
    channels: tuple[str, ...]
    runs: list[Run]

    def windows(self) -> Times:
        """Starts of the windows [ms], rising, shape (windows,)."""
        parts = [np.arange(first, last + 1) for first, last in self.runs]
        return np.unique(np.concatenate(parts)) * ROLLUP_MS if parts else np.zeros(0, np.int64)

    def series(self) -> Iterator[Series]:
        """Whose windows they are."""
        return (Series(self.site, self.kind, device, channel) for device in self.devices for channel in self.channels)


_DECODER: Final = msgspec.json.Decoder(list[Entry])


@dataclass(frozen=True, slots=True)
class Note:
    """A point of the measurement: who wrote it, when [ms UTC], and what is to be rolled."""

    writer: str
    time: int
    entries: list[Entry]

    def line(self) -> str:
        """The point as line protocol."""
        text = _ENCODER.encode(self.entries).decode() if self.entries else ""
        return f'{TOUCHED},writer={self.writer} todo="{text.translate(_STRING)}" {self.time}000000'


_Key = tuple[str, str, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is noted for one request.

    Attributes
    ----------
    lines
        Notes to travel with it.
    running
        What is known to be noted once it has been accepted.
    window
        The window that could not be rolled when the plan was made, in quarter-hours since 1970.
    inside, others
        What it touches in that window, noted before or not; and in others.
    """

    lines: list[str] = field(default_factory=list)
    running: dict[_Key, int] = field(default_factory=dict)
    window: int | None = None
    inside: list[Entry] = field(default_factory=list)
    others: list[Entry] = field(default_factory=list)


class Touches:
    """The notes of one process.

    A window that is running by the clock cannot be rolled yet, so it is noted once; any other by every write, twice.
    """

    def __init__(self) -> None:
        self._writer = uuid.uuid4().hex[:12]
        self._lock = threading.Lock()
        self._last = 0
        self._running: dict[_Key, int] = {}

    def plan(self, pieces: Sequence[Piece]) -> Plan:
        """Notes to travel with these pieces."""
        plan = Plan(window=_running())
        noting = [
            entry for piece in pieces if isinstance(piece, BlockPiece) for entry in self._entries(piece.block, plan)
        ]
        plan.lines.extend(note.line() for note in self.notes(noting))
        return plan

    def confirmed(self, plans: Iterable[Plan]) -> list[Note]:
        """Notes to be left when all that these plans travelled with is confirmed, before anybody hears of it."""
        running = _running()
        return self.notes(
            entry
            for plan in plans
            for entry in (plan.others if plan.window == running else [*plan.others, *plan.inside])
        )

    def notes(self, entries: Iterable[Entry]) -> list[Note]:
        """Entries as notes, each with a time no other note of this process has."""
        now = time.time_ns() // 1_000_000
        return [Note(self._writer, self._next(now), group) for group in _groups(entries)]

    def _entries(self, block: Block, plan: Plan) -> Iterator[Entry]:
        """What of a block is to be noted now."""
        site, kind, channels, running = block.site, block.kind, block.channels, plan.window
        first, last = int(block.times.min()) // ROLLUP_MS, int(block.times.max()) // ROLLUP_MS
        if running is None or not first == last == running:
            plan.others.extend(exactly := list(_exactly(block)))
            yield from exactly
            return
        devices = list(dict.fromkeys(block.devices))
        plan.inside.append(Entry(site, kind, devices, channels, [(running, running)]))
        new = [device for device in devices if self._running.get((site, kind, device, channels)) != running]
        plan.running.update({(site, kind, device, channels): running for device in new})
        if new:
            yield Entry(site, kind, new, channels, [(running, running)])

    def _next(self, now: int) -> int:
        with self._lock:
            self._last = max(now, self._last + 1)
            return self._last

    def noted(self, plan: Plan) -> None:
        """The notes of a plan were accepted."""
        self._running.update(plan.running)

    def note_anew(self) -> None:
        """Note running windows again: rolling may take them out of notes, and a server may come back without any."""
        self._running.clear()


def _running() -> int | None:
    """The window that is running by every clock; None when by another's it may have ended."""
    now = time.time_ns() // 1_000_000
    return now // ROLLUP_MS if now // ROLLUP_MS == (now + _MARGIN_MS) // ROLLUP_MS else None


def _exactly(block: Block) -> Iterator[Entry]:
    """Windows that hold a value, of each device and channel; what is alike stands in one entry.

    Made by arrays: after an outage a commit is of thousands of devices and of many windows.
    """
    names = {device: number for number, device in enumerate(dict.fromkeys(block.devices))}
    of_table = np.array([names[device] for device in block.devices])
    windows = block.times // ROLLUP_MS
    there = ~np.isnan(block.values)
    if there.all():
        sets = [block.channels]
        owner, window = np.broadcast_to(of_table[:, None], windows.shape).ravel(), windows.ravel()
    else:
        sets = [(channel,) for channel in block.channels]
        table, channel, time_ = np.nonzero(there)
        owner, window = of_table[table] * len(sets) + channel, windows[table, time_]
    runs: dict[int, list[Run]] = defaultdict(list)
    for number, *run in _runs(owner, window):
        runs[number].append((run[0], run[1]))
    devices = list(names)
    of_device: dict[tuple[str, tuple[Run, ...]], tuple[str, ...]] = defaultdict(tuple)
    for number, found in runs.items():
        of_device[devices[number // len(sets)], tuple(found)] += sets[number % len(sets)]
    alike: dict[tuple[tuple[str, ...], tuple[Run, ...]], list[str]] = defaultdict(list)
    for (device, each), channels in of_device.items():
        alike[channels, each].append(device)
    for (channels, each), some in alike.items():
        yield Entry(block.site, block.kind, some, channels, list(each))


def _runs(owner: Times, window: Times) -> Iterator[tuple[int, int, int]]:
    """Number, first and last window of each run, by number and time; both arrays of shape (readings,)."""
    if not len(window):
        return iter(())
    first = int(window.min())
    span = int(window.max()) - first + 2  # one more, so that no run goes on with the next number's
    keys = np.unique(owner * span + window - first)
    begins = np.concatenate([[True], np.diff(keys) != 1])
    starts, ends = keys[begins], keys[np.append(begins[1:], True)]
    return zip((starts // span).tolist(), (starts % span + first).tolist(), (ends % span + first).tolist(), strict=True)


def runs_of(windows: Times) -> list[Run]:
    """Runs of windows that are counted in quarter-hours, rising, shape (windows,)."""
    if not len(windows):
        return []
    parts = np.split(windows, np.flatnonzero(np.diff(windows) != 1) + 1)
    return [(int(part[0]), int(part[-1])) for part in parts]


def read_notes(server: Server) -> list[Note]:
    """Notes that are not worked off, by time."""
    statement = f"SELECT todo FROM {identifier(TOUCHED)} WHERE todo != '' GROUP BY writer"  # noqa: S608 - our own words
    notes = [
        Note(rows.tags["writer"], int(at), _DECODER.decode(str(text)))
        for _, rows in server.query(statement, ANY.decode)
        for at, text in rows.values
        if isinstance(at, (int, float))
    ]
    return sorted(notes, key=lambda note: note.time)


def waiting(notes: Iterable[Note]) -> dict[Series, Times]:
    """Windows to be rolled [ms], rising, of each series."""
    found: dict[Series, list[Times]] = defaultdict(list)
    for note in notes:
        for entry in note.entries:
            windows = entry.windows()
            for series in entry.series():
                found[series].append(windows)
    return {series: np.unique(np.concatenate(parts)) for series, parts in found.items()}


def without(note: Note, done: Mapping[Series, frozenset[int]]) -> Note | None:
    """The note without windows that are done [ms]; None when none of them was in it."""
    left: list[Entry] = []
    changed = False
    for entry in note.entries:
        windows = entry.windows().tolist()
        kept = {series: [each for each in windows if each not in done.get(series, _NONE)] for series in entry.series()}
        if all(len(each) == len(windows) for each in kept.values()):
            left.append(entry)
            continue
        changed = True
        groups: dict[tuple[str, tuple[int, ...]], list[str]] = defaultdict(list)
        for series, each in kept.items():
            if each:
                groups[series.device, tuple(each)].append(series.channel)
        left += [
            Entry(entry.site, entry.kind, [device], tuple(names), runs_of(np.array(each, np.int64) // ROLLUP_MS))
            for (device, each), names in groups.items()
        ]
    return Note(note.writer, note.time, left) if changed else None


def _groups(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Entries in groups whose text a field can hold."""
    group: list[Entry] = []
    size = 0
    for entry in entries:
        for part in _split(entry):
            length = len(_ENCODER.encode(part))
            if group and size + length > _LONGEST_TEXT:
                yield group
                group, size = [], 0
            group.append(part)
            size += length
    if group:
        yield group


def _split(entry: Entry) -> Iterator[Entry]:
    """Parts of an entry with few enough devices and runs."""
    for first in range(0, len(entry.devices), _PER_ENTRY // 2):
        for run in range(0, len(entry.runs), _PER_ENTRY):
            yield msgspec.structs.replace(
                entry, devices=entry.devices[first : first + _PER_ENTRY // 2], runs=entry.runs[run : run + _PER_ENTRY]
            )
