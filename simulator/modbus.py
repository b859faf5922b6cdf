"""Modbus servers whose registers are computed when they are read: TCP by pymodbus, RTU on a pseudo-terminal."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import termios
import tty
from collections.abc import Callable, Mapping

import structlog
from pymodbus.constants import ExcCodes
from pymodbus.exceptions import ModbusIOException
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    ReadInputRegistersRequest,
    ReadInputRegistersResponse,
)
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from edge.profiles import Profile
from simulator.errors import LinkError

log = structlog.get_logger(__name__)

Image = Callable[[], Mapping[tuple[int, int], int]]
"""The registers now: words by (function, wire address)."""

_BITS_PER_BYTE = 10  # 8N1: start, eight data, stop
_SILENCE_S = 0.05


class Unit:
    """A device behind a Modbus unit: a span of registers for each function of its profile, CT ratios among them.

    Registers that mean nothing inside the span read 0; outside it, and in other functions, the device says no.
    """

    def __init__(self, profile: Profile, image: Image) -> None:
        self._image = image
        self.spans: dict[int, tuple[int, int]] = {}
        for member in profile.members:
            low, high = self.spans.get(member.function, (member.address, member.end))
            self.spans[member.function] = (min(low, member.address), max(high, member.end))

    def read(self, function: int, address: int, count: int) -> list[int] | ExcCodes:
        """Words from one instant, or the exception the device answers."""
        if function not in self.spans:
            return ExcCodes.ILLEGAL_FUNCTION
        low, high = self.spans[function]
        if address < low or address + count > high:
            return ExcCodes.ILLEGAL_ADDRESS
        words = self._image()
        return [words.get((function, at), 0) for at in range(address, address + count)]


def _sim_device(number: int, unit: Unit) -> SimDevice:
    low = min(span[0] for span in unit.spans.values())
    high = max(span[1] for span in unit.spans.values())

    async def action(
        function: int, start: int, address: int, count: int, words: list[int], written: list[int] | list[bool] | None
    ) -> ExcCodes | None:
        answer = ExcCodes.ILLEGAL_FUNCTION if written is not None else unit.read(function, address, count)
        if isinstance(answer, ExcCodes):
            return answer
        words[address - start : address - start + count] = answer
        return None

    block = SimData(low, values=[0] * (high - low), datatype=DataType.REGISTERS)
    return SimDevice(number, [block], action=action)


class TcpLink:
    """A Modbus TCP server with one or more units."""

    def __init__(self, name: str, host: str, port: int, units: Mapping[int, Unit]) -> None:
        self._where = f"link {name}: {host}:{port}"
        self._address = (host, port)
        self._units = units
        self._server: ModbusTcpServer | None = None

    async def open(self) -> str:
        """Listen; returns the URL with the real port.

        Raises
        ------
        LinkError
            When the port cannot be had.
        """
        self._check_free()
        devices = [_sim_device(number, unit) for number, unit in self._units.items()]
        server = ModbusTcpServer(devices, address=self._address)
        try:
            await server.serve_forever(background=True)
        except RuntimeError as error:
            raise LinkError(f"{self._where}: cannot listen; choose another port, or 0 for any free one") from error
        self._server = server
        transport = server.transport
        assert isinstance(transport, asyncio.Server)
        port = transport.sockets[0].getsockname()[1]
        return f"tcp://{self._address[0]}:{port}"

    def _check_free(self) -> None:
        """Ask for the port first, because pymodbus tells that it failed but not why."""
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(self._address)
        except OSError as error:
            advice = "choose another port in the factory file, or 0 for any free one"
            if error.errno == errno.EADDRINUSE:
                raise LinkError(f"{self._where} is already in use by another program; {advice}") from error
            raise LinkError(f"{self._where} cannot be listened on ({error.strerror}); {advice}") from error

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is not None:
            listener = self._server.transport
            await self._server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus leaves it without a signature
            self._server = None
            if isinstance(listener, asyncio.Server):
                await listener.wait_closed()
            await asyncio.sleep(0)  # a dropped connection closes its socket in the loop's next turn


class RtuLink:
    """An RS-485 line of several units behind a pseudo-terminal, as slow as its baud rate.

    pymodbus frames and parses; the answering is ours, because its serial server wants a device it can open by name.
    """

    def __init__(self, name: str, baud: int, units: Mapping[int, Unit]) -> None:
        self._name = name
        self._baud = baud
        self._units = units
        self._framer = FramerRTU(DecodePDU(True))  # noqa: FBT003 - pymodbus' own signature: is_server
        self._fds: tuple[int, int] | None = None
        self._received = b""
        self._heard = 0.0
        self._reply: asyncio.TimerHandle | None = None

    async def open(self) -> str:
        """Make the pseudo-terminal; returns the URL a reader opens.

        Raises
        ------
        LinkError
            When the system gives none.
        """
        try:
            ours, theirs = os.openpty()
        except OSError as error:
            raise LinkError(f"link {self._name}: no pseudo-terminal to be had ({error.strerror})") from error
        tty.setraw(theirs, termios.TCSANOW)
        os.set_blocking(ours, False)
        # `theirs` stays open here too, or the line would break whenever its reader closes it.
        self._fds = (ours, theirs)
        asyncio.get_running_loop().add_reader(ours, self._on_bytes)
        return f"rtu://{os.ttyname(theirs)}?baud={self._baud}"

    def _on_bytes(self) -> None:
        assert self._fds is not None
        try:
            data = os.read(self._fds[0], 1024)
        except OSError as error:
            log.warning("line_unreadable", link=self._name, reason=error.strerror)
            return
        loop = asyncio.get_running_loop()
        if loop.time() - self._heard > _SILENCE_S:
            self._received = b""  # a pause ends a frame: what came before it was noise
        self._heard = loop.time()
        self._received += data
        try:
            used, request = self._framer.handleFrame(self._received, 0, 0)
        except ModbusIOException:
            self._received = b""  # a function no device here has ever heard of; on a bus nobody answers that
            return
        self._received = self._received[used:]
        answer = self._answer(request) if request is not None else None
        if answer is not None:
            frame = self._framer.buildFrame(answer)
            delay = (used + len(frame)) * _BITS_PER_BYTE / self._baud
            self._reply = loop.call_later(delay, self._send, frame)

    def _answer(self, request: ModbusPDU) -> ModbusPDU | None:
        unit = self._units.get(request.dev_id)
        if unit is None:
            return None
        if not isinstance(request, ReadHoldingRegistersRequest | ReadInputRegistersRequest):
            return ExceptionResponse(request.function_code, ExcCodes.ILLEGAL_FUNCTION, request.dev_id)
        words = unit.read(request.function_code, request.address, request.count)
        if isinstance(words, ExcCodes):
            return ExceptionResponse(request.function_code, words, request.dev_id)
        kind = ReadInputRegistersResponse if request.function_code == 4 else ReadHoldingRegistersResponse
        return kind(registers=words, dev_id=request.dev_id)

    def _send(self, frame: bytes) -> None:
        if self._fds is not None:
            try:
                os.write(self._fds[0], frame)
            except BlockingIOError:
                log.warning("line_not_read", link=self._name)

    async def close(self) -> None:
        """Let go of the pseudo-terminal."""
        if self._reply is not None:
            self._reply.cancel()
        if self._fds is not None:
            asyncio.get_running_loop().remove_reader(self._fds[0])
            for fd in self._fds:
                os.close(fd)
            self._fds = None
