"""Bands that assume no AR(1): heteroskedasticity and autocorrelation consistent (HAC), and the block bootstrap.

Both are large-sample methods: with a few weeks of days they are too narrow (``benchmarks.coverage``). They are here to
be compared with, and for long hourly or 15-minute baselines whose noise differs by the hour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.errors import TooFewIntervalsError
from analytics.noise import Sample
from analytics.registers import Floats


def hac_standard_error(baseline: Sample, design: Floats, *, lags: int | None = None) -> float:
    """Standard error of Σ (adjusted baseline - actual), by Newey and West.

    Var = gᵀ(XᵀX)⁻¹ S (XᵀX)⁻¹g + m·s, with g the sum of the reporting design's rows, S the long-run covariance of
    X·e and s that of e, Bartlett weights, both × n/(n - p). Newey & West, Econometrica 55 (1987) 703; lags by
    default ⌊4 (n/100)^(2/9)⌋. Intervals count as neighbours only where their positions are.

    Parameters
    ----------
    baseline
        What the model is fitted on.
    design
        Of the reporting period, shape (m, parameters).
    lags
        Largest lag counted.

    Raises
    ------
    TooFewIntervalsError
        Without a degree of freedom.
    """
    n, parameters = baseline.design.shape
    _check(n, parameters)
    influence = np.linalg.pinv(baseline.design).T @ design.sum(axis=0)
    residuals = baseline.energy - baseline.design @ np.linalg.lstsq(baseline.design, baseline.energy, rcond=None)[0]
    most = int(4 * (n / 100) ** (2 / 9)) if lags is None else lags
    scatter = len(design) / n * residuals
    variance = float((influence * residuals) @ (influence * residuals) + scatter @ residuals)
    at = baseline.positions - baseline.positions[0]
    grid = np.zeros((2, int(at[-1]) + 1))
    grid[0, at], grid[1, at] = influence * residuals, residuals
    for lag in range(1, min(most, grid.shape[1] - 1) + 1):
        weight = 2.0 * (1.0 - lag / (most + 1.0))
        own, plain = (row[lag:] @ row[:-lag] for row in grid)
        variance += weight * float(own + len(design) / n * plain)
    return float(np.sqrt(max(variance, 0.0) * n / (n - parameters)))


@dataclass(frozen=True, slots=True)
class BootstrapBand:
    """Replicated errors of a saving.

    Attributes
    ----------
    errors
        Shape (replicates,) [energy].
    """

    errors: Floats

    def half_width(self, confidence: float) -> float:
        """Half of the symmetric band that holds `confidence` (0-1) of the replicates [energy].

        Raises
        ------
        ValueError
            When `confidence` does not lie between 0 and 1.
        """
        if not 0.0 < confidence < 1.0:
            raise ValueError(f"confidence {confidence} must lie between 0 and 1")
        return float(np.quantile(np.abs(self.errors), confidence))


def block_bootstrap(
    baseline: Sample, design: Floats, *, block: int, replicates: int = 2000, seed: int = 0
) -> BootstrapBand:
    """Errors of Σ (adjusted baseline - actual) when blocks of residuals are drawn anew.

    Residuals, × √(n/(n - p)), are cut into blocks of `block` intervals (a day of quarter hours: 96), the same blocks at
    which they are put back, so that the hour of the day keeps its own noise; the reporting period draws from the same
    blocks. Least squares is linear in the energy, so each block's contribution at each place is one number and a
    replicate is a sum over a table. Künsch, Annals of Statistics 17 (1989) 1217, with blocks that do not overlap.

    Parameters
    ----------
    baseline
        What the model is fitted on; intervals in order, a rest shorter than a block is not drawn from.
    design
        Of the reporting period, shape (m, parameters).
    block
        Intervals in a block.
    replicates
        How many.
    seed
        Of the generator: the same seed gives the same bits.

    Raises
    ------
    TooFewIntervalsError
        Without a degree of freedom, or with fewer than two blocks.
    """
    n, parameters = baseline.design.shape
    _check(n, parameters)
    count = n // block
    if count < 2:
        raise TooFewIntervalsError(f"{n} intervals make {count} blocks of {block}; at least two are needed")
    q, r = np.linalg.qr(baseline.design)
    residuals = (baseline.energy - q @ (q.T @ baseline.energy)) * np.sqrt(n / (n - parameters))
    influence = q @ np.linalg.solve(r.T, design.sum(axis=0))
    drawn = residuals[: count * block].reshape(count, block)
    table = _in_blocks(influence, block) @ drawn.T
    later = _in_blocks(np.ones(len(design)), block) @ drawn.T
    generator = np.random.default_rng(seed)
    errors = np.zeros(replicates)
    for places, sign in ((table, 1.0), (later, -1.0)):
        chosen = generator.integers(0, count, size=(replicates, len(places)))
        errors += sign * np.take_along_axis(places, chosen.T, axis=1).sum(axis=0)
    return BootstrapBand(errors)


def _in_blocks(row: Floats, block: int) -> Floats:
    """Cut into rows of `block`, the last filled with zeros."""
    filled = np.zeros(-(-len(row) // block) * block)
    filled[: len(row)] = row
    return filled.reshape(-1, block)


def _check(n: int, parameters: int) -> None:
    if n <= parameters:
        raise TooFewIntervalsError(f"{n} intervals for {parameters} coefficients; at least {parameters + 1} needed")
