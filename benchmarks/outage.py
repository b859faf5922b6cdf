"""An hour's worth of a site's batches while the store is away: what a collector holds in memory, and how it recovers.

A real mosquitto, `wattproof collector run` as a process with its upkeep, and gateways with the real outbox and
publisher. The store is away (an InfluxDB that is killed; the full disk under a DuckDB file) while the batches of an
hour are put as fast as the gateways' disk takes them. Then it comes back, and the gateways go on measuring at the live
rate while their backlog drains and until its quarter-hours are rolled up.

``python -m benchmarks.outage [--store influx] [--gateways 4] [--rate 1] [--json]``
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.frame import Figure, at_least, at_most, report
from benchmarks.outage_stand import stores
from benchmarks.outage_stand.gateways import Gateway, Live, gateways, put_many
from benchmarks.outage_stand.memory import Memory, Resident, resident
from tests.parts import mosquitto, wait_until

HOUR_S: Final = 3600
MEMORY_MB: Final = 100.0
SPEED_UP: Final = 5.0
STALE_S: Final = 2.0
END_S: Final = 10.0
BEGINNING_S: Final = 10.0
_STORES: Final = {"influx": stores.influx, "duck": stores.duck}
_NAMES: Final = {"influx": "InfluxDB 1.6.7", "duck": "DuckDB"}
_ROLLED_S: Final = 240.0


def main() -> int:
    """Run the outage and print its figures."""
    parser = argparse.ArgumentParser(description="A collector through an hour's outage of its store.")
    parser.add_argument("--store", choices=sorted(_STORES), action="append", help="Which store; both unless given.")
    parser.add_argument("--gateways", type=int, default=4, help="How many gateways, each of three meters.")
    parser.add_argument("--rate", type=float, default=1.0, help="Batches a second of each gateway.")
    parser.add_argument("--json", action="store_true", help="End with one JSON object.")
    options = parser.parse_args()
    figures: list[Figure] = []
    facts: dict[str, Any] = {
        "gateways": options.gateways,
        "batches_per_s": options.gateways * options.rate,
        "backlog_batches": round(HOUR_S * options.rate) * options.gateways,
    }
    for store in options.store or ("influx", "duck"):
        with tempfile.TemporaryDirectory() as name:
            try:
                found = _outage(Path(name), store, options.gateways, options.rate)
            except PermissionError as error:
                facts[store] = str(error)
                continue
        figures += _figures(_NAMES[store], found)
        facts |= {f"{store}_{phase}_mb": round(most.whole_mb, 1) for phase, most in found.most.items()}
    return report("outage", figures, facts=facts, as_json=options.json)


class _Found(NamedTuple):
    most: dict[str, Resident]
    grown_mb: float
    drained_s: float
    live: Live
    lost: int
    end_s: float


def _outage(folder: Path, engine: str, number: int, rate: float) -> _Found:
    backlog = round(HOUR_S * rate)
    with contextlib.ExitStack() as ends:
        broker = ends.enter_context(mosquitto(folder, "max_inflight_messages 8000", "max_queued_messages 20000"))
        store = ends.enter_context(_STORES[engine](folder))
        collector = stores.Collector(folder, broker, store.settings)
        ends.callback(collector.end)
        sites = ends.enter_context(gateways(folder, broker, number))
        put_many(sites, 5, time.time() - 2 * HOUR_S, 5)
        wait_until(lambda: all(one.publisher.drained(1) for one in sites), "all is at work", 60)
        memory = ends.enter_context(Memory(collector.process.pid))
        memory.begin("before")
        store.leave()
        memory.begin("outage")
        # As it would begin: what is sent until a gateway finds that nothing is acknowledged.
        Live(sites, rate).go_on(_after(BEGINNING_S))
        put_many(sites, backlog // 4, time.time() - HOUR_S, HOUR_S / 4)
        quarter = resident(collector.process.pid).whole_mb
        put_many(sites, backlog - backlog // 4, time.time() - HOUR_S * 3 / 4, HOUR_S * 3 / 4)
        grown = resident(collector.process.pid).whole_mb - quarter
        store.come_back()
        memory.begin("recovery")
        live = Live(sites, rate)
        drained_s = live.go_on(lambda: live.again_s < float("inf") and _waiting(sites) <= 4 * rate)
        memory.begin("roll-up")
        rolled, too_late = collector.said("rolled_up"), _after(_ROLLED_S)
        live.go_on(lambda: collector.said("rolled_up") > rolled or too_late())
        if collector.said("rolled_up") == rolled:
            raise TimeoutError("nothing was rolled up")
        wait_until(lambda: all(one.publisher.drained(1) for one in sites), "all is stored", 60)
        lost = sum(one.outbox.counters.read - one.outbox.counters.stored for one in sites)
        end_s = collector.end()
    return _Found(memory.most, grown, drained_s, live, lost, end_s)


def _after(seconds: float) -> Callable[[], bool]:
    until = time.monotonic() + seconds
    return lambda: time.monotonic() >= until


def _waiting(sites: list[Gateway]) -> int:
    return max(one.outbox.counters.batches for one in sites)


def _figures(name: str, found: _Found) -> list[Figure]:
    most = found.most
    return [
        Figure(f"{name}: memory before (RSS)", most["before"].whole_mb, "MB"),
        at_most(f"{name}: memory through the outage (RSS)", most["outage"].whole_mb, "MB", MEMORY_MB),
        Figure(f"{name}: of it its own, not pages of program files", most["outage"].own_mb, "MB"),
        Figure(f"{name}: grown in the outage's last three quarters", found.grown_mb, "MB"),
        at_most(f"{name}: memory while the backlog drained (RSS)", most["recovery"].whole_mb, "MB", MEMORY_MB),
        at_most(f"{name}: memory while it was rolled up (RSS)", most["roll-up"].whole_mb, "MB", MEMORY_MB),
        at_least(f"{name}: backlog drained, times the live rate", HOUR_S / found.drained_s, "x", SPEED_UP),
        at_most(f"{name}: a reading of now of every gateway stored after", found.live.again_s, "s", STALE_S),
        at_most(f"{name}: oldest live reading from then on", found.live.oldest_s, "s", STALE_S),
        at_most(f"{name}: readings lost", found.lost, "readings", 0),
        at_most(f"{name}: ended after SIGTERM", found.end_s, "s", END_S),
    ]


if __name__ == "__main__":
    sys.exit(main())
