"""Answers that may still come.

A serial line has no transaction number, so an answer that comes after its timeout looks like the answer to the next
question. So a question without a good answer is remembered as *owed*, and the next question to that unit must have
an answer of another length: then the two cannot be taken for one another. If the next question has not, a *probe* to
the same registers goes first. Devices answer in order: once a unit has answered the probe, it owes nothing.
"""

from __future__ import annotations

import itertools
from typing import Final, NamedTuple

from edge.links.frames import READABLE, Frame, Read

OWED_FOR_S: Final = 10.0
"""How long an answer may be on its way at most [s]; devices and gateways give up far earlier."""
_PROBES_BEYOND: Final = 32


class Question(NamedTuple):
    """A question that was sent; `transaction` is 0 on a serial line."""

    transaction: int
    read: Read

    def answered_by(self, frame: Frame) -> bool:
        """Whether the frame has the look of its answer."""
        return (
            frame.transaction == self.transaction
            and frame.unit == self.read.unit
            and frame.pdu[0] == self.read.function
            and len(frame.pdu) == 2 + self.read.byte_count
        )


class Owed:
    """The questions of one link whose answers may still come. Times are of one monotonic clock [s]."""

    def __init__(self) -> None:
        self._questions: list[tuple[Question, float]] = []

    def add(self, question: Question, now: float) -> None:
        """Remember a question that got no good answer."""
        self._questions.append((question, now + OWED_FOR_S))

    def take(self, frame: Frame) -> bool:
        """Whether the frame is an answer that was owed; then it is owed no more."""
        for entry in self._questions:
            if entry[0].answered_by(frame):
                self._questions.remove(entry)
                return True
        return False

    def settle(self, unit: int) -> None:
        """Forget what a unit owes: it has answered a later question."""
        self._questions = [entry for entry in self._questions if entry[0].read.unit != unit]

    def by(self, unit: int, now: float) -> set[int]:
        """Lengths of the answers a unit owes [bytes of data]."""
        self._questions = [entry for entry in self._questions if entry[1] > now]
        return {question.read.byte_count for question, _ in self._questions if question.read.unit == unit}

    def probe(self, read: Read, now: float) -> Read | None:
        """A question to the registers of `read` whose answer no owed one resembles; None when there is none.

        Shorter ones are tried first, of an even count: many devices refuse half of a 32-bit number.
        """
        owed = self.by(read.unit, now)
        most = min(READABLE[read.function], 0x1_0000 - read.address)
        shorter = itertools.chain(range(2, read.count, 2), range(1, read.count, 2))
        longer = range(read.count + 1, min(read.count + _PROBES_BEYOND, most) + 1)
        for count in itertools.chain(shorter, longer):
            candidate = Read(read.unit, read.function, read.address, count)
            if candidate.byte_count not in owed:
                return candidate
        return None
