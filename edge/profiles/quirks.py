"""What a device allows in one read, and where single functions of it differ."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import msgspec

from edge.profiles.registers import BITS_PER_READ, FunctionCode


class Quirk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where one function of a device differs from the rest of its profile; what is left out is as in the profile.

    Parameters
    ----------
    function
        The function.
    max_registers
        Most registers (bits of functions 1 and 2) it answers in one read.
    max_gap
        Most unused registers between two used ones.
    pause_ms
        Rest the device needs after a read [ms].
    one_field_per_read
        It refuses reads that reach over more than one quantity.
    """

    function: FunctionCode
    max_registers: Annotated[int, msgspec.Meta(ge=1, le=BITS_PER_READ)] | None = None
    max_gap: Annotated[int, msgspec.Meta(ge=0, le=BITS_PER_READ)] | None = None
    pause_ms: Annotated[int, msgspec.Meta(ge=0, le=10_000)] | None = None
    one_field_per_read: bool | None = None


class Limits(NamedTuple):
    """What one function of a device allows in one read."""

    max_registers: int
    max_gap: int
    pause_ms: int
    one_field_per_read: bool
