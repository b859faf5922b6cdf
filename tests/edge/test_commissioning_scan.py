"""Scanning finds what is there, on real servers: by sweep, by fingerprint, and without writing anything."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from edge.commissioning import (
    FoundNothingError,
    Lang,
    RecordError,
    ScanRefusedError,
    Unwatched,
    draft,
    line_settings,
    line_time,
    load_found,
    merged,
    numbers,
    read_profile,
    read_raw,
    scan_serial,
    scan_tcp,
    site_text,
    tcp_targets,
)
from edge.commissioning.asking import Asking
from edge.commissioning.found import Found
from edge.commissioning.site_writing import Answers
from edge.commissioning.sweep import take_answer
from edge.links import AsciiAddress, Link, RtuAddress
from edge.profiles import Question, load_profile
from edge.site import parse_site
from telemetry import Quality
from tests.edge.wires import Asked, crc, device, hostile_rtu, hostile_tcp, profiled, rtu_server, tcp_server

SDM = load_profile("eastron-sdm630")
METER = {
    "voltage_l1_v": 230.1, "voltage_l2_v": 229.4, "voltage_l3_v": 231.2, "voltage_l12_v": 398.0, "frequency_hz": 59.98,
    "current_l1_a": 12.0, "current_l2_a": 12.0, "current_l3_a": 12.0, "power_factor": 0.9, "power_factor_l1": 0.9,
    "power_factor_l2": 0.9, "power_factor_l3": 0.9, "active_power_w": 7460.0, "energy_import_wh": 1_234_000.0,
}  # fmt: skip
SENSOR = {"temperature_c": 21.5, "humidity_pct": 45.0}


def port_of(url: str) -> str:
    return str(urlsplit(url).port)


def path_of(url: str) -> str:
    return urlsplit(url).path


def settings(url: str, baud: int = 115200) -> list[RtuAddress] | list[AsciiAddress]:
    return line_settings(path_of(url), baud, "N", 1, everything=False)


@pytest.mark.parametrize("network", ["10.0.0.0/8", "192.168.0.0/21", "fd00::/64"])
def test_a_network_larger_than_a_22_is_refused_before_anything_is_sent(network: str) -> None:
    with pytest.raises(ScanRefusedError, match="addresses"):
        tcp_targets(network)


def test_a_larger_network_is_scanned_when_it_is_meant() -> None:
    assert len(tcp_targets("192.168.0.0/21", large=True).hosts) == 2046
    with pytest.raises(ScanRefusedError, match="at once"):
        tcp_targets("10.0.0.0/8", large=True)


@pytest.mark.parametrize("text", ["", "1-", "0-5-9", "9-3", "1,x", "300"])
def test_units_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ScanRefusedError, match="unit"):
        numbers(text, 1, 247, "unit")


def test_numbers_and_ranges_are_read_once_each() -> None:
    assert numbers("1-3,247, 2", 1, 247, "unit") == (1, 2, 3, 247)


@pytest.mark.parametrize(("baud", "within_s"), [(9600, 15.0), (19200, 15.0), (115200, 15.0)])
def test_all_247_units_fit_into_15_seconds_whether_they_answer_or_not(baud: int, within_s: float) -> None:
    """The wire's own time: 8 bytes out, 7 back, 3.5 characters of silence, and 36 ms for the device to think."""
    time = line_time(RtuAddress("/dev/ttyUSB0", baud), range(1, 248))
    assert time.sweep_s <= within_s
    assert time.silent_s > 8 * 10 / baud + 0.036


def test_a_line_of_two_units_and_many_silent_numbers_is_swept() -> None:
    async def run() -> Found:
        async with rtu_server(profiled(3, SDM, METER), profiled(7, load_profile("xy-md02"), SENSOR)) as url:
            return await scan_serial(settings(url, 19200), range(1, 13), Unwatched(), profiles=PROFILES)

    found = asyncio.run(run())
    assert {unit.unit for unit in found.units} == {3, 7}
    best = {unit.unit: unit.best for unit in found.units}
    assert best[3] is not None
    assert (best[3].profile, best[3].sure, best[3].live) == ("eastron-sdm630", "likely", "voltage_l1_v")
    assert best[3].values["voltage_l1_v"] == pytest.approx(230.1, abs=0.01)
    assert best[7] is not None
    assert best[7].profile == "xy-md02"


