"""Which answers may still come, and the question none of them resembles."""

from edge.links import Read, ReadIdentification
from edge.links.frames import Frame
from edge.links.owed import OWED_FOR_S, Owed, Sent


def answer(read: Read, transaction: int = 0) -> Frame:
    return Frame(transaction, read.unit, bytes([read.function, read.byte_count]) + bytes(read.byte_count))


def test_a_question_without_an_answer_is_owed_until_it_comes() -> None:
    owed, read = Owed(), Read(7, 4, 0, 10)
    owed.add(Sent(0, read), 100.0)
    assert owed.by(7, 100.0) == {20}
    assert owed.by(8, 100.0) == set()
    assert not owed.take(answer(Read(8, 4, 0, 10)))
    assert owed.take(answer(read))
    assert not owed.take(answer(read))
    assert owed.by(7, 100.0) == set()


def test_with_transaction_numbers_only_the_same_number_is_the_owed_answer() -> None:
    owed, read = Owed(), Read(7, 4, 0, 10)
    owed.add(Sent(41, read), 100.0)
    assert not owed.take(answer(read, transaction=42))
    assert owed.take(answer(read, transaction=41))


def test_a_later_answer_of_the_same_unit_settles_everything_before_it() -> None:
    owed = Owed()
    owed.add(Sent(0, Read(7, 4, 0, 10)), 100.0)
    owed.add(Sent(0, Read(8, 4, 0, 10)), 100.0)
    owed.settle(7)
    assert (owed.by(7, 100.0), owed.by(8, 100.0)) == (set(), {20})


def test_an_answer_is_not_awaited_for_ever() -> None:
    owed = Owed()
    owed.add(Sent(0, Read(7, 4, 0, 10)), 100.0)
    assert owed.by(7, 100.0 + OWED_FOR_S) == set()


def test_a_probe_asks_the_same_registers_for_another_length_whole_numbers_first() -> None:
    owed, read = Owed(), Read(7, 4, 30, 6)
    counts: list[int] = []
    for _ in range(6):
        owed.add(Sent(0, Read(7, 4, 30, counts[-1] if counts else 6)), 100.0)
        probe = owed.probe(read, 100.0)
        assert probe is not None
        assert (probe.unit, probe.function, probe.address) == (7, 4, 30)
        counts.append(probe.count)
    assert counts == [2, 4, 1, 3, 5, 7]


def test_there_is_no_probe_when_every_length_is_owed() -> None:
    owed, read = Owed(), Read(7, 4, 65535, 1)
    owed.add(Sent(0, read), 100.0)
    assert owed.probe(read, 100.0) is None


def test_an_identification_is_never_owed_as_it_stays_true() -> None:
    owed = Owed()
    owed.add(Sent(0, ReadIdentification(7)), 100.0)
    assert not owed
