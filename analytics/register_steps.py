"""What a step of a cumulative register can mean: consumption, a turn, a reset, a wrong reading."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_HOUR_MS = 3_600_000.0
_ROOM_ABOVE_USUAL, _ROOM_FOR_LONG = 10.0, 2.0
"""A step so many times faster than nearly all others is no consumption; nor is one through a register's whole modulus,
which takes long, at so many times their rate."""
_RUN, _FEW = 3, 10
"""Steps that make a rate kept up, and how many times it must have happened."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What a step of the register can mean.

    Attributes
    ----------
    modulus
        Where it starts again from 0; None when it never does.
    limit, lasting
        Highest believable growth of a step, and of a step through the whole modulus [register unit per hour].
    resolution
        The least that it is seen to grow by [register unit].
    late_ms
        How far a reading may lie behind what was consumed [ms]: a meter may bring its register up to date less often
        than it is read.
    """

    modulus: float | None
    limit: float
    lasting: float
    resolution: float
    late_ms: float = 0.0

    @classmethod
    def learned(cls, times: Times, values: Floats, modulus: float | None, max_rate: float | None) -> Steps:
        """The rate as given, or from the steps seen."""
        usual = _usual_rate(times, values)
        limit = usual * _ROOM_ABOVE_USUAL if max_rate is None else max_rate
        lasting = usual * _ROOM_FOR_LONG if max_rate is None else max_rate
        # What is learned from the steps has their lateness in it.
        late = 0.0 if max_rate is None else _between_changes(times, values)
        return cls(modulus, limit, lasting, _resolution(values), late)

    def of(self, times: Times, values: Floats) -> tuple[Floats, Bools, Bools]:
        """Growth, whether the register wrapped, and whether the growth is believable; each (readings - 1,)."""
        delta = np.diff(values)
        # Two readings may stand close to a tick of a coarse register: one tick is always believed.
        most = self.limit * (np.diff(times) + self.late_ms) / _HOUR_MS + self.resolution
        wrapped = np.zeros(len(delta), dtype=np.bool_)
        if self.modulus is not None:
            wrapped = (delta < 0) & (delta + self.modulus <= most)
            delta = np.where(wrapped, delta + self.modulus, delta)
        return delta, wrapped, (delta >= 0) & (delta <= most)

    def may_have_turned(self, times: Times, growth: Floats) -> Bools:
        """Whether there was time for a whole modulus beside the growth seen."""
        if self.modulus is None:
            return np.zeros(len(growth), dtype=np.bool_)
        turned: Bools = growth + self.modulus <= self.lasting * np.diff(times) / _HOUR_MS
        return turned


def without_glitches(times: Times, values: Floats, steps: Steps) -> tuple[Bools, Bools]:
    """Readings to keep, and those of them in doubt.

    One that breaks the line while its neighbours agree is a glitch. In doubt is one that fell to where a register just
    reset would stand and was believably followed from there, too, as happens to young registers.
    """
    keep, doubtful = np.ones(len(times), dtype=np.bool_), np.zeros(len(times), dtype=np.bool_)
    _, _, plausible = steps.of(times, values)
    for index in np.flatnonzero(~plausible):
        suspect = index + 1
        if not keep[index] or suspect + 1 >= len(times):
            continue
        around = np.array([index, suspect + 1])
        if steps.of(times[around], values[around])[2][0]:
            fell = values[suspect] < values[index]
            from_zero = steps.of(times[index : suspect + 1], np.array([0.0, values[suspect]]))[2][0]
            doubtful[suspect] = fell and from_zero and plausible[suspect]
            keep[suspect] = doubtful[suspect]
    return keep, doubtful


def _usual_rate(times: Times, values: Floats) -> float:
    """Rate that nearly all steps stay below, or the highest kept up now and again: a machine may run an hour a week.

    Kept up is a rise over `_RUN` steps amid as many without a fall, of which a wrong reading has none.
    """
    steps = np.diff(values)
    rates = steps / np.diff(times) * _HOUR_MS
    rising = rates[rates > 0]
    usual = float(np.percentile(rising, 95, method="lower")) if len(rising) else 0.0
    falls = np.concatenate(([0], np.cumsum(steps < 0)))
    start = np.flatnonzero(falls[3 * _RUN :] == falls[: -3 * _RUN]) + _RUN
    kept_up = (values[start + _RUN] - values[start]) / (times[start + _RUN] - times[start]) * _HOUR_MS
    kept_up = np.sort(kept_up[kept_up > 0])
    # A few rises are no habit but a meter exchanged, or a register set.
    few = max(len(kept_up) // 1000, min(_FEW * _RUN, len(kept_up) // 20))
    return max(usual, float(kept_up[-1 - few])) if len(kept_up) else usual


def _between_changes(times: Times, values: Floats) -> float:
    """Time between changes of the register while it is busy [ms]: the lower quartile, for it stands still at times."""
    changed = times[1:][np.diff(values) != 0]
    return float(np.percentile(np.diff(changed), 25)) if len(changed) > 1 else 0.0


def _resolution(values: Floats) -> float:
    delta = np.diff(values)
    return float(np.min(delta, initial=np.inf, where=delta > 0)) if np.any(delta > 0) else 0.0
