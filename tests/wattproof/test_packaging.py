"""What is installed where: a gateway stays small, and a wheel is whole."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import telemetry
import wattproof

ROOT = Path(__file__).parent.parent.parent
SERVER_PARTS = ("amqtt", "duckdb", "fastapi", "influxdb_client", "jinja2", "numpy", "scipy", "uvicorn")
SITE = """\
site: {id: my-factory, name: 우리 공장, timezone: Asia/Seoul}
gateway: gw-1
buses:
  - name: hall
    url: tcp://127.0.0.1:502
    devices: [{id: main, kind: power_meter, label: 수전, profile: eastron-sdm630, unit: 1}]
"""
BLOCKED = """\
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {absent!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
sys.argv = ["wattproof", *{arguments!r}]
from wattproof.__main__ import main
main()
"""


def with_only_the_edge_installed(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = BLOCKED.format(absent=SERVER_PARTS, arguments=arguments)
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
    )


def locked(name: str) -> set[str]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return {found.replace("-", "_") for found in re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE)}


def test_a_gateway_pulls_none_of_the_servers_parts() -> None:
    assert {"paho_mqtt", "pymodbus", "pyserial"} <= locked("edge")
    assert locked("edge").isdisjoint(SERVER_PARTS)
    assert set(SERVER_PARTS) - {"amqtt"} <= locked("server")


@pytest.mark.parametrize("name", ["edge", "server", "demo", "dev", "installer"])
def test_locks_are_hash_checked_and_name_no_host(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert "index-url" not in text
    pins = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert pins
    assert all("--hash=sha256:" in pin for pin in pins)


def test_the_edge_works_without_the_servers_parts(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(SITE, encoding="utf-8")
    checked = with_only_the_edge_installed("edge", "check", str(file))
    assert checked.returncode == 0, checked.stderr
    missing = with_only_the_edge_installed("demo")
    assert missing.returncode == 3
    assert re.fullmatch(r"wattproof: this command needs parts that .* pip install 'wattproof\[\w+\]'\n", missing.stderr)


def test_a_wheel_holds_all_that_runs_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, timeout=110)
    wheel = next(tmp_path.glob("wattproof-*.whl"))
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "api/static/vendor/uplot/uPlot.iife.min.js",
        "api/static/app.css",
        "api/templates/factory.html",
        "api/texts.yaml",
        "edge/profiles/library/eastron-sdm630.yaml",
        "simulator/factories/gimpo.yaml",
        "grafana/dashboards/ko/factory.json",
    } <= names
    rooms = {name.split("/")[0] for name in names}
    assert not rooms & {"tests", "benchmarks", "docs", "requirements"}


def test_every_part_tells_the_version_that_is_packaged() -> None:
    packaged = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert packaged is not None
    assert {wattproof.__version__, telemetry.VERSION} == {packaged[1]}
