"""The plant that is struck: two gateways, a broker, collectors, a store, and a faulty line wherever one can be."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from chaos import parts
from chaos.disk import Disk, small_disk
from chaos.meters import Meters, answering
from chaos.parts import Part
from chaos.proxy import Proxy
from storage import Settings
from tests.parts import free_port, influxd_version

Engine = Literal["duck", "influx"]

SITE: Final = "site-1"
GATEWAYS: Final = ("gw-1", "gw-2")
COLLECTORS: Final[dict[Engine, tuple[str, ...]]] = {
    "duck": ("collector",),
    "influx": ("collector-1", "collector-2", "collector-3"),
}
"""One owns a DuckDB file; a server takes what a group of three brings it."""
BROKER: Final = "broker"
DATABASE: Final = "database"
"""InfluxDB, and its disk."""
SERVER: Final = "server"
"""The disk of the collectors' data folder."""
UNITS: Final = (1, 2)
KIND: Final = "plc"
CHANNEL: Final = "production_count"
SMALL_OUTBOX: Final = 120_000
"""What the second gateway's outbox may hold [bytes]: some seconds, so that outages make it declare gaps."""
_LARGE_OUTBOX: Final = 2**40
_DISK_MB: Final = 48

_PROFILE: Final = """
name: witness
vendor: Chaos
model: Witness
kind: plc
source: chaos/meters.py
verified: false
address_base: 0
fields:
  - {channel: production_count, function: 3, address: 0, type: uint32}
goldens:
  - what: the first answer
    registers: [{function: 3, address: 0, words: [0, 1]}]
    values: {production_count: 1}
"""


def device(gateway: str, unit: int) -> str:
    """Id of the device at `unit` of a gateway."""
    return f"{gateway}-unit-{unit}"


def may_overflow(device_: str) -> bool:
    """Whether a device is one of the gateway whose outbox is small, or that gateway itself."""
    return device_ == GATEWAYS[1] or device_ in {device(GATEWAYS[1], unit) for unit in UNITS}


@dataclass(frozen=True)
class Plant:
    """Everything that can be struck, by name.

    `processes` hold gateways, broker, collectors and, of ``influx``, the database; `lines` the proxies between them;
    `disks` the folders that can be full; `store` is how the reckoning opens the store, past every line; `server`
    names the database and its version.
    """

    engine: Engine
    folder: Path
    processes: dict[str, Part]
    lines: dict[str, Proxy]
    disks: dict[str, Disk]
    meters: dict[str, Meters]
    store: Settings
    server: str

    def journal(self, gateway: str) -> Path:
        """Where a gateway writes down its readings."""
        return self.folder / f"{gateway}.journal"

    def outbox(self, gateway: str) -> Path:
        """A gateway's outbox."""
        return self.folder / gateway / "outbox.sqlite"

    @property
    def server_folder(self) -> Path:
        """The collector's data folder."""
        return self.folder / SERVER


@contextlib.contextmanager
def plant(folder: Path, engine: Engine, seed: int, influxd: str = "") -> Iterator[Plant]:
    """Build the plant in an empty folder; nothing runs yet but meters and lines. At its end everything is ended.

    `influxd` is the program of ``influx``; Debian's where it is empty.
    """
    draw = random.Random(seed)
    broker_port, database_port = free_port(), free_port()
    with contextlib.ExitStack() as stack:

        def line(target: int) -> Proxy:
            proxy = Proxy(target, draw.getrandbits(32))
            stack.callback(proxy.stop)
            return proxy

        lines = {f"{gateway}-broker": line(broker_port) for gateway in GATEWAYS}
        lines["broker-collector"] = line(broker_port)
        processes = {BROKER: parts.mosquitto(folder, broker_port)}
        disks = {name: stack.enter_context(small_disk(folder / name, _DISK_MB)) for name in (*GATEWAYS, SERVER)}
        store, server = Settings(path=str(folder / SERVER / "readings.duckdb")), ""
        if engine == "influx":
            lines["collector-database"] = line(database_port)
            processes[DATABASE], store = parts.influxd(folder / "influxdb", database_port, influxd)
            server = f"InfluxDB {influxd_version(influxd)}"
        config = _server(folder, lines, store)
        collectors = COLLECTORS[engine]
        for number, name in enumerate(collectors, 1):
            processes[name] = parts.collector(name, folder, config, worker=number if len(collectors) > 1 else 0)
        meters = {gateway: stack.enter_context(answering()) for gateway in GATEWAYS}
        (folder / "witness.yaml").write_text(_PROFILE, encoding="utf-8")
        for gateway, most in zip(GATEWAYS, (_LARGE_OUTBOX, SMALL_OUTBOX), strict=True):
            site = _site(folder, gateway, lines[f"{gateway}-broker"].port, meters[gateway].port)
            processes[gateway] = parts.gateway(gateway, folder, site, folder / gateway, outbox_bytes=most)
        for part in processes.values():
            stack.callback(part.kill)
        yield Plant(engine, folder, processes, lines, disks, meters, store, server)


def _server(folder: Path, lines: dict[str, Proxy], store: Settings) -> Path:
    if store.engine == "influx":
        behind = f"http://127.0.0.1:{lines['collector-database'].port}"
        store = msgspec.structs.replace(store, influx_url=behind)
    config = {
        "data_dir": str(folder / SERVER),
        "broker": {"port": lines["broker-collector"].port, "keepalive_s": 2},
        "store": store,
    }
    path = folder / "wattproof.yaml"
    path.write_bytes(msgspec.yaml.encode(config))
    return path


def _site(folder: Path, gateway: str, broker: int, meters: int) -> Path:
    document = {
        "site": {"id": SITE, "name": "Site"},
        "gateway": gateway,
        "every_ms": 25,
        "flush_ms": 50,
        "broker": {"port": broker, "keepalive_s": 2},
        "buses": [
            {
                "name": "panel",
                "url": f"tcp://127.0.0.1:{meters}",
                "timeout_ms": 5000,
                "devices": [{"id": device(gateway, unit), "profile": "./witness.yaml", "unit": unit} for unit in UNITS],
            }
        ],
    }
    path = folder / f"{gateway}.yaml"
    path.write_bytes(msgspec.yaml.encode(document))
    return path
