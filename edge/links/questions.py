"""What can be asked, all of it: functions 1-4, and 43/14 for a device's identification. All of these only read."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

READABLE: Final = {1: 2000, 2: 2000, 3: 125, 4: 125}
"""The functions that read, and the most one read of each may ask for (Modbus Application Protocol 1.1b3, 6.1-6.4)."""
OTHER_TABLE: Final = {1: 2, 2: 1, 3: 4, 4: 3}
"""The function that reads the other table of the same kind: coils and inputs, holding and input registers."""
REFUSED: Final = 0x80
"""Set in the function of an answer that refuses."""

IDENTIFY: Final = 43
MEI: Final = 14
"""Read Device Identification is function 43 with this MEI type (Modbus Application Protocol 1.1b3, 6.21)."""

BASIC: Final = 1
REGULAR: Final = 2
EXTENDED: Final = 3
SINGLE: Final = 4
_QUESTION = struct.Struct(">BHH")


@dataclass(frozen=True, slots=True)
class Read:
    """One question: `count` registers (or bits) of `unit`, from `address` on.

    Attributes
    ----------
    pdu
        The question without its frame.
    byte_count
        Bytes of data in its answer.

    Raises
    ------
    ValueError
        When it is no read that Modbus knows: nothing else can be asked through a link.
    """

    unit: int
    function: int
    address: int
    count: int
    pdu: bytes = field(init=False, repr=False, compare=False)
    byte_count: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        most = READABLE.get(self.function)
        if most is None:
            raise ValueError(f"function {self.function} is not one that reads ({', '.join(map(str, READABLE))})")
        _check_unit(self.unit)
        if not 1 <= self.count <= most:
            raise ValueError(f"{self.count} at once; function {self.function} reads 1 to {most}")
        if not 0 <= self.address <= 0x1_0000 - self.count:
            raise ValueError(f"addresses {self.address}..{self.address + self.count - 1} are outside 0..65535")
        size = (self.count + 7) // 8 if self.function in {1, 2} else 2 * self.count
        object.__setattr__(self, "pdu", _QUESTION.pack(self.function, self.address, self.count))
        object.__setattr__(self, "byte_count", size)

    def __str__(self) -> str:
        """What is asked, for messages."""
        return f"function {self.function}, {self.count} from address {self.address:#06x}"

    @property
    def size(self) -> int:
        """By what its answer is told from those of other questions: bytes of data."""
        return self.byte_count


@dataclass(frozen=True, slots=True)
class ReadIdentification:
    """One question for a device's identification: the objects of a level, from `object_id` on.

    Parameters
    ----------
    unit
        Whom to ask.
    level
        `BASIC` (vendor, product code, revision), `REGULAR` (and url, product, model, application name), `EXTENDED` (and
        the maker's own), or `SINGLE`: the object `object_id` alone.
    object_id
        The first object wanted, 0 to 255.
    """

    unit: int
    level: int = BASIC
    object_id: int = 0

    def __post_init__(self) -> None:
        _check_unit(self.unit)
        if not BASIC <= self.level <= SINGLE:
            raise ValueError(f"level {self.level} is outside 1..4")
        if not 0 <= self.object_id <= 255:
            raise ValueError(f"object {self.object_id} is outside 0..255")

    def __str__(self) -> str:
        """What is asked, for messages."""
        return f"function {IDENTIFY}/{MEI}, level {self.level} from object {self.object_id}"

    @property
    def function(self) -> int:
        """Always the same."""
        return IDENTIFY

    @property
    def pdu(self) -> bytes:
        """The question without its frame."""
        return bytes([IDENTIFY, MEI, self.level, self.object_id])

    @property
    def size(self) -> int:
        """By what its answer is told from those of other questions: a number that is no read's."""
        return -1


Question = Read | ReadIdentification


def only_reads(pdu: bytes) -> bytes:
    """The same bytes, if they are a question that only reads: every frame of every link goes through here.

    `Read` and `ReadIdentification` can be nothing else; this holds even for an object that only resembles one.

    Raises
    ------
    ValueError
        When they are anything else.
    """
    if (pdu[0] in READABLE and len(pdu) == 5) or (len(pdu) == 4 and pdu[0] == IDENTIFY and pdu[1] == MEI):
        return pdu
    raise ValueError(f"not a question that only reads ({pdu.hex(' ')})")


def _check_unit(unit: int) -> None:
    if not 0 <= unit <= 255:
        raise ValueError(f"unit {unit} is outside 0..255")
