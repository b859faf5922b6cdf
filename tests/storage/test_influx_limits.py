"""What InfluxStore makes of a real InfluxDB at its limits: a bad line costs itself only, and a full disk nothing."""

from __future__ import annotations

import resource
from dataclasses import replace
from pathlib import Path

import pytest

from storage import Aggregate, InfluxStore, StoreUnavailableError
from tests.parts import Database, free_port, influxd
from tests.storage.parts import MAIN, SITE, batch, points

NOW = 1_795_305_600_000
MINUTE = 60_000


def test_a_server_that_takes_no_more_devices_keeps_those_it_has(tmp_path: Path) -> None:
    with influxd(tmp_path, free_port(), free_port(), data="max-values-per-tag = 3") as server:
        store = InfluxStore(server.url)
        sent = [batch({NOW: 1.0, NOW + 1: 2.0}, replace(MAIN, device=f"meter-{n}"), seq=n) for n in range(1, 6)]
        assert store.write(sent[:3]).stored == 6
        outcome = store.write(sent)
        assert outcome.stored == store.count(SITE) == 6
        assert [(each.batch.seq, each.readings) for each in outcome.rejected] == [(4, 2), (5, 2)]
        assert all("max-values-per-tag limit exceeded (3/3)" in each.reason for each in outcome.rejected)
        assert store.write(sent) == outcome
        store.close()


def test_a_request_above_the_servers_limit_is_sent_in_parts(tmp_path: Path) -> None:
    with influxd(tmp_path, free_port(), free_port(), http="max-body-size = 5000") as server:
        store = InfluxStore(server.url)
        outcome = store.write([batch({NOW + n: float(n) for n in range(500)})])
        assert outcome.stored == store.count(SITE) == 500
        assert outcome.rejected == ()
        assert store.touched() == 1
        store.close()


def test_a_server_out_of_memory_for_writes_is_unavailable(tmp_path: Path) -> None:
    with influxd(tmp_path, free_port(), free_port(), data="cache-max-memory-size = 50000") as server:
        store = InfluxStore(server.url)
        store.write([batch({NOW + i: float(i) for i in range(2000)})])
        with pytest.raises(StoreUnavailableError, match=r"cannot serve now .500: .*cache-max-memory-size exceeded"):
            store.write([batch({NOW + 2000 + i: float(i) for i in range(2000)})])
        store.close()


def fill_disk(server: Database) -> None:
    """Let the server's files grow no more: every write to its log fails, as on a full disk."""
    _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1, hard))


def test_a_full_disk_is_an_outage_and_costs_no_reading(tmp_path: Path) -> None:
    port, rpc = free_port(), free_port()
    store = InfluxStore(f"http://127.0.0.1:{port}")
    first, second = ({NOW + MINUTE * (10 * part + n): float(n) for n in range(10)} for part in range(2))
    with influxd(tmp_path, port, rpc) as server:
        store.write([batch(first)])
        fill_disk(server)
        for _ in range(2):
            with pytest.raises(StoreUnavailableError, match=r"cannot serve now .500: .*file too large"):
                store.write([batch(second, seq=2)])
    with influxd(tmp_path, port, rpc):
        # InfluxDB shows what it could not write until it is started anew: only an answer of 204 is a promise.
        assert points(store) == first
        assert store.write([batch(second, seq=2)]).stored == 10
        assert points(store) == first | second
        while store.roll(2**60):
            pass
        found = store.rollups(MAIN, 0, 2**60)
        assert int(found.count.sum()) == 20
    store.close()


def test_a_server_that_limits_the_rows_of_an_answer_still_gives_all_of_them(tmp_path: Path) -> None:
    with influxd(tmp_path, free_port(), free_port(), http="max-row-limit = 100") as server:
        store = InfluxStore(server.url)
        store.write([batch({NOW + MINUTE * n: 1.0 for n in range(300)})])
        store.write([batch({NOW: 1.0}, replace(MAIN, device=f"meter-{n:03}")) for n in range(150)])
        assert len(store.windows(MAIN, 0, 2 * NOW, MINUTE, Aggregate.MEAN)[0]) == 300
        assert len(store.latest(SITE)) == len(store.series()) == 151
        store.close()
