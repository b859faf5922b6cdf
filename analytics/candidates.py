"""Choosing among the candidates that a plan names, and what the answer would have been with each.

A candidate is a model with its drivers bound to the whole timeline, baseline and reporting period alike: given energy
with NaN wherever it may not look, it returns what it says of every interval. So cross-validation folds, placebos and
the real projection are rows of one call. The rule is fixed before the data are seen; the spread over **all** candidates
is always part of the result, so that no flattering one can be picked unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from analytics.change_point import Shape, fit_change_point
from analytics.errors import TooFewIntervalsError
from analytics.least_squares import solve
from analytics.levels import Groups, fit_levels
from analytics.registers import Bools, Floats, Times
from analytics.time_of_week import fit_time_of_week

Candidate = Callable[[Floats], Floats]
"""Energy (rows, times), NaN where it may not be used → expected energy (rows, times)."""


def linear_candidate(design: Floats) -> Candidate:
    """Least squares on `design`, shape (times, parameters), constant included."""
    return lambda energy: solve(design, energy).fitted


def levels_candidate(groups: Groups) -> Candidate:
    """Level per group, e.g. day of the week and shift, shape (times,); groups of zeros are the mean."""
    return lambda energy: fit_levels(energy, groups).fitted


def change_point_candidate(temperature: Floats, drivers: Floats | None, shape: Shape) -> Candidate:
    """Change-point model of a `shape` at `temperature` (times,), with `drivers` (times, drivers).

    Its knots are searched anew wherever it is refitted.
    """
    return lambda energy: fit_change_point(energy, temperature, drivers, shape=shape).predict(temperature, drivers)


def time_of_week_candidate(
    slots: Groups, temperature: Floats, drivers: Floats | None = None, *, count: int = 168, segments: int = 6
) -> Candidate:
    """Time of week and temperature, arguments as in `analytics.fit_time_of_week` over the whole timeline, (times,)."""

    def project(energy: Floats) -> Floats:
        model = fit_time_of_week(energy, slots, temperature, drivers, count=count, segments=segments)
        return model.predict(slots, temperature, drivers)

    return project


@dataclass(frozen=True, slots=True)
class Selection:
    """What cross-validation says of each candidate, in the order named.

    Attributes
    ----------
    names
        Candidates.
    error
        Root mean square error of prediction over all held-out intervals, shape (candidates,) [energy]; infinite for a
        candidate that could not predict all of them.
    reasons
        Why a candidate's error is infinite, by name.
    chosen
        Name with the smallest error; of equals, the one named first.
    """

    names: tuple[str, ...]
    error: Floats
    reasons: dict[str, str]
    chosen: str


def select(candidates: Mapping[str, Candidate], energy: Floats, baseline: Bools, *, folds: int = 5) -> Selection:
    """Choose by time-blocked cross-validation: each fold is one stretch of the baseline, held out whole.

    Parameters
    ----------
    candidates
        As the plan names them, at least one.
    energy
        Shape (times,), NaN where unusable.
    baseline
        Which intervals are the baseline's, shape (times,).
    folds
        Stretches with equally many usable intervals, at least 2.

    Raises
    ------
    TooFewIntervalsError
        When there are fewer usable intervals than folds, or no candidate could be judged.
    ValueError
        Without a candidate or with fewer than two folds.
    """
    if not candidates or folds < 2:
        raise ValueError("selection needs a candidate and at least two folds")
    usable = np.flatnonzero(baseline & np.isfinite(energy))
    if len(usable) < folds:
        raise TooFewIntervalsError(f"{len(usable)} usable intervals for {folds} folds")
    masked = np.full((folds, len(energy)), np.nan)
    masked[:, usable] = energy[usable]
    held = np.array_split(usable, folds)
    for fold, rows in enumerate(held):
        masked[fold, rows] = np.nan
    error, reasons = np.full(len(candidates), np.inf), {}
    for index, (name, candidate) in enumerate(candidates.items()):
        try:
            predicted = candidate(masked)
        except TooFewIntervalsError as problem:
            reasons[name] = str(problem)
            continue
        misses = np.concatenate([predicted[fold, rows] - energy[rows] for fold, rows in enumerate(held)])
        if np.isfinite(misses).all():
            error[index] = float(np.sqrt(np.mean(misses**2)))
        else:
            reasons[name] = "a held-out stretch has conditions that the rest of the baseline never had"
    if not np.isfinite(error).any():
        raise TooFewIntervalsError(
            "no candidate could be judged: " + "; ".join(f"{k}: {v}" for k, v in reasons.items())
        )
    names = tuple(candidates)
    return Selection(names, error, reasons, names[int(np.argmin(error))])


@dataclass(frozen=True, slots=True)
class Spread:
    """The saving as each candidate would have it.

    Attributes
    ----------
    names
        Candidates.
    adjusted, saving
        Adjusted baseline and saving of the reporting period, shape (candidates,) [energy]; NaN for a candidate that
        cannot say.
    """

    names: tuple[str, ...]
    adjusted: Floats
    saving: Floats

    @property
    def lowest(self) -> float:
        """Smallest saving of any candidate that can say [energy]."""
        return float(np.nanmin(self.saving))

    @property
    def highest(self) -> float:
        """Largest saving of any candidate that can say [energy]."""
        return float(np.nanmax(self.saving))


def spread(candidates: Mapping[str, Candidate], energy: Floats, baseline: Bools, reporting: Bools) -> Spread:
    """Saving over the usable reporting intervals with every candidate.

    Parameters
    ----------
    candidates, energy, baseline
        As in `select`.
    reporting
        Which intervals are the reporting period's, shape (times,).
    """
    masked = np.where(baseline, energy, np.nan)[None]
    rows = reporting & np.isfinite(energy)
    adjusted = np.full(len(candidates), np.nan)
    for index, candidate in enumerate(candidates.values()):
        try:
            adjusted[index] = float(candidate(masked)[0, rows].sum())
        except TooFewIntervalsError:
            continue
    return Spread(tuple(candidates), adjusted, adjusted - float(energy[rows].sum()))


def as_project(candidate: Candidate, rows: Times, times: int) -> Candidate:
    """Bind a candidate of a whole timeline to its baseline, as `analytics.calibrate` refits it.

    Parameters
    ----------
    candidate
        Over so many `times`.
    rows
        Positions of the baseline's intervals among them, shape (intervals,).
    """

    def project(energy: Floats) -> Floats:
        whole = np.full((len(energy), times), np.nan)
        whole[:, rows] = energy
        return candidate(whole)[:, rows]

    return project
