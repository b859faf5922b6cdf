"""Answers that may still come.

A serial line has no transaction number, so an answer that comes after its timeout looks like the answer to the next
question. So a question without a good answer is remembered as *owed*, and the next question to that unit must have
an answer of another length: then the two cannot be taken for one another. If the next question has not, a *probe* to
the same registers goes first. Devices answer in order: once a unit has answered the probe, it owes nothing.
"""

from __future__ import annotations

import itertools
from typing import Final, NamedTuple

from edge.links.frames import Frame
from edge.links.questions import READABLE, Question, Read

OWED_FOR_S: Final = 10.0
"""How long an answer may be on its way at most [s]; devices and gateways give up far earlier."""
_PROBES_BEYOND: Final = 32
_CAREFUL_FOR_S: Final = 600.0


class Sent(NamedTuple):
    """A question that was sent; `transaction` is 0 where frames have none."""

    transaction: int
    question: Question

    def answered_by(self, frame: Frame) -> bool:
        """Whether the frame has the look of its answer."""
        asked = self.question
        return (
            frame.transaction == self.transaction
            and frame.unit == asked.unit
            and frame.pdu[0] == asked.function
            and (not isinstance(asked, Read) or len(frame.pdu) == 2 + asked.byte_count)
        )


class Owed:
    """The questions of one link whose answers may still come. Times are of one monotonic clock [s]."""

    def __init__(self) -> None:
        self._questions: list[tuple[Sent, float]] = []

    def __bool__(self) -> bool:
        """Whether there may be any."""
        return bool(self._questions)

    def add(self, sent: Sent, now: float) -> None:
        """Remember a read whose answer may still come, or come again; who a device is stays true however late."""
        if isinstance(sent.question, Read):
            self._questions.append((sent, now + OWED_FOR_S))

    def take(self, frame: Frame) -> bool:
        """Whether the frame is an answer that was owed; then it is owed no more."""
        for entry in self._questions:
            if entry[0].answered_by(frame):
                self._questions.remove(entry)
                return True
        return False

    def settle(self, unit: int) -> None:
        """Forget what a unit owes: it has answered a later question."""
        self._questions = [entry for entry in self._questions if entry[0].question.unit != unit]

    def by(self, unit: int, now: float) -> set[int]:
        """Sizes of the answers a unit owes, as `Read.size` [bytes of data]."""
        self._questions = [entry for entry in self._questions if entry[1] > now]
        return {sent.question.size for sent, _ in self._questions if sent.question.unit == unit}

    def probe(self, question: Read, now: float) -> Read | None:
        """A read of the same registers whose answer no owed one resembles; None when there is none.

        Shorter ones are tried first, of an even count: many devices refuse half of a 32-bit number.
        """
        owed = self.by(question.unit, now)
        most = min(READABLE[question.function], 0x1_0000 - question.address)
        shorter = itertools.chain(range(2, question.count, 2), range(1, question.count, 2))
        longer = range(question.count + 1, min(question.count + _PROBES_BEYOND, most) + 1)
        for count in itertools.chain(shorter, longer):
            candidate = Read(question.unit, question.function, question.address, count)
            if candidate.byte_count not in owed:
                return candidate
        return None


class Caution:
    """Whether somebody on a wire says things twice. Times are of one monotonic clock [s].

    Parameters
    ----------
    possible
        Whether that matters: not where answers have numbers.
    """

    def __init__(self, *, possible: bool) -> None:
        self._possible = possible
        self._until = 0.0

    def __bool__(self) -> bool:
        """Whether that was ever so, and not yet found to be long ago."""
        return self._until > 0

    def doubt(self, now: float, *, again: bool = False) -> None:
        """Something came that nobody asked for; `again` only counts if that is known already."""
        if self._possible and (self._until or not again):
            self._until = now + _CAREFUL_FOR_S

    def is_due(self, now: float) -> bool:
        """Whether answers come twice here."""
        if self._until and now > self._until:
            self._until = 0.0
        return self._until > 0
