"""Polling a bus: on the clock's grid, healthy devices first, every error counted, said once when it begins and ends."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from edge.device_health import TRIES, BusHealth, DeviceHealth, pause_s
from edge.errors import ConnectError, NoReplyError
from edge.polled_device import PolledDevice
from edge.polling import BusPoller, now_ms
from edge.profiles import Profile, Rate, load_profile
from edge.rates import Pace
from edge.site import Bus, Device, profile_of
from telemetry import Quality
from tests.edge.wires import Asked, Step, device, hostile_rtu, profiled, rtu_server, tcp_server, until
from tests.parts import free_port

METER = Device("main", "eastron-sdm630", 1)
PLC = Device("plc-1", "generic-plc", 2)
FAST = (Rate.FAST,)


class Notebook:
    """A sink that keeps everything."""

    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[int, dict[str, float]]]] = defaultdict(list)
        self.lost: dict[str, list[tuple[int, list[str]]]] = defaultdict(list)

    def add_row(self, device: str, kind: str, channels: tuple[str, ...], time_ms: int, values: Sequence[float]) -> None:
        self.rows[device].append((time_ms, dict(zip(channels, values, strict=True))))

    def series(self, device: str, channel: str) -> list[tuple[int, float]]:
        return [(time_ms, values[channel]) for time_ms, values in self.rows[device] if channel in values]

    def lose(self, device: str, kind: str, channels: Iterable[str], time_ms: int) -> None:
        self.lost[device].append((time_ms, list(channels)))


def all_fast(profile: Profile) -> Profile:
    """The profile as if nothing in it were slow, whatever its maker thought."""
    fields = [msgspec.structs.replace(field, rate=Rate.FAST) for field in profile.fields]
    return msgspec.structs.replace(profile, fields=fields)


def polled(device: Device, every_ms: int, phase_ms: float = 0.0) -> PolledDevice:
    pace = Pace(device.every_ms or every_ms, 10 * (device.every_ms or every_ms))
    return PolledDevice(device.id, device.unit, all_fast(profile_of(device)), pace, phase_ms=phase_ms)


@contextlib.asynccontextmanager
async def polling(bus: Bus, every_ms: int = 50) -> AsyncIterator[tuple[BusPoller, Notebook]]:
    notebook = Notebook()
    devices = [polled(device, every_ms) for device in bus.devices]
    poller = BusPoller(bus.name, bus.address, bus.timeout_ms / 1000, devices, notebook)
    task = asyncio.create_task(poller.run())
    try:
        yield poller, notebook
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def events(logs: list[Any], event: str) -> list[Any]:
    return [entry for entry in logs if entry["event"] == event]


def test_two_devices_on_one_connection_are_read_at_their_own_pace() -> None:
    async def run() -> None:
        began = now_ms()
        meter, plc = load_profile("eastron-sdm630"), load_profile("generic-plc")
        served = [
            profiled(1, meter, {"active_power_w": 12500.0, "energy_import_wh": 1_234_500.0, "frequency_hz": 60.0}),
            profiled(2, plc, {"production_count": 65_538.0, "run_state": 3.0, "cycle_time_s": 32.5}),
        ]
        async with tcp_server(*served) as url:
            slow = Device("plc-1", "generic-plc", 2, every_ms=2000)
            async with polling(Bus("panel", url, [METER, slow], 1000)) as (_, notebook):
                await until(
                    lambda: len(notebook.series("main", "active_power_w")) >= 12, "twelve readings of the meter"
                )
        assert notebook.series("main", "energy_import_wh")[0][1] == 1_234_500.0
        assert notebook.rows["plc-1"][0][1] == {"production_count": 65_538.0, "run_state": 3.0, "cycle_time_s": 32.5}
        assert len(notebook.rows["plc-1"]) < len(notebook.rows["main"])
        times = [time_ms for time_ms, _ in notebook.series("main", "active_power_w")]
        assert began <= times[0]
        assert times[-1] <= now_ms()
        assert all(earlier < later for earlier, later in pairwise(times))

    asyncio.run(run())


def test_a_serial_line_is_polled_as_well() -> None:
    async def run() -> None:
        sensor = load_profile("xy-md02")
        async with rtu_server(profiled(9, sensor, {"temperature_c": -20.5, "humidity_pct": 54.6})) as url:
            bus = Bus("line", url, [Device("ambient", "xy-md02", 9)], 1000)
            async with polling(bus) as (_, notebook):
                await until(lambda: notebook.rows["ambient"], "a reading of the sensor")
        assert notebook.rows["ambient"][0][1] == {"temperature_c": -20.5, "humidity_pct": 54.6}

    asyncio.run(run())


def test_the_grid_is_whole_multiples_of_the_pace_and_does_not_drift() -> None:
    meter = polled(METER, 1000)
    meter.schedule(FAST, wall_ms=5_000_400, monotonic=100.0)
    assert meter.due == pytest.approx(100.6)
    meter.schedule(FAST, wall_ms=5_001_037, monotonic=100.637)  # woken 37 ms late
    assert meter.due == pytest.approx(101.6)
    meter.schedule(FAST, wall_ms=5_001_999, monotonic=101.599)  # woken a millisecond early: not the same point again
    assert meter.due == pytest.approx(102.6)
    meter.schedule(FAST, wall_ms=5_006_500, monotonic=106.1)  # held up for four seconds: those points are gone
    assert meter.due == pytest.approx(106.6)


def test_a_phase_moves_the_grid_so_that_not_all_devices_are_due_at_once() -> None:
    meter = polled(METER, 1000, phase_ms=1250.0)
    meter.schedule(FAST, wall_ms=5_000_400, monotonic=100.0)
    assert meter.due == pytest.approx(100.85)
    meter.schedule(FAST, wall_ms=5_001_251, monotonic=100.851)
    assert meter.due == pytest.approx(101.85)


def test_a_clock_set_back_or_forth_costs_at_most_one_period() -> None:
    meter = polled(METER, 1000)
    meter.schedule(FAST, wall_ms=5_000_000, monotonic=100.0)
    for wall_ms in (1_000_000, 9_000_000_123):
        meter.schedule(FAST, wall_ms, monotonic=101.0)
        assert 101.0 < meter.due <= 102.0


def test_a_silent_device_is_said_once_counted_always_and_asked_less_and_less() -> None:
    def script(asked: Asked) -> Iterable[Step]:
        return [] if asked.unit == 1 else [asked.rtu()]

    async def run() -> None:
        async with hostile_rtu(script) as hostile:
            bus = Bus("line", hostile.url, [METER, PLC], timeout_ms=100)
            with capture_logs() as logs:
                async with polling(bus, every_ms=20) as (poller, notebook):
                    await until(lambda: len(notebook.rows["plc-1"]) >= 40, "the healthy device is read all the same")
                    health = poller.devices[0].health
        asked = sum(question.unit == 1 for question in hostile.asked)
        assert asked < len(notebook.rows["plc-1"])
        assert asked - 1 <= health.errors[Quality.TIMEOUT] <= asked  # the last question may not have timed out yet
        assert notebook.rows["main"] == []
        (said,) = events(logs, "device_bad")
        place = hostile.url.removeprefix("rtu://").partition("?")[0]
        assert said["says"] == (
            f"main: no reply from unit 1 on {place} at 115200 8N1 (1 try). Check address, baud rate, A/B wires."
        )

    asyncio.run(run())


def test_a_device_that_returns_is_said_to_have_returned() -> None:
    def script(asked: Asked) -> Iterable[Step]:
        return [] if 1 < asked.number <= 1 + TRIES else [asked.rtu()]

    async def run() -> None:
        async with hostile_rtu(script) as hostile:
            with capture_logs() as logs:
                async with polling(Bus("line", hostile.url, [PLC], timeout_ms=100), every_ms=20) as (poller, notebook):
                    await until(lambda: poller.devices[0].health.suspect, "three tries in a row failed")
                    await until(lambda: len(notebook.rows["plc-1"]) > 1, "the device is read after its pause")
                    assert not poller.devices[0].health.suspect
        assert len(events(logs, "device_bad")) == 1
        (said,) = events(logs, "device_recovered")
        assert said["says"].startswith("plc-1: answers again after ")

    asyncio.run(run())


def test_registers_that_are_refused_do_not_keep_the_others_from_being_read() -> None:
    async def run() -> None:
        half = device(1, {}, {0: 0x4366, 1: 0x8000, 0x1F: 0})  # the energies of this meter do not exist
        async with tcp_server(half) as url:
            bus = Bus("panel", url, [Device("old", "eastron-sdm120", 1)], 1000)
            with capture_logs() as logs:
                async with polling(bus) as (poller, notebook):
                    await until(lambda: len(notebook.rows["old"]) > TRIES + 1, "what exists is read on and on")
                    assert not poller.devices[0].health.suspect
        assert notebook.rows["old"][0][1]["voltage_l1_v"] == 230.5
        assert "energy_import_wh" not in notebook.rows["old"][0][1]
        (said,) = events(logs, "registers_refused")
        assert "illegal data address (exception 2) for function 4, 10 from address 0x0046" in said["says"]
        assert "so there is no frequency_hz, energy_import_wh, " in said["says"]

    asyncio.run(run())


def test_values_that_cannot_be_are_counted_and_left_out() -> None:
    async def run() -> None:
        async with tcp_server(device(2, {0: 0, 1: 7, 2: 3, 3: 0xFFFF}, {1: 0xFFFF, 2: 0xFFFF})) as url:
            bus = Bus("panel", url, [PLC], 1000)
            with capture_logs() as logs:
                async with polling(bus) as (poller, notebook):
                    await until(lambda: len(notebook.rows["plc-1"]) >= 3, "three readings")
                    errors = poller.devices[0].health.errors
        assert notebook.rows["plc-1"][0][1] == {"production_count": 7.0, "run_state": 3.0}
        assert errors[Quality.SENTINEL] >= 3
        (said,) = events(logs, "channel_bad")
        assert (said["device"], said["channel"], said["reason"]) == ("plc-1", "cycle_time_s", "sentinel")

    asyncio.run(run())


def test_a_bus_that_cannot_be_reached_counts_for_all_its_devices_and_is_found_again() -> None:
    async def run() -> None:
        port = free_port()
        bus = Bus("panel", f"tcp://127.0.0.1:{port}", [METER, PLC], 500)
        with capture_logs() as logs:
            async with polling(bus) as (poller, notebook):
                health = [device.health.errors for device in poller.devices]
                await until(lambda: health[0][Quality.CONNECT] >= 2, "two tries")
                assert health[0] == health[1]
                async with tcp_server(profiled(2, load_profile("generic-plc"), {"run_state": 1.0}), port=port):
                    await until(lambda: notebook.rows["plc-1"], "the PLC is read once its server is there")
        (said,) = events(logs, "bus_unreachable")
        assert f"panel: 127.0.0.1:{port} cannot be connected: Connection refused" in said["says"]
        assert "nothing is read from main, plc-1." in said["says"]
        assert len(events(logs, "bus_recovered")) == 1

    asyncio.run(run())


def test_pauses_double_spread_out_and_end_at_five_minutes() -> None:
    for failures, exact in ((1, 1), (2, 2), (5, 16), (9, 256), (10, 300), (1000, 300)):
        pauses = [pause_s(failures) for _ in range(50)]
        assert all(0.8 * exact <= pause <= 1.2 * exact for pause in pauses)
        assert len(set(pauses)) > 1


def test_a_device_read_in_part_is_not_left_alone() -> None:
    health = DeviceHealth("main", lambda: 100.0)
    for _ in range(TRIES + 2):
        health.failed(NoReplyError("no reply"), partly=True)
    assert health.suspect
    assert health.retry_at == 0.0
    assert health.failing
    health.failed(NoReplyError("no reply"), partly=False)
    assert health.retry_at > 100.0
    health.good()
    assert (health.suspect, health.retry_at) == (False, 0.0)


def test_a_broken_connection_is_tried_again_at_once_and_then_less_and_less() -> None:
    health = BusHealth("panel", lambda: 100.0)
    retries = []
    for _ in range(12):
        health.failed(ConnectError("refused"), ["main"])
        retries.append(health.retry_at)
    assert retries[0] == 0.0
    assert 100.8 <= retries[1] <= 101.2
    assert max(retries) <= 100.0 + 72.0
    health.good()
    assert health.retry_at == 0.0


def test_a_channel_that_recovers_is_said_once() -> None:
    health = DeviceHealth("plc-1", lambda: 100.0)
    with capture_logs() as logs:
        for outcome in (Quality.SENTINEL, Quality.SENTINEL, Quality.RANGE, 3.0, 3.0):
            kept = health.values({"cycle_time_s": outcome, "run_state": 1.0})
            assert kept == {"run_state": 1.0} | ({"cycle_time_s": 3.0} if outcome == 3.0 else {})
    assert [entry["event"] for entry in logs] == ["channel_bad", "channel_bad", "channel_recovered"]
    assert health.errors == {Quality.SENTINEL: 2, Quality.RANGE: 1}


def test_lateness_is_the_worst_since_it_was_last_asked_for() -> None:
    async def run() -> None:
        served = profiled(2, load_profile("generic-plc"), {})
        async with tcp_server(served) as url, polling(Bus("panel", url, [PLC], 1000)) as (poller, notebook):
            await until(lambda: len(notebook.rows["plc-1"]) >= 5, "five readings")
            assert poller.lateness.take_worst_ms() > 0.0
            assert poller.lateness.take_worst_ms() == 0.0

    asyncio.run(run())
