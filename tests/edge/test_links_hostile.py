"""A hostile device over every kind of link: no wrong value. The long run: ``python -m benchmarks.hostile_links``."""

import asyncio

import pytest

from edge.links import Link
from edge.links.owed import Owed
from tests.edge.hostile import FAULTS, KINDS, content, read_from_hostile

READS = 600


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_a_hostile_device_does_no_wrong_value_is_accepted(kind: str) -> None:
    outcome = asyncio.run(read_from_hostile(kind, READS, seed=20261122, links=40, share=0.25, timeout_s=0.06))
    assert outcome.wrong == []
    assert outcome.reads == READS
    assert outcome.accepted > READS / 10  # a loaded machine makes many answers late
    assert set(FAULTS) <= set(outcome.did)


def test_without_our_care_the_same_device_gets_wrong_values_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """The count can count: a link that believes every whole frame is deceived."""

    async def believe(*_: object) -> None:
        return None

    monkeypatch.setattr(Link, "_flush", believe)
    monkeypatch.setattr(Link, "_check_alone", believe)
    monkeypatch.setattr(Owed, "take", lambda *_: False)
    # Which answers come late depends on the machine's mood, so several runs may be needed; with care, none ever errs.
    assert any(
        asyncio.run(read_from_hostile("rtu+tcp", READS, seed=seed, links=40, share=0.25, timeout_s=0.06)).wrong
        for seed in range(20261122, 20261132)
    )


def test_what_a_hostile_device_holds_tells_every_question_from_every_other() -> None:
    assert len({content(number, 1, 3, 0, 1) for number in range(65536)}) == 65536
    assert content(5, 1, 3, 0, 4)[2:] == content(5, 1, 3, 2, 2)
    assert content(5, 1, 3, 0, 4) != content(5, 2, 3, 0, 4) != content(5, 2, 4, 0, 4)
