"""The registry of channels says what its names promise."""

from __future__ import annotations

import math

import pytest

from telemetry import CHANNELS, Kind, UnknownChannelError, channel

UNIT_SUFFIXES = {
    "_w": "W", "_var": "var", "_va": "VA", "_wh": "Wh", "_varh": "varh", "_v": "V", "_a": "A", "_hz": "Hz", "_pct": "%",
    "_c": "°C", "_s": "s", "_ms": "ms", "_pa": "Pa", "_m3_h": "m³/h", "_m3": "m³", "_bytes": "B",
}  # fmt: skip


@pytest.mark.parametrize("name", CHANNELS)
def test_a_channels_name_ends_with_its_unit(name: str) -> None:
    unit = CHANNELS[name].unit
    suffixes = [suffix for suffix, of in UNIT_SUFFIXES.items() if name.endswith(suffix)]
    if unit == "1":
        assert name.endswith(("_count", "_state")) or name.startswith("power_factor")
    else:
        assert UNIT_SUFFIXES[max(suffixes, key=len)] == unit


@pytest.mark.parametrize("name", CHANNELS)
def test_every_channel_has_a_label_in_both_languages_and_a_range(name: str) -> None:
    found = CHANNELS[name]
    assert found.en.isascii()
    assert any("가" <= letter <= "힣" for letter in found.ko)
    assert found.low < found.high


def test_energies_and_production_are_counters() -> None:
    assert {n for n in CHANNELS if n.endswith(("_wh", "_varh"))} <= {
        n for n, c in CHANNELS.items() if c.kind is Kind.COUNTER
    }
    assert CHANNELS["production_count"].kind is Kind.COUNTER
    assert CHANNELS["run_state"].kind is Kind.STATE


def test_an_unknown_channel_is_answered_with_the_nearest_names() -> None:
    with pytest.raises(UnknownChannelError, match="did you mean active_power_w"):
        channel("active_powr_w")


def test_nan_and_values_outside_the_range_are_not_plausible() -> None:
    frequency = channel("frequency_hz")
    assert frequency.plausible(60.0)
    assert not frequency.plausible(600.0)
    assert not frequency.plausible(math.nan)
    assert not frequency.plausible(math.inf)
