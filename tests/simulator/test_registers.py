from __future__ import annotations

import numpy as np
import pytest

from edge.profiles import Field, builtin_profiles, load_profile
from simulator.registers import quantise, shown
from telemetry import CHANNELS, Kind

ROWS = 100
"""Of every profile: of each of its channels."""


def held(field: Field, low: float, high: float) -> tuple[float, float]:
    """The part of a range [the channel's unit] that the field's register can hold, its outermost numbers left out."""
    if field.type.is_float:
        return low, high
    size = 1 << 16 * field.words
    lowest, highest = (-size // 2, size // 2 - 2) if field.type.is_signed else (0, size - 2)
    return max(low, lowest * field.scale + field.offset), min(high, highest * field.scale + field.offset)


@pytest.mark.parametrize("name", builtin_profiles())
def test_columns_are_rounded_exactly_as_one_reading_through_the_registers(name: str) -> None:
    profile = load_profile(name)
    random = np.random.default_rng(1)
    columns = {}
    for field in profile.fields:
        channel = CHANNELS[field.channel]
        low = max(channel.low, -40.0)
        high = 3e9 if channel.kind is Kind.COUNTER else min(channel.high, 3_000.0)
        states = sorted(set(field.enum.values()))
        columns[field.channel] = (
            random.choice(states, ROWS) if states else random.uniform(*held(field, low, high), ROWS)
        )
    rounded = quantise(profile, columns)
    for row in range(ROWS):
        one = shown(profile, {channel: float(column[row]) for channel, column in columns.items()})
        assert one == {channel: float(column[row]) for channel, column in rounded.items()}


def test_a_meter_of_float32_kilowatt_hours_moves_in_coarse_steps() -> None:
    profile = load_profile("eastron-sdm630")
    zeros = dict.fromkeys(profile.channels, np.zeros(3))
    register = quantise(profile, zeros | {"energy_import_wh": np.array([300e6, 300e6 + 10.0, 300e6 + 40.0])})
    assert register["energy_import_wh"].tolist() == [300e6, 300e6, 300e6 + 31.25]
