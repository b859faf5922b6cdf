"""The whole agent: real meters on sockets and a serial line, a real broker, and a ledger that balances."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.agent import Summary, run_agent
from edge.births import birth_of
from edge.clock import now_ms
from edge.errors import OutboxError
from edge.outbox import Outbox
from edge.polling import BusPoller
from edge.profiles import load_profile
from edge.site import Bus, Device, Site, SiteName
from telemetry import Batch, Birth, Broker, Quality, decode
from tests.edge.test_publisher import Listener, listening_to
from tests.edge.wires import hostile_tcp, profiled, rtu_server, tcp_server, until
from tests.parts import free_port

METER, SENSOR = load_profile("eastron-sdm630"), load_profile("xy-md02")


@contextlib.asynccontextmanager
async def factory(broker: Broker) -> AsyncIterator[Site]:
    """A meter on TCP, a sensor on a serial line, and a meter that is not there."""
    async with (
        tcp_server(profiled(1, METER, {"active_power_w": 12500.0, "frequency_hz": 60.0})) as tcp,
        rtu_server(profiled(9, SENSOR, {"temperature_c": 21.5, "humidity_pct": 40.0})) as rtu,
    ):
        yield Site(
            SiteName("site-1", "Site", "Asia/Seoul"),
            "gw-1",
            [
                Bus("panel", tcp, [Device("main", "eastron-sdm630", 1, label="수전반")], 20_000),
                Bus("line", rtu, [Device("ambient", "xy-md02", 9)], 20_000),
                Bus("away", f"tcp://127.0.0.1:{free_port()}", [Device("press-1", "eastron-sdm630", 1)], 200),
            ],
            broker,
            every_ms=100,
            flush_ms=50,
        )


async def work(site: Site, data_dir: Path, listener: Listener, kind: str, broker: Broker | None = None) -> Summary:
    """Run an agent until the listener has heard a table of this kind."""
    stop = asyncio.Event()
    agent = asyncio.create_task(
        run_agent(site, data_dir=data_dir, stop=stop, drain_s=10.0, broker_of=lambda named: broker or named)
    )
    await until(lambda: kind in values_by_kind(listener.batches), f"a table of kind {kind}")
    stop.set()
    return await agent


def values_by_kind(batches: list[Batch]) -> dict[str, dict[str, dict[str, list[float | None]]]]:
    found: dict[str, dict[str, dict[str, list[float | None]]]] = defaultdict(dict)
    for batch in batches:
        for table in batch.tables:
            found[table.kind].setdefault(table.device, {}).update(table.columns)
    return found


def test_what_is_read_arrives_with_the_gateways_own_health_and_the_ledger_balances(
    mosquitto: Broker, tmp_path: Path
) -> None:
    async def run(listener: Listener) -> Summary:
        async with factory(mosquitto) as site:
            return await work(site, tmp_path, listener, "gateway")

    with listening_to(mosquitto) as listener:
        began = now_ms()
        summary = asyncio.run(run(listener))
        heard = {batch.seq: batch for batch in listener.batches}
        births = [decode(payload, Birth) for kind, payload in listener.said if kind == "birth"]
    values = values_by_kind(list(heard.values()))
    assert values["power_meter"]["main"]["active_power_w"][0] == 12500.0
    assert values["sensor"]["ambient"]["temperature_c"][0] == 21.5
    assert "press-1" not in values["power_meter"]
    assert set(values["gateway"]["gw-1"]) == {"outbox_depth_count", "outbox_bytes", "lateness_ms", "readings_count"}
    assert set(values["link"]) == {"main", "ambient", "press-1"}
    assert values["link"]["main"] == {q.error_channel: [0.0] for q in Quality if q is not Quality.GOOD}
    refused = values["link"]["press-1"]["errors_connect_count"][0]
    assert refused is not None
    assert refused >= 1.0
    assert all(began <= time <= now_ms() for b in heard.values() for t in b.tables for time in t.times)

    assert summary.read == summary.stored == sum(batch.readings for batch in heard.values())
    assert (summary.quarantined, summary.outbox, summary.gaps, summary.undeclared) == (0, 0, 0, 0)
    assert summary.errors["connect"] >= refused
    assert (summary.site, summary.gateway) == ("site-1", "gw-1")

    (birth, *_) = births
    assert [device.device for device in birth.devices] == ["main", "ambient", "press-1"]
    assert birth.devices[0].label == "수전반"
    assert birth.devices[0].profile_digest == METER.digest
    assert birth.devices[0].link.endswith(" unit 1")
    assert birth.devices[1].channels == ["temperature_c", "humidity_pct"]
    assert (birth.timezone, birth.devices[0].every_ms) == ("Asia/Seoul", 100)


def test_without_a_broker_everything_waits_in_the_outbox_and_is_sent_by_the_next_run(
    mosquitto: Broker, tmp_path: Path
) -> None:
    async def alone() -> Summary:
        async with hostile_tcp(lambda asked: [asked.tcp()]) as device:
            bus = Bus("panel", device.url, [Device("ambient", "xy-md02", 9)], 1000)
            nowhere = Broker(port=free_port())
            site = Site(SiteName("site-1", "Site"), "gw-1", [bus], nowhere, every_ms=50, flush_ms=50)
            stop = asyncio.Event()
            agent = asyncio.create_task(run_agent(site, data_dir=tmp_path, stop=stop, drain_s=0.1))
            await until(lambda: len(device.asked) > 5, "five readings")
            stop.set()
            return await agent

    async def connected(listener: Listener) -> Summary:
        async with factory(mosquitto) as site:
            return await work(site, tmp_path, listener, "power_meter")

    first = asyncio.run(alone())
    assert first.read == first.outbox > 0
    with listening_to(mosquitto) as listener:
        second = asyncio.run(connected(listener))
    assert second.read == second.stored > first.read
    assert second.outbox == 0


def test_another_broker_can_be_named_than_the_site_files(mosquitto: Broker, tmp_path: Path) -> None:
    async def run(listener: Listener) -> Summary:
        async with factory(Broker(port=free_port())) as site:
            return await work(site, tmp_path, listener, "power_meter", broker=mosquitto)

    with listening_to(mosquitto) as listener:
        summary = asyncio.run(run(listener))
    assert summary.outbox == 0


def test_a_gateway_that_is_running_already_is_not_started_twice(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite", "site-1", "gw-1")
    site = Site(SiteName("site-1", "Site"), "gw-1", [Bus("b", "tcp://127.0.0.1:9", [Device("d", "xy-md02", 1)])])
    with pytest.raises(OutboxError):
        asyncio.run(run_agent(site, data_dir=tmp_path, stop=asyncio.Event(), drain_s=0.0))
    outbox.close()


def test_a_birth_names_each_devices_own_pace() -> None:
    devices = [Device("a", "xy-md02", 1, every_ms=5000), Device("b", "xy-md02", 2)]
    site = Site(SiteName("site-1", "Site"), "gw-1", [Bus("line", "rtu:///dev/ttyUSB0", devices)], every_ms=2000)
    birth = birth_of(site, "epoch", 17)
    assert [device.every_ms for device in birth.devices] == [5000, 2000]
    assert (birth.epoch, birth.started) == ("epoch", 17)
    assert [device.label for device in birth.devices] == ["a", "b"]


def test_a_defect_ends_the_agent_with_its_error_and_what_was_read_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: BusPoller) -> None:
        self._sink.add_row("d", "sensor", ("temperature_c",), 1000, [21.5])
        raise ZeroDivisionError

    monkeypatch.setattr(BusPoller, "run", broken)
    bus = Bus("b", "tcp://127.0.0.1:9", [Device("d", "xy-md02", 1)])
    site = Site(SiteName("site-1", "Site"), "gw-1", [bus], Broker(port=free_port()))
    with pytest.raises(ZeroDivisionError):
        asyncio.run(run_agent(site, data_dir=tmp_path, stop=asyncio.Event(), drain_s=0.0))
    outbox = Outbox(tmp_path / "outbox.sqlite", "site-1", "gw-1")
    assert (outbox.counters.read, outbox.counters.pending) == (1, 1)
    outbox.close()
