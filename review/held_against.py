"""How much less a machine's days would have taken by the measure of other days: its own past, or a machine like it.

The model of the other days is fitted and projected by `analytics.fleet_saving`, with its placebo-calibrated band: the
"saving" of a machine that was never replaced, turned round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from analytics import Grade, NoSaving, Ranged, WhyNot, driver_coverage, fit_linear, fleet_saving, grade
from evaluation import Text
from review.day_drivers import day_drivers
from review.period import Bools, Floats, Ints

LEAST_DAYS: Final = 21
"""Three weeks, every day of the week three times: of the days measured by, and of those measured."""
_LEAST_PERIOD: Final = 7


@dataclass(frozen=True, slots=True)
class MachineDays:
    """Days of one machine, one after another.

    Attributes
    ----------
    kwh
        Energy of each day known whole, else NaN, shape (days,).
    made
        By counter, what it counted, shape (days,).
    kind, temperature
        As of `review.day_drivers.Days`.
    """

    kwh: Floats
    made: Sequence[Floats]
    kind: Ints
    temperature: Floats | None

    @property
    def known(self) -> int:
        """Days whose energy is known."""
        return int(np.count_nonzero(np.isfinite(self.kwh)))

    def part(self, days: slice) -> MachineDays:
        """Some of the days."""
        warm = None if self.temperature is None else self.temperature[days]
        return MachineDays(self.kwh[days], [one[days] for one in self.made], self.kind[days], warm)


@dataclass(frozen=True, slots=True)
class Held:
    """What a machine used beyond the measure, as a share of what it used.

    Attributes
    ----------
    share
        With the band at `confidence`, 0-1; negative where it used less than the measure.
    low_of_many
        Lower end of the band at the confidence that one of so many asks for.
    days, of
        Days that the measure was fitted to, and days of the machine that it was held against.
    """

    share: Ranged
    low_of_many: float
    days: int
    of: int


def held_against(reference: MachineDays, own: MachineDays, confidence: float, machines: int = 1) -> Held | Text:
    """Hold a machine's days against a model of others; or why that says nothing.

    Parameters
    ----------
    reference, own
        The days measured by and those measured, with the same counters one by one. Without any nothing is said: more
        energy may be more output.
    confidence
        Of the two-sided band, 0-1.
    machines
        How many were looked through for one that stands out: the chance that one of so many does by itself stays what
        it is of one (Bonferroni).
    """
    stacked = _stacked(reference, own)
    if isinstance(stacked, Text):
        return stacked
    design = np.column_stack((np.ones(len(stacked.energy)), stacked.drivers))
    [found] = fleet_saving(design, stacked.energy[None], stacked.first, ~stacked.first, np.arange(len(stacked.energy)))
    if isinstance(found, NoSaving):
        return _WHY_NOT[found.why]
    used, beyond = float(stacked.energy[stacked.after].sum()), -float(found.cumulative[-1])
    if not used > 0:
        return _NO_LOAD
    half, strict = (
        float(found.band.whole.half_width(asked)[0]) for asked in (confidence, 1.0 - (1.0 - confidence) / machines)
    )
    if _outside(stacked, used - beyond, half):
        return _OUTSIDE
    return Held(
        Ranged(beyond / used, (beyond - half) / used, (beyond + half) / used),
        (beyond - strict) / used,
        int(np.count_nonzero(stacked.before)),
        int(np.count_nonzero(stacked.after)),
    )


@dataclass(frozen=True, slots=True)
class _Stacked:
    """Days measured by (`first`), then those measured: drivers, shape (days, drivers); energy, NaN where unusable."""

    energy: Floats
    drivers: Floats
    first: Bools

    @property
    def before(self) -> Bools:
        return np.isfinite(self.energy) & self.first

    @property
    def after(self) -> Bools:
        return np.isfinite(self.energy) & ~self.first


def _stacked(reference: MachineDays, own: MachineDays) -> _Stacked | Text:
    if not reference.made or len(reference.made) != len(own.made):
        return _NO_COUNTER
    energy = np.concatenate((reference.kwh, own.kwh))
    first = np.arange(len(energy)) < len(reference.kwh)
    known = np.isfinite(energy) & first
    if known.sum() < LEAST_DAYS:
        return _few(int(known.sum()), own.known)
    drivers = _drivers(reference, own, known)
    if drivers is None:
        return _NO_COUNTER
    energy = np.where(np.isfinite(drivers).all(axis=1), energy, np.nan)
    stacked = _Stacked(energy, np.nan_to_num(drivers), first)
    days, measured = int(stacked.before.sum()), int(stacked.after.sum())
    return _few(days, measured) if days < LEAST_DAYS or measured < _LEAST_PERIOD else stacked


def _drivers(reference: MachineDays, own: MachineDays, known: Bools) -> Floats | None:
    """Of both, one after the other, shape (days, drivers); None where a counter is not known on most days."""
    made = [(str(index), np.concatenate(pair)) for index, pair in enumerate(zip(reference.made, own.made, strict=True))]
    both = None
    if reference.temperature is not None and own.temperature is not None:
        both = np.concatenate((reference.temperature, own.temperature))
    names, drivers = day_drivers(np.concatenate((reference.kind, own.kind)), both, made, known)
    return drivers if {f"{name} production_count" for name, _ in made} <= set(names) else None


def _outside(stacked: _Stacked, adjusted: float, half: float) -> bool:
    """Whether the machine worked under conditions that the other days do not tell of."""
    before, after = stacked.drivers[stacked.before], stacked.drivers[stacked.after]
    model = fit_linear(before, stacked.energy[stacked.before], [str(index) for index in range(before.shape[1])])
    return grade(driver_coverage(model, before, after), adjusted, half) is Grade.OUTSIDE


def _few(days: int, own: int) -> Text:
    return Text(
        f"온전히 계측된 날이 견줄 쪽에 {days}일(최소 {LEAST_DAYS}일), "
        f"진단 기간에 {own}일(최소 {_LEAST_PERIOD}일)입니다.",
        f"Days known whole: {days} to measure by ({LEAST_DAYS} are the least), {own} in the period "
        f"({_LEAST_PERIOD} are the least).",
    )


_WHY_NOT: Final = {
    WhyNot.TOO_FEW_INTERVALS: Text("견줄 날이 모자랍니다.", "Too few days to measure by."),
    WhyNot.UNKNOWN_EFFECT: Text(
        "견줄 날들에는 없던 조건(휴일, 생산)이 진단 기간에 있습니다.",
        "The period has what the days to measure by lack (rest days, production).",
    ),
    WhyNot.NOT_SUPPORTED: Text("견줄 날이 모자라 범위를 확인할 수 없습니다.", "Too few days to check the band on."),
}
_NO_COUNTER: Final = Text(
    "생산을 세는 카운터가 없어, 더 쓴 것이 생산 때문인지 가릴 수 없습니다.",
    "No counter tells what it makes, so more energy may be more output.",
)
_NO_LOAD: Final = Text("진단 기간에 쓴 전력이 없습니다.", "Nothing was used in the period.")
_OUTSIDE: Final = Text(
    "진단 기간의 생산이나 기온이 견줄 날들의 범위를 크게 벗어납니다.",
    "Production or weather of the period lie far outside those of the days to measure by.",
)
