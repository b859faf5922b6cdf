"""What can be wrong with a computation.

AnalyticsError
├── TooFewIntervalsError     not enough intervals to determine the model
└── NotInForceError          no price or rule is known for a day
"""

from __future__ import annotations


class AnalyticsError(ValueError):
    """Data a computation cannot be made from."""


class TooFewIntervalsError(AnalyticsError):
    """Fewer intervals than the model has coefficients, or no degree of freedom left."""


class NotInForceError(AnalyticsError):
    """Nothing is known to be in force on a day."""
