"""Decoding what one read fetched, prepared once: one `struct` for the whole block instead of one for every field.

`decode` says what registers mean; this says the same, quicker (a property test holds the two together, bit for bit).
"""

from __future__ import annotations

import math
import operator
import struct
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from edge.profiles.codec import decoder
from edge.profiles.factors import ONE, FactorValues, factor_value, ratio_of
from edge.profiles.model import Factor, Field
from edge.profiles.registers import FORMATS, Number, exact, permutation
from telemetry import Quality, channel

_BIT_FUNCTIONS: Final = (1, 2)
_Words = Sequence[int]
_Numbers = tuple[Number, ...]


class _Columns(NamedTuple):
    """The fields on the quick road, side by side: ``number × numerator / denominator + offset``.

    `numerators` and `denominators` are empty when all of them are 1.
    """

    channels: tuple[str, ...]
    numerators: list[Number]
    denominators: list[Number]
    offsets: list[float]
    lows: list[float]
    highs: list[float]
    sentinels: list[frozenset[Number]]
    any_sentinel: frozenset[Number]


class BlockDecoder:
    """Turns the registers of one read into channels, again and again.

    Parameters
    ----------
    address, count
        The registers of the read.
    members
        Fields and factors that lie in it, all of one function.
    """

    def __init__(self, address: int, count: int, members: Sequence[Field | Factor]) -> None:
        fields = [member for member in members if isinstance(member, Field)]
        quick = _apart([field for field in fields if _is_quick(field)])
        slow = [field for field in fields if field not in quick]
        self._words = struct.Struct(f">{count}H")
        self._unpack = struct.Struct(_format(address, count, quick)).unpack
        self._arrange, self._arrange_bytes = _arrangement(address, count, quick)
        self._quick = quick
        self._slow = [(field, _place(field, address), decoder(field)) for field in slow]
        self._factors = [(m, _place(m, address)) for m in members if isinstance(m, Factor)]
        self._named = sorted({name for field in quick for name in (*field.multiply, *field.divide)})
        self._only_quick = not self._slow and not self._factors
        self._seen: dict[str, tuple[_Words, Fraction | Quality]] = {}
        self._state: list[Fraction | Quality | None] = []
        self._columns = _columns([])
        self._pick: Callable[[_Numbers], _Numbers] | None = None
        self._blocked: list[tuple[str, Quality]] = []
        self._prepare({})

    def row(self, data: bytes, factors: dict[str, Fraction | Quality]) -> tuple[tuple[str, ...], list[float]] | None:
        """Channels and their values, side by side; None where there is more to a channel than that.

        It is for blocks in which everything is a number and has a value, as in nearly all reads; `decode` says the
        same of them, and what is the matter with the others.

        Parameters
        ----------
        data
            The registers as they travel, shape (2 * count,).
        factors
            What is known of the device's factors.
        """
        if not self._only_quick:
            return None
        if self._named and [factors.get(name) for name in self._named] != self._state:
            self._prepare(factors)
        if self._blocked or self._pick is not None:
            return None
        columns = self._columns
        numbers = self._numbers(
            data if self._arrange is None else self._words.pack(*self._arrange(self._words.unpack(data)))
        )
        values = _scaled(numbers, columns)
        return (columns.channels, values) if _all_good(numbers, values, columns) else None

    def decode(
        self, words: _Words, factors: dict[str, Fraction | Quality] | None = None
    ) -> list[tuple[str, float | Quality]]:
        """Channels and their values [each channel's unit], or why there is none.

        Parameters
        ----------
        words
            The registers, shape (count,); bits as 0 or 1.
        factors
            What is known of the device's factors, kept by the caller from read to read: those in this block are
            updated first. A field whose factor nobody has read yet is left out.
        """
        known = {} if factors is None else factors
        for factor, place in self._factors:
            known[factor.name] = self._factor(factor, words[place])
        if self._named and [known.get(name) for name in self._named] != self._state:
            self._prepare(known)
        arranged = words if self._arrange is None else self._arrange(words)
        numbers = self._numbers(self._words.pack(*arranged))
        values = _values(numbers if self._pick is None else self._pick(numbers), self._columns)
        if self._blocked:
            values += self._blocked
        if self._slow:
            values += self._decode_slowly(words, known)
        return values

    def _numbers(self, data: bytes) -> _Numbers:
        return self._unpack(data if self._arrange_bytes is None else bytes(self._arrange_bytes(data)))

    def _decode_slowly(self, words: _Words, known: FactorValues) -> list[tuple[str, float | Quality]]:
        out: list[tuple[str, float | Quality]] = []
        for field, place, decode_words in self._slow:
            ratio = ratio_of(field.multiply, field.divide, known)
            if ratio is not None:
                out.append((field.channel, ratio if isinstance(ratio, Quality) else decode_words(words[place], ratio)))
        return out

    def _factor(self, factor: Factor, words: _Words) -> Fraction | Quality:
        """Its value; worked out only when its registers have changed."""
        seen = self._seen.get(factor.name)
        if seen is None or seen[0] != words:
            seen = self._seen[factor.name] = (words, factor_value(factor, words))
        return seen[1]

    def _prepare(self, known: FactorValues) -> None:
        """Work the factors into the columns."""
        self._state = [known.get(name) for name in self._named]
        ratios = [ratio_of(field.multiply, field.divide, known) for field in self._quick]
        usable = [
            (index, field, ratio)
            for index, (field, ratio) in enumerate(zip(self._quick, ratios, strict=True))
            if isinstance(ratio, Fraction)
        ]
        self._columns = _columns([(field, ratio) for _, field, ratio in usable])
        self._pick = None if len(usable) == len(self._quick) else _picker([index for index, _, _ in usable])
        self._blocked = [
            (field.channel, ratio)
            for field, ratio in zip(self._quick, ratios, strict=True)
            if isinstance(ratio, Quality)
        ]


