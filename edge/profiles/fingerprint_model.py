"""What tells one kind of device from another: checks on what it answers."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from edge.profiles.registers import REGISTERS_PER_READ, Address, Order, RegisterType

IDENTITY_POINTS: Final = 40
"""What a check on a device's own name or a fixed register counts, unless it says otherwise."""
PLAUSIBLE_POINTS: Final = 10
"""What a plausible measured value counts, unless the check says otherwise."""


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing a device must answer; exactly one of `object`, `address` and `channel` says what is asked.

    Parameters
    ----------
    object
        Object of the device identification (function 43/14): 0 vendor, 1 product code, 2 revision, 4 product name, 5
        model name.
    function, address, type, order
        A register and how it is a number or a text.
    registers
        Of a string: how many registers it takes.
    channel
        A field of the profile, whose value must be plausible.
    equals
        The number, or the whole text.
    contains
        Part of the text; capitals do not count.
    low, high
        Both ends of the range [the channel's unit, or the register's number]; of a channel they default to the
        registry's plausible range.
    points
        What it adds to the score; when left out 40, of a channel 10.
    """

    object: Annotated[int, msgspec.Meta(ge=0, le=255)] | None = None
    function: Literal[3, 4] | None = None
    address: Address | None = None
    type: RegisterType = RegisterType.UINT16
    order: Order = Order.ABCD
    registers: Annotated[int, msgspec.Meta(ge=1, le=REGISTERS_PER_READ)] | None = None
    channel: str | None = None
    equals: int | float | str | None = None
    contains: str | None = None
    low: float | None = None
    high: float | None = None
    points: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None

    @property
    def words(self) -> int:
        """Registers it asks for."""
        return self.registers or self.type.words

    @property
    def worth(self) -> int:
        """Points it adds when it holds."""
        if self.points is not None:
            return self.points
        return IDENTITY_POINTS if self.channel is None else PLAUSIBLE_POINTS
