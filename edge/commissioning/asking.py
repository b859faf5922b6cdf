"""Asking an unknown unit, nothing twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from edge.errors import ConnectError, ExceptionReplyError, LinkError, StaleReplyError
from edge.links import BASIC, REGULAR, Link, Read, ReadIdentification
from edge.profiles import IDENTIFICATION, Answers, Question

_ILLEGAL_FUNCTION: Final = 1
_REGULAR_OBJECTS: Final = 3
"""Objects 0-2 of the device identification are basic, those from 3 on regular."""


class Asking:
    """What a unit was asked and has answered; no answer is asked for twice.

    Registers that are only known from several answers are asked for anew: a load that was switched in between would
    make power disagree with its own current.

    Parameters
    ----------
    link, unit
        Whom.

    Attributes
    ----------
    link
        The link to it now; a doubtful past may have needed a new one.
    """

    def __init__(self, link: Link, unit: int) -> None:
        self.link = link
        self._unit = unit
        self._asked: dict[Question, bool] = {}
        self._refused: set[Question] = set()
        self._without: set[int] = set()
        self._told: dict[Question, tuple[int, ...]] = {}
        self.registers: dict[tuple[int, int], int] = {}
        self.objects: dict[int, str] = {}

    @property
    def answers(self) -> Answers:
        """Everything known of the unit."""
        return Answers(self.registers, self.objects, self._refused)

    async def has(self, asked: Iterable[Question]) -> bool:
        """Ask what was not asked yet, up to the first refusal; whether all of it was answered.

        Raises
        ------
        ConnectError
            When the way to the unit is closed.
        """
        for question in asked:
            if question not in self._asked:
                self._asked[question] = await self._ask(question)
            if not self._asked[question]:
                return False
        return True

    async def _ask(self, asked: Question) -> bool:
        if self._covering(asked) is not None:
            return True
        if asked.function in self._without:
            self._refused.add(asked)
            return False
        try:
            if asked.function == IDENTIFICATION:
                return await self._identification(asked.address)
            words = await self._read(Read(self._unit, asked.function, asked.address, asked.count))
        except ConnectError:
            raise
        except ExceptionReplyError as error:
            self._refused.add(asked)
            if error.code == _ILLEGAL_FUNCTION:
                self._without.add(asked.function)
            return False
        except LinkError:
            if asked.function == IDENTIFICATION:
                self._without.add(IDENTIFICATION)  # many meters keep silent instead of refusing: once is enough
            return False
        self._told[asked] = words
        self.registers.update(_places(asked, words))
        return True

    async def _read(self, read: Read) -> tuple[int, ...]:
        """Ask; once more over a link without a past where the same refusal twice is taken for an echo of the first."""
        try:
            return await self.link.read(read)
        except StaleReplyError:
            self.link.close()
            self.link = Link(self.link.address, self.link.timeout_s)
            return await self.link.read(read)

    def told(self, asked: Iterable[Question]) -> dict[tuple[int, int], int]:
        """Words by (function, wire address) of what was asked, those of one question from one answer."""
        found: dict[tuple[int, int], int] = {}
        for question in asked:
            if (whole := self._covering(question)) is not None:
                begin = question.address - whole.address
                found.update(_places(question, self._told[whole][begin : begin + question.count]))
        return found

    def _covering(self, asked: Question) -> Question | None:
        """The question whose one answer holds every register of `asked`."""
        end = asked.address + asked.count
        return next(
            (
                whole
                for whole in self._told
                if whole.function == asked.function
                and whole.address <= asked.address
                and end <= whole.address + whole.count
            ),
            None,
        )

    async def registers_of(self, function: int, address: int, count: int) -> list[int] | None:
        """Registers, or none when the unit does not give them.

        Raises
        ------
        ConnectError
            When the way to the unit is closed.
        """
        if not await self.has([Question(function, address, count)]):
            return None
        return [self.registers[function, at] for at in range(address, address + count)]

    def close(self) -> None:
        """Let go of the wire."""
        self.link.close()

    async def _identification(self, number: int) -> bool:
        if number not in self.objects:
            level = BASIC if number < _REGULAR_OBJECTS else REGULAR
            said = await self.link.identify(ReadIdentification(self._unit, level))
            self.objects.update({key: text.decode("latin-1") for key, text in said.items()})
        return number in self.objects


def _places(asked: Question, words: Iterable[int]) -> Iterator[tuple[tuple[int, int], int]]:
    return (((asked.function, asked.address + nth), word) for nth, word in enumerate(words))
