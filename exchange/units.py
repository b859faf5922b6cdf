"""Units that files use, and the exact way from each to the registry's.

A factor is kept as a pair of whole numbers, multiplied and divided by: 73.21 % is 73.21 / 100, which is the nearest
float64, and not 73.21 × 0.01, which is not. Factors are those of the SI (BIPM, The International System of Units,
9th ed.); 1 kgf/cm² = 98,066.5 Pa and °C = (°F - 32) × 5/9 by definition, 1 psi = 6,894.757293168 Pa (NIST SP 811, B.8).
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from exchange.errors import MappingError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Conversion:
    """From a file's unit to the registry's: ``(value + offset) * multiply / divide``."""

    unit: str
    offset: float = 0.0
    multiply: float = 1.0
    divide: float = 1.0

    def apply(self, values: Floats) -> Floats:
        """Values in the registry's unit, same shape; untouched, bit for bit, when the units are the same."""
        converted = values
        if self.offset:
            converted = converted + self.offset
        if self.multiply != 1.0:
            converted = converted * self.multiply
        return converted / self.divide if self.divide != 1.0 else converted

    @property
    def said(self) -> str:
        """The factor as a person writes it: ``× 1000``, ``÷ 100``, ``(x - 32) × 5 ÷ 9``."""
        parts = [f"(x {self.offset:+g})".replace("+", "+ ").replace("-", "- ")] if self.offset else []
        parts += [f"× {self.multiply:,.10g}"] if self.multiply != 1.0 else []
        parts += [f"÷ {self.divide:,.10g}"] if self.divide != 1.0 else []
        return " ".join(parts) or "× 1"


_PREFIXES: Final = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}


def _scaled(*units: str) -> dict[str, Conversion]:
    return {
        prefix + unit: Conversion(prefix + unit, multiply=factor)
        for unit in units
        for prefix, factor in _PREFIXES.items()
    }


_BY_UNIT: Final = MappingProxyType({
    "Wh": _scaled("Wh"),
    "W": _scaled("W"),
    "varh": _scaled("varh"),
    "var": _scaled("var"),
    "VA": _scaled("VA"),
    "V": {"V": Conversion("V"), "kV": Conversion("kV", multiply=1e3)},
    "A": {"A": Conversion("A"), "mA": Conversion("mA", divide=1e3), "kA": Conversion("kA", multiply=1e3)},
    "Hz": {"Hz": Conversion("Hz")},
    "%": {"%": Conversion("%"), "ratio": Conversion("ratio", multiply=100.0)},
    "1": {
        "1": Conversion("1"), "ratio": Conversion("ratio"), "%": Conversion("%", divide=100.0),
        "ea": Conversion("ea"), "개": Conversion("개"), "대": Conversion("대"), "pcs": Conversion("pcs"),
    },
    "°C": {
        "°C": Conversion("°C"),
        "°F": Conversion("°F", offset=-32.0, multiply=5.0, divide=9.0),
        "K": Conversion("K", offset=-273.15),
    },
    "Pa": {
        "Pa": Conversion("Pa"), "hPa": Conversion("hPa", multiply=1e2), "kPa": Conversion("kPa", multiply=1e3),
        "MPa": Conversion("MPa", multiply=1e6), "bar": Conversion("bar", multiply=1e5),
        "mbar": Conversion("mbar", multiply=1e2), "kgf/cm²": Conversion("kgf/cm²", multiply=98_066.5),
        "psi": Conversion("psi", multiply=6_894.757293168),
    },
    "m³/h": {
        "m³/h": Conversion("m³/h"), "m³/min": Conversion("m³/min", multiply=60.0),
        "m³/s": Conversion("m³/s", multiply=3600.0), "L/min": Conversion("L/min", multiply=60.0, divide=1000.0),
        "L/s": Conversion("L/s", multiply=3600.0, divide=1000.0),
    },
    "m³": {"m³": Conversion("m³"), "L": Conversion("L", divide=1000.0)},
    "s": {"s": Conversion("s"), "ms": Conversion("ms", divide=1000.0), "min": Conversion("min", multiply=60.0)},
    "ms": {"ms": Conversion("ms"), "s": Conversion("s", multiply=1000.0)},
    "B": {"B": Conversion("B")},
})  # fmt: skip
"""By the registry's unit: every unit that can be converted to it."""

_SPELLINGS: Final = {
    "℃": "°C", "c": "°C", "degc": "°C", "celsius": "°C", "섭씨": "°C", "°c": "°C",
    "℉": "°F", "f": "°F", "degf": "°F", "fahrenheit": "°F", "°f": "°F",
    "퍼센트": "%", "percent": "%", "pct": "%", "％": "%", "비율": "ratio", "pu": "ratio",
    "m3/h": "m³/h", "m3/hr": "m³/h", "m³/hr": "m³/h", "㎥/h": "m³/h", "㎥/hr": "m³/h", "m3/min": "m³/min",
    "㎥/min": "m³/min", "l/min": "L/min", "lpm": "L/min", "m3": "m³", "㎥": "m³", "kgf/cm2": "kgf/cm²",
    "㎏/㎠": "kgf/cm²", "kg/cm2": "kgf/cm²", "㎾h": "kWh", "㎾": "kW", "㎿h": "MWh", "㎸": "kV", "초": "s", "sec": "s",
    "분": "min", "ea.": "ea", "count": "1", "매": "ea", "kvarh": "kvarh", "kvah": "kVAh",
}  # fmt: skip
_KNOWN: Final = {unit.casefold(): unit for units in _BY_UNIT.values() for unit in units if unit not in {"MW", "MWh"}}


def unit_named(text: str) -> str | None:
    """The unit that a file writes as `text`, in its usual spelling; None when it is none we know.

    Case is not looked at, because files do not (``KWH``, ``kwh``): no unit here differs from another by case only.
    """
    bare = text.strip().replace(" ", "").replace("·", "")
    folded = bare.casefold()
    spelled = _SPELLINGS.get(bare) or _SPELLINGS.get(folded)
    if spelled is not None:
        return spelled
    return {"mw": "MW", "mwh": "MWh"}.get(folded) or _KNOWN.get(folded)


def convertible(registry_unit: str) -> tuple[str, ...]:
    """Units that can be converted to a unit of the registry."""
    return tuple(_BY_UNIT.get(registry_unit, {registry_unit: None}))


def conversion(unit: str, registry_unit: str, where: str) -> Conversion:
    """The way from a file's unit to the registry's.

    Raises
    ------
    MappingError
        When there is none; lists those there are.
    """
    known = _BY_UNIT.get(registry_unit, {registry_unit: Conversion(registry_unit)})
    named = unit if unit in known else unit_named(unit)
    if named is None or named not in known:
        raise MappingError(f"{where}: unit {unit!r} cannot become {registry_unit}; it may be {', '.join(known)}")
    return known[named]
