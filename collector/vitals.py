"""A collector's pages for whoever looks after it: is it alive, is it at work, what has it done."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from prometheus_client import generate_latest

from collector.collector import Collector
from collector.endpoint import Page
from collector.metrics import metrics
from storage import Store


def pages(collector: Collector, store: Store) -> dict[str, Callable[[], Page]]:
    """``/healthz``, ``/readyz`` and ``/metrics`` of one collector."""
    registry = metrics(collector)

    def healthz() -> Page:
        return _told([] if collector.alive else ["a thread of the collector has ended: restart it"])

    def readyz() -> Page:
        return _told(complaints(collector, store))

    def figures() -> Page:
        return Page(200, "text/plain; version=0.0.4; charset=utf-8", generate_latest(registry).decode())

    return {"/healthz": healthz, "/readyz": readyz, "/metrics": figures}


def complaints(collector: Collector, store: Store) -> list[str]:
    """Why a collector cannot do its work now; nothing when it can."""
    found: list[str] = []
    if not collector.connected:
        found.append("no session with the broker")
    if not collector.foreign_connected:
        found.append("no session with the broker on which others publish (collector.foreign)")
    if collector.trouble:
        found.append(collector.trouble)
    else:
        health = store.health()
        if not health.ok:
            found.append(f"{health.engine}: {health.detail}")
    return found


def _told(found: list[str]) -> Page:
    word = {"status": "unwell" if found else "ok", "reasons": found}
    return Page(503 if found else 200, "application/json", msgspec.json.encode(word).decode() + "\n")
