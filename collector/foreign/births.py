"""Births of mappings: what gateways tell of their devices, told for devices whose senders know no such word.

Each worker adds what it has stored to what it has heard, so that many workers, and one that starts anew, come to agree.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import msgspec
import structlog

from collector.foreign.batch import EPOCH
from collector.foreign.mappings import Mappings
from telemetry import BIRTH, Batch, Birth, BirthDevice, TelemetryError, decode, parse_topic

log = structlog.get_logger()

_Key = tuple[str, str]
"""Site and gateway."""


class Births:
    """Devices of mappings, by site and gateway. Thread-safe.

    Parameters
    ----------
    mappings
        Whose devices.
    publish
        Tells a birth to whoever listens.
    """

    def __init__(self, mappings: Mappings, publish: Callable[[Birth], None]) -> None:
        self._every_ms = {route.gateway: route.every_ms for route in mappings.routes}
        self._names = {route.gateway: route.mapping for route in mappings.routes}
        self._publish = publish
        self._lock = threading.Lock()
        self._devices: dict[_Key, dict[str, BirthDevice]] = {}
        self._told: dict[_Key, list[BirthDevice]] = {}
        self._others: set[_Key] = set()
        self._seen: dict[tuple[_Key, str], set[str]] = {}

    def committed(self, batches: Sequence[Batch]) -> None:
        """Take in what the store has."""
        with self._lock:
            for batch in batches:
                if batch.epoch == EPOCH and (batch.site, batch.gateway) not in self._others:
                    self._add(batch)

    def heard(self, topic: str, payload: bytes) -> bool:
        """Take in a message; True for a birth that a worker of mappings has told."""
        try:
            address = parse_topic(topic)
            if address.kind != BIRTH or not payload:
                return False
            birth = decode(payload, Birth)
        except TelemetryError:
            return False
        key = (address.site, address.gateway)
        with self._lock:
            if birth.epoch != EPOCH:
                if address.gateway in self._every_ms and key not in self._others:
                    self._others.add(key)
                    log.warning(
                        "foreign_gateway_taken", site=address.site, gateway=address.gateway,
                        advice="a gateway of this name exists: give the mapping another with gateway:",
                    )  # fmt: skip
                return False
            known = self._devices.setdefault(key, {})
            for device in birth.devices:
                known[device.device] = _joined(device, known.get(device.device))
            self._told[key] = birth.devices
        return True

    def look(self) -> None:
        """Tell of every gateway of which more is known than was last told."""
        with self._lock:
            news = [
                (key, devices)
                for key, known in self._devices.items()
                if key not in self._others
                and (devices := sorted(known.values(), key=lambda each: each.device)) != self._told.get(key)
            ]
            self._told.update(news)
        for (site, gateway), devices in news:
            # That it never started lets no page take its site's name and time zone from here.
            self._publish(Birth(site, gateway, EPOCH, 0, "", "", "", devices))

    def _add(self, batch: Batch) -> None:
        key = (batch.site, batch.gateway)
        known = self._devices.setdefault(key, {})
        name, every_ms = self._names.get(batch.gateway, ""), self._every_ms.get(batch.gateway, 60_000)
        for table in batch.tables:
            seen = self._seen.setdefault((key, table.device), set())
            if seen.issuperset(table.names):
                continue
            seen.update(table.names)
            told = BirthDevice(
                table.device, table.kind, table.device, "mqtt", name, "", every_ms, sorted(table.names)
            )  # fmt: skip
            known[table.device] = _joined(told, known.get(table.device))


def _joined(new: BirthDevice, old: BirthDevice | None) -> BirthDevice:
    if old is None:
        return new
    return msgspec.structs.replace(new, channels=sorted({*new.channels, *old.channels}))
