"""Questions and answers as bytes. Pure; nothing here waits.

Only the four functions that read can be asked. An answer is taken only when its length, its checksum, its unit, its
function, its byte count and (on TCP) its transaction number are those of the question.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, Protocol

from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU

from edge.errors import ExceptionReplyError, FrameError

READABLE: Final = {1: 2000, 2: 2000, 3: 125, 4: 125}
"""The functions that only read, and the most one read of each may ask for (Modbus Application Protocol 6.1-6.4)."""

EXCEPTIONS: Final = {
    1: "illegal function", 2: "illegal data address", 3: "illegal data value", 4: "device failure", 5: "acknowledge",
    6: "device busy", 8: "memory parity error", 10: "gateway path unavailable", 11: "gateway target did not respond",
}  # fmt: skip

_SOCKET = FramerSocket(DecodePDU(is_server=False))
_RTU = FramerRTU(DecodePDU(is_server=False))
_MBAP = 7
_LONGEST_PDU = 253


@dataclass(frozen=True, slots=True)
class Read:
    """One question: `count` registers (or bits) of `unit`, from `address` on.

    Raises
    ------
    ValueError
        When it is no read that Modbus knows: nothing else can be asked through a link.
    """

    unit: int
    function: int
    address: int
    count: int

    def __post_init__(self) -> None:
        most = READABLE.get(self.function)
        if most is None:
            raise ValueError(f"function {self.function} is not one that reads ({', '.join(map(str, READABLE))})")
        if not 0 <= self.unit <= 255:
            raise ValueError(f"unit {self.unit} is outside 0..255")
        if not 1 <= self.count <= most:
            raise ValueError(f"{self.count} at once; function {self.function} reads 1 to {most}")
        if not 0 <= self.address <= 0x1_0000 - self.count:
            raise ValueError(f"addresses {self.address}..{self.address + self.count - 1} are outside 0..65535")

    @property
    def pdu(self) -> bytes:
        """The question without its frame."""
        return struct.pack(">BHH", self.function, self.address, self.count)

    @property
    def byte_count(self) -> int:
        """Bytes of data in its answer."""
        return (self.count + 7) // 8 if self.function in {1, 2} else 2 * self.count


@dataclass(frozen=True, slots=True)
class Frame:
    """A complete frame from the wire, checksum right; `transaction` is 0 on a serial line."""

    transaction: int
    unit: int
    pdu: bytes


class Framing(Protocol):
    """How questions and answers are wrapped on one kind of wire."""

    def wrap(self, read: Read, transaction: int) -> bytes:
        """Bytes of a question."""
        ...

    def take(self, buffer: bytearray) -> Frame | None:
        """Remove the first frame from the buffer; None when it is not all there yet.

        Raises
        ------
        FrameError
            When what is in the buffer is no frame and cannot become one.
        """
        ...


class TcpFraming:
    """MBAP header: transaction, protocol 0, length, unit."""

    def wrap(self, read: Read, transaction: int) -> bytes:
        """Bytes of a question."""
        frame: bytes = _SOCKET.encode(read.pdu, read.unit, transaction)
        return frame

    def take(self, buffer: bytearray) -> Frame | None:
        """Remove the first frame from the buffer; None when it is not all there yet."""
        if len(buffer) < _MBAP:
            return None
        transaction, protocol, length, unit = struct.unpack_from(">HHHB", buffer)
        if protocol != 0 or not 3 <= length <= _LONGEST_PDU + 1:
            raise FrameError(f"not a Modbus TCP frame ({bytes(buffer[:_MBAP]).hex(' ')})")
        end = _MBAP - 1 + length
        if len(buffer) < end:
            return None
        pdu = bytes(buffer[_MBAP:end])
        del buffer[:end]
        return Frame(transaction, unit, pdu)


class RtuFraming:
    """Unit, answer, CRC-16; the answer's own length says where it ends."""

    def wrap(self, read: Read, transaction: int) -> bytes:  # noqa: ARG002 - a serial line has no transaction number
        """Bytes of a question."""
        frame: bytes = _RTU.encode(read.pdu, read.unit, 0)
        return frame

    def take(self, buffer: bytearray) -> Frame | None:
        """Remove the first frame from the buffer; None when it is not all there yet."""
        if len(buffer) < 3:
            return None
        function = buffer[1]
        if function & 0x80:
            end = 5
        elif function in READABLE:
            end = 5 + buffer[2]
        else:
            raise FrameError(f"not an answer to a read ({bytes(buffer[:8]).hex(' ')})")
        if len(buffer) < end:
            return None
        frame, checksum = bytes(buffer[: end - 2]), int.from_bytes(buffer[end - 2 : end], "big")
        if not FramerRTU.check_CRC(frame, checksum):
            raise FrameError(f"the checksum of an answer of {end} bytes is wrong")
        del buffer[:end]
        return Frame(0, frame[0], frame[1:])


def values_of(read: Read, frame: Frame) -> tuple[int, ...]:
    """The registers (or bits, 0 or 1) that an answer carries, shape (read.count,).

    Raises
    ------
    ExceptionReplyError
        When the device refused.
    FrameError
        When it answers another question than `read`.
    """
    pdu = frame.pdu
    if frame.unit != read.unit:
        raise FrameError(f"unit {frame.unit} answered instead of unit {read.unit}")
    if pdu[0] == read.function | 0x80 and len(pdu) == 2:
        name = EXCEPTIONS.get(pdu[1], "unknown exception")
        asked = f"function {read.function}, {read.count} from address {read.address:#06x}"
        raise ExceptionReplyError(f"unit {read.unit} refuses: {name} (exception {pdu[1]}) for {asked}", pdu[1])
    if pdu[0] != read.function:
        raise FrameError(f"unit {read.unit} answered function {pdu[0]} instead of {read.function}")
    if len(pdu) < 2 or pdu[1] != len(pdu) - 2 or pdu[1] != read.byte_count:
        raise FrameError(f"unit {read.unit} sent {len(pdu) - 2} bytes of data instead of {read.byte_count}")
    if read.function in {1, 2}:
        return tuple(pdu[2 + bit // 8] >> bit % 8 & 1 for bit in range(read.count))
    return struct.unpack(f">{read.count}H", pdu[2:])
