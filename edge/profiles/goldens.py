"""Checking goldens: registers and whole frames must mean what their profile says they mean."""

from __future__ import annotations

import math
import struct
from typing import Final

from edge.profiles.codec import decode, decode_identity
from edge.profiles.golden_model import Frame, Golden
from edge.profiles.model import ProfileDocument
from telemetry import Document

# A golden is what a display or a manual showed: fewer digits than the register holds.
_TOLERANCE: Final = 1e-6
_BIT_FUNCTIONS: Final = (1, 2)


def check_goldens(document: Document, profile: ProfileDocument) -> None:
    """Hold a profile, its addresses on the wire, to its goldens.

    Raises
    ------
    DocumentError
        With line and field, when one does not hold, has nothing to hold, or a frame is broken.
    """
    for index, golden in enumerate(profile.goldens):
        path = f"goldens[{index}]"
        words = _registers_of(document, golden, path)
        if not golden.values and not golden.identity:
            raise document.error("a golden says what its registers mean: give it values", path)
        _check_values(document, profile, golden, words, path)
        said = decode_identity(profile, words)
        for name, expected in golden.identity.items():
            if said.get(name) != expected:
                problem = f"the registers say {said.get(name, 'nothing')!r}, not {expected!r}"
                raise document.error(problem, f"{path}.identity.{name}")


def _check_values(
    document: Document, profile: ProfileDocument, golden: Golden, words: dict[tuple[int, int], int], path: str
) -> None:
    decoded = decode(profile, words)
    for name, expected in golden.values.items():
        got = decoded.get(name)
        if isinstance(expected, str) or not isinstance(got, float):
            agrees = got == expected
        else:
            agrees = math.isclose(got, expected, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
        if not agrees:
            problem = f"the registers mean {'nothing' if got is None else got}, not {expected}"
            raise document.error(problem, f"{path}.values.{name}")


def _registers_of(document: Document, golden: Golden, path: str) -> dict[tuple[int, int], int]:
    words: dict[tuple[int, int], int] = {
        (block.function, block.address + offset): word
        for block in golden.registers
        for offset, word in enumerate(block.words)
    }
    for number, frame in enumerate(golden.frames):
        try:
            words |= frame_registers(frame)
        except ValueError as error:
            raise document.error(str(error), f"{path}.frames[{number}]") from error
    return words


def frame_registers(frame: Frame) -> dict[tuple[int, int], int]:
    """Registers that a pair of frames carried: words (bits as 0 or 1) by (function, wire address).

    Raises
    ------
    ValueError
        When one is no hexadecimal, too short, its CRC or length is wrong, or the reply does not answer the request.
    """
    request, reply = _opened(frame.wire, frame.request, "request"), _opened(frame.wire, frame.reply, "reply")
    if len(request) != 6:
        raise ValueError("the request is not one of functions 1 to 4: unit, function, address, count")
    unit, function, address, count = struct.unpack(">BBHH", request)
    if function not in {1, 2, 3, 4}:
        raise ValueError(f"function {function} is none of 1 to 4")
    if reply[0] != unit or reply[1] != function:
        raise ValueError(f"the reply is of unit {reply[0]} function {reply[1]}, the request of {unit} and {function}")
    size = (count + 7) // 8 if function in _BIT_FUNCTIONS else 2 * count
    if reply[2] != size or len(reply) != 3 + size:
        raise ValueError(f"the reply carries {len(reply) - 3} bytes (it says {reply[2]}), the request asks for {size}")
    data = reply[3:]
    if function in _BIT_FUNCTIONS:
        return {(function, address + n): data[n // 8] >> n % 8 & 1 for n in range(count)}
    return {(function, address + n): word for n, word in enumerate(struct.unpack(f">{count}H", data))}


def _opened(wire: str, text: str, what: str) -> bytes:
    """Unit, function and data of a frame."""
    try:
        data = bytes.fromhex(text)
    except ValueError as error:
        raise ValueError(f"the {what} is not hexadecimal") from error
    if wire == "tcp":
        if len(data) < 9 or data[2:4] != b"\0\0" or int.from_bytes(data[4:6], "big") != len(data) - 6:
            raise ValueError(f"the {what} is no Modbus TCP frame: protocol 0, and a length of what follows it")
        return data[6:]
    if len(data) < 5:
        raise ValueError(f"the {what} is too short for a frame")
    if crc(data[:-2]) != int.from_bytes(data[-2:], "little"):
        raise ValueError(
            f"the {what}'s CRC is {data[-2:].hex()}, its bytes give {crc(data[:-2]).to_bytes(2, 'little').hex()}"
        )
    return data[:-2]


def crc(data: bytes) -> int:
    """CRC-16 of an RTU frame (Modbus over Serial Line 1.02, 6.2.2)."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value
