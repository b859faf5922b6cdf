"""Registers that scale others: CT and PT ratios, scale factors, exponents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final

from edge.profiles.model import Factor
from edge.profiles.registers import Number, exact, number_reader
from telemetry import Quality

ONE: Final = Fraction(1)
_SMALLEST, _LARGEST = Fraction(1, 10**12), Fraction(10**12)
_LARGEST_EXPONENT = 12
"""No instrument scales by more than this; beyond it the register holds something else."""

FactorValues = Mapping[str, Fraction | Quality]
"""By factor: its value, or why there is none."""


def factor_values(factors: Iterable[Factor], registers: Mapping[tuple[int, int], int]) -> dict[str, Fraction | Quality]:
    """Factors from registers, words by (function, wire address); one that lacks a register is left out."""
    values: dict[str, Fraction | Quality] = {}
    for factor in factors:
        words = [registers.get((factor.function, address)) for address in range(factor.address, factor.end)]
        known = [word for word in words if word is not None]
        if len(known) == len(words):
            values[factor.name] = factor_value(factor, known)
    return values


def factor_value(factor: Factor, words: Sequence[int]) -> Fraction | Quality:
    """One factor's value from its registers, shape (factor.words,).

    Returns
    -------
    Fraction or Quality
        ``SENTINEL`` where the device has none set (its mark for it, or a ratio of 0), ``RANGE`` where the number
        cannot be one: beyond 10^±12, below 0, or not listed in its enum.
    """
    number = number_reader(factor.type, factor.order, factor.sentinels)(words)
    return Quality.SENTINEL if number is None else _value(factor, number)


def _value(factor: Factor, number: Number) -> Fraction | Quality:
    if factor.enum:
        code = factor.enum.get(int(number))
        return Quality.RANGE if code is None else exact(code)
    value = Fraction(number) * exact(factor.scale)
    if factor.power_of_ten:
        if value.denominator != 1 or abs(value) > _LARGEST_EXPONENT:
            return Quality.RANGE
        return Fraction(10) ** int(value)
    if value == 0:
        return Quality.SENTINEL
    return value if _SMALLEST <= value <= _LARGEST else Quality.RANGE


def ratio_of(multiply: Sequence[str], divide: Sequence[str], values: FactorValues) -> Fraction | Quality | None:
    """What a field is multiplied with; why it has no value when a factor has none; none when a factor is not known."""
    if not multiply and not divide:
        return ONE
    ratio = ONE
    for name, below in [*((name, False) for name in multiply), *((name, True) for name in divide)]:
        value = values.get(name)
        if value is None or isinstance(value, Quality):
            return value
        ratio = ratio / value if below else ratio * value
    return ratio


def factor_number(factor: Factor) -> int:
    """The register number by which a factor says 1, as nearly as it can."""
    if factor.enum:
        return min(factor.enum, key=lambda number: abs(factor.enum[number] - 1))
    return 0 if factor.power_of_ten else max(1, round(1 / factor.scale))
