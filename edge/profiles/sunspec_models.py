"""SunSpec's models of meters and inverters: which point is which channel.

Offsets are counted from a model's first register, its ID. Source: SunSpec Alliance, github.com/sunspec/models,
json/model_*.json (Apache-2.0); within each of the four families all models have the same points.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from edge.profiles.model import Rate
from edge.profiles.registers import RegisterType

_LINES: Final = ("l12", "l23", "l31")
_PHASES: Final = ("l1", "l2", "l3")


class Point(NamedTuple):
    """A point of a model.

    Parameters
    ----------
    channel
        What it means here.
    offset, type
        Where it is, and how its registers are a number.
    factor
        Offset of its scale factor's register, a power of ten; none for floats.
    scale
        From the point's unit to the channel's.
    rate
        How often it is read.
    mandatory
        Whether every device of the family has it, even if it is silent just now, as inverters are at night.
    """

    channel: str
    offset: int
    type: RegisterType
    factor: int | None = None
    scale: float = 1.0
    rate: Rate = Rate.FAST
    mandatory: bool = False


class Family(NamedTuple):
    """Models with the same points."""

    what: Literal["meter", "inverter"]
    length: int
    points: tuple[Point, ...]


def _each(name: str, parts: tuple[str, ...], like: Point, step: int) -> list[Point]:
    """One point for each phase or line, from the offset of the first on."""
    return [
        like._replace(channel=name.format(part), offset=like.offset + step * number)
        for number, part in enumerate(parts)
    ]


def _meter(kind: RegisterType, *, scaled: bool) -> tuple[Point, ...]:
    """Models 201-204 (integers with scale factors) and 211-214 (floats), whose points differ in place only."""

    def at(integer: int, single: int, factor: int, scale: float = 1.0) -> Point:
        return Point("", integer if scaled else single, kind, factor if scaled else None, scale)

    # The integer models say power factors in percent, the floating-point ones as such.
    percent = 0.01 if scaled else 1.0
    step = kind.words
    energy = RegisterType.UINT32 if scaled else kind
    return (
        *_each("current_{}_a", _PHASES, at(3, 4, 6), step),
        *_each("voltage_{}_v", _PHASES, at(8, 12, 15), step),
        *_each("voltage_{}_v", _LINES, at(12, 20, 15), step),
        at(16, 26, 17)._replace(channel="frequency_hz", mandatory=True),
        at(18, 28, 22)._replace(channel="active_power_w", mandatory=True),
        *_each("active_power_{}_w", _PHASES, at(19, 30, 22), step),
        at(23, 36, 27)._replace(channel="apparent_power_va"),
        *_each("apparent_power_{}_va", _PHASES, at(24, 38, 27), step),
        at(28, 44, 32)._replace(channel="reactive_power_var"),
        *_each("reactive_power_{}_var", _PHASES, at(29, 46, 32), step),
        at(33, 52, 37, percent)._replace(channel="power_factor"),
        *_each("power_factor_{}", _PHASES, at(34, 54, 37, percent), step),
        at(38, 60, 54)._replace(channel="energy_export_wh", type=energy, rate=Rate.SLOW, mandatory=True),
        at(46, 68, 54)._replace(channel="energy_import_wh", type=energy, rate=Rate.SLOW, mandatory=True),
    )


def _inverter(*, scaled: bool) -> tuple[Point, ...]:
    """Models 101-103 and 111-113.

    What an inverter gives off is energy exported, and its power is counted the same way: negative while it generates.
    """

    def at(channel: str, integer: int, single: int, factor: int, kind: RegisterType, scale: float = 1.0) -> Point:
        if scaled:
            return Point(channel, integer, kind, factor, scale)
        return Point(channel, single, RegisterType.FLOAT32, None, scale)

    unsigned, signed = RegisterType.UINT16, RegisterType.INT16
    step = 1 if scaled else 2
    return (
        *_each("current_{}_a", _PHASES, at("", 3, 4, 6, unsigned), step),
        *_each("voltage_{}_v", _LINES, at("", 7, 10, 13, unsigned), step),
        *_each("voltage_{}_v", _PHASES, at("", 10, 16, 13, unsigned), step),
        at("active_power_w", 14, 22, 15, signed, -1.0)._replace(mandatory=True),
        at("frequency_hz", 16, 24, 17, unsigned)._replace(mandatory=True),
        at("apparent_power_va", 18, 26, 19, signed),
        at("reactive_power_var", 20, 28, 21, signed, -1.0),
        at("energy_export_wh", 24, 32, 26, RegisterType.UINT32)._replace(rate=Rate.SLOW, mandatory=True),
        at("temperature_c", 33, 40, 37, signed)._replace(rate=Rate.SLOW, mandatory=True),
    )


_METER_INTEGER: Final = Family("meter", 105, _meter(RegisterType.INT16, scaled=True))
_METER_FLOAT: Final = Family("meter", 124, _meter(RegisterType.FLOAT32, scaled=False))
_INVERTER_INTEGER: Final = Family("inverter", 50, _inverter(scaled=True))
_INVERTER_FLOAT: Final = Family("inverter", 60, _inverter(scaled=False))

FAMILIES: Final[dict[int, Family]] = {
    **dict.fromkeys((101, 102, 103), _INVERTER_INTEGER),
    **dict.fromkeys((111, 112, 113), _INVERTER_FLOAT),
    **dict.fromkeys((201, 202, 203, 204), _METER_INTEGER),
    **dict.fromkeys((211, 212, 213, 214), _METER_FLOAT),
}
"""By model number."""

COMMON: Final = 1
COMMON_TEXTS: Final = {"vendor": (2, 16), "model": (18, 16), "firmware": (42, 8), "serial_number": (50, 16)}
"""Of the common model: offset and registers of each text."""
