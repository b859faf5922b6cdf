"""``python -m chaos``: the ledger for people and for programs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import chaos.__main__
from chaos.run import StuckError
from tests.chaos.parts import CLEAN, check_clean
from tests.parts import influxd_version

pytestmark = pytest.mark.long

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.timeout(900)
def test_the_command_strikes_influxdb_and_prints_the_ledger(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "chaos", "--store", "influx", "--faults", "25", "--seed", "13", "--json"]
    command += ["--keep", str(tmp_path / "run")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ledger = json.loads(done.stdout)
    check_clean(ledger)
    assert (ledger["store"], ledger["server"]) == ("influx", f"InfluxDB {influxd_version()}")
    assert (ledger["seed"], sum(ledger["faults"].values())) == (13, 25)
    assert (tmp_path / "run" / "gw-1.journal").exists()
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert "is there already" in again.stderr


def test_a_failed_run_leaves_its_folder_and_says_where_and_a_clean_one_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("structlog.configure", lambda **_: None)  # this process has other tests to log for
    monkeypatch.setattr("sys.argv", ["chaos", "--json"])
    monkeypatch.setattr(chaos.__main__, "run", lambda *_, **__: CLEAN)
    assert chaos.__main__.main() == 0
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(chaos.__main__, "run", lambda *_, **__: msgspec.structs.replace(CLEAN, lost=1))
    assert chaos.__main__.main() == 1
    (left,) = tmp_path.iterdir()
    assert f"are in {left}\n" in capsys.readouterr().err

    def stuck(folder: Path, *_: object, **__: object) -> None:
        raise StuckError(f"logs are in {folder}")

    monkeypatch.setattr(chaos.__main__, "run", stuck)
    assert chaos.__main__.main() == 1
    assert len(list(tmp_path.iterdir())) == 2
    assert "seed 1, store duck: logs are in" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["0", "-3", "many"])
def test_a_number_of_faults_that_is_none_is_told_in_a_sentence(
    count: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["chaos", f"--faults={count}"])
    with pytest.raises(SystemExit, match="2"):
        chaos.__main__.main()
    assert "argument --faults: " in capsys.readouterr().err
