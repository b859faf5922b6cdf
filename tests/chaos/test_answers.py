"""Every number that a meter answered is a reading, a refusal or a dead gateway's; anything else is found."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chaos.answers import Answered, answered
from chaos.journal import Entry
from chaos.meters import Answer, Meters
from chaos.plant import CHANNEL, KIND, device
from telemetry import Table

GATEWAY = "gw-1"
NAME = device(GATEWAY, 1)


def read(number: int) -> Entry:
    return Entry("read", 0, 0.0, [Table.of(NAME, KIND, [number], {CHANNEL: [float(number)]})])


REFUSED = Entry("refused", 0, 0.0, device=NAME, reason="stale")
ANOTHER = Entry("refused", 0, 0.0, device=device(GATEWAY, 2), reason="stale")


def held(numbers: int, *lives: Sequence[Entry]) -> Answered:
    meters = Meters([Answer(1, number, 1, 0.0) for number in range(1, numbers + 1)])
    return answered({GATEWAY: meters}, {GATEWAY: lives})


@pytest.mark.parametrize(
    ("lives", "refused", "caught", "unread"),
    [
        ([[read(1), read(2), read(3), read(4)]], 0, 0, []),
        ([[read(1), REFUSED, read(3), read(4)]], 1, 0, []),
        ([[read(1), REFUSED, REFUSED, read(4)]], 2, 0, []),
        ([[read(1), REFUSED, REFUSED, REFUSED, read(2), read(3), read(4)]], 0, 0, []),  # questions without an answer
        ([[read(1)], [read(3), read(4)]], 0, 1, []),
        ([[read(1), read(2), read(3)]], 0, 1, []),
        ([[read(1), read(3), read(4)]], 0, 0, [2]),
        ([[read(1), ANOTHER, read(3), read(4)]], 0, 0, [2]),
        ([[read(1), read(2), REFUSED, read(4)], []], 1, 0, []),
        ([[read(1), REFUSED, read(2), read(4)]], 0, 0, [3]),
        ([[read(1), read(2)]], 0, 1, [4]),
        ([[read(1)], [read(4)]], 0, 1, [3]),
        ([[]], 0, 1, [2, 3, 4]),
    ],
)
def test_an_answer_that_is_no_reading_needs_a_reason_where_it_stands(
    lives: list[list[Entry]], refused: int, caught: int, unread: list[int]
) -> None:
    found = held(4, *lives)
    assert (found.refused, found.caught) == (refused, caught)
    assert [(name, answer.number) for name, answer in found.unread] == [(NAME, number) for number in unread]
