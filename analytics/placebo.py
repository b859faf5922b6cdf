"""The placebo-calibrated band: how wrong this model is on this meter when nothing was replaced.

Pseudo-replacements are placed inside the meter's own baseline: fit on one part, project on another, and what comes out
is a false saving. Set against the deviation that the band of its noise gives it, z = false saving / deviation, the mean
of z² says by how much that band's variance is too small for this model on this meter. Windows overlap and errors are
autocorrelated, so K placebos are worth fewer: with C the correlation of the false savings under that noise, the
mean of z² varies like that of ν = K² / Σ C_ij² independent ones (Satterthwaite, Biometrics Bulletin 2 (1946) 110).

The variance inflation is the mean of z² shrunk towards 1 as if `PRIOR_FREEDOM` independent placebos had agreed with the
noise model, and never under 1: few placebos say little, and none may narrow the band. Joining their few degrees of
freedom into Student's as well was tried and left out: the floor at 1 already makes the band of a correct model a point
or two generous. Where no placebo can be placed there is no calibrated band: the verdict must say so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analytics.band import Band, own_and_mixed_forms
from analytics.noise import Noise, Sample
from analytics.registers import Bools, Floats, Times

PRIOR_FREEDOM = 10.0
"""Weight of the noise model itself, in independent placebos."""
_MOST = 24
_SINGULAR = 1e-7

Project = Callable[[Floats], Floats]
"""Energy (placebos, intervals), NaN outside each pseudo-baseline → what the refitted model says, the same shape."""


@dataclass(frozen=True, slots=True)
class Placebos:
    """Pseudo-replacements inside a baseline.

    Attributes
    ----------
    baseline, reporting
        Rows of each, shape (placebos, intervals).
    gap, length
        Intervals between the two, and of the pseudo-reporting period; shorter than asked for where the baseline is.
    """

    baseline: Bools
    reporting: Bools
    gap: int
    length: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the placebos say of the noise's band.

    Attributes
    ----------
    false_saving, share
        Of each placebo [energy], and as a share of its own adjusted baseline; shape (placebos,).
    z
        False saving over its deviation under the noise (the candidates' weighted mean variance), shape (placebos,).
    mean_square
        Mean of z² at each candidate of the noise, shape (candidates,).
    freedom
        Effective number of independent placebos ν.
    gap, length
        Of the placebos [intervals].
    """

    false_saving: Floats
    share: Floats
    z: Floats
    mean_square: Floats
    freedom: float
    gap: int
    length: int

    @property
    def supported(self) -> bool:
        """Whether any placebo could be placed; if none, nothing honest can be said: the claim is not provable."""
        return len(self.z) > 0

    @property
    def inflation(self) -> Floats:
        """Factor on the variance, shape (candidates,)."""
        factor: Floats = (PRIOR_FREEDOM + self.freedom * self.mean_square) / (PRIOR_FREEDOM + self.freedom)
        return np.maximum(factor, 1.0)


def place(positions: Times, *, gap: int, length: int, parameters: int) -> Placebos:
    """Place pseudo-replacements, forwards and backwards in time, at rolling origins.

    The reporting part is as long as the real one, but at most a third of the baseline's span; the gap at most a sixth.
    The other part must keep half of the baseline's intervals and two for every parameter.

    Parameters
    ----------
    positions
        Of the baseline's intervals, whole and rising, shape (intervals,).
    gap, length
        Of the real replacement [intervals].
    parameters
        Of the model.
    """
    if not len(positions):
        return Placebos(np.zeros((0, 0), dtype=np.bool_), np.zeros((0, 0), dtype=np.bool_), gap, length)
    at = positions - positions[0]
    span, n = int(at[-1]) + 1, len(at)
    length, gap = max(1, min(length, span // 3)), max(0, min(gap, span // 6))
    least = max(n / 2, 2.0 * parameters)
    stride = max(1, length // 4, -(-span // (2 * _MOST)))
    starts = np.arange(span - length, 0, -stride)[:, None, None]
    seen = np.stack((at, span - 1 - at))
    before = (seen < starts - gap).reshape(-1, n)
    after = ((seen >= starts) & (seen < starts + length)).reshape(-1, n)
    enough = (before.sum(axis=1) >= least) & (after.sum(axis=1) >= 0.5 * length * n / span)
    return Placebos(before[enough], after[enough], gap, length)


def calibrate(noise: Noise, baseline: Sample, placebos: Placebos, project: Project | None = None) -> Calibration:
    """Measure the false savings of `placebos`.

    Parameters
    ----------
    noise, baseline
        As for `analytics.band.saving_band`.
    placebos
        From `place`.
    project
        Refits the model; least squares on the baseline's design when not given.
    """
    weights, known = _influence(baseline.design, placebos)
    # A placebo whose baseline lacks a driver's variation could not have been evaluated either.
    weights, rows, later = weights[known], placebos.baseline[known], placebos.reporting[known]
    empty = np.zeros(0)
    if not known.any():
        return Calibration(empty, empty, empty, np.ones(len(noise.weight)), 0.0, placebos.gap, placebos.length)
    if project is None:
        adjusted = (weights * rows) @ baseline.energy
    else:
        adjusted = np.where(later, project(np.where(rows, baseline.energy, np.nan)), 0.0).sum(axis=1)
    false = adjusted - later @ baseline.energy
    # Correlations are those of the mean candidate, variances those of every candidate.
    contrasts = (weights - later).T
    own, forms = own_and_mixed_forms(contrasts, baseline.positions, noise.rho, noise.mean_share)
    deviation = np.sqrt(np.maximum(np.diag(forms), np.finfo(float).tiny))
    correlation = forms / np.outer(deviation, deviation)
    variances = noise.variance[0][:, None] * (noise.share @ own)
    squares = false**2 / np.maximum(variances, np.finfo(float).tiny)
    size = np.abs(adjusted)
    share = np.full(len(false), np.nan)
    np.divide(false, size, out=share, where=size > 0)
    return Calibration(
        false_saving=false,
        share=share,
        z=false / np.sqrt(noise.weight @ variances),
        mean_square=squares.mean(axis=1),
        freedom=len(false) ** 2 / float((correlation**2).sum()),
        gap=placebos.gap,
        length=placebos.length,
    )


def calibrated_band(band: Band, calibration: Calibration) -> Band:
    """A band widened to what its placebos showed; unchanged when there are none."""
    return Band(band.weight, band.scale * np.sqrt(calibration.inflation)[:, None], band.freedom)


def _influence(design: Floats, placebos: Placebos) -> tuple[Floats, Bools]:
    """Weights of each pseudo-baseline in its adjusted sum, (placebos, intervals), and which placebos are known."""
    if not len(placebos.baseline):
        return np.zeros((0, len(design))), np.zeros(0, dtype=np.bool_)
    scale = np.linalg.norm(design, axis=0)
    columns = design / np.where(scale > 0, scale, 1.0)
    rows = np.where(placebos.baseline[:, :, None], columns, 0.0)
    sums = placebos.reporting @ columns
    q, r = np.linalg.qr(rows)
    known: Bools = (np.abs(np.diagonal(r, axis1=1, axis2=2)) > _SINGULAR).all(axis=1)
    r[~known] = np.eye(r.shape[1])
    weights = np.einsum("knp,kp->kn", q, np.linalg.solve(r.transpose(0, 2, 1), sums[:, :, None])[:, :, 0])
    return weights, known
