"""Device profiles: which registers of a device mean which channels. Data only; `codec` does the arithmetic."""

from __future__ import annotations

import enum
from typing import Annotated, Final, Literal

import msgspec

REGISTERS_PER_READ: Final = 125
"""Most registers one read may ask for (Modbus Application Protocol 1.1b3, 6.3 and 6.4)."""

FunctionCode = Literal[1, 2, 3, 4]
"""1 coils, 2 discrete inputs, 3 holding registers, 4 input registers: the functions that only read."""

Address = Annotated[int, msgspec.Meta(ge=0, le=0x1_0000)]
Word = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]


class RegisterType(enum.StrEnum):
    """How the bits of one or more registers are a number."""

    BIT = "bit"
    UINT16 = "uint16"
    INT16 = "int16"
    UINT32 = "uint32"
    INT32 = "int32"
    UINT64 = "uint64"
    INT64 = "int64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"

    @property
    def words(self) -> int:
        """Registers it takes; a bit takes one address."""
        return 1 if self is RegisterType.BIT else int(self.value.lstrip("uintfloa")) // 16

    @property
    def is_float(self) -> bool:
        """IEEE 754."""
        return self in {RegisterType.FLOAT32, RegisterType.FLOAT64}

    @property
    def is_signed(self) -> bool:
        """Two's complement."""
        return self.value.startswith("int")


class Order(enum.StrEnum):
    """In which order the bytes of a number travel; A is the most significant byte of a 32-bit number.

    For 64 bits the same rule holds for four words; for 16 bits only the order inside the word counts.
    """

    ABCD = "ABCD"
    """Most significant word first, most significant byte first: what Modbus itself prescribes for a word."""
    CDAB = "CDAB"
    """Least significant word first ("word swap")."""
    BADC = "BADC"
    """Most significant word first, bytes swapped inside each word."""
    DCBA = "DCBA"
    """Least significant byte first throughout."""


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One channel and the registers it comes from: ``value = number × scale + offset``.

    Parameters
    ----------
    channel
        A name of the channel registry.
    function
        Modbus function that reads it.
    address
        First register; in a loaded profile as it travels on the wire, from 0.
    type, order
        How the registers are a number.
    scale, offset
        From the number to the channel's unit.
    sentinels
        Bit patterns, as an unsigned number, by which the device says "no value". NaN and infinities always do.
    modulus
        Of a counter: the value [the channel's unit] at which it starts again from 0.
    """

    channel: str
    function: FunctionCode
    address: Address
    type: RegisterType
    order: Order = Order.ABCD
    scale: float = 1.0
    offset: float = 0.0
    sentinels: list[int] = []
    modulus: float | None = None

    @property
    def words(self) -> int:
        """Registers it takes."""
        return self.type.words

    @property
    def end(self) -> int:
        """First address behind it."""
        return self.address + self.type.words


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Consecutive registers as a device sent them."""

    function: FunctionCode
    address: Address
    words: list[Word]


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
    """

    what: str
    registers: list[Words]
    values: dict[str, float | Literal["sentinel", "range"]]


class ProfileDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of device, as its YAML file describes it.

    Parameters
    ----------
    name
        What site files call it.
    vendor, model
        Whose device it describes.
    kind
        Kind of device: the measurement its readings are stored under.
    source
        Public document or page the registers come from.
    verified
        Whether it was checked against the hardware itself.
    address_base
        What the file counts addresses from: 0 as on the wire, 1 as many manuals do.
    fields
        Its channels.
    goldens
        Known registers with known meaning; at least one.
    max_registers
        Most registers the device answers in one read.
    max_gap
        Most unused registers it may be asked for between two used ones, so that one read serves both.
    """

    name: str
    vendor: str
    model: str
    kind: Literal["power_meter", "plc", "sensor"]
    source: str
    verified: bool
    address_base: Literal[0, 1]
    fields: Annotated[list[Field], msgspec.Meta(min_length=1)]
    goldens: Annotated[list[Golden], msgspec.Meta(min_length=1)]
    max_registers: Annotated[int, msgspec.Meta(ge=4, le=REGISTERS_PER_READ)] = REGISTERS_PER_READ
    max_gap: Annotated[int, msgspec.Meta(ge=0, le=REGISTERS_PER_READ)] = 8


class Profile(ProfileDocument, frozen=True, kw_only=True):
    """A profile that was read and checked: addresses are as on the wire (`address_base` 0), goldens hold.

    Parameters
    ----------
    digest
        SHA-256 of its YAML text [hexadecimal].
    """

    digest: str

    @property
    def channels(self) -> list[str]:
        """What it delivers, in the order of its fields."""
        return [field.channel for field in self.fields]
