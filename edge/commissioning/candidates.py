"""What registers of an unknown device may mean: type, byte order and address, ranked by evidence. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from edge.commissioning.phrases import Phrase, phrase
from edge.commissioning.plausibility import (
    FREQUENCIES_HZ,
    LOW_VOLTAGE_V,
    VOLTAGE_TOLERANCE,
    float_bits,
    integer_bits,
    nearest,
)
from edge.profiles import Field, Order, RegisterType, decode_field
from telemetry import Quality

_TYPES: Final = (
    RegisterType.FLOAT32, RegisterType.UINT16, RegisterType.INT16, RegisterType.UINT32, RegisterType.INT32,
    RegisterType.FLOAT64, RegisterType.UINT64,
)  # fmt: skip
_ORDERS: Final = (Order.ABCD, Order.CDAB, Order.BADC, Order.DCBA)
_SCALES: Final = (1.0, 0.1, 0.01, 0.001)
_SCALE_COSTS: Final = 2.0
_UNUSUAL_ORDER_COSTS: Final = {Order.ABCD: 0.0, Order.CDAB: 1.5, Order.DCBA: 2.5, Order.BADC: 2.5}
_FREQUENCY_SHARE: Final = 0.005
_MOST_BESIDE: Final = 2
_BESIDE_BITS: Final = 2.0
_ZERO_WORD_BITS: Final = 2.0
"""A long number that is small explains the zeros beside it, which a short one leaves unexplained."""
_RISING_BITS: Final = 5.0
_LONG_RISING_BITS: Final = 4.0
_LARGEST_WORD: Final = 0xFFFF
_FASTEST_RISE: Final = 1e-5
_FEW: Final = 3.0
_SHOWN: Final = 12
# Any channel that may be as large as registers can count: only the number is wanted here.
_CARRIER: Final = "energy_import_wh"


@dataclass(frozen=True, slots=True)
class Region:
    """Consecutive registers as a unit sent them, wire addresses."""

    function: int
    address: int
    words: Sequence[int]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to read registers.

    Parameters
    ----------
    address
        First register, as on the wire.
    offset
        From the address that was asked for: -1, 0, 1, …
    type, order, scale
        How its registers would be a number.
    value
        The number they would be, scaled.
    quantity
        What it looks like: ``voltage``, ``frequency``, ``counter``.
    bits
        Evidence, in bits.
    why
        What speaks for it.
    """

    address: int
    offset: int
    type: RegisterType
    order: Order
    scale: float
    value: float
    quantity: str
    bits: float
    why: tuple[Phrase, ...]


def rank(first: Region, later: Region | None = None, *, wanted: int) -> list[Candidate]:
    """Rank what registers may mean.

    Parameters
    ----------
    first
        The registers.
    later
        The same registers some seconds later: what rises a little is a counter.
    wanted
        The address that was asked for; its neighbours are looked at too.

    Returns
    -------
    list of Candidate
        At most twelve, the likeliest first. A register that says nothing (0) is in none.
    """
    found = [candidate for reading in _readings() for candidate in _read_all(first, later, wanted, *reading)]
    counts = Counter((c.quantity, c.type, c.order, c.scale) for c in found if c.quantity != "counter")
    joined = [_beside(candidate, counts) for candidate in found]
    best: dict[int, Candidate] = {}
    for candidate in sorted(joined, key=lambda c: -c.bits):
        best.setdefault(candidate.address, candidate)
    return sorted(best.values(), key=lambda c: (-c.bits, abs(c.offset)))[:_SHOWN]


def _readings() -> Iterator[tuple[RegisterType, Order]]:
    """Every type in every order that differs."""
    return ((kind, order) for kind in _TYPES for order in (_ORDERS if kind.words > 1 else (Order.ABCD, Order.BADC)))


def _read_all(
    first: Region, later: Region | None, wanted: int, kind: RegisterType, order: Order
) -> Iterator[Candidate]:
    last = len(first.words) - kind.words
    for start in range(last + 1):
        number = _number(first.words[start : start + kind.words], kind, order)
        if not number or number < 0:
            continue
        address = first.address + start
        offset = address - wanted
        known = Candidate(address, offset, kind, order, 1.0, number, "", 0.0, ())
        yield from _quantities(known)
        if later is not None:
            after = _number(later.words[start : start + kind.words], kind, order)
            yield from _counter(known, after)


def _number(words: Sequence[int], kind: RegisterType, order: Order) -> float | None:
    value = decode_field(Field(_CARRIER, 3, 0, kind, order), words)
    return None if isinstance(value, Quality) else value


def _quantities(known: Candidate) -> Iterator[Candidate]:
    for scale in _SCALES if not known.type.is_float else (1.0,):
        value = known.value * scale
        for quantity, nominals, share, unit in (
            ("voltage", LOW_VOLTAGE_V, VOLTAGE_TOLERANCE, "V"),
            ("frequency", FREQUENCIES_HZ, _FREQUENCY_SHARE, "Hz"),
        ):
            nominal = nearest(value, nominals, share)
            if nominal is None:
                continue
            low, high = nominal * (1 - share) / scale, nominal * (1 + share) / scale
            bits = _coincidence(known.type, low, high) - math.log2(len(nominals)) - _costs(known, scale)
            why = phrase("near", value=f"{value:.2f} {unit}", nominal=f"{nominal:.0f} {unit}")
            yield replace(known, scale=scale, value=value, quantity=quantity, bits=bits, why=(why,))


def _coincidence(kind: RegisterType, low: float, high: float) -> float:
    bits = 16 * kind.words
    if kind.is_float:
        return float_bits(low, high, bits)
    return integer_bits(low, high, bits) + _ZERO_WORD_BITS * (kind.words > 1)


def _costs(known: Candidate, scale: float) -> float:
    return _UNUSUAL_ORDER_COSTS[known.order] + (_SCALE_COSTS if scale != 1 else 0.0)


def _counter(known: Candidate, after: float | None) -> Iterator[Candidate]:
    if after is None:
        return
    fastest = max(known.value * _FASTEST_RISE, 0.0 if known.type.is_float else _FEW)
    if not 0 < after - known.value <= fastest:
        return
    long = known.type.words > 1 and known.value > _LARGEST_WORD
    bits = _RISING_BITS + (_LONG_RISING_BITS if long else 0.0) - _costs(known, 1.0)
    why = phrase("rising", before=f"{known.value:,.6g}", after=f"{after:,.6g}")
    yield replace(known, quantity="counter", bits=bits, why=(why,))


def _beside(candidate: Candidate, counts: Counter[tuple[str, RegisterType, Order, float]]) -> Candidate:
    """A map uses one type and order throughout: each further value of the same kind is evidence for all of them."""
    beside = counts[candidate.quantity, candidate.type, candidate.order, candidate.scale] - 1
    if candidate.quantity == "counter" or beside < 1:
        return candidate
    why = (*candidate.why, phrase("same_kind_beside", count=beside + 1))
    return replace(candidate, bits=candidate.bits + _BESIDE_BITS * min(beside, _MOST_BESIDE), why=why)
