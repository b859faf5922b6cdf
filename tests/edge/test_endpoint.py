"""The endpoint: health with reasons, figures for Prometheus; off, and on the loopback address, unless told so."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families

from edge.endpoint import Endpoint, EndpointError, serving
from edge.errors import OutboxError
from edge.operations import VitalSigns, attend
from edge.outbox import Outbox
from edge.publisher import Publisher
from edge.site import parse_site
from edge.vitals import Limits, Vitals, complaints, exposition
from edge.watchdog import Watchdog
from telemetry import Birth, Broker, Quality, Table
from tests.edge.wires import until
from tests.parts import free_port

WELL = Vitals(
    connected=True, read=10, stored=7, quarantined=1, gaps=0, depth=2, bytes=99, oldest_age_s=1.5, published=5, acked=3,
    lateness_s=0.002, poll_age_s=0.5, errors={("main", "timeout"): 3, ('odd"one\\', "frame"): 0},
)  # fmt: skip


def request(port: int, target: str, method: str = "GET") -> tuple[int, str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, target)
    answer = connection.getresponse()
    found = answer.status, answer.headers["Content-Type"], answer.read().decode()
    connection.close()
    return found


def asked(vitals: Callable[[], Vitals], target: str, method: str = "GET") -> tuple[int, str, str]:
    async def ask() -> tuple[int, str, str]:
        async with serving(Endpoint(port=0), vitals) as port:
            return await asyncio.to_thread(request, port, target, method)

    return asyncio.run(ask())


def changed(**fields: object) -> Vitals:
    return Vitals(**{name: getattr(WELL, name) for name in Vitals.__slots__} | fields)


def test_a_gateway_that_is_well_says_so() -> None:
    status, kind, body = asked(lambda: WELL, "/health")
    assert (status, kind, json.loads(body)) == (200, "application/json", {"status": "ok", "reasons": []})


def test_what_is_wrong_is_said_in_words() -> None:
    unwell = changed(connected=False, oldest_age_s=400.0, poll_age_s=None)
    status, _, body = asked(lambda: unwell, "/health")
    assert status == 503
    assert json.loads(body)["reasons"] == [
        "not connected to the broker", "readings wait in the outbox for 400 s", "no device has answered yet",
    ]  # fmt: skip
    assert complaints(changed(poll_age_s=61.0), Limits()) == ["no device has answered for 61 s"]


def test_the_figures_are_what_prometheus_reads() -> None:
    status, kind, body = asked(lambda: WELL, "/metrics?x=1")
    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    families = {family.name: family for family in text_string_to_metric_families(body)}
    samples = {(s.name, *sorted(s.labels.values())): s.value for family in families.values() for s in family.samples}
    assert samples["wattproof_edge_readings_total",] == 10
    assert samples["wattproof_edge_outbox_oldest_age_seconds",] == 1.5
    assert samples["wattproof_edge_poll_lateness_p99_seconds",] == 0.002
    assert samples["wattproof_edge_read_errors_total", "main", "timeout"] == 3
    assert samples["wattproof_edge_read_errors_total", "frame", 'odd"one\\'] == 0
    assert families["wattproof_edge_readings"].type == "counter"
    assert families["wattproof_edge_outbox_batches"].type == "gauge"
    assert all(family.documentation for family in families.values())
    assert "poll_age" not in exposition(changed(poll_age_s=None))


@pytest.mark.parametrize(
    ("method", "target", "status"), [("GET", "/", 404), ("POST", "/health", 405), ("HEAD", "/health", 200)]
)
def test_there_is_nothing_else(method: str, target: str, status: int) -> None:
    found, _, body = asked(lambda: WELL, target, method)
    assert found == status
    assert method != "HEAD" or not body


def test_an_outbox_that_cannot_be_asked_is_unwell() -> None:
    def failing() -> Vitals:
        raise OutboxError("outbox x: disk I/O error")

    assert asked(failing, "/health")[::2] == (503, "outbox x: disk I/O error\n")


def test_nonsense_and_silence_hold_nobody_up() -> None:
    def talk(port: int) -> bytes:
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        with socket.create_connection(("127.0.0.1", port), timeout=60) as speaking:
            speaking.sendall(b"\x00\xff" * 8000 + b"\r\n\r\n")
            answer = speaking.recv(100)
        assert request(port, "/health")[0] == 200
        for each in silent:
            each.close()
        return answer

    async def run() -> bytes:
        async with serving(Endpoint(port=0), lambda: WELL) as port:
            return await asyncio.to_thread(talk, port)

    assert asyncio.run(run()).startswith(b"HTTP/1.1 400 ")


def test_it_is_off_unless_the_site_file_asks_for_it_and_then_on_the_loopback_address(tmp_path: Path) -> None:
    text = """
