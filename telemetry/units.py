"""Units of others (senders of messages, files), what they are in a channel's own, and how people write them.

Conversion is exact: the result is the float64 nearest to the truth, taking a number for the shortest decimal that
means it, which is what its sender wrote. 1.1 kWh is 1100 Wh, and 0.0291 kWh is 29.1 Wh, which 0.0291 × 1000 is not.

Factors are those of the SI (BIPM, The International System of Units, 9th ed.); 1 kgf/cm² = 98,066.5 Pa and
°C = (°F - 32) × 5/9 by definition, 1 psi = 6,894.757293168 Pa (NIST SP 811, B.8).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final

_EXACT: Final = Context(prec=60)
"""More digits than a float's shortest decimal and a factor have together."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """``stored = said * factor + shift``; `decimal` is the factor when that is all, and a finite decimal."""

    factor: Fraction
    shift: Fraction = Fraction(0)
    decimal: Decimal | None = None

    def __call__(self, value: float) -> float:
        """Convert a number; OverflowError or ValueError when it is no finite number."""
        if not math.isfinite(value):
            raise OverflowError(value)
        if self.decimal == 1:
            return float(value)
        if self.decimal is None:
            return float(Fraction(repr(value)) * self.factor + self.shift)
        converted = float(_EXACT.multiply(Decimal(repr(value)), self.decimal))
        if math.isinf(converted):
            raise OverflowError(value)
        return converted


_MILLION: Final = Fraction(10**6)
_LITRE: Final = Fraction(1, 1000)
_POWERS: Final = {"": 0, "k": 3, "M": 6, "G": 9, "m": -3}


def _prefixed(unit: str, prefixes: Iterable[str] = _POWERS) -> dict[str, Fraction]:
    return {prefix + unit: Fraction(10) ** _POWERS[prefix] for prefix in prefixes}


_FACTORS: Final[Mapping[str, Mapping[str, Fraction]]] = MappingProxyType({
    "W": _prefixed("W"),
    "var": _prefixed("var"),
    "VA": _prefixed("VA"),
    "Wh": _prefixed("Wh") | {
        "Wmin": Fraction(1, 60), "Ws": Fraction(1, 3600), "J": Fraction(1, 3600), "kJ": Fraction(1000, 3600),
        "MJ": _MILLION / 3600, "GJ": 1000 * _MILLION / 3600,
    },
    "varh": _prefixed("varh"),
    "V": _prefixed("V", ("", "k", "m")),
    "A": _prefixed("A", ("", "k", "m")),
    "Hz": _prefixed("Hz", ("", "k", "m")),
    "Pa": _prefixed("Pa", ("", "k", "M")) | {
        "hPa": Fraction(100), "mbar": Fraction(100), "bar": Fraction(10**5), "kgf/cm²": Fraction("98066.5"),
        "psi": Fraction("6894.757293168"),
    },
    "%": {"%": Fraction(1), "ratio": Fraction(100)},
    "°C": {"°C": Fraction(1), "°F": Fraction(5, 9), "K": Fraction(1)},
    "s": {"s": Fraction(1), "ms": Fraction(1, 1000), "min": Fraction(60), "h": Fraction(3600)},
    "ms": {"ms": Fraction(1), "s": Fraction(1000)},
    "m³/h": {
        "m³/h": Fraction(1), "m³/min": Fraction(60), "m³/s": Fraction(3600), "L/h": _LITRE, "L/min": 60 * _LITRE,
        "L/s": 3600 * _LITRE,
    },
    "m³": {"m³": Fraction(1), "L": _LITRE},
    "B": {"B": Fraction(1), "kB": Fraction(1000), "MB": _MILLION},
    "1": {
        "1": Fraction(1), "ratio": Fraction(1), "%": Fraction(1, 100), "k": Fraction(1000), "ea": Fraction(1),
        "개": Fraction(1), "대": Fraction(1), "pcs": Fraction(1),
    },
})  # fmt: skip
"""By the registry's unit: every unit that can be converted to it, and what one of it is."""

_SHIFTS: Final = {"°F": Fraction(-160, 9), "K": Fraction("-273.15")}

