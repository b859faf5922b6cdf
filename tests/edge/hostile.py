"""A device that does everything wrong that a device can do, over every kind of link, and the count of what got through.

What its registers hold depends on the number of the question, so that an answer to any other question shows. It answers
in order, as one device on one line does. On TCP bits are flipped in the header, the function and the byte count only:
Modbus TCP has no checksum of its own, so nobody could tell a flipped register; TCP's own checksum is there for that.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import struct
import termios
import time
import tty
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from edge.errors import LinkError, StaleReplyError
from edge.links import Link, Read, parse_url

KINDS = ("tcp", "rtu+tcp", "rtu", "ascii+tcp", "ascii")
INTACT = ("good", "slow", "split")
FAULTS = (
    "late", "held back", "short", "long", "cut", "duplicated", "bit-flipped", "checksum broken", "foreign unit",
    "foreign function", "foreign transaction", "glued", "exception", "never",
)  # fmt: skip
_UNITS = (1, 2, 3)
_COUNTS = (2, 10, 10, 10, 20)


def content(number: int, unit: int, function: int, address: int, count: int) -> tuple[int, ...]:
    """What the registers hold at the question of this number: no two of 65,536 in a row agree in any register."""
    first = number * 40503 + unit * 911 + function * 8089
    return tuple((first + at * 257) & 0xFFFF for at in range(address, address + count))


def _crc_table() -> list[int]:
    table = []
    for index in range(256):
        value = index
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _crc_table()


def crc16(data: bytes) -> bytes:
    """Modbus over Serial Line 1.02, 6.2.2, written for the tests alone."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc.to_bytes(2, "little")


def framed(kind: str, transaction: int, unit: int, pdu: bytes) -> bytes:
    """A frame of this kind."""
    body = bytes([unit]) + pdu
    if kind == "tcp":
        return struct.pack(">HHH", transaction, 0, len(body)) + body
    if kind.startswith("ascii"):
        return b":" + (body + bytes([-sum(body) & 0xFF])).hex().upper().encode() + b"\r\n"
    return body + crc16(body)


@dataclass(frozen=True)
class Asked:
    """A question as it reached the device."""

    number: int
    transaction: int
    unit: int
    function: int
    address: int
    count: int

    def pdu(self, count: int | None = None, function: int | None = None, unit: int | None = None) -> bytes:
        unit, function, count = unit or self.unit, function or self.function, count or self.count
        words = content(self.number, unit, function, self.address, count)
        return struct.pack(f">BB{count}H", function, 2 * count, *words)


