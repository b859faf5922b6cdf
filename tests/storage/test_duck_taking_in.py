"""Taking in: what the journal holds goes into the DuckDB file though that failed for a while."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from storage import DuckStore, StoreUnavailableError
from storage.duck import taking_in
from storage.duck.committing import Committing
from tests.parts import wait_until
from tests.storage.parts import batch
from tests.storage.test_duck_journal import NOW, in_the_file, write


def test_trouble_with_taking_in_is_over_when_somebody_else_took_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_in, "_MOMENT_S", 0.0)
    store = DuckStore(tmp_path / "readings.duckdb")
    store.write([batch({NOW: 0.5})])
    usual, failing = Committing.take_in, threading.Event()

    def take_in(self: Committing, *args: Any, **more: Any) -> None:
        if failing.is_set():
            raise StoreUnavailableError("the disk is full")
        usual(self, *args, **more)

    monkeypatch.setattr(Committing, "take_in", take_in)
    failing.set()
    write(store, 1)
    wait_until(lambda: not store.health().ok, "the store says that it cannot take in", 30)
    # The disk has room again, and a writer or reader is there before the thread tries again.
    failing.clear()
    assert store.count() == 2
    wait_until(lambda: not any(each.name == "taking-in" for each in threading.enumerate()), "the thread has ended", 30)
    assert store.health().ok
    monkeypatch.setattr(taking_in, "_MOMENT_S", 3600.0)
    write(store, 2)
    assert in_the_file(store) == 2
    assert store.count() == 3
    store.close()


def test_an_error_that_nobody_foresaw_does_not_end_taking_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking_in, "_MOMENT_S", 0.0)
    monkeypatch.setattr(taking_in, "_PAUSE_S", 0.0)
    store = DuckStore(tmp_path / "readings.duckdb")
    store.write([batch({NOW: 0.5})])
    usual, failures = Committing.take_in, [MemoryError("no room for arrays"), ValueError("of ours")]

    def take_in(self: Committing, *args: Any, **more: Any) -> None:
        if failures:
            raise failures.pop()
        usual(self, *args, **more)

    monkeypatch.setattr(Committing, "take_in", take_in)
    write(store, 1)
    wait_until(lambda: in_the_file(store) == 2, "it is taken in after all", 30)
    assert not failures
    wait_until(lambda: store.health().ok, "the store is well", 30)
    store.close()


def test_where_no_thread_can_be_started_writers_take_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    store.write([batch({NOW: 0.5})])
    start = threading.Thread.start

    def started(self: threading.Thread) -> None:
        if self.name == "taking-in":
            raise RuntimeError("can't start new thread")
        start(self)

    monkeypatch.setattr(threading.Thread, "start", started)
    write(store, 1)
    assert not store.health().ok
    write(store, 2)
    assert in_the_file(store) == 3
    assert store.count() == 3
    store.close()
