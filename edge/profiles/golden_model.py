"""Goldens: registers of a device whose meaning is known, as words or as the frames that carried them."""

from __future__ import annotations

from typing import Literal

import msgspec

from edge.profiles.registers import Address, FunctionCode, Word


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Consecutive registers as a device sent them."""

    function: FunctionCode
    address: Address
    words: list[Word]


class Frame(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question and its answer as they went over the wire, in hexadecimal; blanks do not count.

    Parameters
    ----------
    wire
        ``rtu``: unit, function, data, CRC. ``tcp``: MBAP header, function, data.
    request, reply
        The whole frames. Their address is the wire's, whatever the profile counts from.
    """

    wire: Literal["rtu", "tcp"]
    request: str
    reply: str


class Golden(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Registers whose meaning is known: checked whenever the profile is loaded.

    Parameters
    ----------
    what
        Where the registers and their meaning come from.
    registers
        As read.
    values
        What they mean, by channel; ``sentinel`` or ``range`` where they mean no value.
    frames
        The same as whole frames, instead of or beside `registers`.
    identity
        What they say of the device, by name.
    """

    what: str
    registers: list[Words] = []
    values: dict[str, float | Literal["sentinel", "range"]] = {}
    frames: list[Frame] = []
    identity: dict[str, str] = {}
