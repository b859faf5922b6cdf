"""Sums of savings over machines and sites, with the errors they share.

Errors of separate meters are independent: their squares add. What they share (one temperature series, one model, one
meter's calibration) adds as it is, however many machines there are: left out, a programme looks surer than it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from analytics.registers import Floats


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
        """Half of the two-sided band at `confidence` (0-1) [energy]."""
        if not 0.0 < confidence < 1.0:
            raise ValueError(f"confidence {confidence} must lie between 0 and 1")
        tail = (1.0 + confidence) / 2.0
        normal = float(scipy.special.ndtri(tail))
        own = float(scipy.special.stdtrit(self.freedom, tail)) if np.isfinite(self.freedom) else normal
        return float(np.hypot(own * self.independent, normal * self.shared))


def portfolio(savings: Floats, errors: Floats, freedom: Floats, shared: Floats | None = None) -> Portfolio:
    """Sum machines.

    Parameters
    ----------
    savings, errors, freedom
        Saving, standard error of its own part, and that error's degrees of freedom; shape (machines,).
    shared
        Response of each saving to one deviation of each shared source, with sign, shape (machines, sources): machines
        that err the same way add up, opposite ones cancel.

    Raises
    ------
    ValueError
        When shapes differ or there is no machine.
    """
    if not len(savings) or savings.shape != errors.shape or savings.shape != freedom.shape:
        raise ValueError(f"savings {savings.shape}, errors {errors.shape} and freedom {freedom.shape} must match")
    own = float((errors**2).sum())
    spread = float((errors**4 / freedom).sum())
    common = 0.0 if shared is None else float((shared.sum(axis=0) ** 2).sum())
    return Portfolio(
        float(savings.sum()), float(np.sqrt(own)), float(np.sqrt(common)), own**2 / spread if spread > 0 else np.inf
    )
