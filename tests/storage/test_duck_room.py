"""A store whose disk has no room says so without being written to: who waits to write need not try again and again."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from chaos.disk import small_disk
from storage import DuckStore


def test_a_store_on_a_full_disk_is_not_well_until_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "disk", 8) as disk:
        store = DuckStore(disk.folder / "readings.duckdb")
        assert store.health().ok
        if disk.real:
            disk.fill()
        else:  # a disk that may be filled needs the right to mount one
            monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=4_000))
        health = store.health()
        assert not health.ok
        assert "readings.duckdb: its disk is full (" in health.detail
        assert health.detail.endswith("make room on it")
        disk.clear()
        monkeypatch.undo()
        assert store.health().ok
        store.close()
