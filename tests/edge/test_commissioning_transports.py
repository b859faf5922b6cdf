"""Scanning finds units however they are spoken to, and says what was tried where nothing answers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pymodbus.framer import FramerType
from pymodbus.server import ModbusTlsServer

from edge.commissioning import (
    Framing,
    ScanRefusedError,
    Unwatched,
    draft,
    line_settings,
    line_time,
    scan_serial,
    scan_tcp,
    site_text,
    tcp_targets,
)
from edge.commissioning.found import Found
from edge.commissioning.site_writing import Answers
from edge.commissioning.sweep import take_ascii_answer
from edge.links import AsciiAddress
from edge.profiles import load_profile
from edge.site import parse_site
from tests.edge.wires import Asked, hostile_tcp, profiled, rtu_server, tcp_server
from tests.interop.certificates import Authority
from tests.parts import free_port

SENSOR = load_profile("xy-md02")
VALUES = {"temperature_c": 21.5, "humidity_pct": 45.0}


def port_of(url: str) -> str:
    return str(urlsplit(url).port)


async def scanned(url: str, units: str = "2-4", framing: Framing = "auto") -> Found:
    targets = tcp_targets("127.0.0.1", port_of(url), units, framing=framing)
    return await scan_tcp(targets, Unwatched(), profiles=[SENSOR], timeout_s=0.2)


def where(found: Found) -> list[tuple[str, int, str]]:
    return [(unit.url, unit.unit, unit.best.profile if unit.best else "") for unit in found.units]


def said(found: Found) -> str:
    return "\n".join(note.text("en") for note in found.notes)


def test_a_gateway_that_passes_rtu_frames_through_tcp_is_found_and_named_as_one(tmp_path: Path) -> None:
    async def run() -> tuple[str, Found]:
        async with tcp_server(profiled(3, SENSOR, VALUES), framer=FramerType.RTU) as url:
            return url, await scanned(url)

    url, found = asyncio.run(run())
    assert where(found) == [(url, 3, "xy-md02")]
    assert f"{url}: a serial gateway that passes RTU frames through TCP" in said(found)
    site = parse_site(site_text(Answers(), draft(found), "en", "now"), "site.yaml", tmp_path)
    assert site.buses[0].url == url


@pytest.mark.parametrize(
    ("framing", "framer"), [("ascii", FramerType.ASCII), ("rtu", FramerType.RTU), ("tcp", FramerType.SOCKET)]
)
def test_a_framing_that_was_asked_for_is_the_only_one_tried(framing: Framing, framer: FramerType) -> None:
    async def run() -> tuple[str, Found]:
        async with tcp_server(profiled(3, SENSOR, VALUES), framer=framer) as url:
            return url, await scanned(url, "3", framing)

    url, found = asyncio.run(run())
    assert where(found) == [(url, 3, "xy-md02")]
    assert found.asked == 1


def test_where_a_port_opens_and_nobody_answers_it_is_said_what_was_tried() -> None:
    async def run() -> Found:
        def silent(_: Asked) -> list[float | bytes]:
            return []

        async with hostile_tcp(silent) as hostile:
            return await scanned(hostile.url, "1-2")

    found = asyncio.run(run())
    assert found.units == []
    assert "none of 2 unit number(s) answers; tried: Modbus TCP, RTU over TCP" in said(found)


def test_a_device_behind_tls_is_scanned_by_its_url(tmp_path: Path) -> None:
    async def run() -> tuple[str, Found]:
        port = free_port()
        authority = Authority(tmp_path)
        context = authority.server_context("meter.example", wants_client=False)
        server = ModbusTlsServer(
            [profiled(3, SENSOR, VALUES)], framer=FramerType.SOCKET, address=("127.0.0.1", port), sslctx=context
        )
        await server.serve_forever(background=True)
        try:
            url = f"tls://127.0.0.1:{port}?ca={authority.ca}&name=meter.example"
            targets = tcp_targets(url, units="2-3")
            return url, await scan_tcp(targets, Unwatched(), profiles=[SENSOR], timeout_s=1.0)
        finally:
            await server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus leaves it without a signature

    url, found = asyncio.run(run())
    assert where(found) == [(url, 3, "xy-md02")]


@pytest.mark.parametrize(
    ("target", "says"), [("rtu:///dev/ttyUSB0", "scan serial /dev/ttyUSB0"), ("http://10.0.0.1", "must begin with")]
)
def test_a_url_that_is_no_way_into_a_network_is_refused(target: str, says: str) -> None:
    with pytest.raises(ScanRefusedError, match=says):
        tcp_targets(target)


def test_an_ascii_line_is_swept_and_put_into_the_site_file(tmp_path: Path) -> None:
    async def run() -> tuple[str, Found]:
        async with rtu_server(profiled(3, SENSOR, VALUES), framer=FramerType.ASCII) as url:
            path = urlsplit(url).path
            settings = line_settings(path, 19200, "E", 1, everything=False, framing="ascii")
            return path, await scan_serial(settings, range(2, 5), Unwatched(), profiles=[SENSOR], turnaround_s=0.5)

    path, found = asyncio.run(run())
    assert where(found) == [(f"ascii://{path}?baud=19200&parity=E&stopbits=1&databits=7", 3, "xy-md02")]
    site = parse_site(site_text(Answers(), draft(found), "en", "now"), "site.yaml", tmp_path)
    assert site.buses[0].address == AsciiAddress(path, 19200)


def test_an_ascii_line_takes_longer_than_an_rtu_line_and_the_sum_says_so() -> None:
    (line,) = line_settings("/dev/ttyUSB0", 9600, "E", 1, everything=False, framing="ascii")
    time = line_time(line, range(1, 248))
    # 17 characters out and 15 back, of ten bits each, and 36 ms to think
    assert time.answering_s == pytest.approx(32 * 10 / 9600 + 0.036 + line.silence_s)
    assert len(line_settings("/dev/ttyUSB0", 9600, "E", 1, everything=True, framing="ascii")) == 35


@pytest.mark.parametrize("frame", [b":0303020011E8\r\n", b":03030200", b"\x55\xaa\r\n", b":030402001 1E7\r\n"])
def test_what_is_no_whole_ascii_answer_names_nobody(frame: bytes) -> None:
    assert take_ascii_answer(bytearray(frame)) is None


def test_an_ascii_answer_or_refusal_names_its_unit() -> None:
    assert take_ascii_answer(bytearray(b":0303020011E7\r\n")) == 3
    assert take_ascii_answer(bytearray(b":0383027 8\r\n".replace(b" ", b""))) == 3
