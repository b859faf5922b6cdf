"""Real parts are killed, frozen, cut off and filled up, and every reading that was made is in the store, once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import msgspec
import pytest

from chaos.course import Course
from chaos.faults import schedule, targets
from chaos.journal import Entry, Journal, read
from chaos.ledger import Ledger, account
from chaos.plant import CHANNEL, Plant
from chaos.run import run
from telemetry import Table
from tests.chaos.parts import check_clean

pytestmark = pytest.mark.long

PROCESSES = ["broker", "collector", "gw-1", "gw-2"]


@dataclass(frozen=True)
class Reckonings:
    """The ledger of a run, and that of the same run after somebody has been at the store."""

    honest: Ledger
    tampered: Ledger


@pytest.fixture(scope="module")
def duck(tmp_path_factory: pytest.TempPathFactory) -> Reckonings:
    honest: list[Ledger] = []

    def reckon_and_tamper(found: Plant) -> None:
        honest.append(account(found, Course(), 0, 0))
        with duckdb.connect(found.server_folder / "readings.duckdb") as store:
            (series,) = store.execute(f"SELECT min(id) FROM series WHERE channel = '{CHANNEL}'").fetchall()[0]
            times = store.execute("SELECT time FROM readings WHERE series_id = ? ORDER BY time LIMIT 3", [series])
            (gone,), (changed,), (twice,) = times.fetchall()
            store.execute("DELETE FROM readings WHERE series_id = ? AND time = ?", [series, gone])
            store.execute("UPDATE readings SET value = 0.5 WHERE series_id = ? AND time = ?", [series, changed])
            store.execute(
                "INSERT INTO readings SELECT * FROM readings WHERE series_id = ? AND time = ?", [series, twice]
            )
            store.execute("INSERT INTO readings VALUES (?, ?, ?)", [series, gone + 1, -1.0])

    tampered = run(tmp_path_factory.mktemp("chaos"), "duck", 100, 20261122, on_rest=reckon_and_tamper)
    return Reckonings(honest[0], tampered)


@pytest.mark.timeout(900)
def test_a_hundred_faults_lose_and_double_nothing_in_duckdb(duck: Reckonings) -> None:
    assert duck.honest.clean
    check_clean(msgspec.to_builtins(duck.honest))
    struck, missed = duck.tampered.faults, duck.tampered.missed
    # Whether a disk is felt to be full hangs on how fast this machine fills the room its files have.
    assert {kind for kind in struck if missed.get(kind, 0) == struck[kind]} <= {"disk_full", "kill_stalled"}


@pytest.mark.timeout(900)
def test_the_reckoning_finds_what_is_gone_what_was_altered_what_is_there_twice_and_what_nobody_read(
    duck: Reckonings,
) -> None:
    found = duck.tampered
    assert not found.clean
    assert (found.lost, found.altered, found.invented) == (1, 1, 1)
    assert found.duplicated > 0
    assert found.unbalanced == 1
    assert [finding.split(":")[0] for finding in found.findings] == ["lost", "altered", "invented"]
    assert sum(found.faults.values()) == 100


def test_the_same_seed_strikes_the_same_in_the_same_order_and_leaves_nothing_out() -> None:
    pairs = targets(PROCESSES, ["gw-1-broker", "broker-collector"], ["gw-1"])
    planned = schedule(pairs, 100, seed=7)
    assert planned == schedule(pairs, 100, seed=7)
    assert planned != schedule(pairs, 100, seed=8)
    assert {(fault.kind, fault.target) for fault in planned} == set(pairs)


def test_a_journal_keeps_every_line_but_the_half_one_of_a_killed_process(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    entry = Entry("put", 1, 2.0, [Table.of("main", "plc", [1], {"production_count": [1.0]})])
    Journal(path).write(entry)
    with path.open("ab") as file:
        file.write(b'{"event":"done","num')
    Journal(path).write(entry)
    lives = read(path)
    assert [[each.event for each in life] for life in lives] == [["born", "put"], ["born", "put"]]
    assert lives[0][1] == entry
    assert read(tmp_path / "none") == []
    with path.open("ab") as file:
        file.write(b'{"event":"do\n{"event":"acked","number":1,"at":3.0}\n')
    with pytest.raises(ValueError, match="is no event"):
        read(path)