def test_an_answer_that_comes_while_the_next_unit_is_asked_is_its_senders() -> None:
    async def run() -> Found:
        def slow(asked: Asked) -> list[float | bytes]:
            return [0.09, asked.rtu()] if asked.unit == 2 else []

        async with hostile_rtu(slow) as hostile:
            return await scan_serial(settings(hostile.url), range(1, 6), Unwatched(), profiles=[])

    assert [unit.unit for unit in asyncio.run(run()).units] == [2]


def test_noise_is_asked_again_with_patience_and_told_when_it_stays_noise() -> None:
    async def run() -> Found:
        def noisy(asked: Asked) -> list[float | bytes]:
            return [b"\x55\xaa\x01"] if asked.unit == 3 else []

        async with hostile_rtu(noisy) as hostile:
            return await scan_serial(settings(hostile.url), range(1, 6), Unwatched(), profiles=[])

    found = asyncio.run(run())
    assert found.units == []
    assert any("unit 3" in note.text("en") for note in found.notes)


@pytest.mark.parametrize("end", [4, 6])
def test_an_answer_cut_short_is_none(end: int) -> None:
    whole = bytes([5, 3, 2, 0, 17])
    buffer = bytearray((whole + crc(whole))[:end])
    assert take_answer(buffer) is None


def test_tcp_units_are_found_and_absent_ones_are_not() -> None:
    async def run() -> Found:
        async with tcp_server(profiled(1, SDM, METER), profiled(2, SDM, METER)) as url:
            targets = tcp_targets("127.0.0.1", port_of(url), "1-4")
            return await scan_tcp(targets, Unwatched(), profiles=PROFILES)

    found = asyncio.run(run())
    assert [(unit.unit, unit.best.profile if unit.best else "") for unit in found.units] == [
        (1, "eastron-sdm630"), (2, "eastron-sdm630"),
    ]  # fmt: skip


def test_registers_that_are_judged_together_come_from_one_answer() -> None:
    """A load may be switched between two answers: a power of one and a current of the other would contradict."""

    async def run() -> list[tuple[int, ...]]:
        async with hostile_tcp(lambda asked: [asked.tcp()]) as hostile:  # every register holds its question's number
            asking = Asking(Link.from_url(hostile.url, 20.0), 1)
            try:
                wanted = [Question(4, at, count) for at, count in ((0, 4), (3, 4), (0, 7), (1, 2), (8, 1))]
                assert await asking.has(wanted)
                assert len(hostile.asked) == 4  # (1, 2) lies within an answer
                return [tuple(asking.told([question]).values()) for question in wanted]
            finally:
                asking.close()

    assert asyncio.run(run()) == [(1,) * 4, (2,) * 4, (3,) * 7, (1,) * 2, (4,)]


def test_a_device_that_answers_to_every_number_is_listed_once() -> None:
    async def run() -> Found:
        def echo(asked: Asked) -> list[float | bytes]:
            return [asked.tcp(asked.pdu([0] * asked.count))]

        async with hostile_tcp(echo) as hostile:
            targets = tcp_targets("127.0.0.1", port_of(hostile.url), "1-4")
            return await scan_tcp(targets, Unwatched(), profiles=[])

    found = asyncio.run(run())
    assert [(unit.unit, unit.any_unit) for unit in found.units] == [(1, True)]


def test_a_gateway_that_says_a_unit_is_not_there_is_believed() -> None:
    async def run() -> Found:
        def gateway(asked: Asked) -> list[float | bytes]:
            return [asked.tcp(asked.pdu() if asked.unit == 2 else bytes([asked.function | 0x80, 11]))]

        async with hostile_tcp(gateway) as hostile:
            targets = tcp_targets("127.0.0.1", port_of(hostile.url), "1-4")
            return await scan_tcp(targets, Unwatched(), profiles=[])

    assert [unit.unit for unit in asyncio.run(run()).units] == [2]


