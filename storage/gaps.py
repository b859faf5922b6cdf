"""Declared gaps, and what of them is stored after all."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import numpy as np

from storage.store import Aggregate, Series, Store
from telemetry import Gap

_AT_TAKEN_TIMES: Final = "clock_stepped"
"""Lost because readings of these times were there already: those are not the lost ones."""


def missing(store: Store, site: str, gap: Gap) -> int:
    """How many of the readings that a gap declares lost are not stored, at most.

    Other than `came_after_all` this knows nothing of other gaps: a reading that came is told for each gap around it.
    Where retention has deleted raw readings, it is what was declared.

    Raises
    ------
    StoreError
        When the store cannot be read.
    """
    if gap.reason == _AT_TAKEN_TIMES:
        return gap.readings
    series, width = Series(site, gap.kind, gap.device, gap.channel), gap.end + 1 - gap.start
    _, counts = store.windows(series, gap.start, gap.end + 1, width, Aggregate.COUNT, gap.start % width)
    return max(0, gap.readings - int(counts.sum()))


def came_after_all(store: Store, site: str, start: int, end: int) -> int:
    """How many readings that gaps of a site declare lost are stored nevertheless.

    A full outbox drops a batch of which a copy may be under way; the gap says the most that can be missing, and the
    copy's readings count as stored. In books that add up, ``read = stored + outbox + quarantined + gaps``, gaps are
    what was declared less this. A gap spans nothing that its gateway has kept, so what is stored within it was
    declared lost.

    Parameters
    ----------
    start, end
        Gaps that overlap this range are looked at [ms UTC]. Where retention has deleted raw readings, none is found.

    Raises
    ------
    StoreError
        When the store cannot be read.
    """
    declared: dict[Series, list[Gap]] = defaultdict(list)
    for gap in store.gaps(site, start, end):
        if gap.reason != _AT_TAKEN_TIMES:
            declared[Series(site, gap.kind, gap.device, gap.channel)].append(gap)
    came = 0
    for series, gaps in declared.items():
        # Two gaps may overlap; a reading that came fills one of them.
        found = np.unique(np.concatenate([store.read(series, gap.start, gap.end + 1)[0] for gap in gaps]))
        came += min(len(found), sum(gap.readings for gap in gaps))
    return came