site: {id: site-1, name: Site}
gateway: gw-1
buses: [{name: b, url: "tcp://127.0.0.1:9", devices: [{id: d, profile: xy-md02, unit: 1}]}]
"""
    assert parse_site(text, "site.yaml", tmp_path).endpoint is None
    assert parse_site(text + "endpoint: {}\n", "site.yaml", tmp_path).endpoint == Endpoint("127.0.0.1", 9108)
    limits = parse_site(text + "outbox: {max_mb: 64, max_days: 30}\n", "site.yaml", tmp_path).outbox
    assert (limits.max_mb, limits.max_days) == (64, 30)

    async def nothing() -> int:
        async with serving(None, lambda: WELL) as port:
            return port

    assert asyncio.run(nothing()) == 0


class Health:
    def __init__(self) -> None:
        self.errors: Counter[Quality] = Counter()


class Device:
    """A polled device as the agent shows it."""

    def __init__(self, name: str) -> None:
        self.id = name
        self.polls = 0
        self.health = Health()


def test_the_signs_tell_answers_from_tries_and_a_standstill_from_both(tmp_path: Path) -> None:
    now = [0.0]
    outbox = Outbox(tmp_path / "outbox.sqlite", "site-1", "gw-1", clock=lambda: 1000)
    publisher = Publisher(outbox, Broker(port=free_port()), Birth("site-1", "gw-1", "", 0, "0", "", "", []))
    good, dead = Device("good"), Device("dead")
    signs = VitalSigns(
        outbox, lambda: publisher, lambda: [good, dead], clock=lambda: 4000, monotonic=lambda: now[0],
        longest_period_s=lambda: 60.0,
    )  # fmt: skip
    signs.look()
    assert signs.vitals().poll_age_s is None
    dead.polls, dead.health.errors[Quality.TIMEOUT] = 1, 1
    signs.look()
    assert signs.vitals().poll_age_s is None
    now[0], good.polls = 5.0, 1
    good.health.errors[Quality.RANGE] = 2  # it answered, with values that cannot be
    signs.look()
    now[0] = 7.0
    outbox.put([Table.of("main", "power_meter", [1], {"active_power_w": [1.0]})])
    vitals = signs.vitals()
    assert (vitals.poll_age_s, vitals.oldest_age_s, vitals.depth, vitals.connected) == (2.0, 3.0, 1, False)
    assert vitals.errors == {("dead", "timeout"): 1, ("good", Quality.RANGE.value): 2}
    now[0] = 904.0
    assert signs.stuck() == ""
    now[0] = 906.0
    assert signs.stuck() == "no device has been polled for 901 s"
    dead.polls = 2
    signs.look()
    assert signs.stuck() == ""
    outbox.close()


def test_a_port_in_use_is_told_and_measuring_goes_on(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite", "site-1", "gw-1")
    publisher = Publisher(outbox, Broker(port=free_port()), Birth("site-1", "gw-1", "", 0, "0", "", "", []))
    signs = VitalSigns(outbox, lambda: publisher, list)

    async def run() -> bool:
        async with serving(Endpoint(port=0), lambda: WELL) as port:
            with pytest.raises(EndpointError, match="Name a free port"):
                async with serving(Endpoint(port=port), lambda: WELL):
                    pass
            task = asyncio.create_task(attend(signs, Endpoint(port=port), Watchdog()))
            await until(lambda: any(entry["event"] == "endpoint_failed" for entry in logs), "it is told")
            alive = not task.done()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return alive

    with structlog.testing.capture_logs() as logs:
        assert asyncio.run(run())
    outbox.close()
