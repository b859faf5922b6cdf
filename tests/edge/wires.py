"""Devices for the tests: real pymodbus servers on TCP and on a serial line, and a hostile one following a script."""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
import termios
import tty
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field

import pytest
from pymodbus.framer import FramerRTU, FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from edge.profiles import Profile, encode
from tests.parts import free_port


async def until(condition: Callable[[], object], what: str, deadline_s: float = 60.0) -> None:
    """As `tests.parts.wait_until`, while the event loop runs on."""
    loop = asyncio.get_running_loop()
    end = loop.time() + deadline_s
    while not condition():
        if loop.time() > end:
            pytest.fail(f"not within {deadline_s} s: {what}")
        await asyncio.sleep(0.005)


def crc(data: bytes) -> bytes:
    return FramerRTU.compute_CRC(data).to_bytes(2, "big")


def memory(words: dict[int, int]) -> list[int]:
    return [words.get(address, 0) for address in range(max(words) + 1)]


def device(unit: int, holding: dict[int, int], inputs: dict[int, int], bits: Iterable[bool] = (False,)) -> SimDevice:
    flags = [SimData(0, values=list(bits), datatype=DataType.BITS)]
    return SimDevice(
        unit,
        (
            flags,
            flags,
            [SimData(0, values=memory(holding or {0: 0}), datatype=DataType.REGISTERS)],
            [SimData(0, values=memory(inputs or {0: 0}), datatype=DataType.REGISTERS)],
        ),
    )


def profiled(unit: int, profile: Profile, values: dict[str, float]) -> SimDevice:
    """A device that holds these values in this profile's registers; the rest of its registers are 0."""
    words = {(f.function, at): 0 for f in profile.fields for at in range(f.address, f.end)} | encode(profile, values)
    holding = {at: word for (function, at), word in words.items() if function == 3}
    inputs = {at: word for (function, at), word in words.items() if function == 4}
    return device(unit, holding, inputs)


_SCHEMES = {FramerType.SOCKET: "tcp", FramerType.RTU: "rtu+tcp", FramerType.ASCII: "ascii+tcp"}


@contextlib.asynccontextmanager
async def tcp_server(*devices: SimDevice, port: int = 0, framer: FramerType = FramerType.SOCKET) -> AsyncIterator[str]:
    """A real pymodbus TCP server; yields its URL."""
    port = port or free_port()
    server = ModbusTcpServer(list(devices), framer=framer, address=("127.0.0.1", port))
    await server.serve_forever(background=True)
    try:
        yield f"{_SCHEMES[framer]}://127.0.0.1:{port}"
    finally:
        await server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus leaves it without a signature


class Pty:
    """One pseudo-terminal: we hold one end, whoever opens `path` the other."""

    def __init__(self) -> None:
        self.fd, self._other = os.openpty()
        tty.setraw(self._other, termios.TCSANOW)
        os.set_blocking(self.fd, False)
        self.path = os.ttyname(self._other)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.fd)
        os.close(self.fd)
        os.close(self._other)


@contextlib.asynccontextmanager
async def rtu_server(*devices: SimDevice, framer: FramerType = FramerType.RTU) -> AsyncIterator[str]:
    """A real pymodbus serial server, its line joined to another pseudo-terminal whose URL is yielded."""
    near, far = Pty(), Pty()
    loop = asyncio.get_running_loop()
    loop.add_reader(near.fd, lambda: os.write(far.fd, os.read(near.fd, 4096)))
    loop.add_reader(far.fd, lambda: os.write(near.fd, os.read(far.fd, 4096)))
    server = ModbusSerialServer(list(devices), framer=framer, port=far.path, baudrate=19200)
    await server.serve_forever(background=True)
    try:
        yield f"{'ascii' if framer is FramerType.ASCII else 'rtu'}://{near.path}?baud=19200"
    finally:
        await server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus leaves it without a signature
        near.close()
        far.close()


@dataclass(frozen=True)
class Asked:
    """A question as the device received it; `number` counts them from 1."""

    number: int
    transaction: int
    unit: int
    function: int
    address: int
    count: int

    @property
    def words(self) -> list[int]:
        """What the device holds at this question: its number, in every register. So an answer tells whose it is."""
        return [self.number] * self.count

    def pdu(self, words: list[int] | None = None, function: int | None = None, byte_count: int | None = None) -> bytes:
        data = struct.pack(f">{len(words or self.words)}H", *(words or self.words))
        size = len(data) if byte_count is None else byte_count
        return bytes([self.function if function is None else function, size]) + data

    def tcp(self, pdu: bytes | None = None, *, transaction: int | None = None, unit: int | None = None) -> bytes:
        body = self.pdu() if pdu is None else pdu
        number = self.transaction if transaction is None else transaction
        return struct.pack(">HHHB", number, 0, len(body) + 1, self.unit if unit is None else unit) + body

    def rtu(self, pdu: bytes | None = None, *, unit: int | None = None) -> bytes:
        frame = bytes([self.unit if unit is None else unit]) + (self.pdu() if pdu is None else pdu)
        return frame + crc(frame)


Step = float | bytes
"""Seconds to wait, or bytes to send."""
Script = Callable[[Asked], Iterable[Step]]


@dataclass
class Hostile:
    """A device that answers one question after another as its script says; what it was asked is in `asked`."""

    script: Script
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0

    async def serve(self, questions: asyncio.Queue[Asked], send: Callable[[bytes], None]) -> None:
        while True:
            question = await questions.get()
            for step in self.script(question):
                if isinstance(step, bytes):
                    send(step)
                else:
                    await asyncio.sleep(step)

    def note(self, transaction: int, unit: int, pdu: bytes) -> Asked:
        function, address, count = struct.unpack(">BHH", pdu)
        question = Asked(len(self.asked) + 1, transaction, unit, function, address, count)
        self.asked.append(question)
        return question


@contextlib.asynccontextmanager
async def hostile_tcp(script: Script) -> AsyncIterator[Hostile]:
    hostile = Hostile(script)
    workers: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hostile.connections += 1
        questions: asyncio.Queue[Asked] = asyncio.Queue()
        worker = asyncio.create_task(hostile.serve(questions, writer.write))
        workers.add(worker)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                transaction, _, length, unit = struct.unpack(">HHHB", await reader.readexactly(7))
                questions.put_nowait(hostile.note(transaction, unit, await reader.readexactly(length - 1)))
        worker.cancel()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    hostile.url = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield hostile
    finally:
        server.close()
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


@contextlib.asynccontextmanager
async def hostile_rtu(script: Script) -> AsyncIterator[Hostile]:
    line = Pty()
    hostile = Hostile(script, f"rtu://{line.path}?baud=115200")
    questions: asyncio.Queue[Asked] = asyncio.Queue()
    received = bytearray()

    def arrived() -> None:
        received.extend(os.read(line.fd, 4096))
        while len(received) >= 8:  # every question is 8 bytes
            frame = bytes(received[:8])
            del received[:8]
            assert crc(frame[:6]) == frame[6:]
            questions.put_nowait(hostile.note(0, frame[0], frame[1:6]))

    asyncio.get_running_loop().add_reader(line.fd, arrived)
    worker = asyncio.create_task(hostile.serve(questions, lambda data: void(os.write(line.fd, data))))
    try:
        yield hostile
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        line.close()


def void(_: object) -> None:
    """Nothing."""
