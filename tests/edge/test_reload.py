"""A site file that changes while the agent runs: unchanged devices miss nothing, a broken file is refused."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from edge.agent import Agent, run_agent
from edge.clock import Timekeeper
from edge.crew import Crew
from edge.reload import SiteWatch
from edge.site import Site, load_site, parse_site
from edge.splits import Splits
from telemetry import Acceptance, Birth, Broker, decode
from tests.edge.test_polling import Notebook, events
from tests.edge.test_publisher import listening_to
from tests.edge.wires import Hostile, hostile_tcp, until
from tests.parts import free_port

HEAD = "site: {{id: site-1, name: Site}}\ngateway: gw-1\nbroker: {{port: {port}}}\nevery_ms: 50\nflush_ms: 50\nbuses:\n"
BUS = "  - {{name: {name}, url: '{url}', devices: [{devices}]}}\n"


def device(name: str, unit: int, more: str = "") -> str:
    return f"{{id: {name}, profile: generic-plc, unit: {unit}{more}}}"


def document(port: int, *buses: tuple[str, str, list[str]]) -> str:
    listed = (BUS.format(name=name, url=url, devices=", ".join(devices)) for name, url, devices in buses)
    return HEAD.format(port=port) + "".join(listed)


def site(text: str) -> Site:
    return parse_site(text, "site.yaml", Path())


def asked(device: Hostile, unit: int) -> int:
    return sum(question.unit == unit for question in device.asked)


def test_unchanged_buses_keep_their_task_and_unchanged_devices_their_place_in_the_grid() -> None:
    async def run() -> None:
        async with hostile_tcp(lambda q: [q.tcp()]) as panel, hostile_tcp(lambda q: [q.tcp()]) as hall:
            crew = Crew(Notebook(), Timekeeper(), Splits())
            crew.poll(
                site(
                    document(
                        1, ("panel", panel.url, [device("a", 1), device("b", 2)]), ("hall", hall.url, [device("c", 1)])
                    )
                )
            )
            await until(lambda: asked(panel, 2) and asked(hall, 1), "everything is polled")
            before = {polled.id: polled for polled in crew.devices}
            pollers = {poller.name: poller for poller in crew.pollers}
            changed = [device("a", 1), device("b", 2, ", every_ms: 40"), device("d", 3)]
            crew.poll(
                site(
                    document(
                        1, ("panel", panel.url, changed), ("new", f"tcp://127.0.0.1:{free_port()}", [device("e", 1)])
                    )
                )
            )
            await until(lambda: asked(panel, 3), "the new device is polled")
            after = {polled.id: polled for polled in crew.devices}
            assert set(after) == {"a", "b", "d", "e"}
            assert after["a"] is before["a"]
            assert after["b"] is not before["b"]
            assert {poller.name: poller for poller in crew.pollers}["panel"] is pollers["panel"]
            assert panel.connections == 1
            in_hall = len(hall.asked)
            seen = asked(panel, 1)
            await until(lambda: asked(panel, 1) > seen + 5, "the unchanged device is polled on")
            assert len(hall.asked) <= in_hall + 1  # the bus that is gone is not polled; one question was on its way
            await crew.end()

    asyncio.run(run())


def test_a_bus_that_moved_is_polled_where_it_is_now() -> None:
    async def run() -> None:
        async with hostile_tcp(lambda q: [q.tcp()]) as old, hostile_tcp(lambda q: [q.tcp()]) as new:
            crew = Crew(Notebook(), Timekeeper(), Splits())
            crew.poll(site(document(1, ("panel", old.url, [device("a", 1)]))))
            await until(lambda: old.asked, "the old place is polled")
            crew.poll(site(document(1, ("panel", new.url, [device("a", 1)]))))
            await until(lambda: new.asked, "the new place is polled")
            await crew.end()

    asyncio.run(run())


def replace(path: Path, text: str) -> None:
    draft = path.with_suffix(".tmp")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)  # noqa: PTH105 - what an editor does


def test_a_file_that_was_written_is_taken_over_and_a_broken_one_refused(mosquitto: Broker, tmp_path: Path) -> None:
    async def run() -> None:
        async with hostile_tcp(lambda q: [q.tcp()]) as panel:
            one = document(mosquitto.port, ("panel", panel.url, [device("a", 1)]))
            two = document(mosquitto.port, ("panel", panel.url, [device("a", 1), device("b", 2)]))

            async def then(watch: SiteWatch, path: Path, agent: Agent) -> None:
                await until(lambda: asked(panel, 1) > 3, "the first device is polled")
                replace(path, two.replace("generic-plc, unit: 2", "generic-plx, unit: 2"))
                await until(lambda: any(e["event"] == "site_refused" for e in found), "the broken file is refused")
                before = asked(panel, 1)
                await until(lambda: asked(panel, 1) > before, "the old one goes on")
                assert asked(panel, 2) == 0
                replace(path, two)
                await until(lambda: asked(panel, 2) > 3, "the new device is polled")
                assert [d.id for d in agent.crew.devices] == ["a", "b"]
                await until(lambda: "b" in births(), "the birth names the new device")
                replace(path, two.replace("gateway: gw-1", "gateway: gw-2"))
                await until(lambda: len(events(found, "site_refused")) == 2, "another identity is refused")
                watch.request()
                await until(lambda: len(events(found, "site_refused")) == 3, "it is read again when asked")

            with capture_logs() as found:
                await _agent(tmp_path, one, then)
            says = [entry["says"] for entry in events(found, "site_refused")]
            assert "unknown device profile 'generic-plx'" in says[0]
            assert says[0].endswith("The site as it was before goes on.")
            assert "restart it for that" in says[1]
            assert panel.connections == 1

    def births() -> list[str]:
        return [
            each.device for kind, payload in listener.said if kind == "birth" for each in decode(payload, Birth).devices
        ]

    with listening_to(mosquitto) as listener:
        asyncio.run(run())


def test_another_broker_and_a_new_record_are_taken_over_and_what_cannot_be_used_is_refused(
    mosquitto: Broker, tmp_path: Path
) -> None:
    record = Acceptance(1, 60.0, [])
    recorded: list[Acceptance] = []

    async def run() -> None:
        async with hostile_tcp(lambda q: [q.tcp()]) as panel:
            here = document(mosquitto.port, ("panel", panel.url, [device("a", 1)]))
            nowhere = document(free_port(), ("panel", panel.url, [device("a", 1)]))
            unusable = here.replace("broker: {", f"broker: {{tls: {{ca: {tmp_path}/none.pem}}, ")

            async def then(watch: SiteWatch, path: Path, agent: Agent) -> None:
                await until(lambda: asked(panel, 1) > 3, "the device is polled while the broker is away")
                replace(path, here)
                await until(lambda: agent.publisher.connected and births(), "the broker is gone over to")
                replace(path, unusable + "outbox: {max_mb: 1}\n")
                await until(lambda: events(found, "site_refused"), "the authority that is not there is refused")
                assert agent.publisher.connected
                recorded.append(record)
                watch.request()  # of a file that is refused
                await until(lambda: len(events(found, "site_refused")) == 2, "it is refused again")
                replace(path, here + "endpoint: {port: 0}\n")
                await until(lambda: births()[-1].acceptance == record, "the record is told")
                await until(lambda: events(found, "endpoint_unchanged"), "what waits for a start is said")

            with capture_logs() as found:
                await _agent(tmp_path, nowhere, then, lambda: recorded[-1] if recorded else None)
            assert "none.pem" in events(found, "site_refused")[0]["says"]
            assert panel.connections == 1

    def births() -> list[Birth]:
        return [decode(payload, Birth) for kind, payload in listener.said if kind == "birth"]

    with listening_to(mosquitto) as listener:
        asyncio.run(run())


async def _agent(
    tmp_path: Path,
    text: str,
    then: Callable[[SiteWatch, Path, Agent], Any],
    acceptance: Callable[[], Acceptance | None] = lambda: None,
) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(text, encoding="utf-8")
    watch, stop = SiteWatch(path, look_every_s=0.05), asyncio.Event()
    started: asyncio.Future[Agent] = asyncio.get_running_loop().create_future()
    agent = asyncio.create_task(
        run_agent(
            load_site(path),
            data_dir=tmp_path / "data",
            stop=stop,
            drain_s=5.0,
            acceptance=acceptance,
            reload=watch,
            on_start=started.set_result,
        )
    )
    try:
        await then(watch, path, await started)
    finally:
        stop.set()
        summary = await agent
    assert summary.read == summary.stored + summary.outbox
