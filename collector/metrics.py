"""The collector's counters for Prometheus."""

from __future__ import annotations

import dataclasses
from collections import Counter as TallyByKind
from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector as Source

from collector.collector import Collector
from collector.counters import Counters

_HELP = {
    "messages": "Messages received, every delivery",
    "batches": "Batches committed to the store, repeats included",
    "written": "Readings confirmed by the store, repeats included",
    "quarantined_readings": "Readings set aside",
    "quarantined_messages": "Whole messages set aside",
    "gaps": "Gaps recorded, repeats included",
    "gap_readings": "Readings declared lost by gateways, repeats included",
    "retries": "Commits tried again",
    "deferred": "Messages left to be sent again, too many waiting or the quarantine failing",
    "replayed": "Readings brought from quarantine into the store",
    "damaged": "Messages left to be sent again, their checksum wrong",
    "untimely": "Messages left to be sent again, our own clock behind",
    "foreign_messages": "Messages of others received, by mappings",
    "foreign_unmatched": "Messages of others under a topic that no rule takes",
    "foreign_empty": "Messages of others that hold nothing that is mapped",
    "foreign_stale": "Messages of others without a time, retained by the broker or sent again, and so not taken",
    "foreign_lost": "Messages of others without a time that found no room while the store was away",
}


class _Source(Source):
    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    def collect(self) -> Iterator[Metric]:
        counters = self._collector.counters
        for field in dataclasses.fields(Counters):
            name = f"wattproof_collector_{field.name}"
            yield CounterMetricFamily(name, _HELP[field.name], value=getattr(counters, field.name))
        yield GaugeMetricFamily(
            "wattproof_collector_waiting", "Messages waiting for the store", value=self._collector.waiting
        )
        yield GaugeMetricFamily(
            "wattproof_collector_waiting_bytes", "Bytes waiting for the store", value=self._collector.waiting_bytes
        )
        yield GaugeMetricFamily(
            "wattproof_collector_connected", "1 while connected to the broker", value=self._collector.connected
        )
        yield GaugeMetricFamily(
            "wattproof_collector_foreign_connected", "1 while connected to the broker of others, or none is wanted",
            value=self._collector.foreign_connected,
        )  # fmt: skip
        yield GaugeMetricFamily(
            "wattproof_collector_store_trouble",
            "1 while store or quarantine fail and nothing is acknowledged",
            value=bool(self._collector.trouble),
        )
        yield GaugeMetricFamily(
            "wattproof_collector_gateway_ids_twice", "Gateways whose id two machines use", value=self._collector.twice
        )
        yield self._alarms()
        yield from self._quarantine()
        latency = GaugeMetricFamily(
            "wattproof_collector_latency_ms", "Register read to commit, since the start", labels=["quantile"]
        )
        told = self._collector.latency()
        latency.add_metric(["0.5"], told.p50)
        latency.add_metric(["0.99"], told.p99)
        yield latency

    def _alarms(self) -> Metric:
        lasting = GaugeMetricFamily("wattproof_collector_alarms", "Alarms that last, by kind", labels=["kind"])
        kinds = TallyByKind(alarm.kind for alarm in self._collector.alarms if alarm.until is None)
        for kind, count in sorted(kinds.items()):
            lasting.add_metric([kind], count)
        return lasting

    def _quarantine(self) -> Iterator[Metric]:
        held = self._collector.quarantine.counters
        for name, help_, value in (
            ("entries", "Entries held in quarantine", held.entries),
            ("readings", "Readings in quarantine: held, dropped, superseded or only counted", held.readings),
            ("superseded", "Readings in whose place the store has another value", held.superseded),
            ("bytes", "Size of what is in quarantine", held.bytes),
        ):
            yield GaugeMetricFamily(f"wattproof_quarantine_{name}", help_, value=value)


def metrics(collector: Collector) -> CollectorRegistry:
    """Registry of one collector's metrics, read from its counters whenever it is scraped."""
    registry = CollectorRegistry()
    registry.register(_Source(collector))
    return registry
