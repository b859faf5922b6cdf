"""How questions and answers are wrapped: Modbus TCP, RTU, ASCII. Pure; nothing here waits.

pymodbus's framers wrap and unwrap; before they do, it is checked that the bytes are exactly one whole frame, because
they also search for a frame among other bytes, and a link must not.
"""

from __future__ import annotations

import re
import struct
from abc import ABC, abstractmethod
from typing import Final, NamedTuple

from pymodbus.framer import FramerAscii, FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU

from edge.errors import FrameError
from edge.links.address import Address, AsciiAddress, AsciiTcpAddress, RtuAddress, RtuTcpAddress
from edge.links.questions import IDENTIFY, MEI, READABLE, Question, only_reads

_SOCKET = FramerSocket(DecodePDU(is_server=False))
_RTU = FramerRTU(DecodePDU(is_server=False))
_ASCII = FramerAscii(DecodePDU(is_server=False))
_HEADER = struct.Struct(">HHHB")
_LONGEST_PDU: Final = 253
_LONGEST_ASCII: Final = 513
_ASCII_FRAME: Final = re.compile(rb":(?:[0-9A-Fa-f]{2}){4,255}\r\n")


class Frame(NamedTuple):
    """A complete frame from the wire, checksum right; `transaction` is 0 where frames have none."""

    transaction: int
    unit: int
    pdu: bytes


class Framing(ABC):
    """How questions and answers are wrapped on one kind of wire."""

    numbered: bool = False
    """Whether an answer carries the number of its question."""

    def wrap(self, question: Question, transaction: int) -> bytes:
        """Bytes of a question.

        Raises
        ------
        ValueError
            When it is not one that only reads.
        """
        return self._wrap(only_reads(question.pdu), question.unit, transaction)

    @abstractmethod
    def _wrap(self, pdu: bytes, unit: int, transaction: int) -> bytes: ...

    @abstractmethod
    def take(self, buffer: bytearray) -> Frame | None:
        """Remove the first frame from the buffer; None when it is not all there yet.

        Raises
        ------
        FrameError
            When what is in the buffer is no frame and cannot become one.
        """


class TcpFraming(Framing):
    """MBAP header: transaction, protocol 0, length, unit."""

    numbered = True

    def _wrap(self, pdu: bytes, unit: int, transaction: int) -> bytes:
        frame: bytes = _SOCKET.encode(pdu, unit, transaction)
        return frame

    def take(self, buffer: bytearray) -> Frame | None:
        """Remove the first frame from the buffer; None when it is not all there yet."""
        size = len(buffer)
        if size < _HEADER.size:
            return None
        _, protocol, length, _ = _HEADER.unpack_from(buffer)
        if protocol != 0 or not 3 <= length <= _LONGEST_PDU + 1:
            raise FrameError(f"not a Modbus TCP frame ({bytes(buffer[: _HEADER.size]).hex(' ')})")
        end = _HEADER.size - 1 + length
        if size < end:
            return None
        _, unit, transaction, pdu = _SOCKET.decode(bytes(buffer[:end]))
        del buffer[:end]
        return Frame(transaction, unit, pdu)


class RtuFraming(Framing):
    """Unit, answer, CRC-16; the answer's own length says where it ends."""

    def _wrap(self, pdu: bytes, unit: int, transaction: int) -> bytes:  # noqa: ARG002 - it has no transaction number
        frame: bytes = _RTU.encode(pdu, unit, 0)
        return frame

    def take(self, buffer: bytearray) -> Frame | None:
        """Remove the first frame from the buffer; None when it is not all there yet."""
        end = _rtu_end(buffer)
        if end is None or len(buffer) < end:
            return None
        used, unit, _, pdu = _RTU.decode(bytes(buffer[:end]))
        if used != end or len(pdu) != end - 3:
            raise FrameError(f"the checksum of an answer of {end} bytes is wrong")
        del buffer[:end]
        return Frame(0, unit, pdu)


def _rtu_end(buffer: bytearray) -> int | None:
    """Where the frame that begins the buffer ends, as far as its bytes tell."""
    if len(buffer) < 3:
        return None
    function = buffer[1]
    if function & 0x80:
        return 5
    if function in READABLE:
        return 5 + buffer[2]
    if function == IDENTIFY and buffer[2] == MEI:
        return _identification_end(buffer)
    raise FrameError(f"not an answer to a read ({bytes(buffer[:8]).hex(' ')})")


def _identification_end(buffer: bytearray) -> int | None:
    """Unit, function, MEI, level, conformity, more, next, number of objects, (id, length, bytes) each, CRC."""
    end = 8
    if len(buffer) < end:
        return None
    for _ in range(buffer[7]):
        if len(buffer) < end + 2:
            return None
        end += 2 + buffer[end + 1]
        if end > _LONGEST_PDU + 1:
            raise FrameError("an identification that is longer than a frame")
    return end + 2


class AsciiFraming(Framing):
    """A colon, unit, answer and LRC as hexadecimal digits, CR LF."""

    def _wrap(self, pdu: bytes, unit: int, transaction: int) -> bytes:  # noqa: ARG002 - it has no transaction number
        frame: bytes = _ASCII.encode(pdu, unit, 0)
        return frame

    def take(self, buffer: bytearray) -> Frame | None:
        """Remove the first frame from the buffer; None when it is not all there yet."""
        if not buffer:
            return None
        end = buffer.find(b"\n") + 1
        if buffer[:1] != b":" or (not end and len(buffer) >= _LONGEST_ASCII):
            raise FrameError(f"not an ASCII frame ({bytes(buffer[:16])!r})")
        if not end:
            return None
        frame = bytes(buffer[:end])
        if not _ASCII_FRAME.fullmatch(frame):
            raise FrameError(f"not an ASCII frame ({frame[:16]!r})")
        _, unit, _, pdu = _ASCII.decode(frame)
        if not pdu:
            raise FrameError(f"the checksum of an answer of {end} characters is wrong")
        del buffer[:end]
        return Frame(0, unit, pdu)


def framing_of(address: Address) -> Framing:
    """How questions and answers are wrapped at an address."""
    if isinstance(address, RtuAddress | RtuTcpAddress):
        return RtuFraming()
    if isinstance(address, AsciiAddress | AsciiTcpAddress):
        return AsciiFraming()
    return TcpFraming()
