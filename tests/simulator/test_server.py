"""The factory's sockets, read with pymodbus's own clients."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient

from edge.profiles import Profile, decode
from edge.site import parse_site, profile_of
from simulator import Factory, LinkError, load_factory, serve, site_document
from simulator.description import Link
from simulator.loading import BUILTIN
from simulator.modbus import RtuLink, Unit
from telemetry import Broker, DocumentError
from tests.simulator.conftest import NOW_MS

Links = dict[str, str]
Client = AsyncModbusTcpClient | AsyncModbusSerialClient


def open_fds() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def while_serving(factory: Factory, ask: Callable[[Links], Awaitable[None]], now: Callable[[], int]) -> None:
    """Serve, ask, cancel; the whole must leave nothing open."""

    async def main() -> None:
        ready: asyncio.Future[Links] = asyncio.get_running_loop().create_future()
        server = asyncio.create_task(serve(factory, now=now, ready=ready.set_result))
        while not ready.done() and not server.done():
            await asyncio.wait({server}, timeout=0.01)
        if server.done():
            server.result()
        try:
            await ask(ready.result())
        finally:
            server.cancel()
            await asyncio.wait_for(asyncio.wait({server}), 60.0)
            assert server.cancelled()

    asyncio.run(main())


async def connect(url: str) -> Client:
    parts = urlsplit(url)
    client: Client
    if parts.scheme == "tcp":
        assert parts.hostname
        client = AsyncModbusTcpClient(parts.hostname, port=parts.port or 0, timeout=60)
    else:
        client = AsyncModbusSerialClient(parts.path, baudrate=9600, timeout=60)
    assert await client.connect()
    return client


async def read(client: Client, function: int, address: int, count: int, unit: int) -> list[int]:
    ask = client.read_input_registers if function == 4 else client.read_holding_registers
    answer = await ask(address, count=count, device_id=unit)
    assert not answer.isError(), answer
    return list(answer.registers)


async def read_all(client: Client, profile: Profile, unit: int) -> dict[tuple[int, int], int]:
    registers: dict[tuple[int, int], int] = {}
    for member in profile.members:
        words = await read(client, member.function, member.address, member.words, unit)
        registers |= {(member.function, member.address + index): word for index, word in enumerate(words)}
    return registers


def test_every_device_answers_over_tcp_and_the_serial_line_with_the_factorys_values(factory: Factory) -> None:
    async def ask(links: Links) -> None:
        assert list(links) == ["incoming", "hall", "plc", "rs485"]
        assert links["rs485"].startswith("rtu:///dev/pts/")
        for name, url in links.items():
            client = await connect(url)
            for device in factory.file.devices:
                if device.link == name:
                    profile = factory.profile(device.id)
                    registers = await read_all(client, profile, device.unit)
                    assert decode(profile, registers) == factory.values(device.id, NOW_MS), device.id
            client.close()

    while_serving(factory, ask, lambda: NOW_MS)


MAPPED = """\
profile: {max_gap: 4, factors: [{name: cavities, function: 4, address: 90, type: uint16}], fields: [
      {channel: production_count, function: 3, address: 100, type: uint32, order: CDAB, multiply: [cavities],
       modulus: 100000},
      {channel: run_state, function: 3, address: 102, type: uint16, mask: 0x0F00,
       enum: {1: 0, 2: 1, 3: 2, 4: 3, 8: 4}},
      {channel: cycle_time_s, function: 3, address: 103, type: bcd16, scale: 0.1}]}"""
NAMED = "profile: generic-plc, link: plc, unit: 1"


def mapped_factory(tmp_path: Path) -> Factory:
    """The factory whose first PLC is mapped in the factory's own file."""
    text = (BUILTIN / "gimpo.yaml").read_text(encoding="utf-8")
    assert NAMED in text
    file = tmp_path / "factory.yaml"
    file.write_text(text.replace(NAMED, f"{MAPPED}, link: plc, unit: 1"), encoding="utf-8")
    return load_factory(file, now_ms=NOW_MS)


def test_a_plc_mapped_in_the_factory_file_serves_its_fields_and_its_factors(tmp_path: Path) -> None:
    factory = mapped_factory(tmp_path)
    profile = factory.profile("plc-1")
    assert profile.name == "plc-1"

    async def ask(links: Links) -> None:
        client = await connect(links["plc"])
        assert await read(client, 4, 90, 1, 1) == [1]
        registers = await read_all(client, profile, 1)
        assert decode(profile, registers) == factory.values("plc-1", NOW_MS)
        client.close()

    while_serving(factory, ask, lambda: NOW_MS)
    site = parse_site(
        site_document(
            factory,
            {link.name: "tcp://h:1" if link.name == "plc" else f"tcp://{link.name}" for link in factory.file.links},
            Broker(),
        ),
        "site.yaml",
        tmp_path,
    )
    (plc,) = (device for bus in site.buses for device in bus.devices if device.id == "plc-1")
    assert profile_of(plc).fields == profile.fields


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (", 8: 4}", "}", "a press is also in run state 4 (down); add it to the enum of run_state"),
        ("function: 3, address: 103, type: bcd16, scale: 0.1", "function: 1, address: 3, type: bit",
         "the simulator serves registers"),
        ("type: uint32", "type: uint33", "uint33"),
    ],
)  # fmt: skip
def test_a_map_that_the_simulated_plc_cannot_show_is_refused_with_its_line(
    tmp_path: Path, before: str, after: str, says: str
) -> None:
    text = (BUILTIN / "gimpo.yaml").read_text(encoding="utf-8")
    assert before in MAPPED
    file = tmp_path / "factory.yaml"
    file.write_text(text.replace(NAMED, f"{MAPPED.replace(before, after)}, link: plc, unit: 1"), encoding="utf-8")
    with pytest.raises(DocumentError) as refused:
        load_factory(file, now_ms=NOW_MS)
    assert says in refused.value.problem
    assert refused.value.path.startswith("devices[4].profile")
    assert refused.value.line >= text[: text.index(NAMED)].count("\n") + 1


