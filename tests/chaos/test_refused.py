"""What a journal says of readings that a full disk refused: written down beside the outbox, or put as a gap since."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.evidence import written
from chaos.journal import Entry, Event
from telemetry import Gap, Table


def put(number: int, end: Event | None, times: Sequence[int], gap: int = 0) -> list[Entry]:
    """A put of readings at `times` and of a gap of so many readings, and how it ended."""
    tables = [Table.of("unit-1", "plc", list(times), {"production_count": [1.0] * len(times)})]
    gaps = [Gap("unit-1", "plc", "production_count", 0, 1, "outbox_full", gap)] if gap else []
    return [Entry("put", number, 0.0, tables, gaps), *([Entry(end, number, 0.0)] if end else [])]


def given_up(*lives: list[Entry]) -> tuple[int, int]:
    """How many readings are gaps for certain, and how many perhaps."""
    found = written({"gw-1": list(lives)}, {"gw-1": []})
    return found.given_up, found.perhaps_given_up


def test_what_was_refused_until_a_kill_is_written_down_once() -> None:
    killed = [*put(1, "done", [1]), *put(2, "failed", [2, 3]), *put(3, "failed", [4], gap=2)]
    assert given_up(killed, put(1, "done", [9])) == (3, 0)


def test_what_was_put_as_a_gap_since_is_not_counted_twice() -> None:
    assert given_up([*put(1, "failed", [2, 3]), *put(2, "done", [4], gap=2)], put(1, "done", [9])) == (2, 0)


def test_a_kill_in_the_middle_of_a_put_leaves_what_was_refused_before_it_certain() -> None:
    assert given_up([*put(1, "failed", [2, 3]), *put(2, None, [4], gap=3)], put(1, "done", [9])) == (2, 1)
    assert given_up(put(1, None, [4], gap=3), put(1, "done", [9])) == (0, 3)
