"""Which registers are read together, and how a read that a device refuses is cut into smaller ones."""

from __future__ import annotations

import functools
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from edge.links import Read
from edge.profiles import BlockDecoder, Factor, Field, FunctionCode, Profile, Rate
from telemetry import Quality

Member = Field | Factor
Wall = tuple[int, int]
"""A function and an address: no read of that function reaches over that address from below."""


@dataclass(frozen=True)
class Block:
    """Registers that one read fetches, and the fields and factors in them."""

    function: FunctionCode
    address: int
    count: int
    members: tuple[Member, ...]
    pause_ms: int = 0

    @functools.cached_property
    def _decoder(self) -> BlockDecoder:
        return BlockDecoder(self.address, self.count, self.members)

    @functools.cached_property
    def channels(self) -> tuple[str, ...]:
        """What it delivers."""
        return tuple(member.channel for member in self.members if isinstance(member, Field))

    def read(self, unit: int) -> Read:
        """The question that fetches it from a unit."""
        return Read(unit, self.function, self.address, self.count)

    def row(self, data: bytes, factors: dict[str, Fraction | Quality]) -> tuple[tuple[str, ...], list[float]] | None:
        """Channels and values of its data as they travel; None when `decode` must look closely (`BlockDecoder.row`)."""
        return self._decoder.row(data, factors)

    def decode(
        self, words: Sequence[int], factors: dict[str, Fraction | Quality] | None = None
    ) -> dict[str, float | Quality]:
        """Channels and values, or why there is none, of its registers, shape (count,); updates `factors`."""
        return dict(self._decoder.decode(words, factors))


def plan_blocks(profile: Profile, rates: Iterable[Rate] | None = None, walls: Container[Wall] = ()) -> list[Block]:
    """Group a profile's fields into as few reads as the device's limits allow; factors are read before their fields.

    Parameters
    ----------
    profile
        What there is to read, and the limits of its functions.
    rates
        Only what is read at these rates; all when left out.
    walls
        Where this very device is known to refuse longer reads.
    """
    wanted = set(Rate) if rates is None else set(rates)
    return blocks_of(profile, [member for member in profile.members if member.rate in wanted], walls)


_shared: dict[tuple[object, ...], list[Block]] = {}
_MOST_SHARED: Final = 256


def shared_blocks(profile: Profile, rates: tuple[Rate, ...], walls: frozenset[Wall]) -> list[Block]:
    """As `plan_blocks`; devices of one profile share one plan, so that hundreds of them need no more memory than one.

    Only where nothing is remembered from read to read: factors are each device's own.
    """
    if profile.factors:
        return plan_blocks(profile, rates, walls)
    key = (profile.digest, tuple(field.rate for field in profile.fields), rates, walls)
    blocks = _shared.get(key)
    if blocks is None:
        if len(_shared) >= _MOST_SHARED:
            _shared.clear()
        blocks = _shared[key] = plan_blocks(profile, rates, walls)
    return blocks


def blocks_of(profile: Profile, members: Iterable[Member], walls: Container[Wall] = ()) -> list[Block]:
    """Group these members of a profile into reads; as `plan_blocks`."""
    blocks: list[Block] = []
    group: list[Member] = []
    for member in sorted(members, key=lambda candidate: (candidate.function, candidate.address, candidate.end)):
        if group and not _fits(profile, group, member, walls):
            blocks.append(_block(profile, group))
            group = []
        group.append(member)
    if group:
        blocks.append(_block(profile, group))
    return sorted(blocks, key=lambda block: all(isinstance(member, Field) for member in block.members))


def halves(profile: Profile, block: Block) -> tuple[Wall, Block, Block] | None:
    """Cut a block in two, where it is hollow if it is hollow and else in the middle; None when it cannot be cut.

    A device that refuses a block most often refuses the unused registers in it.
    """
    starts = sorted({member.address for member in block.members} - {block.address})
    if not starts:
        return None
    middle = block.address + block.count / 2

    def hollow(start: int) -> int:
        return start - max(member.end for member in block.members if member.address < start)

    cut = max(starts, key=lambda start: (max(0, hollow(start)), -abs(start - middle)))
    left = [member for member in block.members if member.address < cut]
    right = [member for member in block.members if member.address >= cut]
    return (block.function, cut), _block(profile, left), _block(profile, right)


def _fits(profile: Profile, group: list[Member], candidate: Member, walls: Container[Wall]) -> bool:
    function = group[0].function
    if candidate.function != function or (function, candidate.address) in walls:
        return False
    limits = profile.limits(function)
    end = max(member.end for member in group)
    if limits.one_field_per_read:
        return candidate.address == group[0].address and candidate.end == end
    return (
        candidate.address - end <= limits.max_gap and max(end, candidate.end) - group[0].address <= limits.max_registers
    )


def _block(profile: Profile, group: list[Member]) -> Block:
    first = group[0]
    count = max(member.end for member in group) - first.address
    return Block(first.function, first.address, count, tuple(group), profile.limits(first.function).pause_ms)
