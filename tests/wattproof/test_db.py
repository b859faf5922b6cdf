"""`wattproof db`, with the data file in somebody's hands and in nobody's."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
import select
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from storage import DuckStore, Settings
from storage.duck.left import owned
from storage.duck.newest import Columns
from storage.duck.segment import Segment, segments
from tests.parts import wait_until
from tests.storage.parts import batch, points
from tests.storage.test_conformance_rollups import START, minutes, roll, write
from wattproof.care import EVERYTHING, caring, earliest_needed
from wattproof.data_file_desk import Request, ask, socket_of
from wattproof.errors import CommandError, UnavailableError
from wattproof.main import app


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runner's standard error ends with each command, and the desk's thread would go on logging to it."""
    monkeypatch.setattr("wattproof.logs.configure", lambda _level: None)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    # A folder name longer than a socket's address may be.
    file = tmp_path / "wattproof.yaml"
    file.write_text(f"data_dir: {tmp_path / ('data-' + 'x' * 120)}\n", encoding="utf-8")
    return file


@pytest.fixture
def path(config: Path) -> Path:
    path = config.parent / ("data-" + "x" * 120) / "readings.duckdb"
    store = DuckStore(path)
    write(store, minutes(120))
    roll(store)
    store.close()
    return path


def db(config: Path, *arguments: str, code: int = 0, language: str = "en") -> str:
    ran = CliRunner().invoke(app, ["-c", str(config), "db", *arguments, "--lang", language])
    if isinstance(ran.exception, CommandError):
        assert ran.exception.exit_code == code
        return str(ran.exception)
    assert ran.exit_code == code, (ran.output, ran.exception)
    return ran.stdout


