"""A technician at a terminal of 80 columns: asked by `init`, running the agent, looking at `status`, Ctrl-C."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from rich.cells import cell_len

import edge
from edge.profiles import load_profile
from tests.edge.test_sunspec import COMMON, INVERTER_103, METER_203, image
from tests.edge.wires import device, profiled, tcp_server
from tests.parts import wait_until
from tests.wattproof.terminal import COLUMNS, Terminal, terminal

SENSOR = {"temperature_c": 21.5, "humidity_pct": 45.0}


@pytest.fixture(scope="module")
def panel() -> Iterator[str]:
    """URL of a server with an inverter that describes itself (unit 1) and a sensor (unit 2)."""
    ready: list[str] = []
    stop = threading.Event()

    async def serve() -> None:
        units = device(1, image(COMMON, INVERTER_103, METER_203), {}), profiled(2, load_profile("xy-md02"), SENSOR)
        async with tcp_server(*units) as url:
            ready.append(url)
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        wait_until(lambda: ready, "the panel's server")
        yield ready[0]
    finally:
        stop.set()
        thread.join()


def flags(panel: str) -> tuple[str, ...]:
    return ("--port", str(urlsplit(panel).port), "--units", "1-2", "--lang", "en")


def check_fits(shown: Terminal) -> None:
    """Every line of the tables fits the terminal and ends where its table does, also in letters of double width."""
    lines = [line for line in shown.text.splitlines() if line[:1] in {"┃", "│", "┏", "└"} or "────" in line]
    assert lines
    assert [line for line in lines if cell_len(line.rstrip()) > COLUMNS] == []
    width = 0
    for line in lines:
        width = cell_len(line) if line.startswith("┏") else width
        assert line[0] not in {"┃", "│", "└"} or cell_len(line) == width, line


def asked(init: Terminal) -> None:
    """Answer what `init` asks before it knows what there is."""
    init.expect("Serial lines to scan")
    init.type("-")
    init.expect("Networks to scan")
    init.type("127.0.0.1")
    init.expect("What answers")


@pytest.mark.timeout(240)
def test_init_asks_runs_the_agent_and_status_follows_it(panel: str, tmp_path: Path) -> None:
    with terminal("edge", "init", "site.yaml", *flags(panel), "--broker-port", "1", cwd=tmp_path) as init:
        asked(init)
        init.expect(r"MQTT broker's host.*\[127\.0\.0\.1\]")
        init.type("")
        init.expect(r"Site id.*\[factory\]")
        init.type("Gimpo 1")
        init.expect("only a-z, 0-9")  # and it is asked again
        init.expect("Site id")
        init.type("gimpo")
        init.expect("Site name")
        init.type("김포 공장")
        init.expect(r"Gateway id.*\[gw-1\]")
        init.type("")
        init.expect(r"unit 1: SunSpecTest TestDevice-1; Voltage L1 231\.0 V")
        init.expect(r"Device id.*\[meter-1\]")
        init.type("inverter")
        init.expect("Its name for people")
        init.type("태양광")
        init.expect(r"Device id.*\[meter-2\]")
        init.type("inverter")
        init.expect("inverter is another device already")
        init.expect("Device id")
        init.type("")
        init.expect("Its name for people")
        init.type("")
        init.expect(r"unit 2: .*Temperature 21\.50")
        init.expect(r"Which profile is it\?.*\[xy-md02\]")
        init.type("")
        init.expect(r"Device id.*\[sensor-1\]")
        init.type("")
        init.expect("Its name for people")
        init.type("")
        init.expect(r"inverter\s+│ answers\s+│ 11 of 11 values")
        init.expect(r"Start the agent now\?")
        init.type("")
        init.expect("Ctrl-C ends it")
        check_fits(init)

        site = edge.load_site(tmp_path / "site.yaml")
        assert (site.site.id, site.site.name, site.gateway) == ("gimpo", "김포 공장", "gw-1")
        (bus,) = site.buses
        assert next((d.id, d.label, d.unit) for d in bus.devices) == ("inverter", "태양광", 1)
        assert sorted(path.name for path in tmp_path.glob("*.yaml")) == [
            "inverter-sunspec-103.yaml", "meter-2-sunspec-203.yaml", "site.yaml",
        ]  # fmt: skip

        folder = tmp_path / "wattproof-edge"
        wait_until((folder / "status.json").exists, "the agent's status", 60)
        with terminal("edge", "status", "--lang", "ko", cwd=tmp_path) as status:
            status.expect("gimpo/gw-1: 브로커 연결 안 됨")
            status.expect(r"아웃박스 [1-9]\d*건")
            status.expect("수집 지연 최대")
            status.expect(r"inverter +│ 상전압 L1 231\.0 V +│ \d+\.\d s +│ - +│ 정상")
            status.expect(r"sensor-1 +│ 온도 21\.50 °C")
            status.expect("gimpo/gw-1")  # it is shown anew
            check_fits(status)
            status.interrupt()
            assert status.ended() == 0

        init.interrupt()
        assert init.ended() == 0


def test_ctrl_c_at_a_question_writes_nothing(panel: str, tmp_path: Path) -> None:
    with terminal("edge", "init", "site.yaml", *flags(panel), cwd=tmp_path) as init:
        asked(init)
        for each in ("MQTT broker", "Site id", "Site name", "Gateway id", *["Device id", "name for people"] * 2):
            init.expect(each)
            init.type("")
        init.expect("Which profile")
        init.interrupt()
        assert init.ended() != 0
    assert list(tmp_path.iterdir()) == []


def test_a_scan_is_readable_in_80_columns_and_says_more_about_a_guess(panel: str, tmp_path: Path) -> None:
    port = str(urlsplit(panel).port)
    with terminal(
        "edge", "scan", "tcp", "127.0.0.1", "--port", port, "--units", "1-2", "--lang", "ko", cwd=tmp_path
    ) as scan:
        assert scan.ended() == 0
        check_fits(scan)
        for word in (
            "SunSpecTest TestDevice-1",
            "sunspec-103 + sunspec-203",
            "xy-md02",
            f"127.0.0.1:{port}",
            "231.0 V",
        ):
            assert word in scan.text
        assert f"127.0.0.1:{port}, 유닛 2: 온도 21.50 °C, 가능한 값" in scan.text


def test_a_probe_of_a_device_that_describes_itself_keeps_its_profiles(panel: str, tmp_path: Path) -> None:
    with terminal(
        "edge", "probe", panel, "1", "--profile", "sunspec", "--save", "own.yaml", "--lang", "en", cwd=tmp_path
    ) as probe:
        assert probe.ended() == 0
        check_fits(probe)
        assert "-6.900 kW" in probe.text
        assert "near 230 V" in probe.text
    assert load_profile(tmp_path / "own-sunspec-203.yaml").model == "TestDevice-1"
