"""Units of others, and what they are in a channel's own: exactly, so that 1.1 kWh is 1100 Wh."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import Final

_EXACT: Final = Context(prec=60)
"""More digits than a float's shortest decimal and a factor have together."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """``stored = sender's * factor + shift``; `decimal` is the factor when that is all, and a finite decimal."""

    factor: Fraction
    shift: Fraction
    decimal: Decimal | None = None

    def __call__(self, value: float) -> float:
        """Convert a number; OverflowError or ValueError when it is no finite number."""
        if not math.isfinite(value):
            raise OverflowError(value)
        if self.decimal == 1:
            return float(value)
        # The shortest decimal of a float is what its sender wrote.
        if self.decimal is None:
            return float(Fraction(repr(value)) * self.factor + self.shift)
        converted = float(_EXACT.multiply(Decimal(repr(value)), self.decimal))
        if math.isinf(converted):
            raise OverflowError(value)
        return converted


def _prefixed(unit: str, prefixes: str = "m- k M G") -> dict[str, Fraction]:
    powers = {"m": -3, "-": 0, "k": 3, "M": 6, "G": 9}
    kinds = prefixes.replace(" ", "")
    return {f"{'' if p == '-' else p}{unit}": Fraction(10) ** powers[p] for p in kinds}


_LITRE: Final = Fraction(1, 1000)
_FACTORS: Final[dict[str, dict[str, Fraction]]] = {
    "W": _prefixed("W"),
    "var": _prefixed("var"),
    "VA": _prefixed("VA"),
    "Wh": _prefixed("Wh") | {
        "Wmin": Fraction(1, 60), "Ws": Fraction(1, 3600), "J": Fraction(1, 3600), "kJ": Fraction(1000, 3600),
        "MJ": Fraction(10**6, 3600), "GJ": Fraction(10**9, 3600),
    },
    "varh": _prefixed("varh"),
    "V": _prefixed("V", "m-k"),
    "A": _prefixed("A", "m-k"),
    "Hz": _prefixed("Hz", "m-k"),
    "Pa": _prefixed("Pa", "-kM") | {
        "hPa": Fraction(100), "mbar": Fraction(100), "bar": Fraction(10**5), "psi": Fraction("6894.757293168"),
    },
    "%": {"%": Fraction(1), "1": Fraction(100)},
    "°C": {"°C": Fraction(1), "C": Fraction(1), "°F": Fraction(5, 9), "F": Fraction(5, 9), "K": Fraction(1)},
    "s": {"s": Fraction(1), "ms": Fraction(1, 1000), "min": Fraction(60), "h": Fraction(3600)},
    "ms": {"ms": Fraction(1), "s": Fraction(1000)},
    "m³/h": {
        "m³/h": Fraction(1), "m3/h": Fraction(1), "m³/min": Fraction(60), "m3/min": Fraction(60),
        "l/s": 3600 * _LITRE, "l/min": 60 * _LITRE, "l/h": _LITRE, "L/s": 3600 * _LITRE, "L/min": 60 * _LITRE,
        "L/h": _LITRE,
    },
    "m³": {"m³": Fraction(1), "m3": Fraction(1), "l": _LITRE, "L": _LITRE},
    "B": {"B": Fraction(1), "kB": Fraction(1000), "MB": Fraction(10**6)},
    "1": {"1": Fraction(1), "": Fraction(1), "%": Fraction(1, 100), "k": Fraction(1000)},
}  # fmt: skip
_SHIFTS: Final = {"°F": Fraction(-160, 9), "F": Fraction(-160, 9), "K": Fraction("-273.15")}


def conversion(unit: str, stored: str, scale: float = 1.0, offset: float = 0.0) -> Conversion:
    """From ``number * scale + offset`` in `unit` to a channel's `stored` unit.

    Raises
    ------
    ValueError
        When the units do not measure the same; the text lists those that do.
    """
    known = _FACTORS[stored]
    if unit not in known:
        wanted = ", ".join(name for name in known if name)
        told = f"unit {unit!r} is none of" if unit else "say in which unit the sender writes it: one of"
        raise ValueError(f"{told} {wanted}")
    factor = known[unit]
    shift = Fraction(repr(offset)) * factor + _SHIFTS.get(unit, Fraction(0))
    factor *= Fraction(repr(scale))
    return Conversion(factor, shift, None if shift else _decimal(factor))


def _decimal(factor: Fraction) -> Decimal | None:
    digits = _EXACT.divide(Decimal(factor.numerator), Decimal(factor.denominator))
    return digits if Fraction(digits) == factor and len(digits.as_tuple().digits) <= 30 else None
