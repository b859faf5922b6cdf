"""Links against servers that others wrote: every function, the longest reads, refusals, identification."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from pymodbus.framer import FramerType

from edge.errors import ConnectError, ExceptionReplyError, LinkError
from edge.links import BASIC, REGULAR, SINGLE, Link, Read, ReadIdentification
from tests.edge.wires import device, tcp_server
from tests.interop.certificates import Authority
from tests.interop.servers import (
    IDENTITY,
    SIZE,
    held,
    libmodbus,
    libmodbus_rtu,
    modbus_serial,
    pymodbus_network,
    pymodbus_serial,
    pymodbus_tls,
    pymodbustcp,
)

TIMEOUT_S = 5.0


async def check_reads(link: Link) -> None:
    """Everything that can be read is read as it is held, and the next question is unharmed by a refusal."""
    for function, address, count in [
        *[(function, address, 10) for function in (1, 2, 3, 4) for address in (0, 77, SIZE - 10)],
        *[(3, 0, 125), (4, 75, 125), (3, 199, 1), (4, 0, 1), (1, 0, SIZE), (2, 3, 100), (1, 199, 1)],
    ]:
        values = await link.read(Read(1, function, address, count))
        assert values == tuple(held(function, at) for at in range(address, address + count))
    with pytest.raises(ExceptionReplyError) as refused:
        await link.read(Read(1, 3, SIZE - 1, 2))
    assert refused.value.code == 2
    assert await link.read(Read(1, 4, 5, 2)) == (held(4, 5), held(4, 6))


def test_libmodbus_on_tcp(libmodbus_server: Path, tmp_path: Path) -> None:
    async def run(url: str) -> None:
        link = Link.from_url(url, TIMEOUT_S)
        await check_reads(link)
        link.close()
        link = Link.from_url(url, 0.5)
        with pytest.raises(LinkError):  # this version knows nothing of function 43 and says nothing either
            await link.identify(ReadIdentification(1))
        assert await link.read(Read(1, 3, 0, 1)) == (held(3, 0),)
        link.close()

    with libmodbus(libmodbus_server, tmp_path) as url:
        asyncio.run(run(url))


def test_libmodbus_on_a_serial_line(libmodbus_server: Path) -> None:
    async def run() -> None:
        async with libmodbus_rtu(libmodbus_server) as url:
            link = Link.from_url(url, TIMEOUT_S)
            await check_reads(link)
            link.close()

    asyncio.run(run())


def test_the_npm_package_modbus_serial(node_modules: Path, tmp_path: Path) -> None:
    async def run(url: str) -> None:
        link = Link.from_url(url, TIMEOUT_S)
        await check_reads(link)
        objects = await link.identify(ReadIdentification(1))
        assert objects == {0: b"Node", 1: b"modbus-serial", 2: b"8.0"}
        link.close()

    with modbus_serial(node_modules, tmp_path) as url:
        asyncio.run(run(url))


def test_pymodbustcp(tmp_path: Path) -> None:
    async def run(url: str) -> None:
        link = Link.from_url(url, TIMEOUT_S)
        await check_reads(link)
        assert await link.identify(ReadIdentification(1)) == {0: b"Python", 1: b"pyModbusTCP", 2: b"0.3"}
        assert await link.identify(ReadIdentification(1, SINGLE, 1)) == {1: b"pyModbusTCP"}
        link.close()

    with pymodbustcp(tmp_path) as url:
        asyncio.run(run(url))


PYMODBUS: dict[str, Callable[[], contextlib.AbstractAsyncContextManager[str]]] = {
    "tcp": lambda: pymodbus_network(FramerType.SOCKET, "tcp"),
    "rtu+tcp": lambda: pymodbus_network(FramerType.RTU, "rtu+tcp"),
    "ascii+tcp": lambda: pymodbus_network(FramerType.ASCII, "ascii+tcp"),
    "rtu": lambda: pymodbus_serial(FramerType.RTU, "rtu"),
    "ascii": lambda: pymodbus_serial(FramerType.ASCII, "ascii"),
}


@pytest.mark.parametrize("kind", list(PYMODBUS))
def test_pymodbus_over_every_kind_of_link(kind: str) -> None:
    async def run() -> None:
        async with PYMODBUS[kind]() as url:
            link = Link.from_url(url, TIMEOUT_S)
            await check_reads(link)
            if kind.endswith("tcp"):
                for level in (BASIC, REGULAR):
                    objects = await link.identify(ReadIdentification(1, level))
                    assert {item: objects[item] for item in IDENTITY} == IDENTITY
            link.close()

    asyncio.run(run())


@contextlib.asynccontextmanager
async def behind_tls(folder: Path, *, wants_client: bool) -> AsyncIterator[tuple[str, Authority]]:
    authority = Authority(folder)
    async with pymodbus_tls(authority.server_context("meter.example", wants_client=wants_client)) as port:
        yield f"tls://127.0.0.1:{port}", authority


def test_pymodbus_behind_tls_with_certificates_on_both_sides(tmp_path: Path) -> None:
    async def run() -> None:
        async with behind_tls(tmp_path, wants_client=True) as (url, authority):
            certificate, key = authority.sign("gateway.example")
            link = Link.from_url(f"{url}?ca={authority.ca}&certificate={certificate}&key={key}", TIMEOUT_S)
            await check_reads(link)
            link.close()
            named = Link.from_url(
                f"{url}?ca={authority.ca}&certificate={certificate}&key={key}&name=meter.example", TIMEOUT_S
            )
            assert await named.read(Read(1, 3, 0, 1)) == (held(3, 0),)
            named.close()

    asyncio.run(run())


def test_a_server_that_nobody_vouches_for_is_not_read(tmp_path: Path) -> None:
    async def run() -> None:
        async with behind_tls(tmp_path, wants_client=False) as (url, authority):
            stranger = Authority(tmp_path, "stranger")
            for options, says in [
                (f"ca={stranger.ca}", "its certificate is not accepted: "),
                (f"ca={authority.ca}&name=other.example", "its certificate is not accepted: Hostname mismatch"),
                ("", "its certificate is not accepted: "),
                (f"ca={tmp_path}/none.pem", "cannot be used: No such file"),
                (
                    f"ca={authority.ca}&certificate={tmp_path}/none.crt&key={tmp_path}/none.key",
                    "cannot be used: No such",
                ),
            ]:
                link = Link.from_url(f"{url}?{options}", TIMEOUT_S)
                with pytest.raises(ConnectError, match=says):
                    await link.read(Read(1, 3, 0, 1))
                link.close()

    asyncio.run(run())


def test_a_server_without_tls_is_not_read_as_if_it_had(tmp_path: Path) -> None:
    async def run() -> None:
        async with tcp_server(device(1, {0: 1}, {0: 1})) as url:
            link = Link.from_url(url.replace("tcp:", "tls:"), 1.0)
            with pytest.raises(ConnectError):
                await link.read(Read(1, 3, 0, 1))
            link.close()

    asyncio.run(run())
