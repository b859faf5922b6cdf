"""What one Modbus TCP read of 120 registers costs a gateway's processor, beside pymodbus's own client in the same run.

The server is a process of its own that only answers, so that its work is not counted. Rounds alternate, and the best of
each counts: what else the machine does can only add.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from typing import Final

import uvloop
from pymodbus.client import AsyncModbusTcpClient

from benchmarks.frame import Figure, report
from edge.links import Link, Read

_COUNT: Final = 120
_READS: Final = 4_000
_ROUNDS: Final = 5
_TARGET_US: Final = 60.0
_READ: Final = Read(1, 4, 0, _COUNT)

_Run = Callable[[int], Awaitable[float]]


def _serve(tell: Connection) -> None:
    """Answer whoever connects, always with the same registers."""
    server = socket.create_server(("127.0.0.1", 0))
    tell.send(server.getsockname()[1])
    body = bytes([4, 2 * _COUNT]) + bytes(range(2 * _COUNT))
    while True:
        connection, _ = server.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while question := connection.recv(4096):
            connection.sendall(question[:4] + struct.pack(">HB", len(body) + 1, question[6]) + body)


async def _ours(port: int) -> float:
    """CPU time of a read through a link [µs]."""
    link = Link.from_url(f"tcp://127.0.0.1:{port}", 5.0)
    await link.read(_READ)
    started = time.process_time()
    for _ in range(_READS):
        await link.read(_READ)
    took = time.process_time() - started
    link.close()
    return took / _READS * 1e6


async def _pymodbus(port: int) -> float:
    """CPU time of the same read through pymodbus's client [µs]."""
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=5)
    await client.connect()
    started = time.process_time()
    for _ in range(_READS):
        answer = await client.read_input_registers(0, count=_COUNT, device_id=1)
        assert len(answer.registers) == _COUNT
    took = time.process_time() - started
    client.close()
    return took / _READS * 1e6


def main() -> int:
    """Measure; exit 1 when a read costs more than its target."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("fork").Process(target=_serve, args=(there,), daemon=True)
    server.start()
    port: int = here.recv()
    best = {(client, loop): float("inf") for client in ("link", "pymodbus") for loop in ("asyncio", "uvloop")}
    runs: dict[str, _Run] = {"link": _ours, "pymodbus": _pymodbus}
    for _ in range(_ROUNDS):
        for (client, loop), so_far in best.items():
            measure = runs[client](port)
            took = uvloop.run(_awaited(measure)) if loop == "uvloop" else asyncio.run(_awaited(measure))
            best[client, loop] = min(so_far, took)
    server.terminate()
    server.join()
    return report("links", _figures(best), facts={"reads": _READS * _ROUNDS, "load": f"{os.getloadavg()[0]:.1f}"})


async def _awaited(measure: Awaitable[float]) -> float:
    return await measure


def _figures(best: dict[tuple[str, str], float]) -> list[Figure]:
    figures = []
    for loop in ("asyncio", "uvloop"):
        ours, theirs = best["link", loop], best["pymodbus", loop]
        target, met = (f"≤ {_TARGET_US:g}", ours <= _TARGET_US) if loop == "uvloop" else ("", None)
        peer = f"pymodbus's client, {loop}"
        figures.append(
            Figure(
                f"CPU of a TCP read of {_COUNT} registers, {loop}", ours, "µs", target, met, peer, theirs, theirs / ours
            )
        )
    return figures


if __name__ == "__main__":
    raise SystemExit(main())
