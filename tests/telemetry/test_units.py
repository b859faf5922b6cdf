"""Units of others: converted to the digit, named as people write them, and never taken for what they may not be."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry import CHANNELS, conversion, units_for, units_named


@pytest.mark.parametrize(
    ("value", "unit", "stored", "becomes"),
    [
        (1.956, "kWh", "Wh", 1956.0),
        (1.1, "kWh", "Wh", 1100.0),
        (0.0291, "kWh", "Wh", 29.1),
        (7200, "Wmin", "Wh", 120.0),
        (3600, "J", "Wh", 1.0),
        (-0.0, "W", "W", -0.0),
        (98, "%", "1", 0.98),
        (212, "°F", "°C", 100.0),
        (273.15, "K", "°C", 0.0),
        (7, "bar", "Pa", 700_000.0),
        (90, "l/min", "m³/h", 5.4),
        (90, "L/min", "m³/h", 5.4),
        (2, "m³/s", "m³/h", 7200.0),
        (1, "kgf/cm²", "Pa", 98_066.5),
        (1, "kg/cm2", "Pa", 98_066.5),
        (1, "GJ", "Wh", 277_777.77777777775),
        (0.5, "ratio", "%", 50.0),
        (0.5, "1", "%", 50.0),
        (0.5, "ratio", "1", 0.5),
        (12, "개", "1", 12.0),
        (12, "", "1", 12.0),
        (1.5, "k", "1", 1500.0),
        (25, "℃", "°C", 25.0),
        (50, "C", "°C", 50.0),
        (2, "h", "s", 7200.0),
        (230_100, "mV", "V", 230.1),
        (2, "kB", "B", 2000.0),
    ],
)
def test_units_are_converted_to_the_digit(value: float, unit: str, stored: str, becomes: float) -> None:
    assert conversion(unit, stored)(value) == becomes


def test_scale_and_offset_come_before_the_unit() -> None:
    assert conversion("kW", "W", scale=0.1, offset=-2)(30) == 1000.0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e308])
def test_what_is_no_finite_number_is_not_converted(value: float) -> None:
    with pytest.raises(OverflowError):
        conversion("GWh", "Wh")(value)


def test_a_unit_of_another_quantity_is_refused_with_those_that_fit() -> None:
    with pytest.raises(ValueError, match="unit 'kWh' is none of W, kW, MW, GW, mW"):
        conversion("kWh", "W")
    with pytest.raises(ValueError, match="say in which unit the sender writes it: one of V, kV, mV"):
        conversion("", "V")


@given(
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12),
    st.sampled_from(
        [("kWh", "Wh", 1000, 1), ("mW", "W", 1, 1000), ("Wmin", "Wh", 1, 60), ("psi", "Pa", 6894757293168, 10**9)]
    ),
)
def test_a_conversion_is_the_float_nearest_to_the_truth(value: float, units: tuple[str, str, int, int]) -> None:
    unit, stored, over, under = units
    assert conversion(unit, stored)(value) == float(Fraction(repr(value)) * over / under)


@pytest.mark.parametrize("channel", sorted(CHANNELS))
def test_every_channel_takes_its_own_unit_first(channel: str) -> None:
    unit = CHANNELS[channel].unit
    assert units_for(unit)[0] == unit
    assert conversion(unit, unit)(0.1) == 0.1


@pytest.mark.parametrize("unit", ["mw", "KWh", "Kw", "kwh"])
def test_letters_of_a_unit_that_somebody_said_count_as_they_are(unit: str) -> None:
    with pytest.raises(ValueError, match="is none of"):
        conversion(unit, "W" if unit.lower().endswith("w") else "Wh")


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("kWh", ("kWh",)), ("KWH", ("kWh",)), (" kwh ", ("kWh",)), ("㎾h", ("kWh",)), ("㎿h", ("MWh",)),
        ("MW", ("MW",)), ("MWH", ("MWh",)), ("Mvar", ("Mvar",)), ("mA", ("mA",)), ("MA", ("mA",)),
        ("mV", ("mV",)), ("MV", ()), ("MHz", ()), ("MPa", ("MPa",)), ("Mpa", ("MPa",)), ("mbar", ("mbar",)),
        ("mW", ("MW", "mW")), ("mwh", ("MWh", "mWh")), ("mvarh", ("Mvarh", "mvarh")),
        ("K", ("K",)), ("k", ("K",)), ("℃", ("°C",)), ("degC", ("°C",)), ("m3/hr", ("m³/h",)), ("LPM", ("L/min",)),
        ("kVAh", ("kVAh",)), ("parsec", ()), ("", ()),
    ],
)  # fmt: skip
def test_a_unit_in_a_header_is_the_one_it_must_be_or_both_it_may_be(text: str, units: tuple[str, ...]) -> None:
    assert units_named(text) == units
