"""How the bits of registers are a number or a text: types, byte orders, masks. No channels here, only registers."""

from __future__ import annotations

import enum
import functools
import math
import struct
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Annotated, Final, Literal

import msgspec

REGISTERS_PER_READ: Final = 125
"""Most registers one read may ask for (Modbus Application Protocol 1.1b3, 6.3 and 6.4)."""
BITS_PER_READ: Final = 2000
"""Most coils or discrete inputs one read may ask for (the same, 6.1 and 6.2)."""

FunctionCode = Literal[1, 2, 3, 4]
"""1 coils, 2 discrete inputs, 3 holding registers, 4 input registers: the functions that only read."""

Address = Annotated[int, msgspec.Meta(ge=0, le=465_536)]
"""As the profile's file counts it: from 0, from 1, or 4xxxx; in a loaded profile 0..65535, as on the wire."""
Word = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]

Number = int | float


class RegisterType(enum.StrEnum):
    """How the bits of one or more registers are a number; ``string`` is for identity and fingerprints only."""

    BIT = "bit"
    """A coil or a discrete input; of a register, the bit that `bit` names."""
    UINT16 = "uint16"
    INT16 = "int16"
    UINT32 = "uint32"
    INT32 = "int32"
    UINT64 = "uint64"
    INT64 = "int64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    BCD16 = "bcd16"
    """Four decimal digits, one in each half byte."""
    BCD32 = "bcd32"
    """Eight decimal digits."""
    STRING = "string"
    """Text, two characters in a register."""

    @property
    def words(self) -> int:
        """Registers it takes; a bit takes one address, a string as many as its place says."""
        return _WORDS[self]

    @property
    def is_float(self) -> bool:
        """IEEE 754."""
        return self in {RegisterType.FLOAT32, RegisterType.FLOAT64}

    @property
    def is_signed(self) -> bool:
        """Two's complement."""
        return self.value.startswith("int")

    @property
    def is_bcd(self) -> bool:
        """Binary coded decimal."""
        return self in {RegisterType.BCD16, RegisterType.BCD32}


_WORDS = {
    kind: {"6": 1, "2": 2, "4": 4}.get(kind.value[-1], 1)  # uint16, float32, int64; bit and string: 1
    for kind in RegisterType
}


class Order(enum.StrEnum):
    """In which order the bytes of a number travel; A is the most significant byte.

    The four letters serve every size: ``CDAB`` says "least significant word first" of 32 bits and of 64. The eight
    letters are for 64 bits alone and name the six orders that devices use: the four again, and the two in which
    halves of 32 bits and words inside them go opposite ways. For 16 bits only the order inside the word counts.
    """

    ABCD = "ABCD"
    """Most significant word first, most significant byte first: what Modbus itself prescribes for a word."""
    CDAB = "CDAB"
    """Least significant word first ("word swap")."""
    BADC = "BADC"
    """Most significant word first, bytes swapped inside each word."""
    DCBA = "DCBA"
    """Least significant byte first throughout."""
    ABCDEFGH = "ABCDEFGH"
    """As ``ABCD``."""
    GHEFCDAB = "GHEFCDAB"
    """As ``CDAB``."""
    BADCFEHG = "BADCFEHG"
    """As ``BADC``."""
    HGFEDCBA = "HGFEDCBA"
    """As ``DCBA``."""
    CDABGHEF = "CDABGHEF"
    """Most significant half first, inside each half the least significant word first."""
    EFGHABCD = "EFGHABCD"
    """Least significant half first, inside each half the most significant word first."""


_EIGHT = {
    Order.ABCD: Order.ABCDEFGH,
    Order.CDAB: Order.GHEFCDAB,
    Order.BADC: Order.BADCFEHG,
    Order.DCBA: Order.HGFEDCBA,
}


@functools.cache
def permutation(order: Order, size: int) -> tuple[int, ...]:
    """Wire position of each byte of a number of `size` bytes, most significant first; each order is its own inverse.

    Raises
    ------
    ValueError
        When an order of eight letters meets a number of another size.
    """
    if len(order.value) == 8 and size != 8:
        raise ValueError(f"order {order} is for 64 bits; use one of four letters")
    if size == 2:
        return (0, 1) if order in {Order.ABCD, Order.CDAB} else (1, 0)
    letters = _EIGHT.get(order, order).value if size == 8 else order.value
    return tuple(letters.index(letter) for letter in sorted(letters))


