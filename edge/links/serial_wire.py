"""Bytes to and from a serial line."""

from __future__ import annotations

import asyncio
import os
import termios
from typing import Final

import serial

from edge.errors import ConnectError
from edge.links.address import SerialAddress
from edge.links.wires import Wire, reason

_CHUNK: Final = 4096
_IFLAG: Final = 0


class SerialWire(Wire):
    """One serial line, opened for this process alone."""

    def __init__(self, address: SerialAddress) -> None:
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

    async def open(self, timeout_s: float) -> None:  # noqa: ARG002 - opening a device does not wait for the other end
        """Open the device."""
        self.close()
        at = self._address
        try:
            port = serial.Serial(
                at.path,
                at.baud,
                bytesize=at.databits,
                parity=at.parity,
                stopbits=at.stopbits,
                timeout=0,
                write_timeout=0,
                exclusive=True,
            )
            if at.parity != "N":
                _check_parity(port.fileno())
        except (OSError, ValueError) as error:  # pyserial's own error is an OSError
            raise ConnectError(f"{self} cannot be opened: {reason(error)}") from error
        self._port = port
        asyncio.get_running_loop().add_reader(port.fileno(), self._readable)

    def send(self, data: bytes) -> None:
        """Send a question: a few bytes, which the driver's buffer always takes."""
        if self._port is None:
            raise ConnectError(f"{self} was closed by the other side")
        try:
            os.write(self._port.fileno(), data)
        except OSError as error:
            self.close()
            raise ConnectError(f"{self} broke: {reason(error)}") from error

    def close(self) -> None:
        """Close the device and forget what came."""
        port, self._port = self._port, None
        super().close()
        if port is not None:
            asyncio.get_running_loop().remove_reader(port.fileno())
            port.close()

    def _readable(self) -> None:
        assert self._port is not None
        try:
            data = os.read(self._port.fileno(), _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._arrived(data)
        else:  # unplugged, or the other end of a pseudo-terminal is gone
            self.close()


def _check_parity(fd: int) -> None:
    """Let the driver check the parity, which pyserial only sets: a wrong character is read as 0 and fails the sum."""
    settings = termios.tcgetattr(fd)
    settings[_IFLAG] |= termios.INPCK
    settings[_IFLAG] &= ~(termios.IGNPAR | termios.PARMRK)
    termios.tcsetattr(fd, termios.TCSANOW, settings)
