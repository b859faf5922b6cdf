"""Values of files in the registry's units: the same exact conversion as of messages, by arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from exchange.errors import MappingError
from telemetry import Conversion, units_for, units_named
from telemetry import conversion as exact_conversion

Floats = npt.NDArray[np.float64]

_MOST_DIGITS: Final = 10**15
"""No two decimals of so few digits are one float64: the shortest decimal of a value is one of them, or longer."""
_MOST_WHOLE: Final = 2**53
"""Up to which every whole number is a float64."""
_PLACES: Final = (6, 3, 0, 9, 12, 15)
"""Decimal places that are tried in turn: with six of them nearly every value of a meter is a whole number."""


@dataclass(frozen=True, slots=True)
class ArrayConversion:
    """From a file's unit to the registry's, each value the float64 nearest to the truth."""

    one: Conversion

    def apply(self, values: Floats) -> Floats:
        """Values in the registry's unit, same shape; untouched, bit for bit, when the units are the same.

        What has no place in a float64 becomes infinite, which no channel holds.
        """
        if self.one.decimal == 1:
            return values
        converted = np.empty_like(values)
        left = np.ones(values.shape, bool)
        for places in _PLACES:
            if not left.any():
                return converted
            self._apply_to_decimals(places, values, converted, left)
        converted[left] = [_or_infinite(self.one, value) for value in values[left].tolist()]
        return converted

    def _apply_to_decimals(self, places: int, values: Floats, converted: Floats, left: npt.NDArray[np.bool_]) -> None:
        """Convert values of so many decimal places: one division of whole numbers, which rounds once."""
        ten = 10**places
        bottom = math.lcm((self.one.factor / ten).denominator, self.one.shift.denominator)
        top, more = int(self.one.factor / ten * bottom), int(self.one.shift * bottom)
        if max(bottom, top, abs(more)) > _MOST_WHOLE:
            return
        with np.errstate(over="ignore", invalid="ignore"):
            digits = np.rint(values * ten)
            whole = digits * top
            whole = whole + more if more else whole  # +0 would take the sign of -0
            fits = left & (digits / ten == values) & (abs(digits) < _MOST_DIGITS)
            fits &= abs(digits * top) + abs(more) <= _MOST_WHOLE
        converted[fits] = whole[fits] / bottom
        left &= ~fits

    @property
    def said(self) -> str:
        """The factor as a person writes it: ``× 1,000``, ``÷ 100``, ``(x - 32) × 5 ÷ 9``."""
        factor, before = self.one.factor, self.one.shift / self.one.factor
        parts = [f"(x {'-' if before < 0 else '+'} {abs(float(before)):g})"] if before else []
        # A ninth has no decimals to show, a hundredth is known as one.
        whole = factor.denominator % 9 == 0 or factor.numerator == 1
        top, bottom = (factor.numerator, factor.denominator) if whole else (float(factor), 1)
        parts += [f"× {top:,.10g}"] if top != 1 else []
        parts += [f"÷ {bottom:,}"] if bottom != 1 else []
        return " ".join(parts) or "× 1"


def _or_infinite(convert: Callable[[float], float], value: float) -> float:
    try:
        return convert(value)
    except (OverflowError, ValueError):
        return math.copysign(math.inf, value)


@lru_cache(maxsize=256)
def _known(unit: str, registry_unit: str) -> ArrayConversion:
    return ArrayConversion(exact_conversion(unit, registry_unit))


def conversion(unit: str, registry_unit: str, where: str) -> ArrayConversion:
    """The way from a file's unit to the registry's.

    Raises
    ------
    MappingError
        When there is none; lists those there are.
    """
    named = units_named(unit)
    for each in (unit, *(named if len(named) == 1 else ())):
        try:
            return _known(each, registry_unit)
        except ValueError:
            continue
    known = ", ".join(units_for(registry_unit))
    raise MappingError(f"{where}: unit {unit!r} cannot become {registry_unit}; it may be {known}")


def convertible(registry_unit: str) -> tuple[str, ...]:
    """Units that a header may give a unit of the registry in: without joules, which are of gas and heat."""
    return tuple(unit for unit in units_for(registry_unit) if not unit.endswith("J"))


def unit_named(text: str) -> str | None:
    """The unit that a file writes as `text`, in its usual spelling; None when it is none we know, or may be two."""
    named = units_named(text)
    return named[0] if len(named) == 1 else None
