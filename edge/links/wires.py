"""Bytes to and from a TCP connection or a serial line. Knows nothing of Modbus; never blocks the event loop."""

from __future__ import annotations

import asyncio
import os
from abc import ABC, abstractmethod
from typing import Final

import serial

from edge.errors import ConnectError
from edge.links.address import RtuAddress, TcpAddress

_CHUNK: Final = 4096


class Wire(ABC):
    """An open or closed way to a bus, and the bytes that came from it and were not used yet."""

    def __init__(self) -> None:
        self.received = bytearray()
        self._news = asyncio.Event()

    @property
    @abstractmethod
    def is_open(self) -> bool:
        """Whether bytes can be sent now."""

    @property
    @abstractmethod
    def silence_s(self) -> float:
        """The pause that must follow an answer [s]; 0 where frames carry their length."""

    @abstractmethod
    async def open(self, timeout_s: float) -> None:
        """Open it.

        Raises
        ------
        ConnectError
            When that is not possible now.
        """

    @abstractmethod
    def send(self, data: bytes) -> None:
        """Send a question.

        Raises
        ------
        ConnectError
            When the wire broke.
        """

    @abstractmethod
    def close(self) -> None:
        """Close it; it can be opened again."""

    async def more(self) -> None:
        """Wait until bytes arrive.

        Raises
        ------
        ConnectError
            When the wire was closed from the other side.
        """
        self._news.clear()
        if self.is_open:
            await self._news.wait()
        if not self.received:
            self._check_open()

    def _check_open(self) -> None:
        if not self.is_open:
            raise ConnectError(f"{self} was closed by the other side")

    async def quiet(self, pause_s: float) -> bool:
        """Whether nothing arrives for `pause_s` [s]."""
        try:
            async with asyncio.timeout(pause_s):
                await self.more()
        except TimeoutError:
            return True
        return False


class _Receiver(asyncio.Protocol):
    def __init__(self, wire: TcpWire) -> None:
        self._wire = wire

    def data_received(self, data: bytes) -> None:
        self._wire.arrived(self, data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - closed is closed
        self._wire.lost(self)


class TcpWire(Wire):
    """One TCP connection."""

    def __init__(self, address: TcpAddress) -> None:
        super().__init__()
        self._address = address
        self._transport: asyncio.Transport | None = None
        self._receiver: _Receiver | None = None

    def __str__(self) -> str:
        """The address."""
        return str(self._address)

    @property
    def is_open(self) -> bool:
        """Whether it is connected."""
        return self._transport is not None

    @property
    def silence_s(self) -> float:
        """None is needed: frames carry their length."""
        return 0.0

    async def open(self, timeout_s: float) -> None:
        """Connect."""
        self.close()
        loop = asyncio.get_running_loop()
        receiver = _Receiver(self)
        try:
            async with asyncio.timeout(timeout_s):
                transport, _ = await loop.create_connection(lambda: receiver, self._address.host, self._address.port)
        except TimeoutError as error:
            raise ConnectError(f"{self} does not answer the connection within {timeout_s:g} s") from error
        except OSError as error:
            raise ConnectError(f"{self} cannot be connected: {_reason(error)}") from error
        self._transport, self._receiver = transport, receiver

    def send(self, data: bytes) -> None:
        """Send a question."""
        if self._transport is None:
            raise ConnectError(f"{self} was closed by the other side")
        self._transport.write(data)

    def close(self) -> None:
        """Drop the connection and everything that came over it."""
        transport, self._transport, self._receiver = self._transport, None, None
        self.received.clear()
        if transport is not None:
            transport.abort()

    def arrived(self, receiver: _Receiver, data: bytes) -> None:
        """Keep what came; bytes of a connection that was dropped are nobody's."""
        if receiver is self._receiver:
            self.received += data
            self._news.set()

    def lost(self, receiver: _Receiver) -> None:
        """The other side closed the connection."""
        if receiver is self._receiver:
            self._transport = self._receiver = None
            self._news.set()


class SerialWire(Wire):
    """One serial line, opened for this process alone."""

    def __init__(self, address: RtuAddress) -> None:
        super().__init__()
        self._address = address
        self._port: serial.Serial | None = None

    def __str__(self) -> str:
        """The device and its settings."""
        return str(self._address)

    @property
    def is_open(self) -> bool:
        """Whether the device is open."""
        return self._port is not None

    @property
    def silence_s(self) -> float:
        """3.5 characters [s]."""
        return self._address.silence_s

    async def open(self, timeout_s: float) -> None:  # noqa: ARG002 - opening a device does not wait for the other end
        """Open the device."""
        self.close()
        at = self._address
        try:
            self._port = serial.Serial(
                at.path, at.baud, parity=at.parity, stopbits=at.stopbits, timeout=0, write_timeout=0, exclusive=True
            )
        except (OSError, ValueError) as error:  # pyserial's own error is an OSError
            raise ConnectError(f"{self} cannot be opened: {_reason(error)}") from error
        asyncio.get_running_loop().add_reader(self._port.fileno(), self._arrived)

    def send(self, data: bytes) -> None:
        """Send a question: a few bytes, which the driver's buffer always takes."""
        if self._port is None:
            raise ConnectError(f"{self} was closed by the other side")
        try:
            os.write(self._port.fileno(), data)
        except OSError as error:
            self.close()
            raise ConnectError(f"{self} broke: {_reason(error)}") from error

    def close(self) -> None:
        """Close the device and forget what came."""
        port, self._port = self._port, None
        self.received.clear()
        if port is not None:
            asyncio.get_running_loop().remove_reader(port.fileno())
            port.close()

    def _arrived(self) -> None:
        assert self._port is not None
        try:
            data = os.read(self._port.fileno(), _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.received += data
        else:  # unplugged, or the other end of a pseudo-terminal is gone
            self.close()
        self._news.set()


def _reason(error: Exception) -> str:
    """The error in words, without numbers and repeated paths."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno) if error.errno > 0 else str(error.strerror or error)
    return str(error)
