"""``python -m chaos``: the ledger for people and for programs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.parts import check_clean

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.timeout(400)
def test_the_command_strikes_influxdb_and_prints_the_ledger(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "chaos", "--store", "influx", "--faults", "50", "--seed", "4", "--json"]
    command += ["--keep", str(tmp_path / "run")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ledger = json.loads(done.stdout)
    check_clean(ledger)
    assert (ledger["store"], ledger["seed"], sum(ledger["faults"].values())) == ("influx", 4, 50)
    assert (tmp_path / "run" / "gw-1.journal").exists()
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert "is there already" in again.stderr
