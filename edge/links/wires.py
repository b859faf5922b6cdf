"""Bytes to and from a bus, whatever carries them. Knows nothing of Modbus; never blocks the event loop."""

from __future__ import annotations

import asyncio
import os
import ssl
from abc import ABC, abstractmethod

from edge.errors import ConnectError
from edge.links.address import NetworkAddress, TlsAddress


class Wire(ABC):
    """An open or closed way to a bus.

    Attributes
    ----------
    received
        Bytes that came and were not used yet.
    heard_at
        When the latest of them came [s, the event loop's clock].
    """

    def __init__(self) -> None:
        self.received = bytearray()
        self.heard_at = 0.0
        self._waiter: asyncio.Future[bool] | None = None
        self._until = 0.0
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = 0.0

    @property
    @abstractmethod
    def is_open(self) -> bool:
        """Whether bytes can be sent now."""

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

    def close(self) -> None:
        """Close it, and forget what came; it can be opened again."""
        self.received.clear()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._wake(news=True)

    async def more(self, until: float) -> bool:
        """Wait until bytes arrive, at most until `until` [s, the event loop's clock]; whether they came.

        Raises
        ------
        ConnectError
            When the wire was closed from the other side.
        """
        self._check_open()
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        self._waiter = waiter
        self._until = until
        short = None
        if self._alarm is None:
            self._set_alarm(loop, until)
        elif until < self._alarm_at:
            short = loop.call_at(until, self._rang)
        try:
            news = await waiter
        finally:
            self._waiter = None
            if short is not None:
                short.cancel()
        if not self.received:
            self._check_open()
        return news

    async def quiet(self, until: float) -> bool:
        """Whether nothing arrives until `until` [s, the event loop's clock]."""
        return not self.received and not await self.more(until)

    def _arrived(self, data: bytes) -> None:
        self.received += data
        self.heard_at = asyncio.get_running_loop().time()
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(True)

    def _wake(self, *, news: bool) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(news)

    def _set_alarm(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        self._alarm_at = at
        self._alarm = loop.call_at(at, self._alarmed)

    def _alarmed(self) -> None:
        """One timer serves all waiting: it is set anew when it rings, not at every question. That is far cheaper."""
        self._alarm = None
        if self._waiter is not None and not self._waiter.done():
            loop = asyncio.get_running_loop()
            if loop.time() < self._until:
                self._set_alarm(loop, self._until)
            else:
                self._waiter.set_result(False)

    def _rang(self) -> None:
        self._wake(news=False)

    def _check_open(self) -> None:
        if not self.is_open:
            raise ConnectError(f"{self} was closed by the other side")


class _Receiver(asyncio.Protocol):
    def __init__(self, wire: TcpWire) -> None:
        self._wire = wire

    def data_received(self, data: bytes) -> None:
        self._wire.arrived(self, data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - closed is closed
        self._wire.lost(self)


class TcpWire(Wire):
    """One TCP connection, behind TLS where the address says so."""

    def __init__(self, address: NetworkAddress) -> None:
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

    async def open(self, timeout_s: float) -> None:
        """Connect."""
        self.close()
        loop = asyncio.get_running_loop()
        receiver = _Receiver(self)
        at = self._address
        tls, name = None, None
        if isinstance(at, TlsAddress):  # read at every connection, so that a renewed certificate is used
            tls, name = _tls(at), at.name or at.host
        try:
            async with asyncio.timeout(timeout_s):
                transport, _ = await loop.create_connection(
                    lambda: receiver, at.host, at.port, ssl=tls, server_hostname=name
                )
        except TimeoutError as error:
            raise ConnectError(f"{self} does not answer the connection within {timeout_s:g} s") from error
        except OSError as error:
            raise ConnectError(f"{self} cannot be connected: {reason(error)}") from error
        self._transport, self._receiver = transport, receiver

    def send(self, data: bytes) -> None:
        """Send a question."""
        if self._transport is None:
            raise ConnectError(f"{self} was closed by the other side")
        self._transport.write(data)

    def close(self) -> None:
        """Drop the connection and everything that came over it."""
        transport, self._transport, self._receiver = self._transport, None, None
        super().close()
        if transport is not None:
            transport.abort()

    def arrived(self, receiver: _Receiver, data: bytes) -> None:
        """Keep what came; bytes of a connection that was dropped are nobody's."""
        if receiver is self._receiver:
            self._arrived(data)

    def lost(self, receiver: _Receiver) -> None:
        """The other side closed the connection."""
        if receiver is self._receiver:
            self._transport = self._receiver = None
            self._wake(news=True)


def _tls(address: TlsAddress) -> ssl.SSLContext:
    """What we trust and who we are.

    Raises
    ------
    ConnectError
        When a file cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=address.ca or None)
    except OSError as error:
        raise ConnectError(f"ca={address.ca} cannot be used: {reason(error)}", "Check the file.") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if address.certificate:
        try:
            context.load_cert_chain(address.certificate, address.key)
        except OSError as error:
            files = f"certificate={address.certificate} and key={address.key}"
            raise ConnectError(f"{files} cannot be used: {reason(error)}", "Check the files.") from error
    return context


def reason(error: Exception) -> str:
    """The error in words, without numbers and repeated paths."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).replace("_", " ").lower()
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno) if error.errno > 0 else str(error.strerror or error)
    return str(error)
