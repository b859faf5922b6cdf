"""The whole mission, end to end: `wattproof demo` as its user runs it."""

from __future__ import annotations

import datetime as dt
import json
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from grafana import FOLDER
from storage import InfluxStore
from tests.browser import Visit
from tests.grafana.queries import unanswered
from tests.parts import Database, free_port, wait_until

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]  # each starts whole programs, on a machine that may be busy

Json = dict[str, Any]
DATABASE = "wattproof_demo"
CHANNELS_OF_AN_SDM630 = 20


class Demo:
    """A demo that runs until it is interrupted."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.said: list[str] = []
        self.folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "wattproof", "demo", "--port", "0", "--data-dir", str(folder), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def url(self) -> str:
        """Where its pages are, once it has said so."""
        wait_until(lambda: self._found() or self._process.poll() is not None, "the demo names its pages", 60)
        found = self._found()
        assert found, self.said
        return found

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def wait_for(self, sentence: str) -> None:
        wait_until(lambda: any(sentence in line for line in self.said), f"the demo says {sentence!r}", 90)

    def interrupt(self) -> tuple[int, str]:
        """Press Ctrl-C; return exit code and standard output. Whoever waits for it longer than this pulls the plug."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(60)
        finally:
            self.kill()
        assert self._process.stdout is not None
        return self._process.returncode, self._process.stdout.read()

    def children(self) -> list[int]:
        """Process ids of what it has started."""
        pid = self._process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill(self) -> None:
        if self.runs:
            self._process.kill()
            self._process.wait()

    def _found(self) -> str:
        return next((m[0] for line in self.said if (m := re.search(r"http://127\.0\.0\.1:\d+", line))), "")

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.said.append(line)


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Demo]]:
    """All that were started."""
    started: list[Demo] = []
    yield started
    for each in started:
        each.kill()


