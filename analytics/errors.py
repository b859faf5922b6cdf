"""What can be wrong with a computation.

AnalyticsError
└── TooFewIntervalsError     not enough intervals to determine the model
"""

from __future__ import annotations


class AnalyticsError(ValueError):
    """Data a computation cannot be made from."""


class TooFewIntervalsError(AnalyticsError):
    """Fewer intervals than the model has coefficients, or no degree of freedom left."""
