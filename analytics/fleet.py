"""Many meters at once: their readings to intervals, their intervals to savings.

Meters that were read at the same moments come as one table, NaN where one was not read; each is then what it would be
alone. What meters share is worked out once.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.avoided import AvoidedEnergy
from analytics.candidate_saving import candidate_saving
from analytics.errors import TooFewIntervalsError, UnknownEffectError
from analytics.gauges import interval_mean
from analytics.grids import stack
from analytics.registers import Bools, Exchange, Floats, IntervalValues, Times, interval_energy


class WhyNot(enum.Enum):
    """Why the saving of a meter cannot be told."""

    TOO_FEW_INTERVALS = "too few intervals"
    UNKNOWN_EFFECT = "unknown effect"
    """Something counts in the reporting period that never varied in the baseline."""
    NOT_SUPPORTED = "not supported"
    """No placebo fits into the baseline, so the band was never checked on this meter."""


@dataclass(frozen=True, slots=True)
class NoSaving:
    """A meter whose saving cannot be told. There is no number in it: it is neither zero nor unproven.

    Attributes
    ----------
    why
        For programs.
    text
        For the log, with the numbers.
    columns
        Of the design: those whose effect is unknown.
    """

    why: WhyNot
    text: str
    columns: tuple[int, ...] = ()


def fleet_energy(
    times_ms: Times,
    registers: Floats,
    edges_ms: Times,
    *,
    moduli: Sequence[float | None] | None = None,
    max_gap_ms: int = 3_600_000,
    max_rates: Sequence[float | None] | None = None,
    spread_ms: int = 0,
    exchanges: Sequence[Sequence[Exchange]] | None = None,
) -> IntervalValues:
    """`interval_energy` of many meters.

    Parameters
    ----------
    times_ms
        Strictly rising [ms], shape (readings,).
    registers
        Shape (meters, readings); NaN where a meter was not read.
    edges_ms, max_gap_ms, spread_ms
        As there, common to all.
    moduli, max_rates, exchanges
        As there, one per meter.

    Returns
    -------
    IntervalValues
        Shape (meters, intervals).

    Raises
    ------
    ValueError
        When shapes differ, there is no meter, or times or edges do not rise.
    """
    meters = _meters(times_ms, registers)
    wraps, rates, swaps = moduli or [None] * meters, max_rates or [None] * meters, exchanges or [()] * meters
    return stack([
        interval_energy(
            times_ms[read], row[read], edges_ms,
            modulus=modulus, max_gap_ms=max_gap_ms, max_rate=rate, spread_ms=spread_ms, exchanges=swapped,
        )
        for row, read, modulus, rate, swapped in zip(
            registers, np.isfinite(registers), wraps, rates, swaps, strict=True
        )
    ])  # fmt: skip


def fleet_mean(times_ms: Times, values: Floats, edges_ms: Times, *, max_gap_ms: int = 3_600_000) -> IntervalValues:
    """`interval_mean` of many gauges, shape (gauges, readings) with NaN where one was not read → (gauges, intervals).

    Raises
    ------
    ValueError
        As `fleet_energy`.
    """
    _meters(times_ms, values)
    return stack([
        interval_mean(times_ms[read], row[read], edges_ms, max_gap_ms=max_gap_ms)
        for row, read in zip(values, np.isfinite(values), strict=True)
    ])  # fmt: skip


def fleet_saving(
    design: Floats, energy: Floats, baseline: Bools, reporting: Bools, positions: Times
) -> list[AvoidedEnergy | NoSaving]:
    """`candidate_saving` of many meters, each with its calibrated band; why not, where one cannot be told.

    Parameters
    ----------
    design
        Of the whole timeline: shape (times, parameters), or (meters, times, parameters) such as
        `ChangePoint.design` gives.
    energy
        Shape (meters, times), NaN where unusable.
    baseline, reporting, positions
        As there, common to all, shape (times,).

    Returns
    -------
    list
        One per meter; only an `AvoidedEnergy` has numbers, and its band was checked on placebos.
    """
    designs = np.broadcast_to(design, (len(energy), *design.shape[-2:]))
    return [_one_saving(own, row, baseline, reporting, positions) for own, row in zip(designs, energy, strict=True)]


def _one_saving(
    design: Floats, energy: Floats, baseline: Bools, reporting: Bools, positions: Times
) -> AvoidedEnergy | NoSaving:
    try:
        found = candidate_saving(design, energy, baseline, reporting, positions)
    except TooFewIntervalsError as problem:
        return NoSaving(WhyNot.TOO_FEW_INTERVALS, str(problem))
    except UnknownEffectError as problem:
        return NoSaving(WhyNot.UNKNOWN_EFFECT, str(problem), problem.columns)
    if found.calibration is None or not found.calibration.supported:
        return NoSaving(WhyNot.NOT_SUPPORTED, "no placebo replacement fits into the baseline")
    return found


def _meters(times: Times, values: Floats) -> int:
    if values.ndim != 2 or values.shape[1] != len(times) or not len(values):
        raise ValueError(f"values of the shape {values.shape} for {len(times)} times; (meters, times) is needed")
    return len(values)