def test_blocks_read_within_a_second_are_of_one_instant_and_the_next_second_differs(factory: Factory) -> None:
    clock = [NOW_MS]

    async def ask(links: Links) -> None:
        client = await connect(links["incoming"])
        blocks = []
        for step in (0, 400, 999, 1000):
            clock[0] = NOW_MS + step
            blocks.append(await read(client, 4, 0x34, 24, 1))
        assert blocks[0] == blocks[1] == blocks[2] != blocks[3]
        client.close()

    while_serving(factory, ask, lambda: clock[0])


def test_what_no_device_has_is_refused_as_a_device_would(factory: Factory) -> None:
    async def ask(links: Links) -> None:
        for name in ("incoming", "rs485"):
            client = await connect(links[name])
            beyond = await client.read_input_registers(0x4000, count=2, device_id=1)
            assert (beyond.isError(), beyond.exception_code) == (True, 2)
            across = await client.read_input_registers(0xF4, count=4, device_id=1)
            assert (across.isError(), across.exception_code) == (True, 2)
            holding = await client.read_holding_registers(0, count=2, device_id=1)
            assert (holding.isError(), holding.exception_code) == (True, 1)
            written = await client.write_register(0, 7, device_id=1)
            assert written.isError()
            assert len(await read(client, 4, 0x0024, 2, 1)) == 2, "a hole inside the map reads something"
            client.close()

    while_serving(factory, ask, lambda: NOW_MS)


def test_a_unit_that_is_not_on_the_line_stays_silent(factory: Factory) -> None:
    async def main() -> None:
        unit = Unit(factory.profile("ambient"), lambda: factory.registers("ambient", NOW_MS))
        line = RtuLink("line", 115_200, {2: unit})
        url = await line.open()
        impatient = AsyncModbusSerialClient(urlsplit(url).path, baudrate=115_200, timeout=0.2, retries=0)
        await impatient.connect()
        with pytest.raises(Exception, match="No response"):
            await impatient.read_input_registers(1, count=2, device_id=7)
        impatient.close()
        client = await connect(url)
        answer = await client.read_input_registers(1, count=2, device_id=2)
        assert not answer.isError()
        client.close()
        await line.close()

    asyncio.run(main())


def test_the_line_takes_as_long_as_its_baud_rate_and_survives_noise(factory: Factory) -> None:
    async def main() -> None:
        unit = Unit(factory.profile("compressor"), lambda: factory.registers("compressor", NOW_MS))
        line = RtuLink("line", 9600, {1: unit})
        url = await line.open()
        loop = asyncio.get_running_loop()
        fd = os.open(urlsplit(url).path, os.O_RDWR | os.O_NOCTTY)
        os.write(fd, b"\x01\x04\x00")  # a frame that was cut off
        client = AsyncModbusSerialClient(urlsplit(url).path, baudrate=9600, timeout=0.5, retries=20)
        await client.connect()
        begun = loop.time()
        words = await read(client, 4, 0, 80, 1)
        assert len(words) == 80
        assert loop.time() - begun >= (8 + 5 + 160) * 10 / 9600
        client.close()
        os.close(fd)
        await line.close()

    asyncio.run(main())


def test_stopping_leaves_nothing_open_even_with_clients_connected(factory: Factory) -> None:
    async def nothing(links: Links) -> None:
        assert links

    clients: list[Client] = []

    async def ask(links: Links) -> None:
        for url in links.values():
            client = await connect(url)
            clients.append(client)
        await read(clients[0], 4, 0, 2, 1)

    while_serving(factory, nothing, lambda: NOW_MS)
    before = open_fds()
    while_serving(factory, ask, lambda: NOW_MS)
    for client in clients:
        client.close()
    assert open_fds() <= before


def test_a_port_in_use_gets_one_clear_sentence_and_nothing_stays_open(factory: Factory) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        links = [*factory.file.links]
        links[2] = Link("plc", f"tcp://127.0.0.1:{port}")
        other = Factory(msgspec.structs.replace(factory.file, links=links), factory.seed, factory.clock)
        other.values("main", NOW_MS)
        before = open_fds()

        async def ask(links: Links) -> None:
            pytest.fail(f"served on a taken port: {links}")

        with pytest.raises(LinkError) as caught:
            while_serving(other, ask, lambda: NOW_MS)
        assert str(caught.value) == (
            f"link plc: 127.0.0.1:{port} is already in use by another program; "
            "choose another port in the factory file, or 0 for any free one"
        )
        assert open_fds() == before
