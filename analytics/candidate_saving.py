"""Avoided energy with its calibrated band for any model that is linear once its knots are known."""

from __future__ import annotations

import numpy as np

from analytics.avoided import AvoidedEnergy
from analytics.band import saving_band
from analytics.candidates import Candidate, as_project
from analytics.errors import TooFewIntervalsError, UnknownEffectError
from analytics.noise import Sample, estimate_noise
from analytics.placebo import calibrate, calibrated_band, place
from analytics.registers import Bools, Floats, Times

_COLLINEAR = 1e-7
"""Share of a scaled column left after projection on those before it, under which it adds nothing."""


def candidate_saving(
    design: Floats,
    energy: Floats,
    baseline: Bools,
    reporting: Bools,
    positions: Times,
    *,
    refit: Candidate | None = None,
) -> AvoidedEnergy:
    """Avoided energy of one meter over a timeline, with the placebo-calibrated band.

    The reporting period is taken to scatter like the baseline.

    Parameters
    ----------
    design
        Of the whole timeline, at the knots found on the baseline (e.g. `ChangePoint.design` of one meter), shape
        (times, parameters). Columns that add nothing on the baseline and nothing afterwards are left out.
    energy
        Shape (times,), NaN where unusable.
    baseline, reporting
        Which intervals belong to each, shape (times,).
    positions
        Whole intervals of real time, strictly rising, shape (times,).
    refit
        Searches the knots anew for every placebo; without it the placebos keep the knots of the baseline, which is some
        ten times quicker and leaves the knots' own uncertainty out of them.

    Raises
    ------
    TooFewIntervalsError
        When either period is empty or the baseline has no degree of freedom left.
    UnknownEffectError
        When a column that adds nothing on the baseline does afterwards: its effect is not known, and neither is the
        saving. It is an error and no mark beside a number, lest the number be read.
    ValueError
        When shapes differ, positions do not rise, or the design is not finite where the energy is usable.
    """
    if design.shape[:1] != energy.shape or not baseline.shape == reporting.shape == positions.shape == energy.shape:
        shapes = f"{baseline.shape}, {reporting.shape}, {positions.shape}"
        raise ValueError(f"design {design.shape} and periods {shapes} for energy of shape {energy.shape} (times,)")
    design, energy = design.astype(np.float64, copy=False), energy.astype(np.float64, copy=False)
    usable = np.isfinite(energy)
    before, after = np.flatnonzero(baseline & usable), np.flatnonzero(reporting & usable)
    if not (np.isfinite(design[before]).all() and np.isfinite(design[after]).all()):
        raise ValueError("the design must be finite; set the energy to NaN where a driver is missing")
    design = _centred(design, before)
    kept = _independent(design, before)
    scale = np.linalg.norm(design[before], axis=0)
    columns = design[:, kept] / scale[kept]
    if len(before) <= columns.shape[1] or not len(after):
        raise TooFewIntervalsError(
            f"{len(before)} baseline intervals for {columns.shape[1]} coefficients, {len(after)} reporting intervals"
        )
    if unknown := _unknown(design, kept, before, after):
        raise UnknownEffectError(unknown)
    sample = Sample(columns[before], energy[before], positions[before])
    q, r = np.linalg.qr(sample.design)
    adjusted = columns[after] @ np.linalg.solve(r, q.T @ sample.energy)
    noise = estimate_noise([sample])
    band = saving_band(noise, sample, columns[after], positions[after])
    placebos = place(
        sample.positions,
        gap=max(int(positions[after[0]] - positions[before[-1]]) - 1, 0),
        length=int(positions[after[-1]] - positions[after[0]]) + 1,
        parameters=columns.shape[1],
    )
    project = None if refit is None else as_project(refit, before, len(energy))
    calibration = calibrate(noise, sample, placebos, project)
    saving = adjusted - energy[after]
    return AvoidedEnergy(
        adjusted=adjusted,
        saving=saving,
        cumulative=np.cumsum(saving),
        band=calibrated_band(band, calibration),
        noise=noise,
        own_scatter=False,
        calibration=calibration,
    )


def _centred(design: Floats, rows: Times) -> Floats:
    """The same span with no offset in it, where the design has a constant: a driver is known by how it varies."""
    if not len(rows):
        return design
    first = design[rows[0]]
    still = (design[rows] == first).all(axis=0)
    constant = np.flatnonzero(still & (first != 0))
    if not len(constant):
        return design
    middle = np.where(still, first, design[rows].mean(axis=0))
    middle[constant[0]] = 0.0
    centred: Floats = design - middle
    return centred


def _independent(design: Floats, rows: Times) -> Bools:
    """Which columns add something on these rows to those before them."""
    scale = np.linalg.norm(design[rows], axis=0)
    kept: Bools = scale > 0
    triangle = np.abs(np.diagonal(np.linalg.qr(design[np.ix_(rows, kept)] / scale[kept], mode="r")))
    kept[np.flatnonzero(kept)[: len(triangle)][triangle <= _COLLINEAR]] = False
    return kept


def _unknown(design: Floats, kept: Bools, before: Times, after: Times) -> tuple[int, ...]:
    """Columns left out that the others made up for on the baseline, but do not in the reporting period."""
    left_out = np.flatnonzero(~kept)
    if not len(left_out):
        return ()
    made_up = np.linalg.lstsq(design[np.ix_(before, kept)], design[np.ix_(before, left_out)], rcond=None)[0]
    missing = np.abs(design[np.ix_(after, left_out)] - design[np.ix_(after, kept)] @ made_up).max(axis=0)
    size = np.abs(design[np.ix_(np.concatenate((before, after)), left_out)]).max(axis=0)
    return tuple(left_out[missing > 1e-6 * size].tolist())