class Device:
    """One device, which does something wrong in `share` of its answers."""

    def __init__(self, kind: str, seed: str, share: float, timeout_s: float) -> None:
        self.kind = kind
        self.number = 0
        self.asked: Asked | None = None
        self.did = ""
        self.faults: Counter[str] = Counter()
        self.story: deque[str] = deque(maxlen=8)
        self._random = random.Random(seed)
        self._share = share
        self._timeout_s = timeout_s
        self._free_at = 0.0
        self._before = b""
        self._held: list[bytes] = []
        self._received = bytearray()
        self.send: Callable[[bytes], object] = lambda data: None

    def hear(self, data: bytes) -> None:
        """Bytes from the link: whole questions, perhaps several."""
        self._received += data
        while (question := self._question()) is not None:
            self.number += 1
            self.asked = asked = Asked(self.number, *question)
            good = self._random.random() >= self._share
            self.did = self._random.choice(INTACT if good and self._random.random() < 0.1 else ("good",))
            if not good:
                self.did = self._random.choice(FAULTS)
            self.faults[self.did] += 1
            self.story.append(f"{asked.number}: {asked.count} of {asked.unit}/{asked.function}, {self.did}")
            self._answer(asked)

    def _question(self) -> tuple[int, int, int, int, int] | None:
        buffer = self._received
        if self.kind == "tcp" and len(buffer) >= 12:
            transaction, _, _, unit, function, address, count = struct.unpack_from(">HHHBBHH", buffer)
            del buffer[:12]
            return transaction, unit, function, address, count
        if self.kind.startswith("ascii") and len(buffer) >= 17:
            unit, function, address, count = struct.unpack(">BBHH", bytes.fromhex(buffer[1:13].decode()))
            del buffer[:17]
            return 0, unit, function, address, count
        if self.kind.startswith("rtu") and len(buffer) >= 8:
            unit, function, address, count = struct.unpack_from(">BBHH", buffer)
            assert crc16(bytes(buffer[:6])) == buffer[6:8]
            del buffer[:8]
            return 0, unit, function, address, count
        return None

    def _frame(self, asked: Asked, pdu: bytes, unit: int | None = None, transaction: int | None = None) -> bytes:
        return framed(self.kind, asked.transaction if transaction is None else transaction, unit or asked.unit, pdu)

    def _answer(self, asked: Asked) -> None:
        chance, answer = self._random, self._frame(asked, asked.pdu())
        held, self._held = self._held, []
        for frame in held:
            self._say(frame)
        match self.did:
            case "good":
                self._say(answer)
            case "slow":
                self._say(answer, after_s=chance.uniform(0.05, 0.5) * self._timeout_s)
            case "split":
                for at in range(0, len(answer), 7):
                    self._say(answer[at : at + 7], after_s=0.0005)
            case "late":
                self._say(answer, after_s=chance.uniform(1.1, 3.0) * self._timeout_s)
            case "held back":
                self._held.append(answer)
            case "short":
                self._say(
                    self._frame(asked, asked.pdu(count=chance.randrange(1, asked.count + 1) - 1 or asked.count + 1))
                )
            case "long":
                self._say(self._frame(asked, asked.pdu(count=asked.count + chance.randrange(1, 9))))
            case "cut":
                self._say(answer[: chance.randrange(1, len(answer))])
            case "duplicated":
                self._say(answer * 2 if chance.random() < 0.3 else answer)
                self._say(answer, after_s=chance.choice([0.0005, 0.003, 0.01, 0.6 * self._timeout_s]))
            case "bit-flipped":
                self._say(self._flipped(answer))
            case "checksum broken":
                self._say(answer[:-2] + chance.randbytes(2) if self.kind != "tcp" else chance.randbytes(len(answer)))
            case "foreign unit":
                unit = chance.choice([other for other in _UNITS if other != asked.unit])
                self._say(self._frame(asked, asked.pdu(unit=unit), unit=unit))
            case "foreign function":
                self._say(self._frame(asked, asked.pdu(function=chance.choice([1, 2, 7 - asked.function, 6, 16, 65]))))
            case "foreign transaction":  # where frames have no number it is an answer that was given before
                self._say(self._frame(asked, asked.pdu(), transaction=asked.transaction - 1 & 0xFFFF))
            case "glued":
                self._say(self._before + answer)
            case "exception":
                pdu = bytes([asked.function | 0x80, chance.choice([1, 2, 3, 4, 5, 6, 10, 11])])
                self._say(self._frame(asked, pdu))
        self._before = answer

    def _flipped(self, frame: bytes) -> bytes:
        broken, chance = bytearray(frame), self._random
        places = 9 if self.kind == "tcp" else len(broken)
        for bit in chance.sample(range(8 * places), 1 if self.kind.startswith("ascii") else chance.randint(1, 3)):
            broken[bit // 8] ^= 1 << bit % 8
        return bytes(broken)

    def _say(self, data: bytes, after_s: float = 0.0) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._free_at = max(now, self._free_at) + after_s
        if self._free_at <= now:
            self.send(data)
        else:
            self._free_at += 1e-6  # two at one time would be in no order
            loop.call_at(self._free_at, self._send_now, data)

    def _send_now(self, data: bytes) -> None:
        self.send(data)  # over the connection there is then


class _Connection(asyncio.Protocol):
    def __init__(self, device: Device) -> None:
        self._device = device
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._device.send = transport.write

    def data_received(self, data: bytes) -> None:
        self._device.hear(data)


@contextlib.asynccontextmanager
async def on_a_link(device: Device) -> AsyncIterator[str]:
    """Serve the device; yields its URL."""
    loop = asyncio.get_running_loop()
    if device.kind.endswith("tcp"):
        server = await loop.create_server(lambda: _Connection(device), "127.0.0.1", 0)
        yield f"{device.kind}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        server.close()
        return
    master, slave = os.openpty()
    tty.setraw(slave, termios.TCSANOW)
    os.set_blocking(master, False)
    device.send = lambda data: os.write(master, data)
    loop.add_reader(master, lambda: device.hear(os.read(master, 4096)))
    yield f"{device.kind}://{os.ttyname(slave)}?baud=115200"
    loop.remove_reader(master)
    device.send = lambda data: None  # what is still to come finds nobody
    os.close(master)
    os.close(slave)


@dataclass
class Outcome:
    """What came of many reads.

    Parameters
    ----------
    reads, accepted
        Asked of links, and answered by them with a value.
    wrong
        Values that were not what the registers held for that question; each described.
    rejected
        Good answers, whole and in time, that were thrown away.
    unasked
        Reads refused because an answer could not have been told from an older one.
    questions
        That reached the devices, with those asked only to tell answers apart.
    """

    reads: int = 0
    accepted: int = 0
    wrong: list[str] = field(default_factory=list)
    rejected: int = 0
    unasked: int = 0
    questions: int = 0
    seconds: float = 0.0
    errors: Counter[str] = field(default_factory=Counter)
    did: Counter[str] = field(default_factory=Counter)


async def read_from_hostile(
    kind: str, reads: int, seed: int, *, links: int = 16, share: float = 0.2, timeout_s: float = 0.1
) -> Outcome:
    """Read from hostile devices, `links` of them at a time."""
    outcome = Outcome()
    started = time.monotonic()
    seeds = [f"{seed}/{kind}/{link}" for link in range(links)]
    share_of = [reads // links + (link < reads % links) for link in range(links)]
    devices = [Device(kind, own, share, timeout_s) for own in seeds]
    working = []
    for device, own, part in zip(devices, seeds, share_of, strict=True):
        working.append(asyncio.create_task(_read(device, own, part, timeout_s, outcome)))
        await asyncio.sleep(0.002)  # all connecting at once would be a test of connecting
    await asyncio.gather(*working)
    outcome.seconds = time.monotonic() - started
    return outcome


async def _read(device: Device, seed: str, reads: int, timeout_s: float, outcome: Outcome) -> None:
    async with on_a_link(device) as url:
        link = Link(parse_url(url), timeout_s, timeout_s)
        chance = random.Random(f"{seed}, the reads")
        for _ in range(reads):
            read = Read(chance.choice(_UNITS), chance.choice((3, 4)), chance.randrange(8), chance.choice(_COUNTS))
            await _one(link, device, read, outcome)
        link.close()
    outcome.reads += reads
    outcome.questions += device.number
    outcome.did += device.faults


async def _one(link: Link, device: Device, read: Read, outcome: Outcome) -> None:
    before = device.number
    try:
        words = await link.read(read)
    except LinkError as error:
        outcome.errors[type(error).__name__] += 1
        asked = device.asked
        if device.number == before:
            outcome.unasked += isinstance(error, StaleReplyError)
        elif asked is not None and _same(asked, read) and device.did in INTACT:
            outcome.rejected += 1
        return
    outcome.accepted += 1
    asked = device.asked
    if (
        asked is None
        or not _same(asked, read)
        or words != content(asked.number, read.unit, read.function, read.address, read.count)
    ):
        outcome.wrong.append(
            f"{device.kind}: {read} of unit {read.unit} got {words[:4]} after {'; '.join(device.story)}"
        )


def _same(asked: Asked, read: Read) -> bool:
    return (asked.unit, asked.function, asked.address, asked.count) == (
        read.unit,
        read.function,
        read.address,
        read.count,
    )
