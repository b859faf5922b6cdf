"""Numbers as files write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.cells import Decimal, DecimalEvidence, is_empty, number
from tests.exchange.parts import some

finite = st.floats(allow_nan=False, allow_infinity=False)


@some
@given(finite)
def test_a_number_in_its_fewest_digits_comes_back_bit_for_bit(value: float) -> None:
    found = number(repr(value), Decimal.POINT)
    assert found is not None
    assert (found, math.copysign(1, found)) == (value, math.copysign(1, value))


@some
@given(st.integers(-(10**12), 10**12), st.integers(0, 999))
def test_grouped_digits_are_the_same_number_with_either_sign(whole: int, thousandths: int) -> None:
    english = f"{whole:,}.{thousandths:03d}"
    german = english.translate(str.maketrans(",.", ".,"))
    plain = float(f"{whole}.{thousandths:03d}")
    assert number(english, Decimal.POINT) == number(german, Decimal.COMMA) == plain


@some
@given(st.text(max_size=12))
def test_any_text_is_a_finite_number_or_none(text: str) -> None:
    for decimal in Decimal:
        found = number(text, decimal)
        assert found is None or math.isfinite(found)


@pytest.mark.parametrize(
    "text", ["", "nan", "inf", "1e999", "1_000", "0x10", "12,34", "1,2345", "1.2.3", "--5", "5 kWh", "٣"]
)
def test_what_is_no_number_with_a_decimal_point_is_none(text: str) -> None:
    assert number(text, Decimal.POINT) is None


@pytest.mark.parametrize(
    ("text", "value"), [(" 1 234.5 ", 1234.5), ("−3", -3.0), ("1'234", 1234.0), (".5", 0.5), ("7.", 7.0)]
)
def test_spaces_and_typographic_signs_do_no_harm(text: str, value: float) -> None:
    assert number(text, Decimal.POINT) == value


@pytest.mark.parametrize("text", ["", " ", "-", "N/A", "NaN", "null", "결측"])
def test_cells_that_say_no_value_are_empty(text: str) -> None:
    assert is_empty(text)


@pytest.mark.parametrize(
    ("cells", "delimiter", "decimal"),
    [
        (["3.17", "1,234"], ",", Decimal.POINT),
        (["3,17", "1.234"], ";", Decimal.COMMA),
        (["1.234,5"], ";", Decimal.COMMA),
        (["1,234.5"], ";", Decimal.POINT),
        (["1,234,567"], ",", Decimal.POINT),
        (["1.234.567"], ";", Decimal.COMMA),
        (["0.123"], ";", Decimal.POINT),
        (["0,123"], ";", Decimal.COMMA),
        (["12.345"], ",", Decimal.POINT),
        (["1234", "5"], ";", Decimal.POINT),
        (["1,234"], ",", None),
        (["1,234"], ";", None),
        (["1.234"], ";", None),
        (["1,234", "5.678"], ",", None),
    ],
)
def test_the_decimal_sign_is_told_by_shapes_that_only_one_sign_gives(
    cells: list[str], delimiter: str, decimal: Decimal | None
) -> None:
    evidence = DecimalEvidence()
    evidence.look(cells)
    assert evidence.decide(delimiter) == decimal
