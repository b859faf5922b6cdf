"""Which registers are read together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from edge.links import Read
from edge.profiles import Field, FunctionCode, Profile, decoder
from telemetry import Quality

_Part = tuple[str, slice, Callable[[Sequence[int]], float | Quality]]
"""A channel, where its registers are in the block, and what they mean."""


@dataclass(frozen=True, slots=True)
class Block:
    """Registers that one read fetches, and the fields in them."""

    function: FunctionCode
    address: int
    count: int
    fields: tuple[Field, ...]
    _parts: tuple[_Part, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare decoding, which happens at every read."""
        parts = tuple(
            (member.channel, slice(member.address - self.address, member.end - self.address), decoder(member))
            for member in self.fields
        )
        object.__setattr__(self, "_parts", parts)

    def read(self, unit: int) -> Read:
        """The question that fetches it from a unit."""
        return Read(unit, self.function, self.address, self.count)

    def decode(self, words: Sequence[int]) -> Iterator[tuple[str, float | Quality]]:
        """Channels and values, or why there is none, of its registers, shape (count,)."""
        for channel, place, decode in self._parts:
            yield channel, decode(words[place])


def plan_blocks(profile: Profile) -> list[Block]:
    """Group a profile's fields into as few reads as the device's limits (`max_registers`, `max_gap`) allow."""
    blocks: list[Block] = []
    group: list[Field] = []
    for member in sorted(profile.fields, key=lambda candidate: (candidate.function, candidate.address)):
        if group and not _fits(profile, group, member):
            blocks.append(_block(group))
            group = []
        group.append(member)
    return [*blocks, _block(group)]


def _fits(profile: Profile, group: list[Field], candidate: Field) -> bool:
    end = max(member.end for member in group)
    return (
        candidate.function == group[0].function
        and candidate.address - end <= profile.max_gap
        and max(end, candidate.end) - group[0].address <= profile.max_registers
    )


def _block(group: list[Field]) -> Block:
    first = group[0]
    return Block(first.function, first.address, max(member.end for member in group) - first.address, tuple(group))
