"""A small factory's readings for the pages to show, and the server that shows them."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx
import uvicorn

import telemetry
from api import Settings, create_app, new_server
from api.live import Feed
from storage import Store
from telemetry import Batch, Birth, BirthDevice, Broker, Gap, State, Table
from tests.parts import free_port, listening, wait_until

SITE = "gimpo-demo"
SITE_NAME = "김포 가상공장"
POWER = {"main": 96_000.0, "press-1": 31_000.0, "press-2": 24_500.0, "compressor": 18_200.0}
LABELS = {
    "main": "수전 주계기",
    "press-1": "사출기 1호",
    "press-2": "사출기 2호",
    "compressor": "공기압축기",
    "plc-1": "사출기 1호 PLC",
    "ambient": "작업장 온습도",
}
SECOND = 1000
MINUTE = 60 * SECOND


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def power_at(device: str, at: int) -> float:
    """A machine that cycles; the same on every run."""
    return POWER[device] * (1 + 0.12 * math.sin(at / 47_000) + 0.05 * math.sin(at / 9_000 + len(device)))


def meter(device: str, times: list[int], power: Callable[[int], float] | None = None) -> Table:
    """Power [W], and the counter [Wh] of a meter that has run at its mean power since 2026."""
    watts = [power(at) if power else power_at(device, at) for at in times]
    energy = [POWER[device] * (at - 1_767_225_600_000) / 3_600_000 for at in times]
    return Table.of(
        device,
        "power_meter",
        times,
        {"active_power_w": list(watts), "energy_import_wh": list(energy)},
    )


def machines(times: list[int], *, without: tuple[str, ...] = ()) -> list[Table]:
    """Everything that a gateway reads in a second, for every one of `times`."""
    tables = [meter(device, times) for device in POWER if device not in without]
    tables.append(
        Table.of(
            "plc-1",
            "plc",
            times,
            {
                "production_count": [float(at // 28_000) % 100_000 for at in times],
                "run_state": [2.0 for _ in times],
                "cycle_time_s": [28.0 + 0.3 * math.sin(at / 30_000) for at in times],
            },
        )
    )
    tables.append(
        Table.of(
            "ambient",
            "sensor",
            times,
            {"temperature_c": [21.4 for _ in times], "humidity_pct": [46.0 for _ in times]},
        )
    )
    return tables


def health(at: int) -> list[Table]:
    """What gateway ``gw-1`` tells of itself and of its links."""
    return [
        Table.of(
            "gw-1",
            "gateway",
            [at],
            {
                "outbox_depth_count": [3.0],
                "outbox_bytes": [5120.0],
                "lateness_ms": [4.0],
                "readings_count": [1_234_567.0],
            },
        ),
        Table.of("press-2", "link", [at], {"errors_timeout_count": [17.0], "errors_frame_count": [2.0]}),
        Table.of("main", "link", [at], {"errors_timeout_count": [0.0]}),
    ]


def last_hour(now: int) -> list[Batch]:
    """An hour of readings: ``press-1`` has five declared minutes missing, ``press-2`` fell silent four minutes ago."""
    begin, batches = now - 60 * MINUTE, []
    hole = (now - 30 * MINUTE, now - 25 * MINUTE)
    for seq in range(1, 13):
        start = begin + (seq - 1) * 5 * MINUTE
        times = [at for at in range(start, start + 5 * MINUTE, SECOND) if at < now]
        tables = machines(times, without=("press-1", "press-2"))
        some = [at for at in times if not hole[0] <= at < hole[1]]
        if some:
            tables.append(meter("press-1", some))
        early = [at for at in times if at < now - 4 * MINUTE]
        if early:
            tables.append(meter("press-2", early))
        gaps = []
        if seq == 12:
            gaps.append(Gap("press-1", "power_meter", "active_power_w", hole[0], hole[1] - SECOND, "outbox_full", 300))
        batches.append(Batch(SITE, "gw-1", "test", seq, tables, gaps))
    batches.append(Batch(SITE, "gw-1", "test", 13, health(now)))
    return batches


def birth(gateway: str = "gw-1", started: int = 1_790_000_000_000) -> Birth:
    """The gateway's word about its devices."""
    kinds = {"plc-1": "plc", "ambient": "sensor"}
    channels = {
        "power_meter": ["active_power_w", "energy_import_wh"],
        "plc": ["production_count", "run_state", "cycle_time_s"],
        "sensor": ["temperature_c", "humidity_pct"],
    }
    profiles = {"power_meter": "eastron-sdm630", "plc": "generic-plc", "sensor": "xy-md02"}
    devices = []
    for unit, (device, label) in enumerate(LABELS.items(), start=1):
        kind = kinds.get(device, "power_meter")
        devices.append(
            BirthDevice(
                device=device,
                kind=kind,
                label=label,
                link=f"tcp://127.0.0.1:5020 unit {unit}",
                profile=profiles[kind],
                profile_digest="0" * 64,
                every_ms=1000,
                channels=channels[kind],
            )
        )
    return Birth(SITE, gateway, "test", started, "0.1.0", SITE_NAME, "Asia/Seoul", devices)


def announce(broker: Broker, *messages: tuple[str, str, Birth | State]) -> None:
    """Publish retained messages ``(gateway, kind, message)`` and wait until the broker has them."""
    client = telemetry.new_client(broker, "announcer", clean=True)
    client.connect(broker.host, broker.port)
    client.loop_start()
    try:
        for gateway, kind, message in messages:
            topic = telemetry.topic(SITE, gateway, kind)
            client.publish(topic, telemetry.encode(message), qos=1, retain=True).wait_for_publish(60)
    finally:
        client.disconnect()
        client.loop_stop()


@dataclass
class Feeder:
    """A gateway that goes on reading: writes every device but ``press-2`` each `every_s`, until closed."""

    store: Store
    every_s: float = 0.5
    written: Callable[[], None] = lambda: None
    scale: float = 1.0
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="feeder")
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(60)

    def _run(self) -> None:
        seq = 1000
        while not self._stop.wait(self.every_s):
            now = now_ms()
            tables = machines([now], without=("press-2",))
            self.store.write([Batch(SITE, "gw-1", "test", seq, [*tables, *health(now)])])
            self.written()
            seq += 1


@dataclass(frozen=True)
class Running:
    """A server that runs in a thread."""

    url: str
    server: uvicorn.Server
    thread: threading.Thread
    feed: Feed

    def notify(self, site: str) -> None:
        """Tell the live feed that something was stored."""
        self.feed.notify(site)

    def stop(self) -> None:
        """Stop it, and wait until it has."""
        self.server.should_exit = True
        self.thread.join(60)


@contextlib.contextmanager
def serving(
    store: Store,
    settings: Settings,
    broker: Broker | None = None,
    clock: Callable[[], int] = now_ms,
    in_korean: Callable[[str], str] = str,
) -> Iterator[Running]:
    """The real app on a real port."""
    port = free_port()
    chosen = Settings(
        **{name: getattr(settings, name) for name in settings.__struct_fields__ if name != "port"}, port=port
    )
    app = create_app(store, chosen, broker, clock=clock, in_korean=in_korean)
    server = new_server(app, chosen)
    thread = threading.Thread(target=server.run, name="uvicorn")
    thread.start()
    running = Running(f"http://127.0.0.1:{port}", server, thread, app.state.feed)
    try:
        wait_until(lambda: listening(port) and server.started, "the API listens")
        yield running
    finally:
        running.stop()


def problem(answer: httpx.Response) -> str:
    """The sentence of a problem document."""
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"])
