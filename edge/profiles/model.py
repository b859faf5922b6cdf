"""Device profiles: which registers of a device mean which channels. Data only; `codec` does the arithmetic."""

from __future__ import annotations

import enum
from typing import Annotated, Literal

import msgspec

from edge.profiles.fingerprint_model import Check
from edge.profiles.golden_model import Golden
from edge.profiles.quirks import Limits, Quirk
from edge.profiles.registers import (
    BITS_PER_READ,
    REGISTERS_PER_READ,
    Address,
    FunctionCode,
    Order,
    RegisterType,
)

ProfileKind = Literal["power_meter", "plc", "sensor"]


class Rate(enum.StrEnum):
    """How often registers are read."""

    FAST = "fast"
    """At the device's own pace: power, current, run state."""
    SLOW = "slow"
    """At the site's slow pace: counters, temperatures, ratios."""
    ONCE = "once"
    """When the device is first reached, and again after it was away."""


class Factor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A register whose number multiplies or divides fields: a CT or PT ratio, a scale factor, an exponent.

    Parameters
    ----------
    name
        What fields call it in `multiply` and `divide`.
    function, address, type, order
        Where it is and how its registers are a number.
    scale
        From the number to the factor; of a power of ten it multiplies the exponent.
    power_of_ten
        The number is an exponent: the factor is ten to its power.
    enum
        The factor each number stands for; a number that is not listed is none.
    sentinels
        Bit patterns by which the device says "no value"; its fields have none then.
    rate
        How often it is read.
    """

    name: str
    function: FunctionCode
    address: Address
    type: RegisterType
    order: Order = Order.ABCD
    scale: float = 1.0
    power_of_ten: bool = False
    enum: dict[int, float] = {}
    sentinels: list[int] = []
    rate: Rate = Rate.FAST

    @property
    def words(self) -> int:
        """Registers it takes."""
        return self.type.words

    @property
    def end(self) -> int:
        """First address behind it."""
        return self.address + self.type.words


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One channel and the registers it comes from: ``value = number × scale × factors + offset``.

    Parameters
    ----------
    channel
        A name of the channel registry.
    function
        Modbus function that reads it.
    address
        First register; in a loaded profile as it travels on the wire, from 0.
    type, order
        How the registers are a number; no string.
    scale, offset
        From the number to the channel's unit.
    sentinels
        Bit patterns of the whole number, unsigned, by which the device says "no value". NaN and infinities always do.
    modulus
        Of a counter: the value [the channel's unit] at which it starts again from 0.
    bit
        Of a register read as ``bit``: which, from 0, the least significant.
    mask
        Of a whole number: the bits that count; they are moved down to the lowest.
    enum
        The value each number stands for; any other number is out of range.
    multiply, divide
        Names of the profile's factors that the number is multiplied with and divided by.
    rate
        How often it is read.
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
    bit: Annotated[int, msgspec.Meta(ge=0, le=15)] | None = None
    mask: Annotated[int, msgspec.Meta(ge=1)] | None = None
    enum: dict[int, float] = {}
    multiply: list[str] = []
    divide: list[str] = []
    rate: Rate = Rate.FAST

    @property
    def words(self) -> int:
        """Registers it takes."""
        return self.type.words

    @property
    def end(self) -> int:
        """First address behind it."""
        return self.address + self.type.words

    @property
    def bits(self) -> int | None:
        """Bits of its registers that are its own; none for all of them."""
        return self.mask if self.bit is None else 1 << self.bit


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a device says of itself, read once.

    Parameters
    ----------
    name
        What it is.
    function, address, type, order
        Where it is and how its registers are a text or a number.
    registers
        Of a string: how many registers it takes.
    scale
        Of a number: from the register to what people call it (firmware 123 with 0.01 is 1.23).
    """

    name: Literal["vendor", "model", "serial_number", "firmware", "hardware"]
    function: Literal[3, 4]
    address: Address
    type: RegisterType = RegisterType.STRING
    order: Order = Order.ABCD
    registers: Annotated[int, msgspec.Meta(ge=1, le=REGISTERS_PER_READ)] | None = None
    scale: float = 1.0

    @property
    def words(self) -> int:
        """Registers it takes."""
        return self.registers or self.type.words

    @property
    def end(self) -> int:
        """First address behind it."""
        return self.address + self.words

    @property
    def rate(self) -> Rate:
        """It is read once."""
        return Rate.ONCE


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
        What the file counts addresses from: 0 as on the wire, 1 as many manuals do, or ``4xxxx``, the reference
        numbers 1-9999, 10001-, 30001- and 40001- (or six digits), whose first digit must agree with the function.
    fields
        Its channels.
    goldens
        Known registers with known meaning; at least one.
    max_registers
        Most registers the device answers in one read.
    max_gap
        Most unused registers it may be asked for between two used ones, so that one read serves both.
    models
        Every model the source gives this register map to, `model` among them; when left out, `model` alone.
    factors
        Registers that scale fields.
    identity
        What the device says of itself.
    fingerprint
        How it is recognised.
    functions
        The functions it answers; when left out, those its fields use.
    pause_ms
        Rest the device needs after a read [ms].
    one_field_per_read
        It refuses reads that reach over more than one quantity.
    quirks
        Where single functions differ.
    """

    name: str
    vendor: str
    model: str
    kind: ProfileKind
    source: str
    verified: bool
    address_base: Literal[0, 1, "4xxxx"]
    fields: Annotated[list[Field], msgspec.Meta(min_length=1)]
    goldens: Annotated[list[Golden], msgspec.Meta(min_length=1)]
    max_registers: Annotated[int, msgspec.Meta(ge=1, le=REGISTERS_PER_READ)] = REGISTERS_PER_READ
    max_gap: Annotated[int, msgspec.Meta(ge=0, le=REGISTERS_PER_READ)] = 8
    models: list[str] = []
    factors: list[Factor] = []
    identity: list[Identity] = []
    fingerprint: list[Check] = []
    functions: list[FunctionCode] = []
    pause_ms: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    one_field_per_read: bool = False
    quirks: list[Quirk] = []


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

    @property
    def covers(self) -> list[str]:
        """Every model with this register map."""
        return [self.model, *(model for model in self.models if model != self.model)]

    @property
    def members(self) -> list[Field | Factor]:
        """Everything its values are made of, and therefore everything to read."""
        return [*self.fields, *self.factors]

    def limits(self, function: int) -> Limits:
        """What one function of the device allows in one read."""
        most = BITS_PER_READ if function in {1, 2} else self.max_registers
        limits = Limits(most, self.max_gap, self.pause_ms, self.one_field_per_read)
        for quirk in self.quirks:
            if quirk.function == function:
                own = {key: value for key in Limits._fields if (value := getattr(quirk, key)) is not None}
                limits = limits._replace(**own)
        return limits