FORMATS: Final = {
    RegisterType.BIT: "H",
    RegisterType.UINT16: "H",
    RegisterType.INT16: "h",
    RegisterType.UINT32: "I",
    RegisterType.INT32: "i",
    RegisterType.UINT64: "Q",
    RegisterType.INT64: "q",
    RegisterType.FLOAT32: "f",
    RegisterType.FLOAT64: "d",
    RegisterType.BCD16: "H",
    RegisterType.BCD32: "I",
}
"""How `struct` reads each type, most significant byte first; a bit comes as a word of 0 or 1."""


def reordered(data: bytes, order: Order) -> bytes:
    """Between wire order and most significant byte first."""
    return data if order is Order.ABCD else bytes(data[position] for position in permutation(order, len(data)))


def number_reader(
    kind: RegisterType, order: Order, sentinels: Sequence[int] = (), mask: int | None = None
) -> Callable[[Sequence[int]], Number | None]:
    """Prepare the reading of one number from its registers; what it returns gives ``None`` for "no value".

    Parameters
    ----------
    kind, order
        How the registers are a number; no string.
    sentinels
        Bit patterns of the whole number that say "no value". NaN, infinities and digits above 9 in BCD always do.
    mask
        Bits that count; they are moved down to the lowest.
    """
    pack = struct.Struct(f">{kind.words}H").pack
    unpack = struct.Struct(f">{FORMATS[kind]}").unpack
    known, bcd = frozenset(sentinels), kind.is_bcd
    shift = lowest_bit(mask)

    def read(words: Sequence[int]) -> Number | None:
        data = reordered(pack(*words), order)
        if known and int.from_bytes(data, "big") in known:
            return None
        number: Number = unpack(data)[0]
        if not math.isfinite(number):
            return None
        if mask is not None:
            number = (int.from_bytes(data, "big") & mask) >> shift
        return bcd_number(int(number)) if bcd else number

    return read


def lowest_bit(mask: int | None) -> int:
    """Position of the lowest bit of a mask; 0 without one."""
    return 0 if mask is None else (mask & -mask).bit_length() - 1


def bcd_number(pattern: int) -> int | None:
    """The number whose decimal digits are the pattern's half bytes; none when one is above 9."""
    digits = f"{pattern:x}"
    return int(digits) if digits.isdecimal() else None


def pattern_of(kind: RegisterType, number: Number, mask: int | None = None) -> int:
    """Bits of a number as an unsigned number, the inverse of reading; with a mask, the other bits are 0.

    Raises
    ------
    OverflowError
        When the type or the mask cannot hold it; the text says its range.
    """
    if kind.is_float:
        try:
            return int.from_bytes(struct.pack(f">{FORMATS[kind]}", number), "big")
        except OverflowError as error:
            raise OverflowError(f"does not fit {kind}") from error
    whole, (low, high) = round(number), limits(kind)
    if mask is None and not low <= whole <= high:
        raise OverflowError(f"is register value {whole}, outside {kind} {low}..{high}")
    pattern = (int(str(whole), 16) if kind.is_bcd else whole) << lowest_bit(mask)
    if mask is None:
        return pattern % (1 << bits(kind))
    if pattern & ~mask:
        raise OverflowError(f"is register value {whole}, outside mask {mask:#x}")
    return pattern


def limits(kind: RegisterType) -> tuple[int, int]:
    """Lowest and highest number of an integer type."""
    if kind.is_bcd:
        return 0, 10 ** (4 * kind.words) - 1
    size = bits(kind)
    return (-(1 << size - 1), (1 << size - 1) - 1) if kind.is_signed else (0, (1 << size) - 1)


def bits(kind: RegisterType) -> int:
    """Bits of a type."""
    return 1 if kind is RegisterType.BIT else 16 * kind.words


def words_of(kind: RegisterType, order: Order, pattern: int) -> list[int]:
    """Registers that hold a bit pattern, shape (kind.words,)."""
    if kind is RegisterType.BIT:
        return [pattern]
    return list(struct.unpack(f">{kind.words}H", reordered(pattern.to_bytes(2 * kind.words, "big"), order)))


def text_of(words: Sequence[int], order: Order = Order.ABCD) -> str:
    """Text of registers, two characters in each, up to the first NUL; without blanks around and what cannot be shown.

    ``BADC`` (or ``DCBA`` of one word) swaps the characters of each pair; the order of words never changes.
    """
    data = struct.pack(f">{len(words)}H", *words)
    if order in {Order.BADC, Order.DCBA}:
        data = struct.pack(f"<{len(words)}H", *words)
    text = data.split(b"\0")[0].decode("latin-1")
    return "".join(letter for letter in text if letter.isprintable()).strip()


@functools.lru_cache(maxsize=1024)
def exact(scale: float) -> Fraction:
    """The scale as its author wrote it: 0.1 is 1/10, so that 3 × 0.1 is 0.3 and not 0.30000000000000004."""
    return Fraction(repr(scale))
