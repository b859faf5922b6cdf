"""Values as the registers hold them: rounded to the profile's types and scales, whole columns at a time.

`edge.profiles.encode` and `decode` say what a register can hold; `quantise` says the same for arrays (a test holds the
two together, bit for bit), because twelve weeks of history are millions of values.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from edge.profiles import Field, Profile, RegisterType, decode, encode
from simulator.noise import Floats
from telemetry import Quality

_FLOATS = {RegisterType.FLOAT32: np.float32, RegisterType.FLOAT64: np.float64}
_MASK_53 = float(2**53)


def image(profile: Profile, values: Mapping[str, float]) -> dict[tuple[int, int], int]:
    """The registers of a device that shows `values`: words by (function, wire address)."""
    return encode(profile, {name: values[name] for name in profile.channels})


def shown(profile: Profile, values: Mapping[str, float]) -> dict[str, float]:
    """What a reader of those registers gets, by channel [the channel's unit]."""
    decoded = decode(profile, image(profile, values))
    return {name: value for name, value in decoded.items() if not isinstance(value, Quality)}


def quantise(profile: Profile, columns: Mapping[str, Floats]) -> dict[str, Floats]:
    """`shown` for whole columns: every channel of the profile, shape (n,)."""
    return {field.channel: _through(field, columns[field.channel]) for field in profile.fields}


def _through(field: Field, values: Floats) -> Floats:
    ratio = Fraction(repr(field.scale))
    if field.modulus is not None:
        values = np.mod(values, field.modulus)
    number = (values - field.offset) * ratio.denominator / ratio.numerator
    if field.type in _FLOATS:
        held = number.astype(_FLOATS[field.type]).astype(np.float64)
    else:
        held = np.rint(number)
        assert np.all(np.abs(held) < _MASK_53), "whole numbers past 2^53 would lose digits"
    result: Floats = held * ratio.numerator / ratio.denominator + field.offset
    return result
