"""Sums of savings over machines and sites, with the errors they share.

Errors of separate meters are independent: their squares add. What they share (one temperature series, one model, one
meter's calibration) adds as it is, however many machines there are: left out, a programme looks surer than it is.

The band of a sum is hypot(t·independent, z·shared): each part at its own quantile. `tests/analytics/test_portfolio.py`
draws such programmes and counts how often it holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from analytics.registers import Floats

Groups = npt.NDArray[np.int64]
_MOST_DECADES, _BISECTIONS = 6.0, 60


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A sum of savings.

    Attributes
    ----------
    saving
        Sum [energy].
    independent, shared
        Standard errors of the two parts [energy].
    freedom
        Degrees of freedom of the independent part's variance.
    """

    saving: float
    independent: float
    shared: float
    freedom: float

    @property
    def standard_error(self) -> float:
        """Of the sum [energy]."""
        return float(np.hypot(self.independent, self.shared))

    def half_width(self, confidence: float) -> float:
        """Half of the two-sided band at `confidence` (0-1) [energy].

        Raises
        ------
        ValueError
            When `confidence` does not lie between 0 and 1.
        """
        if not 0.0 < confidence < 1.0:
            raise ValueError(f"confidence {confidence} must lie between 0 and 1")
        tail = (1.0 + confidence) / 2.0
        normal = float(scipy.special.ndtri(tail))
        own = float(scipy.special.stdtrit(self.freedom, tail)) if np.isfinite(self.freedom) else normal
        return float(np.hypot(own * self.independent, normal * self.shared))


def portfolio(
    savings: Floats,
    errors: Floats,
    freedom: Floats,
    shared: Floats | None = None,
    together: Groups | None = None,
) -> Portfolio:
    """Sum machines.

    The variances of independent errors add, each with its freedom, which are joined as by Welch (Biometrika 34 (1947)
    28) and Satterthwaite (Biometrics Bulletin 2 (1946) 110).

    Parameters
    ----------
    savings, errors, freedom
        Saving, standard error of its own part, and that error's degrees of freedom; shape (machines,).
    shared
        Response of each saving to one deviation of each shared source, with sign, shape (machines, sources): machines
        that err the same way add up, opposite ones cancel.
    together
        Labels, shape (machines,): own errors of machines with the same label move as one and add as they are, with the
        least freedom of theirs. Without labels every machine errs by itself.

    Raises
    ------
    ValueError
        When shapes differ, there is no machine, an error is below 0 or not known, or a freedom is not positive.
    """
    if not len(savings) or savings.shape != errors.shape or savings.shape != freedom.shape:
        raise ValueError(f"savings {savings.shape}, errors {errors.shape} and freedom {freedom.shape} must match")
    if not (np.all(errors >= 0) and np.all(freedom > 0)):
        raise ValueError("standard errors must be 0 or more and their degrees of freedom above 0")
    if together is not None:
        errors, freedom = _grouped(errors, freedom, together)
    own = float((errors**2).sum())
    spread = float((errors**4 / freedom).sum())
    common = 0.0 if shared is None else float((shared.sum(axis=0) ** 2).sum())
    return Portfolio(
        float(savings.sum()), float(np.sqrt(own)), float(np.sqrt(common)), own**2 / spread if spread > 0 else np.inf
    )


def as_student(standard_error: float, half_width: float, confidence: float) -> tuple[float, float]:
    """Scale [energy] and degrees of freedom, at least 1, of a Student distribution this wide at `confidence`.

    A band that is a mixture may be narrower in its middle than a normal distribution of its variance. It is then the
    normal one (freedom ``inf``) of its half width: the sum over one machine is that machine's own band.
    """
    tail = (1.0 + confidence) / 2.0
    normal = float(scipy.special.ndtri(tail))
    if half_width <= standard_error * normal * (1.0 + 1e-9):
        return half_width / normal, np.inf
    low, high = 0.0, _MOST_DECADES
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        wider = standard_error * float(scipy.special.stdtrit(10.0**middle, tail)) > half_width
        low, high = (middle, high) if wider else (low, middle)
    return standard_error, float(10.0**low)


def _grouped(errors: Floats, freedom: Floats, together: Groups) -> tuple[Floats, Floats]:
    """Errors and freedoms of the groups, shape (groups,)."""
    if together.shape != errors.shape:
        raise ValueError(f"labels {together.shape} and errors {errors.shape} must match")
    _, group = np.unique(together, return_inverse=True)
    least = np.full(int(group.max()) + 1, np.inf)
    np.minimum.at(least, group, freedom)
    added: Floats = np.bincount(group, weights=errors).astype(np.float64)
    return added, least
