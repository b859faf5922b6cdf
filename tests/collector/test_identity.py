"""Two machines under one gateway's name are noticed; one that restarts, is replaced or restored is not."""

from __future__ import annotations

from itertools import pairwise

from collector.identity import WINDOW_MS, Identities


def heard(words: list[tuple[str, int]]) -> list[bool]:
    """Whether each of the words (instance, how new it is), heard a second after the other, shows two."""
    identities = Identities()
    return [identities.heard("site-1", "gw-1", who, told, 1000 * place) for place, (who, told) in enumerate(words)]


def test_two_that_alternate_are_two() -> None:
    assert heard([("a", 1), ("b", 2), ("a", 3)]) == [False] * 3, "one return may be chance"
    assert heard([("a", 1), ("b", 2), ("a", 3), ("b", 4)])[-1]


def test_one_that_restarts_again_and_again_is_one() -> None:
    assert not any(heard([(f"epoch-{place}", place + 1) for place in range(40)]))


def test_what_comes_late_from_a_queue_or_a_backlog_is_no_return() -> None:
    words = [("a", 10), ("b", 20), ("a", 11), ("b", 21), ("a", 12), ("b", 22), ("a", 13), ("b", 23)]
    assert not any(heard(words))


def test_what_is_long_ago_counts_no_more() -> None:
    identities = Identities()
    words = [("a", 0), ("b", 1), ("a", 2), ("b", 3)]
    times = [place * WINDOW_MS for place in range(4)]
    assert all(later - earlier == WINDOW_MS for earlier, later in pairwise(times))
    assert not any(identities.heard("s", "g", who, told + 1, at) for (who, told), at in zip(words, times, strict=True))
    assert identities.twice(times[-1]) == set()


def test_it_is_told_for_a_while_and_then_over() -> None:
    identities = Identities()
    for told, who in enumerate("abab"):
        identities.heard("s", "g", who, told + 1, 0)
    assert identities.twice(WINDOW_MS) == {("s", "g")}
    assert identities.twice(WINDOW_MS + 1) == set()


def test_gateways_are_told_apart() -> None:
    identities = Identities()
    for told, (gateway, who) in enumerate([("g1", "a"), ("g2", "b"), ("g1", "a"), ("g2", "b"), ("g1", "a")]):
        assert not identities.heard("s", gateway, who, told + 1, 0)
