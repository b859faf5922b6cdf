"""From registers to values and back. `encode` is the exact inverse of `decode`, to the register's resolution."""

from __future__ import annotations

import functools
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from edge.errors import EncodeError
from edge.profiles.model import Field, Order, ProfileDocument, RegisterType
from telemetry import Quality, channel

Registers = Mapping[tuple[int, int], int]
"""Words (or bits, 0 or 1) by function and wire address."""

_FORMATS = {
    RegisterType.BIT: ">H",
    RegisterType.UINT16: ">H",
    RegisterType.INT16: ">h",
    RegisterType.UINT32: ">I",
    RegisterType.INT32: ">i",
    RegisterType.UINT64: ">Q",
    RegisterType.INT64: ">q",
    RegisterType.FLOAT32: ">f",
    RegisterType.FLOAT64: ">d",
}
"""How `struct` reads each type, most significant byte first; a bit comes as a word of 0 or 1."""


def decode(profile: ProfileDocument, registers: Registers) -> dict[str, float | Quality]:
    """Turn registers into channels.

    Parameters
    ----------
    profile
        What the registers mean.
    registers
        Words by (function, wire address). A channel that lacks one of its registers is left out.

    Returns
    -------
    dict
        By channel: the value [the channel's unit], or why there is none (``SENTINEL``, ``RANGE``).
    """
    values: dict[str, float | Quality] = {}
    for field in profile.fields:
        words = [registers.get((field.function, address)) for address in range(field.address, field.end)]
        known = [word for word in words if word is not None]
        if len(known) == len(words):
            values[field.channel] = decode_field(field, known)
    return values


def decode_field(field: Field, words: Sequence[int]) -> float | Quality:
    """Turn one field's registers, shape (field.words,), into its value [the channel's unit] or why there is none."""
    return decoder(field)(words)


def decoder(field: Field) -> Callable[[Sequence[int]], float | Quality]:
    """Prepare `decode_field` for one field, for who decodes it again and again."""
    pack = struct.Struct(f">{field.words}H").pack
    unpack = struct.Struct(_FORMATS[field.type]).unpack
    sentinels = frozenset(field.sentinels)
    numerator, denominator = _ratio(field.scale)
    order, offset, known = field.order, field.offset, channel(field.channel)
    low, high = known.low, known.high

    def decode_words(words: Sequence[int]) -> float | Quality:
        data = pack(*words)
        if order is not Order.ABCD:
            data = _reorder(data, order)
        if sentinels and int.from_bytes(data, "big") in sentinels:
            return Quality.SENTINEL
        (number,) = unpack(data)
        if not math.isfinite(number):
            return Quality.SENTINEL
        # An integer stays one until here, so that scaling rounds only once.
        value: float = number * numerator / denominator + offset
        return value if low <= value <= high else Quality.RANGE

    return decode_words


def encode(profile: ProfileDocument, values: Mapping[str, float | Quality]) -> dict[tuple[int, int], int]:
    """Turn channels into registers, rounding to the register's resolution.

    Parameters
    ----------
    profile
        What the registers mean.
    values
        By channel, any number of the profile's: a value [the channel's unit]; a counter beyond its modulus starts
        again from 0. ``Quality.SENTINEL`` gives the device's mark for "no value".

    Returns
    -------
    dict
        Words (bits as 0 or 1) by (function, wire address).

    Raises
    ------
    EncodeError
        When the profile has no such channel, or its register cannot hold the value.
    """
    fields = {field.channel: field for field in profile.fields}
    registers: dict[tuple[int, int], int] = {}
    for name, value in values.items():
        field = fields.get(name)
        if field is None:
            raise EncodeError(f"{profile.name} has no channel {name}; it has {', '.join(fields)}")
        for index, word in enumerate(encode_field(field, value)):
            registers[field.function, field.address + index] = word
    return registers


def encode_field(field: Field, value: float | Quality) -> list[int]:
    """Turn one field's value [the channel's unit] into its registers, shape (field.words,).

    Raises
    ------
    EncodeError
        When the register cannot hold the value.
    """
    pattern = _sentinel(field) if isinstance(value, Quality) else _pattern(field, value)
    if field.type is RegisterType.BIT:
        return [pattern]
    data = _reorder(pattern.to_bytes(2 * field.words, "big"), field.order)
    return list(struct.unpack(f">{field.words}H", data))


def _pattern(field: Field, value: float) -> int:
    if not math.isfinite(value):
        raise EncodeError(f"{field.channel}: {value} is not a value; use Quality.SENTINEL for none")
    if field.modulus is not None:
        value %= field.modulus
    numerator, denominator = _ratio(field.scale)
    number = (value - field.offset) * denominator / numerator + 0.0  # no negative zero, as in decoding
    if field.type.is_float:
        try:
            pattern = int.from_bytes(struct.pack(_FORMATS[field.type], number), "big")
        except OverflowError as error:
            raise EncodeError(f"{field.channel}: {value} does not fit {field.type}") from error
    else:
        bits = 1 if field.type is RegisterType.BIT else 16 * field.words
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if field.type.is_signed else (0, (1 << bits) - 1)
        whole = round(number)
        if not low <= whole <= high:
            raise EncodeError(f"{field.channel}: {value} is register value {whole}, outside {field.type} {low}..{high}")
        pattern = whole % (1 << bits)
    if pattern in field.sentinels:
        raise EncodeError(f"{field.channel}: {value} would be {pattern:#x}, the device's mark for no value")
    return pattern


def _sentinel(field: Field) -> int:
    if field.sentinels:
        return field.sentinels[0]
    if field.type.is_float:
        return int.from_bytes(struct.pack(_FORMATS[field.type], math.nan), "big")
    raise EncodeError(f"{field.channel}: a {field.type} without a sentinel cannot say that there is no value")


def _reorder(data: bytes, order: Order) -> bytes:
    """Between wire order and most significant byte first; each order is its own inverse."""
    if order is Order.ABCD:
        return data
    if order is Order.DCBA:
        return data[::-1]
    words = [data[start : start + 2] for start in range(0, len(data), 2)]
    if order is Order.CDAB:
        return b"".join(reversed(words))
    return b"".join(word[::-1] for word in words)


@functools.lru_cache(maxsize=1024)
def _ratio(scale: float) -> tuple[int, int]:
    """The scale as its author wrote it: 0.1 is 1/10, so that 3 × 0.1 is 0.3 and not 0.30000000000000004."""
    ratio = Fraction(repr(scale))
    return ratio.numerator, ratio.denominator
