"""Every number that a meter answered: a reading, a refusal that the gateway counted, or one that a kill caught.

A gateway does not believe every answer: one that comes after its timeout may belong to an earlier question, and while
the clock stands in a time already used no answer can be given one. It counts such a question as failed, or declares it
as a gap, and the journal has that. So has it every birth of the gateway; a bus has one question at a time, so each end
of a life can catch one answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from chaos.journal import Entry
from chaos.meters import Answer, Meters
from chaos.plant import CHANNEL, KIND, UNITS, device

_Mark = int | Literal["refused", "ended"]
"""What a journal says of one device, in order: a number was read, a question failed, a life ended."""


@dataclass
class Answered:
    """Answers that are no readings: refused by the gateway, caught by the end of its life, or taken by nobody."""

    refused: int = 0
    caught: int = 0
    unread: list[tuple[str, Answer]] = field(default_factory=list)


def answered(meters: Mapping[str, Meters], journals: Mapping[str, Sequence[Sequence[Entry]]]) -> Answered:
    """Hold what each gateway's meters answered against its journal."""
    found = Answered()
    for gateway, behind in meters.items():
        for unit in UNITS:
            name = device(gateway, unit)
            answers = [answer for answer in behind.answers if answer.unit == unit]
            _follow(found, name, answers, _marks(name, journals[gateway]))
    return found


def _marks(name: str, lives: Iterable[Iterable[Entry]]) -> Iterator[_Mark]:
    for life in lives:
        for entry in life:
            if entry.event == "refused" and entry.device == name:
                yield "refused"
            elif entry.event == "read":
                for table in entry.tables:
                    if (table.kind, table.device) == (KIND, name):
                        yield from (int(value) for value in table.columns.get(CHANNEL, []) if value is not None)
        yield "ended"


def _follow(found: Answered, name: str, answers: Sequence[Answer], marks: Iterable[_Mark]) -> None:
    """Explain the answers between two readings by what the journal has between them."""
    at = {answer.number: index for index, answer in enumerate(answers)}
    following, refused, ended = 0, 0, 0
    for mark in [*marks, "last"]:
        if mark == "refused":
            refused += 1
        elif mark == "ended":
            ended += 1
        else:
            until = len(answers) if isinstance(mark, str) else at.get(mark, -1)
            _explain(found, name, answers[following:until], refused, ended)
            following, refused, ended = max(following, until + 1), 0, 0


def _explain(found: Answered, name: str, passed_over: Sequence[Answer], refused: int, ended: int) -> None:
    by_refusal = min(len(passed_over), refused)
    by_end = min(len(passed_over) - by_refusal, ended)
    found.refused += by_refusal
    found.caught += by_end
    found.unread += [(name, answer) for answer in passed_over[by_refusal + by_end :]]
