"""Whether a baseline will do, said before the purchase: a verdict with reasons, never a refusal."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np

from analytics.avoided import BandMethod, detectable_saving
from analytics.goodness import effective_size
from analytics.noise import Sample, estimate_noise
from analytics.placebo import place
from analytics.registers import Floats, Times
from analytics.regression import LinearModel

_LONGER = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
"""Multiples of the planned reporting period that are tried."""


class Shortfall(enum.Enum):
    """What a baseline lacks."""

    NO_PLACEBO = "no_placebo"
    """No pseudo-replacement fits into it: its band cannot be checked on this machine."""
    TOO_DEPENDENT = "too_dependent"
    """Autocorrelation leaves no more effective intervals than coefficients."""
    SAVING_TOO_SMALL = "saving_too_small"
    """The band is too wide for the saving that is expected."""


@dataclass(frozen=True, slots=True)
class Sufficiency:
    """What a baseline can show.

    Attributes
    ----------
    detectable
        Smallest saving that the planned reporting period shows with the power asked for, as a share of the energy that
        the baseline expects there.
    shortfalls
        What is lacking; none where the expected saving can be shown.
    intervals
        The shortest of the reporting periods tried that shows it; None when none does, whatever its length.
    effective
        Effective number of baseline intervals.
    """

    detectable: float
    shortfalls: tuple[Shortfall, ...]
    intervals: int | None
    effective: float

    @property
    def enough(self) -> bool:
        """Whether the plan as it is can show the saving."""
        return not self.shortfalls


def sufficiency(
    model: LinearModel,
    baseline_drivers: Floats,
    baseline_positions: Times,
    intervals: int,
    *,
    expected: float,
    confidence: float,
    power: float = 0.8,
    gap: int = 1,
) -> Sufficiency:
    """Judge a baseline, be it two weeks long, for a saving that is expected.

    The reporting period repeats the baseline's drivers: a season that the baseline has not seen is not foreseen here
    and is graded afterwards (`analytics.grade`).

    Parameters
    ----------
    model, baseline_drivers, baseline_positions, confidence, power, gap
        As in `detectable_saving`.
    intervals
        Planned length of the reporting period; up to six times as many are tried.
    expected
        Saving that is announced, as a share of the old machine's energy, 0-1.

    Raises
    ------
    ValueError
        When `expected` is no share or no interval is planned.
    """
    if not 0.0 < expected < 1.0 or intervals < 1:
        problem = f"an expected saving of {expected:g} over {intervals} intervals"
        raise ValueError(f"{problem}; a share of one or more is needed")

    def share(length: int) -> float:
        found = detectable_saving(
            model, baseline_drivers, baseline_positions, length,
            confidence=confidence, power=power, gap=gap, method=BandMethod.PLACEBO,
        )  # fmt: skip
        usual = float(model.fitted.mean()) * length
        return found / usual if usual > 0 else np.inf

    lengths = [round(intervals * factor) for factor in _LONGER]
    shares = [share(length) for length in lengths]
    energy = model.fitted + model.residuals
    noise = estimate_noise([Sample(model.design(baseline_drivers), energy, baseline_positions)])
    effective = effective_size(len(energy), noise.mean_rho)
    shortfalls = []
    if not len(place(baseline_positions, gap=gap, length=intervals, parameters=model.parameters).baseline):
        shortfalls.append(Shortfall.NO_PLACEBO)
    if effective <= model.parameters:
        shortfalls.append(Shortfall.TOO_DEPENDENT)
    reached = next((length for length, least in zip(lengths, shares, strict=True) if least <= expected), None)
    if shares[0] > expected:
        shortfalls.append(Shortfall.SAVING_TOO_SMALL)
    return Sufficiency(shares[0], tuple(shortfalls), reached, effective)
