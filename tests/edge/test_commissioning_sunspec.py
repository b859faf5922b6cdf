"""A device that describes itself, from the scan to the site file and on: a SunSpec inverter with a meter inside."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from edge.commissioning import (
    Found,
    FoundNothingError,
    Live,
    Phrase,
    Unwatched,
    draft,
    load_found,
    profile_files,
    read_site,
    read_sunspec,
    scan_serial,
    scan_tcp,
    site_text,
    tcp_targets,
)
from edge.commissioning.site_writing import Answers
from edge.commissioning.targets import line_settings
from edge.links import Link
from edge.profiles import UnknownProfileError, load_profile
from edge.site import Site, load_site, plan_of
from tests.edge.test_sunspec import COMMON, EXPECTED_103, EXPECTED_203, INVERTER_103, METER_203, image
from tests.edge.wires import device, profiled, rtu_server, tcp_server

WORDS = image(COMMON, INVERTER_103, METER_203)
A_SF_OF_103, W_OF_103, W_SF_OF_103 = 40_070 + 6, 40_070 + 14, 40_070 + 15


async def scanned(url: str) -> Found:
    targets = tcp_targets("127.0.0.1", str(urlsplit(url).port), "1")
    return await scan_tcp(targets, Unwatched(), profiles=[load_profile("generic-plc")])


def written(found: Found, folder: Path) -> Site:
    """The site file that a scan makes, with its profiles, read again from the disk as every start of the agent does."""
    (folder / "found.json").write_bytes(msgspec.json.encode(found))
    buses = draft(load_found(folder / "found.json"))
    (folder / "site.yaml").write_text(site_text(Answers(), buses, "ko", "now"), encoding="utf-8")
    for name, text in profile_files(buses, "ko").items():
        (folder / name).write_text(text, encoding="utf-8")
    return load_site(folder / "site.yaml")


def test_a_scan_names_the_device_by_its_own_word_and_the_site_file_reads_all_its_parts(tmp_path: Path) -> None:
    async def run() -> tuple[Found, dict[str, Live | Phrase]]:
        async with tcp_server(device(1, WORDS, {})) as url:
            found = await scanned(url)
            return found, await read_site(written(found, tmp_path), Unwatched())

    found, live = asyncio.run(run())
    (unit,) = found.units
    assert unit.best is not None
    assert (unit.best.vendor, unit.best.model, unit.best.sure) == ("SunSpecTest", "TestDevice-1", "likely")
    assert [unit.best.profile, *(part.profile for part in unit.parts)] == ["sunspec-103", "sunspec-203"]
    assert "models 1, 103, 203" in unit.best.why[0].text("en")
    inverter, meter = live["meter-1"], live["meter-2"]
    assert isinstance(inverter, Live)
    assert isinstance(meter, Live)
    assert inverter.good == pytest.approx(EXPECTED_103)
    assert meter.good == pytest.approx(EXPECTED_203)
    assert (tmp_path / "meter-1-sunspec-103.yaml").read_text(encoding="utf-8").startswith("# 장치 스스로의 설명")
    reads = list(plan_of(load_site(tmp_path / "site.yaml")).reads())
    assert {read.unit for read in reads} == {1}
    assert "active_power_w" in {channel for read in reads for channel in read.channels}


def test_a_scale_factor_that_the_device_changes_is_followed(tmp_path: Path) -> None:
    async def run() -> dict[str, Live | Phrase]:
        async with tcp_server(device(1, WORDS, {})) as url:
            site = written(await scanned(url), tmp_path)
        port = urlsplit(url).port or 0
        async with tcp_server(device(1, WORDS | {W_OF_103: 690, W_SF_OF_103: 1}, {}), port=port):
            return await read_site(site, Unwatched())

    live = asyncio.run(run())["meter-1"]
    assert isinstance(live, Live)
    assert live.good["active_power_w"] == -6900.0


def test_a_scale_factor_that_is_not_implemented_any_more_gives_no_value(tmp_path: Path) -> None:
    async def run() -> dict[str, Live | Phrase]:
        async with tcp_server(device(1, WORDS, {})) as url:
            site = written(await scanned(url), tmp_path)
        port = urlsplit(url).port or 0
        async with tcp_server(device(1, WORDS | {A_SF_OF_103: 0x8000}, {}), port=port):
            return await read_site(site, Unwatched())

    live = asyncio.run(run())["meter-1"]
    assert isinstance(live, Live)
    assert "current_l1_a" not in live.good
    assert live.good["voltage_l1_v"] == pytest.approx(231.0)


def test_it_is_found_on_a_serial_line_as_well() -> None:
    async def run() -> Found:
        async with rtu_server(device(4, WORDS, {})) as url:
            settings = line_settings(urlsplit(url).path, 19200, "N", 1, everything=False)
            return await scan_serial(settings, range(3, 6), Unwatched(), profiles=[], turnaround_s=0.5)

    (unit,) = asyncio.run(run()).units
    assert unit.best is not None
    assert unit.best.profile == "sunspec-103"


def test_a_probe_shows_every_part_with_its_live_values() -> None:
    async def run() -> list[tuple[str, float]]:
        async with tcp_server(device(1, WORDS, {})) as url:
            parts = await read_sunspec(Link.from_url(url, 1.0), 1)
        return [(part.profile.name, part.live.good["active_power_w"]) for part in parts]

    assert asyncio.run(run()) == [("sunspec-103", -6900.0), ("sunspec-203", -8120.0)]


@pytest.mark.parametrize(
    ("words", "says"),
    [({0: 7}, "no SunSpec marker at 40000, 50000 or 0"), (image(COMMON), r"none of its models \(1\) is a meter")],
)
def test_a_device_that_does_not_describe_itself_is_told(words: dict[int, int], says: str) -> None:
    async def run() -> None:
        async with tcp_server(device(1, words, {})) as url:
            await read_sunspec(Link.from_url(url, 1.0), 1)

    with pytest.raises(FoundNothingError, match=says):
        asyncio.run(run())


def test_other_devices_are_named_by_the_library_as_before() -> None:
    async def run() -> Found:
        async with tcp_server(profiled(1, load_profile("generic-plc"), {"run_state": 3.0})) as url:
            return await scanned(url)

    (unit,) = asyncio.run(run()).units
    assert unit.best is not None
    assert (unit.best.profile, unit.parts) == ("generic-plc", [])


def test_a_site_file_that_says_only_sunspec_is_told_how_to_go_on() -> None:
    with pytest.raises(UnknownProfileError, match="--profile sunspec --save"):
        load_profile("sunspec")