def js(config: Path, *arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(db(config, *arguments, "--json").splitlines()[-1])
    return answer


def test_a_check_of_a_file_whose_journal_the_disk_damaged_says_so(config: Path, path: Path) -> None:
    store = DuckStore(path)
    with store.file.cursor() as cursor:
        owner = owned(cursor)
    store.close()
    journal = Segment(segments(path)[0], owner)
    for n in (200, 201):
        journal.add(Columns(np.zeros(1, np.int32), np.full(1, START + 60_000 * n), np.ones(1)))
    journal.close(remove=False)
    content = bytearray(segments(path)[0].read_bytes())
    content[40] ^= 1
    segments(path)[0].write_bytes(content)
    said = db(config, "check", str(path), code=1)
    assert "1 more wait in the journal" in said
    assert "32 bytes of its journal damaged" in said
    assert "can be read" not in said
    korean = db(config, "check", str(path), code=1, language="ko")
    assert "옆의 저널에 1개가 더 있으며" in korean
    assert "저널 32바이트 손상" in korean
    assert "모두 읽을 수 있음" not in korean


@pytest.mark.parametrize("held", [True, False])
def test_the_data_file_is_checked_backed_up_and_compacted_whoever_holds_it(
    config: Path, path: Path, tmp_path: Path, held: bool
) -> None:
    store = DuckStore(path) if held else None

    def look() -> None:
        assert "120 readings of 1 series, 9 quarter-hours" in db(config, "check")
        assert js(config, "check")["duplicates"] == 0
        backup = js(config, "backup", str(tmp_path / "saved.duckdb"))
        assert (backup["ok"], backup["readings"]) == (True, 120)
        assert "overwrites nothing" in db(config, "backup", str(tmp_path / "saved.duckdb"), code=3)
        assert "120 readings" in db(config, "check", str(tmp_path / "saved.duckdb"))
        assert " now\n" in db(config, "compact")
        assert "계열 1개의 측정값 120개, 15분 집계 9개" in db(config, "check", language="ko")
        assert "측정값 120개" in db(config, "backup", str(tmp_path / f"kept-{held}.duckdb"), language="ko")
        assert re.search(r"이전 \d+\.\d MB, 지금 \d+\.\d MB", db(config, "compact", language="ko"))

    if store is None:
        look()
    else:
        with caring(store, Settings(), tmp_path / "plans"):
            look()
            write(store, {START - 5000: 1.0})
            assert len(points(store)) == 121
            assert "in use by process" not in db(config, "check")
        store.close()
        assert not socket_of(path).exists()


@pytest.mark.parametrize("name", ["data", "x" * 120])
def test_whoever_holds_the_file_is_found_however_long_the_folders_name(tmp_path: Path, name: str) -> None:
    store = DuckStore(tmp_path / name / "readings.duckdb")
    with contextlib.closing(store), caring(store, Settings(), tmp_path / "plans"):
        assert ask(tmp_path / name / "readings.duckdb", Request("check"), lambda *_: None) is not None


def test_of_two_files_in_one_folder_the_named_one_is_looked_after(tmp_path: Path) -> None:
    with contextlib.ExitStack() as closing:
        for number, name in enumerate(["one.duckdb", "two.duckdb"], 1):
            store = closing.enter_context(contextlib.closing(DuckStore(tmp_path / name)))
            write(store, minutes(number))
            closing.enter_context(caring(store, Settings(), tmp_path / "plans"))
        for number, name in enumerate(["one.duckdb", "two.duckdb"], 1):
            answer = ask(tmp_path / name, Request("check"), lambda *_: None)
            assert answer is not None
            assert answer.checked is not None
            assert (answer.checked.path, answer.checked.readings) == (str(tmp_path / name), number)


def test_a_file_held_by_a_process_without_a_desk_is_refused_saying_so(config: Path, path: Path) -> None:
    store = DuckStore(path)
    assert "already open in this process" in db(config, "check", code=3)
    store.close()


def test_an_answer_that_fails_as_nobody_foresaw_is_told_and_the_next_one_comes(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise ZeroDivisionError

    with contextlib.closing(DuckStore(path)) as store, caring(store, Settings(), tmp_path / "plans"):
        with monkeypatch.context() as patch:
            patch.setattr("wattproof.data_file_desk.perform", failing)
            with pytest.raises(UnavailableError, match=r"unexpected: ZeroDivisionError\(\)"):
                ask(path, Request("check"), lambda *_: None)
        assert ask(path, Request("check"), lambda *_: None) is not None


def test_a_file_that_was_deleted_under_its_owner_can_still_be_saved(config: Path, path: Path, tmp_path: Path) -> None:
    with contextlib.closing(DuckStore(path)) as store, caring(store, Settings(), tmp_path / "plans"):
        path.unlink()
        assert "120 readings" in db(config, "backup", str(tmp_path / "saved.duckdb"))
    assert "120 readings restored" in db(config, "restore", str(tmp_path / "saved.duckdb"))


@pytest.mark.parametrize(("language", "says"), [("en", "look there for what came since"), ("ko", "여기에서 찾을 것")])
def test_a_restore_says_up_to_when_it_reaches_and_where_the_rest_is(
    config: Path, path: Path, tmp_path: Path, language: str, says: str
) -> None:
    saved = tmp_path / "saved.duckdb"
    db(config, "backup", str(saved))
    newest = dt.datetime.fromtimestamp(max(minutes(120)) / 1000, dt.timezone(dt.timedelta(hours=9)))
    told = db(config, "restore", str(saved), "--force", language=language)
    assert f"{newest:%Y-%m-%d %H:%M:%S}+09:00" in told
    assert says in told
    path.unlink()
    assert says not in db(config, "restore", str(saved), language=language)


def test_a_file_with_duplicates_fails_its_check(config: Path, path: Path) -> None:
    store = DuckStore(path)
    with store.file.cursor() as cursor:
        cursor.execute("INSERT INTO readings SELECT * FROM readings LIMIT 1")
    store.close()
    assert "2 duplicates" in db(config, "check", code=1)


def test_a_backup_is_restored_and_the_old_file_set_aside(config: Path, path: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.duckdb"
    db(config, "backup", str(saved))
    store = DuckStore(path)
    store.write([batch({START - 5000: 1.0})])
    store.close()
    assert "--force" in db(config, "restore", str(saved), code=3)
    answer = js(config, "restore", str(saved), "--force")
    assert answer["readings"] == 120
    assert dt.datetime.fromisoformat(answer["newest"]).timestamp() * 1000 == max(minutes(120))
    old = DuckStore(answer["set_aside"])
    assert old.count() == 121
    old.close()
    new = DuckStore(path)
    assert new.count() == 120
    new.close()


def test_without_a_data_file_or_with_a_server_it_says_what_to_do(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "`wattproof up` makes it" in db(config, "check", code=3)
    monkeypatch.setenv("WATTPROOF_STORE_ENGINE", "influx")
    assert "influxd backup" in db(config, "compact", code=2)


def test_one_who_leaves_before_the_answer_harms_nobody(path: Path, tmp_path: Path) -> None:
    store = DuckStore(path)
    with caring(store, Settings(), tmp_path / "plans"):

        def leave(_done: int, _total: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            ask(path, Request("backup", str(tmp_path / "left.duckdb")), leave)
        wait_until((tmp_path / "left.duckdb").exists, "the backup is finished all the same")
        with pytest.raises(UnavailableError, match="no such folder"):
            ask(path, Request("backup", str(tmp_path / "nowhere" / "x.duckdb")), lambda _, __: None)
        answer = ask(path, Request("check"), lambda _, __: None)
        assert answer is not None
        assert answer.checked is not None
    store.close()
    assert ask(path, Request("check"), lambda _, __: None) is None


def test_an_owner_that_ends_before_it_has_read_the_question_is_told_as_one_that_ended(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    with socket.socket(socket.AF_UNIX) as owner, ThreadPoolExecutor(1) as pool:
        owner.bind(str(socket_of(path)))
        owner.listen()
        asked = pool.submit(ask, path, Request("check"), lambda *_: None)
        connection, _ = owner.accept()
        assert select.select([connection], [], [], 60)[0], "the question is there"
        connection.close()
        with pytest.raises(UnavailableError, match="ended before it was done"):
            asked.result(60)


def test_readings_of_a_plans_baseline_are_needed(tmp_path: Path) -> None:
    assert earliest_needed(tmp_path / "plans") is None
    (tmp_path / "broken.yaml").write_text("plan: [", encoding="utf-8")
    assert earliest_needed(tmp_path) == EVERYTHING
