"""What an export holds: which series, which time, readings or windows; read in slices that fit in memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from exchange.clock_texts import Times
from exchange.contents import Floats
from exchange.errors import ExportError
from exchange.zones import offsets
from storage import Aggregate, Series, Store
from telemetry import CHANNELS, Kind

_DAY_MS: Final = 86_400_000
_OF_COUNTERS: Final = frozenset({Aggregate.INCREASE})
_USUAL: Final = {Kind.COUNTER: Aggregate.INCREASE, Kind.GAUGE: Aggregate.TIME_MEAN, Kind.STATE: Aggregate.LAST}


@dataclass(frozen=True, slots=True)
class Selection:
    """What is exported.

    Attributes
    ----------
    series
        In the order they are written.
    start, end
        Half-open [ms UTC].
    zone
        Whose clock the local times are of, and whose days windows are.
    every_ms
        Length of windows [ms]; 0 for readings.
    aggregates
        Of each series; empty for readings.
    """

    series: Sequence[Series]
    start: int
    end: int
    zone: dt.tzinfo
    every_ms: int = 0
    aggregates: Sequence[Aggregate] = ()

    @property
    def names(self) -> list[str]:
        """What each series is called where it is a column: ``main/energy_import_wh [Wh]``."""
        suffixes = [f" {how.value}" for how in self.aggregates] or [""] * len(self.series)
        return [
            f"{each.device}/{each.channel}{suffix} [{unit_of(each, nth, self)}]"
            for nth, (each, suffix) in enumerate(zip(self.series, suffixes, strict=True))
        ]


def unit_of(series: Series, nth: int, selection: Selection) -> str:
    """Unit of the values of the `nth` series; ``1`` of counts."""
    if selection.aggregates and selection.aggregates[nth] is Aggregate.COUNT:
        return "1"
    known = CHANNELS.get(series.channel)
    return known.unit if known is not None else "1"


def select(
    store: Store,
    site: str,
    devices: Sequence[str],
    channels: Sequence[str],
    start: int | None,
    end: int | None,
    zone: dt.tzinfo,
    *,
    every_ms: int = 0,
    aggregate: Aggregate | None = None,
) -> Selection:
    """Find the series, and the time in which they have readings.

    Parameters
    ----------
    devices, channels
        Those only; all of the site's when empty.
    start, end
        [ms UTC]; from the first reading and to the last when None.
    every_ms
        Length of windows [ms]; 0 for readings.
    aggregate
        Of windows; by the channel's kind without it: a counter's increase, a gauge's mean over time, a state's last.

    Raises
    ------
    ExportError
        When there is nothing of this in the store, or the aggregate fits none of it; says what there is.
    """
    there = store.series(site)
    if not there:
        sites = ", ".join(sorted({each.site for each in store.series()})) or "none"
        raise ExportError(f"the store has no readings of a site {site!r}; it has {sites}")
    for device in devices:
        if device not in (known := {each.device for each in there}):
            raise ExportError(f"{site} has no device {device!r}; it has {', '.join(sorted(known))}")
    for channel in channels:
        if channel not in (known := {each.channel for each in there}):
            raise ExportError(f"{site} has no channel {channel!r}; it has {', '.join(sorted(known))}")
    found = [
        each
        for each in sorted(there, key=lambda each: (each.device, each.kind, each.channel))
        if (not devices or each.device in devices) and (not channels or each.channel in channels)
    ]
    if aggregate in _OF_COUNTERS:
        others = sorted({each.channel for each in found if _kind(each) is not Kind.COUNTER})
        if others:
            raise ExportError(f"only counters increase, not {', '.join(others)}; choose counters with --channel")
    spans = [(each, *_span(store, each, start, end)) for each in found]
    spans = [span for span in spans if span[1] < span[2]]
    if not spans:
        raise ExportError(f"{site}: no readings in this time; try a longer one, or leave --from and --to out")
    first, last = min(span[1] for span in spans), max(span[2] for span in spans)
    kept = [span[0] for span in spans]
    if not every_ms:
        return Selection(kept, first, last, zone)
    offset = _offset(first, last, zone, every_ms)
    # Whole windows, also where readings begin within one; but never beyond what was asked for.
    # A counter's last reading closes the window before it.
    last = max(until - (until != end and _kind(each) is Kind.COUNTER) for each, _, until in spans)
    first, last = first - (first + offset) % every_ms, last + -(last + offset) % every_ms
    first, last = max(first, first if start is None else start), last if end is None else min(last, end)
    hows = [aggregate or _USUAL[_kind(each)] for each in kept]
    return Selection(kept, first, last, zone, every_ms, hows)


def slices(selection: Selection, *, wide: bool) -> Iterator[tuple[int, int]]:
    """Stretches of time whose readings fit in memory: a day of one reading a second is 1.4 MB per series."""
    days = max(1, 28 // len(selection.series)) if wide else 14
    width = days * _DAY_MS
    if selection.every_ms:
        width = max(width, 5_000 * selection.every_ms) // selection.every_ms * selection.every_ms
    for start in range(selection.start, selection.end, width):
        yield start, min(start + width, selection.end)


def points(store: Store, selection: Selection, nth: int, start: int, end: int) -> tuple[Times, Floats]:
    """Readings or windows of the `nth` series in a slice."""
    series = selection.series[nth]
    if not selection.every_ms:
        return store.read(series, start, end)
    offset = _offset(selection.start, selection.end, selection.zone, selection.every_ms)
    return store.windows(series, start, end, selection.every_ms, selection.aggregates[nth], -offset)


def _kind(series: Series) -> Kind:
    known = CHANNELS.get(series.channel)
    return Kind.GAUGE if known is None else known.kind


def _span(store: Store, series: Series, start: int | None, end: int | None) -> tuple[int, int]:
    """Where a series' readings begin and end within a range, the end left out [ms UTC]."""
    low, high = -(2**62) if start is None else start, 2**62 if end is None else end
    times, _ = store.read_around(series, low, low)
    later = times[times >= low]
    times, _ = store.read_around(series, high, high)
    earlier = times[times < high]
    if not len(later) or not len(earlier):
        return 0, 0
    # Where it goes on after the range, the range is what ends it.
    return int(later[0]), high if (times >= high).any() else int(earlier[-1]) + 1


def _offset(start: int, end: int, zone: dt.tzinfo, every_ms: int) -> int:
    """How far a zone's windows are from UTC's [ms]: its days begin at its midnight.

    Raises
    ------
    ExportError
        When the zone's offset changes within the range, so that its days have different lengths.
    """
    ahead = offsets(np.arange(start, end + _DAY_MS, _DAY_MS // 4), zone)
    if every_ms > 3_600_000 and (ahead != ahead[0]).any():
        raise ExportError(
            "in this zone days differ in length when summer time begins or ends; use --zone +01:00 or --every 1h"
        )
    return int(ahead[0]) % every_ms
