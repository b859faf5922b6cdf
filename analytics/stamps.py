"""Whether a file's time stamps stand at the start of their intervals or at the end."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np

from analytics.errors import AnalyticsError
from analytics.registers import Bools, Times

_DAY_MS = 86_400_000


class StampKind(enum.Enum):
    """Where a stamp stands in its interval."""

    START = "start"
    END = "end"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Stamps:
    """What a file's stamps mean.

    Attributes
    ----------
    kind
        Start, end, or not to be told from the stamps.
    evidence
        Why, in one word: ``late_midnight`` (midnight's row stands last in its own day, so it closes that day),
        ``whole_days_end`` and ``whole_days_start`` (the file holds whole days if its stamps are read so), or ``none``.
    step_ms
        Length of an interval [ms].
    starts_ms
        Start of each row's interval, in the file's order, shape (rows,) [ms]; as if stamps were starts when that is not
        known.
    """

    kind: StampKind
    evidence: str
    step_ms: int
    starts_ms: Times


def read_stamps(stamps_ms: Times) -> Stamps:
    """Tell starts from ends.

    A day of interval-end stamps runs from the first step after midnight to the midnight that ends it. Some files give
    that last row the date it belongs to instead of the next one: then midnight stands behind the day's other rows with
    the day's own date, and a day is added to it. Else whole days decide.

    Parameters
    ----------
    stamps_ms
        In the file's order, local wall-clock time as if it were UTC, shape (rows,) [ms]. Gaps may be in it.

    Raises
    ------
    AnalyticsError
        With fewer than three rows, or when there is no usual step.
    """
    if len(stamps_ms) < 3:
        raise AnalyticsError(f"{len(stamps_ms)} rows do not tell what their time stamps mean")
    steps = np.diff(np.unique(stamps_ms))
    kinds, counts = np.unique(steps, return_counts=True)
    step = int(kinds[np.argmax(counts)])
    if counts.max() < 0.5 * len(steps):
        raise AnalyticsError("the time stamps have no usual step; are they interval data?")
    late = _late_midnights(stamps_ms, step)
    if late.any():
        return Stamps(StampKind.END, "late_midnight", step, stamps_ms + np.where(late, _DAY_MS, 0) - step)
    first, last = int(stamps_ms.min()) % _DAY_MS, int(stamps_ms.max()) % _DAY_MS
    if (first, last) == (step, 0):
        return Stamps(StampKind.END, "whole_days_end", step, stamps_ms - step)
    if (first, last) == (0, _DAY_MS - step):
        return Stamps(StampKind.START, "whole_days_start", step, stamps_ms)
    return Stamps(StampKind.UNKNOWN, "none", step, stamps_ms)


def _late_midnights(stamps: Times, step: int) -> Bools:
    """Midnights dated by the day they close, if that is how this file dates them.

    Told by those that stand behind the last row of their own day. A midnight that stands twice is a repeated row, not a
    late one. In a file that is so, a midnight is late wherever its neighbours do not say otherwise.
    """
    found, counts = np.unique(stamps, return_counts=True)
    midnight = stamps % _DAY_MS == 0
    before = np.concatenate(([stamps[1] - 2 * step], stamps[:-1]))
    after = np.concatenate((stamps[1:], [stamps[-2] + 2 * step]))
    told = midnight & (before - stamps == _DAY_MS - step) & (counts[np.searchsorted(found, stamps)] == 1)
    if not told.any() or told.sum() < 0.5 * midnight.sum():
        return np.zeros(len(stamps), dtype=np.bool_)
    in_place = (before == stamps - step) | (after == stamps + step)
    late: Bools = midnight & ~in_place
    return late
