"""What can be wrong with a computation.

AnalyticsError
├── TooFewIntervalsError     not enough intervals to determine the model
├── UnknownEffectError       what never varied in the baseline does in the reporting period
└── NotInForceError          no price or rule is known for a day
"""

from __future__ import annotations


class AnalyticsError(ValueError):
    """Data a computation cannot be made from."""


class TooFewIntervalsError(AnalyticsError):
    """Fewer intervals than the model has coefficients, or no degree of freedom left."""


class UnknownEffectError(AnalyticsError):
    """The reporting period needs an effect that the baseline says nothing about: there is no saving to speak of.

    Attributes
    ----------
    columns
        Of the design: those that add nothing on the baseline and do afterwards.
    """

    def __init__(self, columns: tuple[int, ...]) -> None:
        listed = ", ".join(map(str, columns))
        super().__init__(f"the effect of column {listed} of the design never shows in the baseline and counts after it")
        self.columns = columns


class NotInForceError(AnalyticsError):
    """Nothing is known to be in force on a day."""
