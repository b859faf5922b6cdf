"""One block of 120 registers, as it travels, into 60 channels; beside it the same fields one by one from its words."""

from __future__ import annotations

import random
import struct
import time
from collections.abc import Callable

from benchmarks.frame import Figure, at_most, report
from edge.profiles import BlockDecoder, Field, Order, RegisterType, decoder, encode_field
from telemetry import CHANNELS, Quality

FIELDS = 60
LIMIT_US = 15.0
SEED = 7
_ROUNDS = 2000
_TURNS = 5


def shortest_us(work: Callable[[], object]) -> float:
    """Time of one call [µs]: the shortest of many short turns, which other programs on the machine disturb least."""
    shortest = float("inf")
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        for _ in range(_TURNS):
            work()
        shortest = min(shortest, (time.perf_counter() - began) / _TURNS)
    return shortest * 1e6


def block_of(kind: RegisterType, order: Order, scale: float) -> tuple[list[Field], tuple[int, ...]]:
    """A block of 60 fields and registers that hold a plausible value of each."""
    chosen = [name for name, known in CHANNELS.items() if known.high >= 1][:FIELDS]
    names = [chosen[index % len(chosen)] for index in range(FIELDS)]
    fields = [
        Field(name, 4, kind.words * index, kind, order, scale if CHANNELS[name].high > 1e4 else 1.0)
        for index, name in enumerate(names)
    ]
    drawn = random.Random(SEED)
    words: list[int] = []
    for field in fields:
        words += encode_field(field, drawn.randint(41, 60) if CHANNELS[field.channel].high > 60 else 1.0)
    return fields, tuple(words)


def measured(name: str, kind: RegisterType, order: Order, scale: float, limit_us: float | None) -> Figure:
    """One kind of block, both ways."""
    fields, words = block_of(kind, order, scale)
    quick = BlockDecoder(0, len(words), fields)
    singly = [(field.channel, slice(field.address, field.end), decoder(field)) for field in fields]

    def one_by_one() -> list[tuple[str, float | Quality]]:
        return [(channel, decode(words[place])) for channel, place, decode in singly]

    data = struct.pack(f">{len(words)}H", *words)
    row = quick.row(data, {})
    assert row is not None
    assert list(zip(*row, strict=True)) == quick.decode(words) == one_by_one()
    took, peer = shortest_us(lambda: quick.row(data, {})), shortest_us(one_by_one)
    figure = at_most(name, took, "µs", limit_us) if limit_us is not None else Figure(name, took, "µs")
    return Figure(figure.name, took, "µs", figure.target, figure.met, "field by field", peer, peer / took)


def main() -> int:
    """Measure the usual kinds of blocks."""
    single, integer = RegisterType.FLOAT32, RegisterType.INT16
    figures = [
        measured("120 registers, 60 floats", single, Order.ABCD, 1.0, LIMIT_US),
        measured("the same, some of them scaled", single, Order.ABCD, 1000.0, None),
        measured("the same, low word first", single, Order.CDAB, 1000.0, None),
        measured("60 registers, 60 integers in tenths", integer, Order.ABCD, 0.1, None),
    ]
    return report("profile_decoding", figures, facts={"seed": SEED, "rounds": _ROUNDS, "turns": _TURNS})


if __name__ == "__main__":
    raise SystemExit(main())
