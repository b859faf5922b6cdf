"""What is said of a journal whose end is none, of one that is nothing but zeros, and of damage that is met again."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from storage import DuckStore, StoreError
from storage.duck import taking_in
from storage.duck.committing import Committing
from storage.duck.segment import segments
from tests.storage.parts import batch, points
from tests.storage.test_duck_journal import copied

NOW = 1_700_000_000_000
START = 16
RECORD = 32
"""Bytes of a segment's start, and of a record of one reading."""


@pytest.fixture
def killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with one reading, whose journal holds four more, a record each."""
    monkeypatch.setattr(taking_in, "_MOMENT_S", 3600.0)
    store = DuckStore(tmp_path / "readings.duckdb")
    for n in range(5):
        store.write([batch({NOW + 1000 * n: float(n)}, seq=n + 1)])
    path = copied(store, tmp_path / "killed")
    store.close()
    return path


def journal_of(path: Path) -> Path:
    [one] = [each for each in segments(path) if each.exists()]
    return one


def opened(path: Path) -> tuple[list[int], dict[str, object]]:
    """The readings there are [number], and what is said of the journal's end."""
    with capture_logs() as logs:
        store = DuckStore(path)
    every = [(time - NOW) // 1000 for time in sorted(points(store))]
    store.close()
    told = [each for each in logs if each["event"] == "journal_end_left_out"]
    assert len(told) <= 1
    return every, dict(told[0]) if told else {}


def test_a_record_is_whole_and_on_the_disk_before_its_readings_count_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_in, "_MOMENT_S", 3600.0)
    store = DuckStore(tmp_path / "readings.duckdb")
    store.write([batch({NOW: 0.0})])
    synced: list[int] = []
    really = os.fdatasync

    def watched(descriptor: int) -> None:
        really(descriptor)
        synced.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr(os, "fdatasync", watched)
    with closing(store):
        for n in (1, 2, 3):
            store.write([batch({NOW + 1000 * n: float(n)}, seq=n + 1)])
            assert synced[-1:] == [START + n * RECORD]
        assert synced == [START, *(START + n * RECORD for n in (1, 2, 3))]


def test_an_end_that_is_no_whole_record_is_left_out_and_its_length_told(killed: Path) -> None:
    journal = journal_of(killed)
    content = journal.read_bytes()
    assert len(content) == START + 4 * RECORD
    for length, readings, bytes_told in (
        (len(content), 5, 0), (len(content) - 1, 4, RECORD - 1), (START + 5, 1, 5), (START, 1, 0), (7, 1, 7),
    ):  # fmt: skip
        again = killed.parent.parent / f"cut-{length}" / killed.name
        shutil.copytree(killed.parent, again.parent)
        journal_of(again).write_bytes(content[:length])
        every, told = opened(again)
        assert every == list(range(readings))
        assert told.get("bytes", 0) == bytes_told


def test_a_byte_changed_in_the_last_record_costs_that_record_and_is_told(killed: Path) -> None:
    content = bytearray(journal_of(killed).read_bytes())
    content[-1] ^= 1
    journal_of(killed).write_bytes(content)
    every, told = opened(killed)
    assert every == [0, 1, 2, 3]
    assert (told["log_level"], told["bytes"]) == ("warning", RECORD)
    assert "check the disk" in str(told["advice"])


@pytest.mark.parametrize("at", range(8))
def test_a_byte_changed_in_its_first_word_costs_nothing(killed: Path, at: int) -> None:
    journal = journal_of(killed)
    content = bytearray(journal.read_bytes())
    content[at] ^= 4
    journal.write_bytes(content)
    assert opened(killed) == ([0, 1, 2, 3, 4], {})


def test_a_journal_of_zeros_as_a_loss_of_power_leaves_it_holds_nothing(killed: Path) -> None:
    journal_of(killed).write_bytes(bytes(START + RECORD))
    every, told = opened(killed)
    assert every == [0]
    assert told["bytes"] == START + RECORD


def test_damage_that_is_met_at_every_start_is_kept_once(killed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = journal_of(killed)
    content = bytearray(journal.read_bytes())
    content[START + RECORD + 20] ^= 1
    journal.write_bytes(content)

    def no_room(*_: object, **__: object) -> None:
        raise StoreError("no room to take it in")

    with monkeypatch.context() as patched:
        patched.setattr(Committing, "take_in", no_room)
        for _ in range(2):
            with pytest.raises(StoreError, match="no room"):
                DuckStore(killed)
    assert opened(killed)[0] == [0, 1, 3, 4]
    [kept] = killed.parent.glob("*.damaged-*")
    assert kept.read_bytes() == content
