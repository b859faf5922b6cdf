"""The series of a file, as long as they may be: in stretches that fit in memory, each as often as it is asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from exchange import scratch
from exchange.cells import BadCell, BadCells
from exchange.mapping import Meaning
from exchange.moments import Moments
from exchange.scratch import Column
from exchange.series import Duplicates, Repeats, Stretch, once
from exchange.totals import Totals
from exchange.units import conversion
from exchange.words import Words
from telemetry import CHANNELS

Cut = tuple[int, int]
"""Rows of a stretch: its first, and the one after its last."""

_FIRST_BAD: Final = 1000


@dataclass(slots=True)
class FileSeries:
    """One series of a file.

    Attributes
    ----------
    device, kind, channel
        Whose, and what.
    header, unit, meaning
        Of the column they stand in.
    duplicates
        Which of two values of one time counts.
    exported
        Whether a store wrote the file: a counter may be below 0 then, before its meter's first reading.
    moments, numbers, cuts
        Rows and values on disk, in the order of time, and the stretches they are looked at in.
    totals
        Counts, gaps and sums of all values.
    """

    device: str
    kind: str
    channel: str
    header: str
    unit: str
    meaning: Meaning
    duplicates: Duplicates
    exported: bool
    moments: Moments
    numbers: Column[np.float64]
    cuts: Sequence[Cut]
    totals: Totals
    _before: list[tuple[int, int]] = field(default_factory=list)

    def __len__(self) -> int:
        return self.totals.count

    @property
    def of_intervals(self) -> bool:
        """Whether values are amounts or means of intervals."""
        return self.meaning in {"interval", "mean"}

    @property
    def first_start(self) -> int:
        """Where the first interval begins [ms UTC]."""
        return self.totals.first_start

    @property
    def last_end(self) -> int:
        """Where the last interval ends [ms UTC]."""
        return self.totals.last_end

    def stretch(self, nth: int) -> Stretch:
        """One stretch, sorted out; it may be empty."""
        return self._sorted_out(nth, Repeats(), BadCells())[0]

    def stretches(self) -> Iterator[Stretch]:
        """All of them that hold values, earliest first."""
        for nth in range(len(self.cuts)):
            some = self.stretch(nth)
            if len(some.values):
                yield some

    def whole(self) -> Stretch:
        """All values at once: of a series that is known to be short."""
        parts = list(self.stretches()) or [self._raw((0, 0))]
        names = ("stamps", "starts", "ends", "values", "raw", "lines")
        return Stretch(
            self.header, self.meaning, *(np.concatenate([getattr(part, of) for part in parts]) for of in names)
        )

    def look(self, zone: dt.tzinfo, repeats: Repeats, bad: BadCells) -> None:
        """Go through all values once: add them up, and note what comes twice and what no channel can hold."""
        before = np.iinfo(np.int64).min, 0
        for nth in range(len(self.cuts)):
            self._before.append(before)
            some, before = self._sorted_out(nth, repeats, bad)
            self.totals.add(some, zone)

    def _raw(self, rows: Cut) -> Stretch:
        """Values as they stand in the file, in the registry's unit."""
        raw = self.numbers.read(*rows)
        there = np.flatnonzero(self.moments.good.read(*rows) & ~np.isnan(raw))
        raw = raw[there]
        columns = (self.moments.stamps, self.moments.starts, self.moments.ends)
        stamps, starts, ends = (column.read(*rows)[there] for column in columns)
        values = conversion(self.unit, CHANNELS[self.channel].unit, self.header).apply(raw)
        return Stretch(
            self.header, self.meaning, stamps, starts, ends, values, raw, self.moments.lines.read(*rows)[there]
        )

    def _sorted_out(self, nth: int, repeats: Repeats, bad: BadCells) -> tuple[Stretch, tuple[int, int]]:
        """A stretch, each time once, without what no channel can hold; and where its last value ends, and its line."""
        some = once(self._plausible(self._raw(self.cuts[nth]), bad), self.duplicates, repeats)
        before = self._before[nth]
        if not len(some.values):
            return some, before
        last = int(some.ends[-1]), int(some.lines[-1])
        if self.meaning == "interval":
            ended = np.concatenate(([before[0]], some.ends[:-1]))
            early = np.flatnonzero(some.starts < ended)
            if len(early):
                lines = np.concatenate(([before[1]], some.lines[:-1]))
                bad.add(self._early(some, int(at), int(lines[at])) for at in early)
                some = some.where(some.starts >= ended)
        return some, last

    def _plausible(self, some: Stretch, bad: BadCells) -> Stretch:
        channel = CHANNELS[self.channel]
        low = -channel.high if self.exported and self.meaning == "register" else channel.low
        implausible = ~((some.values >= low) & (some.values <= channel.high))
        places = np.flatnonzero(implausible)
        if not len(places):
            return some
        unit = "" if channel.unit == "1" else f" {channel.unit}"
        span = f"{channel.low:g} – {channel.high:g}{unit} ({self.channel})"
        outside = Words(f"허용 범위 {span}를 벗어남", f"is outside {span}")
        negative = Words(
            "0보다 작음: 송전한 전력량은 양수로 energy_export_wh에 넣을 것",
            "is below 0: what is given back to the grid goes into energy_export_wh, as a positive number",
        )
        bad.add(
            (
                BadCell(
                    int(some.lines[at]), self.header, f"{some.raw[at]:g}",
                    negative if self.meaning == "interval" and some.values[at] < 0 else outside,
                )
                for at in places[:_FIRST_BAD]
            ),
            len(places),
        )  # fmt: skip
        return some.where(~implausible)

    def _early(self, some: Stretch, at: int, other: int) -> BadCell:
        reason = Words(
            f"{other}행의 구간이 끝나기 전에 시작함", f"begins before the interval of line {other} has ended"
        )
        return BadCell(int(some.lines[at]), self.header, f"{some.raw[at]:g}", reason)


def cuts_of(moments: Moments, begin: int, end: int) -> list[Cut]:
    """Rows in the order of time, cut into stretches of about `BLOCK`, and never between two of one time."""
    cuts = []
    start = begin
    while start < end:
        stop = min(start + scratch.BLOCK, end)
        while stop < end:
            there = np.flatnonzero(moments.good.read(start, stop))
            later = np.flatnonzero(np.diff(moments.stamps.read(start, stop)[there]) > 0)
            if len(later):
                stop = start + int(there[later[-1] + 1])
                break
            stop = min(stop + scratch.BLOCK, end)
        cuts.append((start, stop))
        start = stop
    return cuts
