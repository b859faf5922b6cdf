"""What a baseline of twelve weeks says of the noise that is really in it, told by the one who knows its covariance.

The true noise's restricted log likelihood less that of the likeliest AR(1): two nats or so would be needed to prefer
it. Where there is less, nothing computed from the baseline can tell the case from plain AR(1) noise, and any band that
is wide enough for the one is too wide for the other.
"""

from __future__ import annotations

import numpy as np

from analytics.restricted import contrasts, profile, restricted
from benchmarks.coverage_stand.noises import Floats, Kind, Level
from benchmarks.coverage_stand.retrofits import Case, draw

CLEAR = 2.0
"""Nats that would be needed."""


def covariance(case: Case) -> Floats | None:
    """Of a daily baseline's noise in units of its variance, shape (days, days); None where it is not written down."""
    at = np.arange(case.before)
    lag = np.abs(np.subtract.outer(at, at))
    if case.kind is Kind.SECOND:
        links = np.zeros(case.before)
        links[:2] = 1.0, 0.4 / (1.0 - 0.35)
        for index in range(2, len(links)):
            links[index] = 0.4 * links[index - 1] + 0.35 * links[index - 2]
        return np.asarray(links[lag])
    if case.kind is Kind.LONG_MEMORY:
        step = at[1:]
        return np.asarray(np.concatenate(([1.0], np.cumprod((step - 0.7) / (step - 0.3))))[lag])
    own: Floats = case.rho ** lag.astype(np.float64)
    if case.level is Level.REGIMES:
        return np.asarray(own + 0.25 * np.exp(-2.0 * lag / 15.0))
    if case.level is Level.WALK:
        return np.asarray(own + 0.25 * 0.01 * np.minimum.outer(at + 1.0, at + 1.0))
    return None


def evidence(case: Case, draws: int, seed: int) -> Floats:
    """Nats for the true noise against the likeliest AR(1), shape (draws,); none where its covariance is not known."""
    matrix = covariance(case)
    if matrix is None:
        return np.zeros(0)
    whitening = np.linalg.cholesky(matrix)
    half = float(np.log(np.diagonal(whitening)).sum())
    rho = np.tanh(np.linspace(np.arctanh(-0.5), np.arctanh(0.99), 60))
    found = []
    for index in range(draws):
        made = draw(case, 0.1, (seed, 2000, index))
        design = np.column_stack((np.ones(case.before), made.drivers[made.before]))
        ready = contrasts(design, made.energy[made.before], made.at[made.before])
        white = np.linalg.solve(whitening, ready.columns)
        logs, squares = profile((white.T @ white)[None])
        true = -half - float(logs[0]) - ready.freedom / 2 * float(np.log(squares[0] * ready.span**2))
        found.append(true - float(restricted(ready, rho)[0].max()))
    return np.array(found)
