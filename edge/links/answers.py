"""What an answer says, once it is sure that it is the question's: its unit, its function, its length must be."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Final

from edge.errors import ExceptionReplyError, FrameError, NoReplyError
from edge.links.frames import Frame
from edge.links.questions import IDENTIFY, MEI, SINGLE, Question, Read, ReadIdentification

EXCEPTIONS: Final = {
    1: "illegal function", 2: "illegal data address", 3: "illegal data value", 4: "device failure", 5: "acknowledge",
    6: "device busy", 8: "memory parity error", 10: "gateway path unavailable", 11: "gateway target did not respond",
}  # fmt: skip

_MORE_FOLLOWS: Final = 0xFF


def data_of(read: Read, frame: Frame) -> bytes:
    """The data that an answer carries, as they travel, shape (read.byte_count,).

    Raises
    ------
    ExceptionReplyError
        When the device refused.
    FrameError
        When it answers another question than `read`.
    """
    pdu = frame.pdu
    if frame.unit != read.unit or pdu[0] != read.function:
        raise _other(read, frame)
    wanted = read.byte_count
    if len(pdu) != wanted + 2 or pdu[1] != wanted:
        raise FrameError(f"unit {read.unit} sent {len(pdu) - 2} bytes of data instead of {wanted}")
    return pdu[2:]


def words_of(read: Read, data: bytes) -> tuple[int, ...]:
    """The registers (or bits, 0 or 1) in the data of an answer, shape (read.count,)."""
    if read.function in {1, 2}:
        return tuple(data[bit // 8] >> bit % 8 & 1 for bit in range(read.count))
    return _words(read.count).unpack(data)


@lru_cache(maxsize=128)
def _words(count: int) -> struct.Struct:
    return struct.Struct(f">{count}H")


def objects_of(asked: ReadIdentification, frame: Frame) -> tuple[dict[int, bytes], int | None]:
    """The objects an answer carries by their id, and the object to go on with; None when it was the last.

    Raises
    ------
    ExceptionReplyError
        When the device refused.
    FrameError
        When it answers another question than `asked`, or its objects are not as long as they say.
    """
    pdu = frame.pdu
    if frame.unit != asked.unit or pdu[0] != IDENTIFY:
        raise _other(asked, frame)
    if len(pdu) < 7 or pdu[1] != MEI or pdu[2] != asked.level:
        raise FrameError(f"unit {asked.unit} answered another question for its identification ({pdu[:7].hex(' ')})")
    more, following, number = pdu[4:7]
    objects: dict[int, bytes] = {}
    at = 7
    for _ in range(number):
        if len(pdu) < at + 2 or len(pdu) < at + 2 + pdu[at + 1] or pdu[at] in objects:
            raise FrameError(f"unit {asked.unit} sent an identification that is cut or doubled")
        objects[pdu[at]] = pdu[at + 2 : at + 2 + pdu[at + 1]]
        at += 2 + pdu[at + 1]
    if at != len(pdu):
        raise FrameError(f"unit {asked.unit} sent {len(pdu) - at} bytes behind its identification")
    if asked.level == SINGLE and set(objects) != {asked.object_id}:
        raise FrameError(f"unit {asked.unit} sent objects {sorted(objects)} instead of {asked.object_id}")
    return objects, following if more == _MORE_FOLLOWS and asked.level != SINGLE else None


def _other(asked: Question, frame: Frame) -> ExceptionReplyError | FrameError:
    """Why an answer of another unit or another function than asked is no value."""
    unit, pdu = frame.unit, frame.pdu
    if unit != asked.unit:
        return FrameError(f"unit {unit} answered instead of unit {asked.unit}")
    if pdu[0] == asked.function | 0x80 and len(pdu) == 2:
        name = EXCEPTIONS.get(pdu[1], "unknown exception")
        return ExceptionReplyError(f"unit {unit} refuses: {name} (exception {pdu[1]}) for {asked}", pdu[1])
    return FrameError(f"unit {unit} answered function {pdu[0]} instead of {asked.function}")


def no_reply(unit: int, where: object, *, serial: bool) -> NoReplyError:
    """That a unit says nothing, and what to look at."""
    advice = "Check address, baud rate, A/B wires." if serial else "Check the unit number and the device's power."
    return NoReplyError(f"no reply from unit {unit} on {where}", advice)
