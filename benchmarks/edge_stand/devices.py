"""Simulated Modbus TCP devices, as cheap as can be: every question gets the same registers, prepared beforehand.

``python -m benchmarks.edge_stand.devices COUNT`` prints the ports and serves until its input ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import sys
from typing import cast

import uvloop

from benchmarks.edge_stand.site import words

_QUESTION = 12


class Device(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._left = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody asks."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer every question."""
        assert self._transport is not None
        data = self._left + data
        for start in range(0, len(data) - _QUESTION + 1, _QUESTION):
            self._transport.write(data[start : start + 2] + ANSWER_HEAD + data[start + 6 : start + 8] + ANSWER_BODY)
        self._left = data[len(data) // _QUESTION * _QUESTION :]


WORDS = words()
ANSWER_BODY = bytes([2 * len(WORDS)]) + struct.pack(f">{len(WORDS)}H", *WORDS)
ANSWER_HEAD = struct.pack(">HH", 0, len(ANSWER_BODY) + 2)


async def serve(count: int) -> None:
    """Serve until the input ends."""
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(Device, "127.0.0.1", 0) for _ in range(count)]
    sys.stdout.write(json.dumps([server.sockets[0].getsockname()[1] for server in servers]) + "\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))
