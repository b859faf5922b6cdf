"""Newest values on a real InfluxDB: of many channels, of devices that differ, and of some that fell silent."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from storage import InfluxStore, Latest
from storage.influx import newest
from telemetry import Batch, Table
from tests.parts import Database
from tests.storage.parts import MAIN, SITE, batch, open_influx


@pytest.fixture
def store(influxdb: Database, influx_database: str) -> InfluxStore:
    return open_influx(influxdb, influx_database)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def test_channels_of_different_rates_and_devices_of_different_makes_each_have_their_newest(store: InfluxStore) -> None:
    now = now_ms()
    fast: dict[str, list[float | None]] = {"active_power_w": [1.0, 2.0, 3.0], "energy_import_wh": [10.0, None, None]}
    other: dict[str, list[float | None]] = {"active_power_w": [None, -0.0], "voltage_l1_v": [230.0, None]}
    tables = [
        Table.of("main", "power_meter", [now - 3000, now - 2000, now - 1000], fast),
        Table.of("press-1", "power_meter", [now - 3000, now - 2000], other),
        Table.of("plc-1", "plc", [now - 5000], {"run_state": [-0.0]}),
    ]
    store.write([Batch(SITE, "gw-1", "e", 1, tables)])
    found = {(each.series.device, each.series.channel): (each.time - now, each.value) for each in store.latest(SITE)}
    assert found == {
        ("main", "active_power_w"): (-1000, 3.0),
        ("main", "energy_import_wh"): (-3000, 10.0),
        ("press-1", "active_power_w"): (-2000, 0.0),
        ("press-1", "voltage_l1_v"): (-3000, 230.0),
        ("plc-1", "run_state"): (-5000, 0.0),
    }
    minus_zero = [str(each.value) for each in store.latest(SITE) if each.value == 0.0]
    assert minus_zero == ["-0.0", "-0.0"]


def test_a_device_that_fell_silent_long_ago_is_still_told(store: InfluxStore) -> None:
    now = now_ms()
    silent = replace(MAIN, device="press-9")
    store.write([batch({now - 90 * 86_400_000: 9.0}, silent), batch({now: 1.0}, seq=2)])
    expected = [Latest(MAIN, now, 1.0), Latest(silent, now - 90 * 86_400_000, 9.0)]
    assert store.latest(SITE) == expected
    assert store.latest(SITE) == expected
    store.write([batch({now + 1: 2.0}, seq=3)])
    assert store.latest(SITE) == [Latest(MAIN, now + 1, 2.0), expected[1]]


def test_readings_that_catch_up_are_told_at_once_by_who_wrote_them_and_soon_by_others(
    influxdb: Database, influx_database: str, store: InfluxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = open_influx(influxdb, influx_database)
    then = now_ms() - 5 * newest.RECENT_MS
    store.write([batch({then: 1.0})])
    assert store.latest(SITE) == other.latest(SITE) == [Latest(MAIN, then, 1.0)]
    store.write([batch({then + 1000: 2.0})])
    assert store.latest(SITE) == [Latest(MAIN, then + 1000, 2.0)]
    monkeypatch.setattr(newest, "_AGAIN_S", -1.0)
    assert other.latest(SITE) == [Latest(MAIN, then + 1000, 2.0)]
    other.close()
