"""What the DuckDB file survives, and what it says when it cannot be used."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from storage import DuckStore, Settings, StoreError, StoreRefusedError, StoreUnavailableError, open_store
from storage.duck.file import explain
from telemetry import Batch, Table
from tests.storage.parts import MAIN, SITE, batch
from tests.storage.writing_process import READINGS, points

pytestmark = pytest.mark.long


@contextlib.contextmanager
def child(mode: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.storage.writing_process", mode, str(path)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=60)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize(
    ("mode", "confirmed"),
    [
        *((mode, confirmed) for mode in ("write", "reopen") for confirmed in (1, 25, 60)),
        *((mode, confirmed) for mode in ("settle", "compact") for confirmed in (30, 65)),
    ],
)
def test_what_was_confirmed_survives_kill_9(tmp_path: Path, mode: str, confirmed: int) -> None:
    path = tmp_path / "readings.duckdb"
    with child(mode, path) as process:
        while int(line(process)) < confirmed:
            pass
        process.kill()
        assert process.stdout is not None
        # What readline took ahead is only in this buffer; communicate would read past it.
        rest = process.stdout.read().split()
    last = int(rest[-1]) if rest else confirmed
    store = DuckStore(path)
    times, values = store.read(MAIN, 0, 2**62)
    expected = {time: value for seq in range(1, last + 1) for time, value in points(seq).items()}
    got = dict(zip(times.tolist(), values.tolist(), strict=True))
    assert expected.items() <= got.items()
    # One batch more may have been committed and not yet confirmed: whole or not at all.
    assert len(got) - len(expected) in {0, READINGS}
    assert store.duplicates() == 0
    # Whatever was committed is recorded as touched, or rolled.
    while store.roll(2**60):
        pass
    assert int(store.rollups(MAIN, 0, 2**62).count.sum()) == len(got)
    # The gateway sends again what was not confirmed.
    store.write([batch(points(seq), seq=seq) for seq in range(last, last + 3)])
    assert store.count(SITE) == (last + 2) * READINGS
    assert store.duplicates() == 0
    store.close()


def test_everything_is_there_after_closing_and_opening(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "folder" / "readings.duckdb"
    store = DuckStore(str(path))
    store.write([batch(points(n), replace(MAIN, device=f"meter-{n}"), seq=n) for n in range(1, 101)])
    before = (store.latest(SITE), store.series(), store.count())
    store.close()
    store.close()
    again = DuckStore(path)
    assert (again.latest(SITE), again.series(), again.count()) == before
    again.close()


def test_a_file_held_by_another_process_is_refused_naming_it(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    with child("hold", path) as process:
        assert line(process) == "held"
        with pytest.raises(StoreRefusedError, match=f"in use by process {process.pid}; stop it or use another data"):
            DuckStore(path)
    DuckStore(path).close()


def test_a_file_opened_twice_in_one_process_is_refused(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    with pytest.raises(StoreRefusedError, match="already open in this process"):
        DuckStore(tmp_path / "x" / ".." / "readings.duckdb")
    store.close()
    DuckStore(tmp_path / "readings.duckdb").close()


def test_a_store_nobody_closed_does_not_keep_its_file(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    store.write([batch(points(1))])
    del store
    again = DuckStore(tmp_path / "readings.duckdb")
    assert again.count() == READINGS
    again.close()


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    path.write_text("time,value\n" * 10_000)
    for _ in range(2):
        with pytest.raises(StoreRefusedError, match=r"damaged or not a WattProof data file.*move it away"):
            open_store(Settings(path=str(path)))
    assert path.read_text().startswith("time,value")


@pytest.mark.parametrize("damage", ["header", "block", "cut"])
def test_a_damaged_file_is_refused_saying_what_to_do(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "readings.duckdb"
    store = DuckStore(path)
    store.write([batch({n: n * 0.37 for n in range(300_000)})])
    store.close()
    content = bytearray(path.read_bytes())
    if damage == "header":
        content[4096:12_288] = bytes(8192)
    elif damage == "block":
        middle = len(content) // 2
        for index in range(middle, middle + 5000):
            content[index] ^= 0xFF
    else:
        del content[len(content) // 2 :]
    path.write_bytes(content)
    with pytest.raises(StoreRefusedError, match=r"damaged.*move it away together with readings\.duckdb\.wal"):
        DuckStore(path).read(MAIN, 0, 2**62)


def test_a_path_that_cannot_be_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreRefusedError, match="cannot be used"):
        DuckStore(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(StoreRefusedError, match=r"cannot make the folder.*use another data folder"):
        DuckStore(tmp_path / "file" / "readings.duckdb")


def test_a_full_disk_loses_nothing_that_was_confirmed_and_is_got_over(tmp_path: Path) -> None:
    with child("fill", tmp_path / "readings.duckdb") as process:
        said = process.communicate(timeout=60)[0].splitlines()
    assert process.returncode == 0
    log, readable, after, checkpoint, event, again = said
    assert "store_reopened" in event
    assert "the disk is full or cannot be written" in log
    assert "the disk is full or cannot be written" in checkpoint
    assert readable == f"still readable: {READINGS}"
    assert after == f"after: {READINGS + 5000}"
    assert again == f"again: {2 * READINGS + 5000} 0"


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (duckdb.IOException("IO Error: write: No space left on device"), StoreUnavailableError, "disk is full"),
        (duckdb.OutOfMemoryException("failed to allocate"), StoreUnavailableError, "started again"),
        (duckdb.FatalException("FATAL Error: database has been invalidated"), StoreUnavailableError, "started again"),
        (duckdb.IOException("Cannot open file: Permission denied"), StoreRefusedError, "check its permissions"),
        (duckdb.IOException("IO Error: Could not set lock on file"), StoreRefusedError, "in use by another process"),
        (duckdb.CatalogException("Catalog Error: no such table"), StoreError, "no such table"),
    ],
)  # fmt: skip
def test_each_kind_of_trouble_has_its_word(error: duckdb.Error, kind: type[StoreError], words: str) -> None:
    explained = explain(error, Path("readings.duckdb"))
    assert type(explained) is kind
    assert words in str(explained)


def test_a_file_of_very_many_series_opens_however_little_memory_the_database_may_keep(tmp_path: Path) -> None:
    path = tmp_path / "city.duckdb"
    columns: dict[str, list[float | None]] = {f"channel_{number}": [1.0] for number in range(100)}
    store = DuckStore(path, memory_mb=32)
    for part in range(5):
        tables = [Table.of(f"meter-{part}-{number}", "power_meter", [1000], columns) for number in range(1000)]
        store.write([Batch("city", "gw-1", "e", part + 1, tables)])
    store.close()
    store = DuckStore(path, memory_mb=32)
    assert store.count() == 500_000
    store.close()


def test_closing_waits_for_a_query_under_way_and_refuses_the_next(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    begun = threading.Event()

    def query() -> int:
        with store.file.cursor() as cursor:
            begun.set()
            counted = cursor.execute("SELECT count(*) FROM range(100_000_000) AS numbers(n) WHERE hash(n) >= 17")
            return int(counted.fetchall()[0][0])

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(query)
        assert begun.wait(60)
        store.close()
        assert answer.result(40) > 0
    with pytest.raises(StoreError, match="is closed"):
        store.count()