def _scaled(numbers: _Numbers, columns: _Columns) -> list[float]:
    """The whole block in few steps, none of them a loop of Python's own."""
    product: Iterable[Number] = numbers
    if columns.numerators:
        product = map(operator.mul, product, columns.numerators)
    if columns.denominators:
        product = map(operator.truediv, product, columns.denominators)
    return list(map(operator.add, product, columns.offsets))


def _all_good(numbers: _Numbers, values: list[float], columns: _Columns) -> bool:
    """Whether every one of them is a value: in its channel's range, which NaN is not, and no mark for "no value"."""
    return (
        all(map(operator.le, columns.lows, values))
        and all(map(operator.le, values, columns.highs))
        and (not columns.any_sentinel or columns.any_sentinel.isdisjoint(numbers))
    )


def _values(numbers: _Numbers, columns: _Columns) -> list[tuple[str, float | Quality]]:
    """Channel by channel the value, or why there is none."""
    values = _scaled(numbers, columns)
    if _all_good(numbers, values, columns):
        return list(zip(columns.channels, values, strict=True))
    return [
        (name, _judged(number, value, low, high, sentinels))
        for name, number, value, low, high, sentinels in zip(
            columns.channels, numbers, values, columns.lows, columns.highs, columns.sentinels, strict=True
        )
    ]


def _judged(number: Number, value: float, low: float, high: float, sentinels: frozenset[Number]) -> float | Quality:
    if number in sentinels or not math.isfinite(number):
        return Quality.SENTINEL
    return value if low <= value <= high else Quality.RANGE


def _columns(fields: list[tuple[Field, Fraction]]) -> _Columns:
    products = [exact(field.scale) if ratio is ONE else exact(field.scale) * ratio for field, ratio in fields]
    known = [channel(field.channel) for field, _ in fields]
    sentinels = [frozenset(_sentinel_numbers(field)) for field, _ in fields]
    numerators = [_operand(field, each.numerator) for (field, _), each in zip(fields, products, strict=True)]
    denominators = [_operand(field, each.denominator) for (field, _), each in zip(fields, products, strict=True)]
    return _Columns(
        channels=tuple(field.channel for field, _ in fields),
        numerators=numerators if set(numerators) != {1} else [],
        denominators=denominators if set(denominators) != {1} else [],
        offsets=[field.offset for field, _ in fields],
        lows=[each.low for each in known],
        highs=[each.high for each in known],
        sentinels=sentinels,
        any_sentinel=frozenset[Number]().union(*sentinels),
    )


def _operand(field: Field, number: int) -> Number:
    """A number that a float meets is made a float once and for all; that of an integer stays exact."""
    return float(number) if field.type.is_float else number


def _picker(places: list[int]) -> Callable[[_Numbers], _Numbers]:
    return lambda numbers: tuple(numbers[place] for place in places)


def _is_quick(field: Field) -> bool:
    """Whether number, scale and offset are all there is to it."""
    plain = field.function not in _BIT_FUNCTIONS and not field.enum and field.bits is None and not field.type.is_bcd
    # A floating-point zero has two patterns and is one number: such a mark must be looked for among the patterns.
    return plain and not (field.type.is_float and 0 in _sentinel_numbers(field))


def _sentinel_numbers(field: Field) -> list[Number]:
    """Its marks for "no value" as numbers of its type; those that are not finite are found without a list."""
    size = 2 * field.words
    numbers = [struct.unpack(f">{FORMATS[field.type]}", mark.to_bytes(size, "big"))[0] for mark in field.sentinels]
    return [number for number in numbers if math.isfinite(number)]


def _apart(fields: list[Field]) -> list[Field]:
    """Fields in the order of their registers, without those that share any with the one before."""
    kept: list[Field] = []
    for field in sorted(fields, key=lambda candidate: candidate.address):
        if not kept or field.address >= kept[-1].end:
            kept.append(field)
    return kept


def _place(member: Field | Factor, address: int) -> slice:
    return slice(member.address - address, member.end - address)


def _format(address: int, count: int, fields: list[Field]) -> str:
    """One format for the whole block: skipped registers are padding."""
    text, at = ">", address
    for field in fields:
        text += f"{2 * (field.address - at)}x{FORMATS[field.type]}"
        at = field.end
    return text + f"{2 * (address + count - at)}x"


def _arrangement(
    address: int, count: int, fields: list[Field]
) -> tuple[Callable[[_Words], _Words] | None, Callable[[bytes], tuple[int, ...]] | None]:
    """How words, and if that is not enough bytes, move so that every number begins with its most significant byte."""
    order = list(range(2 * count))
    for field in fields:
        start = 2 * (field.address - address)
        for position, source in enumerate(permutation(field.order, 2 * field.words)):
            order[start + position] = start + source
    if order == list(range(2 * count)):
        return None, None
    if all(order[n] % 2 == 0 and order[n + 1] == order[n] + 1 for n in range(0, 2 * count, 2)):
        return operator.itemgetter(*(order[n] // 2 for n in range(0, 2 * count, 2))), None
    return None, operator.itemgetter(*order)
