"""What InfluxStore makes of a real InfluxDB that is gone, locked, or refuses some of the data."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from storage import InfluxStore, Rejected, Series, StoreRefusedError, StoreUnavailableError
from storage.influx.refusals import Refusal
from storage.influx.rolling import write_rows
from telemetry import Batch, Gap, Table
from tests.parts import Database, free_port, influxd
from tests.storage.parts import MAIN, POWER, SITE, ask_influx, batch, table, write_influx

NOW = 1_795_305_600_000
ROW = f"power_meter.15m,site={SITE},device=other {POWER}:count=1i 0"
VOLTAGE = replace(MAIN, channel="voltage_l1_v")


@pytest.fixture
def store(influxdb: Database, influx_database: str) -> InfluxStore:
    return InfluxStore(influxdb.url, database=influx_database)


def ready(influxdb: Database, store: InfluxStore, database: str, *lines: str) -> None:
    """Make the database and put lines there that somebody else wrote."""
    assert store.health().ok
    write_influx(influxdb, database, "\n".join(lines))


def test_a_stopped_database_is_unavailable_and_serves_again_after_its_return(tmp_path: Path) -> None:
    port, rpc = free_port(), free_port()
    store = InfluxStore(f"http://127.0.0.1:{port}")
    with pytest.raises(StoreUnavailableError, match=r"cannot be reached.*is it running"):
        store.write([batch({1000: 1.0})])
    with influxd(tmp_path, port, rpc):
        store.write([batch({1000: 1.0})])
    for use in (lambda: store.write([batch({2000: 2.0})]), lambda: store.read(MAIN, 0, 9000), store.series):
        with pytest.raises(StoreUnavailableError, match=f"127.0.0.1:{port} cannot be reached"):
            use()
    assert not store.health().ok
    with influxd(tmp_path, port, rpc):
        store.write([batch({2000: 2.0})])
        assert store.read(MAIN, 0, 9000)[1].tolist() == [1.0, 2.0]
    store.close()


def test_credentials_decide_what_the_store_may_do(tmp_path: Path) -> None:
    with influxd(tmp_path, free_port(), free_port(), http="auth-enabled = true") as server:
        ask_influx(server.url, "CREATE USER boss WITH PASSWORD 'secret' WITH ALL PRIVILEGES")

        def opened(username: str = "", password: str = "", database: str = "wattproof") -> InfluxStore:
            return InfluxStore(server.url, database=database, username=username, password=password)

        for wrong in (opened(), opened("boss", "guess"), opened("nobody", "secret")):
            with pytest.raises(StoreRefusedError, match=r"does not accept .*401: .*check the credentials") as refused:
                wrong.write([batch({1000: 1.0})])
            assert "secret" not in str(refused.value)
            assert "guess" not in wrong.health().detail
        boss = opened("boss", "secret")
        assert boss.write([batch({1000: 1.0})]).stored == 1
        for user, right in (("writer", "ALL"), ("reader", "READ")):
            ask_influx(server.url, f"CREATE USER {user} WITH PASSWORD 'pass'", "boss", "secret")
            ask_influx(server.url, f"GRANT {right} ON wattproof TO {user}", "boss", "secret")
        assert opened("writer", "pass").write([batch({2000: 2.0})]).stored == 1
        assert opened("reader", "pass").read(MAIN, 0, 9000)[1].tolist() == [1.0, 2.0]
        with pytest.raises(
            StoreRefusedError, match=r"does not let user 'reader' use 'wattproof'.*grant read and write"
        ):
            opened("reader", "pass").write([batch({3000: 3.0})])
        with pytest.raises(StoreRefusedError, match=r'no database.*as its administrator: CREATE DATABASE "other"'):
            opened("writer", "pass", "other").write([batch({3000: 3.0})])


def test_a_database_dropped_under_the_store_is_refused_once_and_made_again(
    influxdb: Database, influx_database: str, store: InfluxStore
) -> None:
    for use in (lambda: store.write([batch({2000: 2.0})]), lambda: store.read(MAIN, 0, 9000)):
        store.write([batch({1000: 1.0})])
        ask_influx(influxdb.url, f"DROP DATABASE {influx_database}")
        with pytest.raises(StoreRefusedError, match=influx_database):
            use()
    assert store.write([batch({2000: 2.0})]).stored == 1
    assert store.read(MAIN, 0, 9000)[1].tolist() == [2.0]


def test_what_is_written_to_a_database_that_was_made_again_is_noted_again(
    influxdb: Database, influx_database: str, store: InfluxStore
) -> None:
    def write() -> None:
        store.write([batch({time.time_ns() // 1_000_000: 1.0})])

    # A quarter-hour that is running is noted once, by a note that is dropped with it.
    for first in (write, lambda: store.read(MAIN, 0, 9000)):
        write()
        ask_influx(influxdb.url, f"DROP DATABASE {influx_database}")
        with pytest.raises(StoreRefusedError, match=influx_database):
            first()
        write()
        assert store.touched() > 0


def test_a_policy_for_rollups_dropped_under_the_store_is_refused_once_and_made_again(
    influxdb: Database, influx_database: str, store: InfluxStore
) -> None:
    rolling = (lambda: store.rollups(MAIN, 0, NOW), lambda: store.roll(NOW), lambda: write_rows(store._server, [ROW]))
    for use in rolling:
        store.write([batch({1000: 1.0})])
        assert store.touched() == 1
        ask_influx(influxdb.url, f"DROP RETENTION POLICY rollup ON {influx_database}")
        with pytest.raises(StoreRefusedError, match="retention policy not found: rollup"):
            use()
        use()
    assert store.roll(NOW) == 1
    assert store.rollups(MAIN, 0, NOW).count.tolist()[0] == 1


def test_a_type_conflict_is_rejected_with_its_reason_and_the_rest_is_stored(
    influxdb: Database, influx_database: str, store: InfluxStore
) -> None:
    ready(influxdb, store, influx_database, f'power_meter,site=x,device=y {POWER}="text" {NOW}')
    columns: dict[str, list[float | None]] = {
        "frequency_hz": [60.0, 60.1, 60.2], POWER: [1.0, None, 3.0], "voltage_l1_v": [None, 230.0, 231.0],
    }  # fmt: skip
    gap = Gap("main", "power_meter", POWER, NOW, NOW + 1, "outbox_full", 3)
    sent = Batch(
        SITE,
        "gw-1",
        "e",
        1,
        [Table.of("main", "power_meter", [NOW, NOW + 1000, NOW + 2000], columns), _plc(NOW)],
        [gap],
    )
    other = batch({NOW: 9.0}, replace(MAIN, device="press-1"), seq=2)
    outcome = store.write([sent, other])
    assert outcome.stored == 6
    assert outcome.gaps == 1
    assert [(r.batch, r.series, r.readings) for r in outcome.rejected] == [
        (sent, MAIN, 2),
        (other, replace(MAIN, device="press-1"), 1),
    ]
    assert all("field type conflict" in r.reason and POWER in r.reason for r in outcome.rejected)
    assert store.read(replace(MAIN, channel="frequency_hz"), NOW, NOW + 9000)[1].tolist() == [60.0, 60.1, 60.2]
    assert store.read(VOLTAGE, NOW, NOW + 9000)[1].tolist() == [230.0, 231.0]
    assert store.gaps(SITE, 0, NOW * 2) == [gap]
    assert store.count(SITE) == 6
    assert store.write([sent, other]) == outcome


def _plc(time: int) -> Table:
    return table(Series(SITE, "plc", "plc-1", "run_state"), {time: 1.0})


def test_a_conflict_in_many_lines_is_found_in_few_requests(
    influxdb: Database, influx_database: str, store: InfluxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(influxdb, store, influx_database, f'power_meter,site=x,device=y current_l2_a="text" {NOW}')
    channels = ["current_l1_a", "current_l2_a", "current_l3_a", "voltage_l1_v", "voltage_l2_v", "frequency_hz"]
    times = list(range(NOW, NOW + 4000 * 1000, 1000))
    sent = Batch(SITE, "gw-1", "e", 1, [Table.of("main", "power_meter", times, {c: [1.5] * 4000 for c in channels})])
    writes: list[int] = []
    post = store._server.write

    def counted(lines: list[str]) -> Refusal | None:
        writes.append(len(lines))
        return post(lines)

    monkeypatch.setattr(store._server, "write", counted)
    outcome = store.write([sent])
    assert outcome.stored == 5 * 4000
    assert [(r.series.channel, r.readings) for r in outcome.rejected] == [("current_l2_a", 4000)]
    assert len(writes) < 12
    assert store.count(SITE) == 5 * 4000


def test_readings_beyond_the_retention_policy_are_rejected_and_the_rest_is_stored(
    influxdb: Database, influx_database: str, store: InfluxStore
) -> None:
    ready(influxdb, store, influx_database, f"power_meter,site=x,device=y {POWER}=1 {NOW}")
    ask_influx(influxdb.url, f"ALTER RETENTION POLICY raw ON {influx_database} DURATION 520w SHARD DURATION 1w")
    old = {1000 * n: float(n) for n in range(1, 6)}
    new = {NOW + 1000 * n: float(n) for n in range(7)}
    sent = batch(old | new)
    outcome = store.write([sent])
    assert outcome.stored == 7
    assert sum(r.readings for r in outcome.rejected) == 5
    assert {r.series for r in outcome.rejected} == {MAIN}
    assert {r.reason for r in outcome.rejected} == {"partial write: points beyond retention policy"}
    assert len(outcome.rejected) == 1
    assert store.read(MAIN, 0, NOW * 2)[0].tolist() == list(new)


def test_a_gap_the_database_refuses_is_told(influxdb: Database, influx_database: str, store: InfluxStore) -> None:
    ready(influxdb, store, influx_database, f'gap,site=x end_ms="text" {NOW}')
    gap = Gap("main", "power_meter", POWER, NOW, NOW + 1, "outbox_full", 3)
    sent = batch({NOW: 1.0}, gaps=[gap])
    outcome = store.write([sent])
    assert (outcome.stored, outcome.gaps) == (1, 0)
    (rejected,) = outcome.rejected
    assert rejected == Rejected(sent, MAIN, 0, rejected.reason)
    assert rejected.reason.startswith("declared gap not recorded: partial write: field type conflict")


def test_every_refused_gap_counts_even_of_one_series(
    influxdb: Database, influx_database: str, store: InfluxStore
) -> None:
    ready(influxdb, store, influx_database, f'gap,site=x end_ms="text" {NOW}')
    gaps = [Gap("main", "power_meter", POWER, NOW + n, NOW + n + 1, "outbox_full", 3) for n in range(3)]
    outcome = store.write([batch({NOW: 1.0}, gaps=gaps)])
    assert (outcome.stored, outcome.gaps) == (1, 0)


def test_values_somebody_else_wrote_under_further_tags_count_as_duplicates(
    influxdb: Database, influx_database: str, store: InfluxStore
) -> None:
    store.write([batch({1000: 1.0, 2000: 2.0, 3000: 3.0})])
    assert store.duplicates() == 0
    write_influx(influxdb, influx_database, f"power_meter,site={SITE},device=main,host=a {POWER}=7 2000")
    assert store.duplicates() == 2


def test_text_and_whole_numbers_somebody_else_wrote_do_no_harm(
    influxdb: Database, influx_database: str, store: InfluxStore
) -> None:
    lines = (f'power_meter,site={SITE},device=main note="x",{POWER}=5i 1000', "strange v=1 1000", 'text v="a" 1000')
    ready(influxdb, store, influx_database, *lines)
    assert store.read(MAIN, 0, 9000)[1].tolist() == [5.0]
    assert store.series(SITE) == [MAIN]
    assert store.latest(SITE)[0].value == 5.0
    assert store.count(SITE) == 1
    with pytest.raises(StoreRefusedError, match="does not answer as expected"):
        store.read(replace(MAIN, channel="note"), 0, 9000)


def test_compressed_lines_arrive_as_well(influxdb: Database, influx_database: str) -> None:
    store = InfluxStore(influxdb.url, database=influx_database, compress=True)
    points: dict[int, float | None] = {NOW + n: n / 3 for n in range(6000)}
    assert store.write([batch(points)]).stored == 6000
    assert store.read(MAIN, 0, NOW * 2)[1].tolist() == list(points.values())
