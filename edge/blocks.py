"""Which registers are read together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge.links import Read
from edge.profiles import Field, FunctionCode, Profile, decode_field
from telemetry import Quality


@dataclass(frozen=True, slots=True)
class Block:
    """Registers that one read fetches, and the fields in them."""

    function: FunctionCode
    address: int
    count: int
    fields: tuple[Field, ...]

    def read(self, unit: int) -> Read:
        """The question that fetches it from a unit."""
        return Read(unit, self.function, self.address, self.count)

    def decode(self, words: Sequence[int]) -> Iterator[tuple[str, float | Quality]]:
        """Channels and values, or why there is none, of its registers, shape (count,)."""
        for field in self.fields:
            first = field.address - self.address
            yield field.channel, decode_field(field, words[first : first + field.words])


def plan_blocks(profile: Profile) -> list[Block]:
    """Group a profile's fields into as few reads as the device's limits (`max_registers`, `max_gap`) allow."""
    blocks: list[Block] = []
    group: list[Field] = []
    for field in sorted(profile.fields, key=lambda field: (field.function, field.address)):
        if group and not _fits(profile, group, field):
            blocks.append(_block(group))
            group = []
        group.append(field)
    return [*blocks, _block(group)]


def _fits(profile: Profile, group: list[Field], field: Field) -> bool:
    end = max(member.end for member in group)
    return (
        field.function == group[0].function
        and field.address - end <= profile.max_gap
        and max(end, field.end) - group[0].address <= profile.max_registers
    )


def _block(group: list[Field]) -> Block:
    first = group[0]
    return Block(first.function, first.address, max(field.end for field in group) - first.address, tuple(group))