@pytest.fixture
def demo(demos: list[Demo], tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A running demo: the one that the test before has used, unless that test ended it."""
    if not demos or not demos[-1].runs:
        demos.append(Demo(tmp_path_factory.mktemp("demo")))
    return demos[-1]


def run_headless(*arguments: str) -> tuple[int, Json]:
    command = [sys.executable, "-m", "wattproof", "demo", "--port", "0", "--json", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert ended.stdout.count("\n") == 1, ended.stderr[-2000:]
    return ended.returncode, json.loads(ended.stdout)


def check_ledger(code: int, ledger: Json) -> None:
    """Every reading is accounted for, the verdict is right, and both would show if they were not."""
    assert code == 0
    assert (ledger["lost"], ledger["duplicates"], ledger["quarantined"], ledger["gaps"]) == (0, 0, 0, 0)
    assert ledger["read"] == ledger["stored"] + ledger["outbox"]
    twelve_weeks = 84 * 96 * (4 * CHANNELS_OF_AN_SDM630 + 2 * 3 + 2)
    assert ledger["stored"] > twelve_weeks
    assert 0 < ledger["latency_ms"]["p50"] <= ledger["latency_ms"]["p99"]
    found = ledger["evaluation"]
    assert found["verdict"] == "proven"
    assert found["low"] < found["true_kwh"] < found["high"]
    assert found["low"] < found["saving_kwh"] < found["high"]


@pytest.fixture(scope="module")
def headless() -> tuple[int, Json]:
    """A run without anybody looking: its exit code and what it said at the end."""
    return run_headless("--seconds", "10")


def test_a_headless_run_loses_nothing_and_finds_the_truth(headless: tuple[int, Json]) -> None:
    check_ledger(*headless)


def test_another_seed_is_another_factory_and_on_an_influxdb_its_data_answer_every_dashboard(
    influxdb: Database, headless: tuple[int, Json]
) -> None:
    store = ["--store", "influx", "--influx-url", influxdb.url, "--influx-database", DATABASE]
    code, ledger = run_headless("--seconds", "10", "--seed", "7", *store)
    check_ledger(code, ledger)
    assert ledger["evaluation"]["saving_kwh"] != pytest.approx(headless[1]["evaluation"]["saving_kwh"], rel=1e-3)

    replaced = _monday() - dt.timedelta(days=30)
    for language in ("ko", "en"):
        for file in sorted((FOLDER / language).glob("*.json")):
            dashboard = json.loads(file.read_text(encoding="utf-8"))
            now = dt.datetime.now(ZoneInfo("Asia/Seoul"))
            silent = unanswered(influxdb.url, DATABASE, dashboard, now, {"replaced": f"'{replaced:%Y-%m-%d}'"})
            assert silent == [], file

    refused = subprocess.run(
        [sys.executable, "-m", "wattproof", "demo", "--port", "0", *store],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert refused.returncode == 3
    assert "wattproof: 저장소에 gimpo-demo의 측정값" in refused.stderr
    left = InfluxStore(influxdb.url, database=DATABASE)
    assert left.count("gimpo-demo") > 0
    left.close()


def test_a_database_that_is_away_is_told_in_one_sentence() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "wattproof", "demo", "--port", "0", "--store", "influx", "--influx-url", url]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert ended.returncode == 3
    assert ended.stderr.splitlines()[-1].startswith(f"wattproof: InfluxDB({url})에 연결할 수 없습니다")
    assert "Traceback" not in ended.stderr


def test_the_pages_show_power_moving_and_the_verdict_of_every_run_of_this_seed(
    demo: Demo, visit: Visit, headless: tuple[int, Json], test_output: Path
) -> None:
    page = visit.page
    page.goto(demo.url)
    total = page.locator("#total")
    before = total.inner_text()
    wait_until(lambda: total.inner_text() not in {before, "–", ""}, "the live number changes by itself")
    demo.wait_for("지난 12주의 데이터를 모두 저장했습니다")
    page.wait_for_function("() => document.querySelectorAll('[data-device][data-silent=\"false\"]').length >= 7")
    page.screenshot(path=test_output / "demo-factory.png", full_page=True)

    page.goto(f"{demo.url}/sites/gimpo-demo/replacement/press-2?lang=ko")
    assert "입증" in page.locator("main").inner_text()
    page.screenshot(path=test_output / "demo-replacement.png", full_page=True)
    # The past is the seed's, so whatever the run, its evaluation is the same.
    with urllib.request.urlopen(f"{demo.url}/api/sites/gimpo-demo/plans/press-2/evaluation", timeout=30) as answer:
        here = json.load(answer)
    assert here["saving"]["kwh"] == pytest.approx(headless[1]["evaluation"]["saving_kwh"], rel=1e-12)

    page.goto(f"{demo.url}/sites/gimpo-demo/gateways?lang=ko")
    page.get_by_text("gw-1").first.wait_for()
    page.screenshot(path=test_output / "demo-gateways.png", full_page=True)


def test_a_web_port_in_use_is_one_sentence_and_leaves_nothing_running(demo: Demo, tmp_path: Path) -> None:
    port = demo.url.rsplit(":", 1)[1]
    ended = subprocess.run(
        [sys.executable, "-m", "wattproof", "demo", "--port", port, "--data-dir", str(tmp_path / "other")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 3
    assert f"웹 서버: 127.0.0.1:{port}에서 받을 수 없습니다 (이미 사용 중인 포트)" in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize("moment", ["지난 12주의 데이터를 모두 저장했습니다", "the pages are up"])
def test_ctrl_c_ends_everything(demo: Demo, moment: str) -> None:
    assert demo.url
    if moment != "the pages are up":
        demo.wait_for(moment)
    children = demo.children()
    code, out = demo.interrupt()
    assert code in {0, 130}
    assert code == 130 or "잃어버린 값" in out
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


def _monday() -> dt.date:
    today = dt.datetime.now(ZoneInfo("Asia/Seoul")).date()
    return today - dt.timedelta(days=today.weekday())