_SIGNS: Final = {
    "℃": "°C", "C": "°C", "℉": "°F", "F": "°F", "％": "%", "m3/h": "m³/h", "㎥/h": "m³/h", "m3/min": "m³/min",
    "㎥/min": "m³/min", "m3/s": "m³/s", "㎥/s": "m³/s", "l/h": "L/h", "l/min": "L/min", "l/s": "L/s", "m3": "m³",
    "㎥": "m³", "l": "L", "kgf/cm2": "kgf/cm²", "㎏/㎠": "kgf/cm²", "kg/cm2": "kgf/cm²", "㎾h": "kWh", "㎾": "kW",
    "㎿h": "MWh", "㎿": "MW", "㎸": "kV", "㎃": "mA",
}  # fmt: skip
"""Other signs for a unit, which mean nothing else."""

_PURE: Final = {("", "1"): "1", ("1", "%"): "ratio"}

_WORDS: Final = {
    "degc": "°C", "celsius": "°C", "섭씨": "°C", "degf": "°F", "fahrenheit": "°F", "퍼센트": "%", "percent": "%",
    "pct": "%", "비율": "ratio", "pu": "ratio", "m3/hr": "m³/h", "m³/hr": "m³/h", "㎥/hr": "m³/h", "lpm": "L/min",
    "초": "s", "sec": "s", "분": "min", "ea.": "ea", "count": "1", "매": "ea", "kvah": "kVAh",
}  # fmt: skip
"""Words for units in the headers of files, in lower case; kVAh is a unit, but of no channel."""


def units_for(stored: str) -> tuple[str, ...]:
    """Units that can be converted to a unit of the registry, that one first."""
    return tuple(_FACTORS[stored])


def conversion(unit: str, stored: str, scale: float = 1.0, offset: float = 0.0) -> Conversion:
    """From ``number * scale + offset`` in `unit` to a channel's `stored` unit.

    Letters count as they are: mW are no MW. No unit is that of a pure number.

    Raises
    ------
    ValueError
        When the units do not measure the same; the text lists those that do.
    """
    known = _FACTORS[stored]
    named = _PURE.get((unit, stored)) or _SIGNS.get(unit, unit)
    if named not in known:
        told = f"unit {unit!r} is none of" if unit else "say in which unit the sender writes it: one of"
        raise ValueError(f"{told} {', '.join(known)}")
    factor = known[named]
    shift = Fraction(repr(offset)) * factor + _SHIFTS.get(named, Fraction(0))
    factor *= Fraction(repr(scale))
    return Conversion(factor, shift, None if shift else _decimal(factor))


def _decimal(factor: Fraction) -> Decimal | None:
    digits = _EXACT.divide(Decimal(factor.numerator), Decimal(factor.denominator))
    return digits if Fraction(digits) == factor and len(digits.as_tuple().digits) <= 30 else None


def _by_letters() -> dict[str, tuple[str, ...]]:
    """Units by their letters, whatever their case. Headers count no pieces in thousands."""
    found: dict[str, tuple[str, ...]] = {}
    for unit in dict.fromkeys(unit for units in _FACTORS.values() for unit in units if unit != "k"):
        found[unit.casefold()] = (*found.get(unit.casefold(), ()), unit)
    return found


_BY_LETTERS: Final = MappingProxyType(_by_letters())
_FOLDED_SIGNS: Final = MappingProxyType({sign.casefold(): unit for sign, unit in _SIGNS.items()})


def units_named(text: str) -> tuple[str, ...]:
    """Units that a header may mean by `text`, in their usual spelling: none, one, or two.

    Case is not looked at where it tells nothing apart, because files do not (``KWH``, ``kwh``). A great M is a million;
    a small one (``mW``) may be that or a thousandth.
    """
    bare = text.strip().replace(" ", "").replace("·", "")
    folded = bare.casefold()
    said = _FOLDED_SIGNS.get(folded) or _WORDS.get(folded)
    if said is not None:
        return (said,)
    found = _BY_LETTERS.get(folded, ())
    if len(found) > 1 and bare.startswith("M"):
        return tuple(unit for unit in found if unit.startswith("M"))
    return () if found in {("mV",), ("mHz",)} and bare.startswith("M") else found
