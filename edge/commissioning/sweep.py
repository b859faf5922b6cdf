"""Finding units: which numbers answer on a line, which hosts take a connection, which units are behind one.

Only reads of one register leave. On a line silent units are asked once and waited for no longer than a meter thinks:
an answer of a serial line names its unit, so one that comes late still counts for whoever sent it, and what could not
be understood has its neighbours asked again, with patience, by a `Link`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pymodbus.framer import FramerRTU

from edge.commissioning.targets import TURNAROUND_S, window_s
from edge.errors import ConnectError, ExceptionReplyError, FrameError, LinkError, StaleReplyError
from edge.links import AsciiAddress, Link, Read, SerialAddress
from edge.links.frames import AsciiFraming, RtuFraming
from edge.links.serial_wire import SerialWire

Progress = Callable[[int, int], None]
"""Told how many of how many are done."""

REFUSALS: Final = frozenset({1, 2, 3})
"""Exceptions by which a device says that it understood; any other may be a gateway's word about an absent one."""
GATEWAY_EXCEPTIONS: Final = frozenset({10, 11})
"""Said by a gateway for a unit it does not reach (Modbus Application Protocol 1.1b3, chapter 7)."""
PATIENCE_S: Final = 0.5
_GAP_S: Final = 0.020
"""A pause that ends a frame which did not arrive whole [s]; USB adapters deliver in steps of up to 16 ms."""
_AT_ONCE: Final = 64
_BETWEEN_CONNECTS_S: Final = 0.01
_NOISE: Final = -1


def ping(unit: int) -> Read:
    """The question that every Modbus device answers, if only by refusing it: one holding register."""
    return Read(unit, 3, 0, 1)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a sweep of a line heard.

    Parameters
    ----------
    answered
        Units whose answer was understood.
    unclear
        Units that may have answered: something came that was no whole answer.
    """

    answered: frozenset[int]
    unclear: frozenset[int]


async def sweep_line(
    address: SerialAddress, units: Sequence[int], progress: Progress, turnaround_s: float = TURNAROUND_S
) -> Heard:
    """Ask each unit of a line once.

    Parameters
    ----------
    address
        The line and its settings.
    units
        Whom to ask, in this order.
    progress
        Told after each.
    turnaround_s
        How long a unit may think [s]; slower ones are heard while the next is asked.

    Raises
    ------
    ConnectError
        When the line cannot be opened.
    """
    ascii_frames = isinstance(address, AsciiAddress)
    wire, framing = SerialWire(address), AsciiFraming() if ascii_frames else RtuFraming()
    take = take_ascii_answer if ascii_frames else take_answer
    await wire.open(PATIENCE_S)
    answered: set[int] = set()
    unclear: set[int] = set()
    try:
        before = None
        for done, unit in enumerate(units, 1):
            wire.send(framing.wrap(ping(unit), 0))
            wait_s = window_s(address, turnaround_s)
            for speaker in await _speakers(wire, take, wait_s, address.silence_s):
                if speaker in units:
                    answered.add(speaker)
                else:
                    unclear |= {unit} if before is None else {unit, before}
            before = unit
            progress(done, len(units))
    finally:
        wire.close()
    return Heard(frozenset(answered), frozenset(unclear - answered))


async def _speakers(
    wire: SerialWire, take: Callable[[bytearray], int | None], wait_s: float, silence_s: float
) -> set[int]:
    """Who answered; nobody for silence, `_NOISE` for something that is no answer."""
    loop = asyncio.get_running_loop()
    heard: set[int] = set()
    if await wire.quiet(loop.time() + wait_s):
        return heard
    while True:
        speaker = take(wire.received)
        if speaker is not None:
            heard.add(speaker)
        elif not wire.received:
            if await wire.quiet(loop.time() + silence_s):
                return heard
        elif not await wire.more(loop.time() + _GAP_S):
            wire.received.clear()
            return heard | {_NOISE}


def take_answer(buffer: bytearray) -> int | None:
    """Remove an answer to `ping` from the buffer's beginning: who sent it, or none if there is no whole one."""
    for end in (5, 7):  # a refusal; one register
        frame, checksum = bytes(buffer[: end - 2]), int.from_bytes(buffer[end - 2 : end], "big")
        shape = (0x83,) if end == 5 else (3, 2)
        if len(buffer) >= end and tuple(frame[1 : 1 + len(shape)]) == shape and FramerRTU.check_CRC(frame, checksum):
            del buffer[:end]
            return frame[0]
    return None


def take_ascii_answer(buffer: bytearray) -> int | None:
    """The same in ASCII frames."""
    try:
        frame = AsciiFraming().take(buffer)
    except FrameError:
        return None
    return frame.unit if frame is not None and (frame.pdu[0] == 0x83 or frame.pdu[:2] == b"\x03\x02") else None


@dataclass(frozen=True, slots=True)
class Answer:
    """One unit's word.

    Parameters
    ----------
    there
        Whether a device answered.
    latency_s
        How long it took [s].
    trouble
        What came instead of an answer, if something did.
    doubt
        The exception it answered with, where that may as well be a gateway's word about an absent device; else 0.
    """

    there: bool
    latency_s: float = 0.0
    trouble: str = ""
    doubt: int = 0


async def ask(link: Link, unit: int) -> Answer:
    """Ask one unit, patiently.

    Raises
    ------
    ConnectError
        When the way to it is closed.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        await link.read(ping(unit))
    except ExceptionReplyError as error:
        there = error.code not in GATEWAY_EXCEPTIONS
        doubt = error.code if there and error.code not in REFUSALS else 0
        return Answer(there, loop.time() - began, doubt=doubt)
    except StaleReplyError as error:
        return Answer(there=True, latency_s=loop.time() - began, trouble=str(error))
    except ConnectError:
        raise
    except FrameError as error:
        return Answer(there=False, trouble=str(error))
    except LinkError:
        return Answer(there=False)
    return Answer(there=True, latency_s=loop.time() - began)


async def open_endpoints(
    endpoints: Sequence[tuple[str, int]], progress: Progress, timeout_s: float = 1.0
) -> list[tuple[str, int]]:
    """Which hosts and ports take a TCP connection; nothing is sent. At most 100 are begun in a second."""
    seats = asyncio.Semaphore(_AT_ONCE)
    done = 0

    async def takes(host: str, port: int) -> bool:
        nonlocal done
        try:
            async with asyncio.timeout(timeout_s):
                _, writer = await asyncio.open_connection(host, port)
        except OSError:  # refused, unreachable, no such host; a timeout is one too
            return False
        else:
            writer.close()
            return True
        finally:
            seats.release()
            done += 1
            progress(done, len(endpoints))

    async with asyncio.TaskGroup() as group:
        tasks = []
        for host, port in endpoints:
            await seats.acquire()
            tasks.append(group.create_task(takes(host, port)))
            await asyncio.sleep(_BETWEEN_CONNECTS_S)
    return [endpoint for endpoint, task in zip(endpoints, tasks, strict=True) if task.result()]
