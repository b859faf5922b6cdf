"""Retrofits whose noise is drawn as the band holds it likely beforehand.

Over such draws a band that averages over its candidates as it should holds the truth as often as it says, whatever the
length of the baseline: that is what it promises, and the check of a posterior by draws from its prior (Cook, Gelman &
Rubin, Validation of software for Bayesian models using posterior quantiles, Journal of Computational and Graphical
Statistics 15 (2006) 675). It promises nothing for any single noise: where it holds some more often than it says, it
holds others more seldom.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.coverage_stand.retrofits import Case

WINDOWS = (
    Case("28/28 d, production", 28, 28, 0.0),
    Case("56/28 d, season + production", 56, 28, 0.0, season=True),
    Case("84/28 d, season + production", 84, 28, 0.0, season=True),
    Case("180/60 d, season + production", 180, 60, 0.0, season=True),
)
_ONE_SCALE = 2 / 3
"""As `analytics.noise` has it, like the ranges below."""


def drawn(window: Case, rng: np.random.Generator) -> Case:
    """`window` with a noise of its own: of one scale, or of a short and a slow one."""
    if rng.random() < _ONE_SCALE:
        return replace(window, rho=rng.uniform(-0.5, 0.99))
    while True:
        short = rng.uniform(-0.5, 0.98)
        slow = float(np.exp(-1.0 / np.exp(rng.uniform(np.log(2.0), np.log(window.before / 2.0)))))
        if slow > short:
            return replace(window, rho=short, slow=(rng.random(), slow))
