"""What a day's energy may follow: the kind of day, what was made, and the weather."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from review.period import Bools, Floats, Ints

KEPT: Final = 0.8
"""Share of the days that a driver must be known on to be one."""
OWN: Final = 6
"""Days of a kind (working, Saturday, rest) that have a scatter and a response to the weather of their own."""
KINDS: Final = ("", "saturday", "rest_day")
_TEMPERATURE: Final = "temperature"


@dataclass(frozen=True, slots=True)
class Days:
    """What the days of a review are, the period's and those before.

    Attributes
    ----------
    dates
        They follow one another.
    begin
        Index of the period's first.
    kind
        0 a working day, 1 a Saturday, 2 a day of rest, shape (days,).
    temperature
        Mean of each [°C], NaN where not known, shape (days,); None without a thermometer.
    """

    dates: list[dt.date]
    begin: int
    kind: Ints
    temperature: Floats | None


def day_drivers(
    kind: Ints, temperature: Floats | None, made: Sequence[tuple[str, Floats]], known: Bools
) -> tuple[list[str], Floats]:
    """Names and values of what a day's energy may follow, shape (days, drivers); NaN where not known.

    Parameters
    ----------
    kind, temperature
        As of `Days`, shape (days,).
    made
        By counter, what it counted each day, shape (days,).
    known
        Days that a model is fitted to, shape (days,): a driver is known on most of them, and a kind of day that they
        have too few of has no response to the weather of its own.
    """
    columns: dict[str, Floats] = {}
    for name, counted in made:
        columns[f"{name} operating"] = np.where(np.isnan(counted), np.nan, counted > 0)
        columns[f"{name} production_count"] = counted
    if temperature is not None:
        felt = temperature[np.isfinite(temperature)]
        centred = temperature - (felt.mean() if len(felt) else 0.0)
        for one, label in enumerate(KINDS):
            if np.count_nonzero(known & (kind == one)) >= OWN:
                columns[f"{_TEMPERATURE} {label}".strip()] = np.where(kind == one, centred, 0.0)
    columns = {name: column for name, column in columns.items() if np.isfinite(column[known]).mean() >= KEPT}
    calendar = {label: (kind == one).astype(np.float64) for one, label in enumerate(KINDS) if label}
    columns = calendar | columns
    return list(columns), np.column_stack(list(columns.values()))