def test_a_scan_only_reads() -> None:
    async def run() -> set[int]:
        asked: list[Asked] = []

        def note(question: Asked) -> list[float | bytes]:
            asked.append(question)
            return [question.rtu(question.pdu([2301] * question.count))]

        async with hostile_rtu(note) as hostile:
            await scan_serial(settings(hostile.url), [1], Unwatched(), profiles=PROFILES)
        return {question.function for question in asked}

    assert asyncio.run(run()) <= {1, 2, 3, 4}


def test_a_closed_port_is_no_find_and_no_error() -> None:
    found = asyncio.run(scan_tcp(tcp_targets("127.0.0.1", "1", "1"), Unwatched()))
    assert found.units == []
    assert "0 of 1" in found.notes[0].text("en")


def test_the_site_file_made_of_a_scan_is_sound_and_says_what_is_a_guess(tmp_path: Path) -> None:
    async def run() -> Found:
        async with tcp_server(profiled(1, SDM, METER), profiled(2, load_profile("xy-md02"), SENSOR)) as url:
            targets = tcp_targets("127.0.0.1", port_of(url), "1-3")
            return await scan_tcp(targets, Unwatched(), profiles=PROFILES)

    found = asyncio.run(run())
    (bus,) = draft(found)
    languages: tuple[Lang, ...] = ("en", "ko")
    for lang in languages:
        text = site_text(Answers(site="gimpo"), [bus], lang, "2026-11-22")
        site = parse_site(text, "site.yaml", tmp_path)
        assert [(d.id, d.profile, d.unit) for d in site.buses[0].devices] == [
            ("meter-1", "eastron-sdm630", 1), ("sensor-1", "xy-md02", 2),
        ]  # fmt: skip
        assert "230.1 V" in text
        # What stands there as a remark, the defaults, can be used as soon as its # is taken away.
        more = re.sub(r"^# (rates|outbox|endpoint): (\{.*\})", r"\1: \2", text, flags=re.MULTILINE)
        more = more.replace("  # tls: {", "  tls: {")
        whole = parse_site(more, "site.yaml", tmp_path)
        assert whole.rates.fast_ms == site.every_ms
        assert whole.outbox == site.outbox
        assert whole.broker.tls is not None
        assert whole.endpoint is not None


def test_nothing_found_makes_no_site_file() -> None:
    with pytest.raises(FoundNothingError, match="Check power"):
        draft(merged([]))


def test_a_saved_scan_that_is_none_is_told(tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    file.write_text("[]")
    with pytest.raises(RecordError, match="--save"):
        load_found(file)


def test_a_probe_by_profile_tells_values_and_what_is_refused() -> None:
    async def run() -> dict[str, float | Quality]:
        async with tcp_server(device(1, {}, {0: 0x4366, 1: 0x199A})) as url:
            link = Link.from_url(url, 1.0)
            try:
                return (await read_profile(link, 1, SDM)).values
            finally:
                link.close()

    values = asyncio.run(run())
    assert set(values.values()) == {Quality.EXCEPTION}


def test_a_probe_by_address_looks_beside_it_and_finds_the_voltages() -> None:
    async def run() -> list[tuple[int, int, str]]:
        async with tcp_server(profiled(1, SDM, METER)) as url:
            link = Link.from_url(url, 1.0)
            try:
                raw = await read_raw(link, 1, 1, 6, function=4, apart_s=0.0)
            finally:
                link.close()
        return [(one.address, one.offset, one.type.value) for one in raw.ranked]

    assert asyncio.run(run())[0] == (0, -1, "float32")


PROFILES = [load_profile(name) for name in ("eastron-sdm120", "eastron-sdm630", "generic-plc", "xy-md02")]
