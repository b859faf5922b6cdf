"""The whole agent, killed in the middle of its work: nothing committed is lost, nothing is stored twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.kills import Answer, Outcome, Witness, account, run
from edge.outbox import Outbox
from storage import DuckStore
from telemetry import Batch, Table

pytestmark = pytest.mark.long


@pytest.mark.timeout(300)  # a dozen starts of a whole program, on a machine that may be busy
def test_after_kills_at_any_moment_every_committed_reading_is_stored_once(tmp_path: Path) -> None:
    found = run(tmp_path, kills=6, seed=7)
    assert found.clean, (found, (tmp_path / "agent.log").read_text()[-2000:])
    assert found.kills == 6
    assert found.stored > 12
    assert found.answered >= found.stored


@pytest.fixture
def counted(tmp_path: Path) -> tuple[DuckStore, Witness]:
    """A store that holds 1, 2, 4 and 9 of a life that was answered 1 to 5."""
    outbox = Outbox(tmp_path / "data" / "outbox.sqlite", "site-1", "gw-1")
    table = Table.of("line-1", "plc", [10, 20, 30, 40], {"production_count": [1.0, 2.0, 4.0, 9.0]})
    outbox.put([table])
    outbox.acknowledge(outbox.epoch, [(1, 1)])
    outbox.close()
    store = DuckStore(tmp_path / "readings.duckdb")
    store.write([Batch("site-1", "gw-1", "e", 1, [table])])
    witness = Witness([Answer(number, 1, float(number)) for number in range(1, 6)], 1, {1: 5.5})
    return store, witness


def test_the_count_finds_a_reading_lost_and_one_that_was_never_read(
    tmp_path: Path, counted: tuple[DuckStore, Witness]
) -> None:
    store, witness = counted
    found = account(tmp_path, store, witness, 1)
    store.close()
    assert found == Outcome(1, 5, 4, lost=1, twice=0, invented=1, unaccounted=0, waiting=0, tails=[0.5])
    assert not found.clean


def test_the_count_finds_a_reading_stored_twice_and_ledgers_that_disagree(
    tmp_path: Path, counted: tuple[DuckStore, Witness]
) -> None:
    store, witness = counted
    again = Table.of("line-1", "plc", [50], {"production_count": [4.0]})
    store.write([Batch("site-1", "gw-1", "e", 2, [again])])
    found = account(tmp_path, store, witness, 1)
    store.close()
    assert (found.twice, found.unaccounted) == (1, 1)
