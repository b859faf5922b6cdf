"""From registers to values and back. `encode` is the exact inverse of `decode`, to the register's resolution."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from edge.errors import EncodeError
from edge.profiles.factors import ONE, factor_number, factor_values, ratio_of
from edge.profiles.model import Field, ProfileDocument
from edge.profiles.registers import (
    FORMATS,
    Number,
    RegisterType,
    exact,
    number_reader,
    pattern_of,
    text_of,
    words_of,
)
from telemetry import Quality, channel

Registers = Mapping[tuple[int, int], int]
"""Words (or bits, 0 or 1) by function and wire address."""


def decode(profile: ProfileDocument, registers: Registers) -> dict[str, float | Quality]:
    """Turn registers into channels.

    Parameters
    ----------
    profile
        What the registers mean.
    registers
        Words by (function, wire address). A channel that lacks one of its registers, or one of its factors', is left
        out.

    Returns
    -------
    dict
        By channel: the value [the channel's unit], or why there is none (``SENTINEL``, ``RANGE``).
    """
    factors = factor_values(profile.factors, registers)
    values: dict[str, float | Quality] = {}
    for field in profile.fields:
        words = _words_at(registers, field.function, field.address, field.end)
        ratio = ratio_of(field.multiply, field.divide, factors)
        if words is None or ratio is None:
            continue
        values[field.channel] = ratio if isinstance(ratio, Quality) else decoder(field)(words, ratio)
    return values


def decode_identity(profile: ProfileDocument, registers: Registers) -> dict[str, str]:
    """What registers say of the device itself, by name; what is empty, or lacks a register, is left out."""
    said: dict[str, str] = {}
    for item in profile.identity:
        words = _words_at(registers, item.function, item.address, item.end)
        if words is None:
            continue
        if item.type is RegisterType.STRING:
            text = text_of(words, item.order)
        else:
            number = number_reader(item.type, item.order)(words)
            text = "" if number is None else f"{scaled(number, item.scale):.12g}" if item.scale != 1 else str(number)
        if text:
            said[item.name] = text
    return said


def _words_at(registers: Registers, function: int, start: int, end: int) -> list[int] | None:
    words = [registers.get((function, address)) for address in range(start, end)]
    known = [word for word in words if word is not None]
    return known if len(known) == len(words) else None


def decode_field(field: Field, words: Sequence[int], ratio: Fraction = ONE) -> float | Quality:
    """Turn one field's registers, shape (field.words,), into its value [the channel's unit] or why there is none.

    `ratio` is the product of its factors.
    """
    return decoder(field)(words, ratio)


def decoder(field: Field) -> Callable[..., float | Quality]:
    """Prepare `decode_field` for one field, for who decodes it again and again: called with words and ratio."""
    read = number_reader(field.type, field.order, field.sentinels, field.bits)
    finish = finisher(field)

    def decode_words(words: Sequence[int], ratio: Fraction = ONE) -> float | Quality:
        number = read(words)
        return Quality.SENTINEL if number is None else finish(number, ratio)

    return decode_words


def finisher(field: Field) -> Callable[[Number, Fraction], float | Quality]:
    """Prepare the way from a register's number to the field's value, or why there is none."""
    scale = exact(field.scale)
    offset, codes, known = field.offset, field.enum, channel(field.channel)
    low, high = known.low, known.high

    def finish(number: Number, ratio: Fraction) -> float | Quality:
        if codes:
            code = codes.get(int(number))
            return Quality.RANGE if code is None else code
        product = scale if ratio is ONE else scale * ratio
        # An integer stays one until here, so that scaling rounds only once.
        value: float = number * product.numerator / product.denominator + offset
        return value if low <= value <= high else Quality.RANGE

    return finish


def encode(
    profile: ProfileDocument, values: Mapping[str, float | Quality], factors: Mapping[str, int] | None = None
) -> dict[tuple[int, int], int]:
    """Turn channels into registers, rounding to the register's resolution.

    Parameters
    ----------
    profile
        What the registers mean.
    values
        By channel, any number of the profile's: a value [the channel's unit]; a counter beyond its modulus starts
        again from 0. ``Quality.SENTINEL`` gives the device's mark for "no value".
    factors
        Register numbers of the profile's factors, by name; the others say 1, as nearly as their register can.

    Returns
    -------
    dict
        Words (bits as 0 or 1) by (function, wire address), those of the factors that the values need among them.

    Raises
    ------
    EncodeError
        When the profile has no such channel, or its register cannot hold the value.
    """
    fields = {field.channel: field for field in profile.fields}
    registers: dict[tuple[int, int], int] = {}
    needed = {name for field in profile.fields if field.channel in values for name in (*field.multiply, *field.divide)}
    for factor in profile.factors:
        if factor.name in needed:
            number = (factors or {}).get(factor.name, factor_number(factor))
            for index, word in enumerate(words_of(factor.type, factor.order, pattern_of(factor.type, number))):
                registers[factor.function, factor.address + index] = word
    ratios = factor_values(profile.factors, registers)
    for name, value in values.items():
        field = fields.get(name)
        if field is None:
            raise EncodeError(f"{profile.name} has no channel {name}; it has {', '.join(fields)}")
        ratio = ratio_of(field.multiply, field.divide, ratios)
        if not isinstance(ratio, Fraction):
            raise EncodeError(f"{name}: its factors {', '.join([*field.multiply, *field.divide])} have no value")
        for index, word in enumerate(encode_field(field, value, ratio)):
            place = (field.function, field.address + index)
            registers[place] = word if field.bits is None else registers.get(place, 0) | word
    return registers


def encode_field(field: Field, value: float | Quality, ratio: Fraction = ONE) -> list[int]:
    """Turn one field's value [the channel's unit] into its registers, shape (field.words,).

    A field of a mask or a bit leaves the other bits 0.

    Raises
    ------
    EncodeError
        When the register cannot hold the value.
    """
    pattern = _sentinel(field) if isinstance(value, Quality) else _pattern(field, value, ratio)
    kind = RegisterType.UINT16 if field.bit is not None else field.type
    return words_of(kind, field.order, pattern)


def _pattern(field: Field, value: float, ratio: Fraction) -> int:
    if not math.isfinite(value):
        raise EncodeError(f"{field.channel}: {value} is not a value; use Quality.SENTINEL for none")
    number = _number(field, value, ratio)
    try:
        pattern = pattern_of(field.type, number, field.bits)
    except OverflowError as error:
        raise EncodeError(f"{field.channel}: {value} {error}") from error
    if pattern in field.sentinels:
        raise EncodeError(f"{field.channel}: {value} would be {pattern:#x}, the device's mark for no value")
    return pattern


def _number(field: Field, value: float, ratio: Fraction) -> Number:
    if field.enum:
        for number, code in field.enum.items():
            if code == value:
                return number
        raise EncodeError(f"{field.channel}: {value} is none of {sorted(set(field.enum.values()))}")
    if field.modulus is not None:
        value %= field.modulus
    product = exact(field.scale) * ratio
    # no negative zero, as in decoding
    return (value - field.offset) * product.denominator / product.numerator + 0.0


def _sentinel(field: Field) -> int:
    if field.sentinels:
        return field.sentinels[0]
    if field.type.is_float:
        return int.from_bytes(struct.pack(f">{FORMATS[field.type]}", math.nan), "big")
    raise EncodeError(f"{field.channel}: a {field.type} without a sentinel cannot say that there is no value")


def scaled(number: Number, scale: float) -> float:
    """A register's number times a scale, rounded once."""
    product = exact(scale)
    return number * product.numerator / product.denominator
