"""One worker rolls at a time, on a real InfluxDB: who dies or stands still while it does holds nobody up for long."""

from __future__ import annotations

import pytest

from storage import InfluxStore, StoreUnavailableError
from storage.influx import claims, rolling
from storage.influx.claims import Claims
from storage.influx.influxql import ANY
from tests.parts import Database
from tests.storage.parts import batch, open_influx
from tests.storage.test_influx_rolling import EVER, START, counts, minutes, roll_all


@pytest.fixture
def store(influxdb: Database, influx_database: str) -> InfluxStore:
    return open_influx(influxdb, influx_database)


@pytest.fixture
def other(influxdb: Database, influx_database: str) -> InfluxStore:
    return open_influx(influxdb, influx_database)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("storage.influx.claims.time.monotonic", lambda: now[0])
    return now


def test_a_worker_that_read_less_does_not_overwrite_what_another_rolled_meanwhile(
    store: InfluxStore, other: InfluxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write([batch(minutes(15))])
    write_rows, late = rolling.write_rows, [batch({START + 30_000: 1.0})]

    def overtaken(*args: object) -> None:
        if late:
            other.write([late.pop()])
            assert other.roll(EVER) == 0
        write_rows(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(rolling, "write_rows", overtaken)
    assert store.roll(EVER) == 1
    assert other.touched() == 1
    assert other.roll(EVER) == 1
    assert counts(store) == {0: 16}


def test_of_two_that_begin_together_none_rolls_beside_the_other(
    store: InfluxStore, other: InfluxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = Claims(store._server), Claims(other._server)
    claim = Claims._claim

    def together(self: Claims) -> None:
        claim(one)
        claim(two)

    monkeypatch.setattr(Claims, "_claim", together)
    with one.alone() as mine:
        assert not mine
    monkeypatch.setattr(Claims, "_claim", claim)
    with two.alone() as mine, one.alone() as both:
        assert (mine, both) == (True, False)
    with one.alone() as mine, one.alone() as twice:
        assert (mine, twice) == (True, False)


def test_the_claim_of_a_worker_that_died_ends_when_nobody_saw_it_change(
    store: InfluxStore, other: InfluxStore, clock: list[float]
) -> None:
    store.write([batch(minutes(15))])
    dead = Claims(other._server)
    dead._claim()
    for _ in range(3):
        assert store.roll(EVER) == 0
        clock[0] += 50
    dead._claim()
    assert store.roll(EVER) == 0
    clock[0] += claims._DEAD_S + 1
    assert roll_all(store) == 1
    assert store.touched() == 0


def test_a_worker_that_stood_still_writes_nothing_and_leaves_the_windows_to_the_next(
    store: InfluxStore, other: InfluxStore, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write([batch(minutes(15))])
    roll_family = rolling._roll_family

    def suspended(*args: object) -> object:
        clock[0] += claims._STILL_S + 1
        return roll_family(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(rolling, "_roll_family", suspended)
        with pytest.raises(StoreUnavailableError, match="stood still for 91 s"):
            store.roll(EVER)
    assert (counts(store), store.touched()) == ({}, 1)
    assert other.roll(EVER) == 1
    assert counts(store) == {0: 15}


def test_worked_off_notes_and_old_claims_are_swept_away_where_nothing_is_ever_forgotten(
    store: InfluxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rolling, "_IN_FLIGHT_MS", -60_000)
    store.write([batch(minutes(15))])
    assert store.roll(EVER) == 1
    for measurement in ("_touched", "_rolling"):
        statement = f'SELECT * FROM "{measurement}"'
        assert [rows for _, rows in store._server.query(statement, ANY.decode)] == []
