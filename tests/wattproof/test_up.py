"""`wattproof up`: one box for a small factory, fed by a gateway over real Modbus sockets."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from telemetry import BATCH, Broker, new_client, topic
from tests.parts import free_port, wait_until
from tests.wattproof.command_line import wattproof

pytestmark = pytest.mark.long


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "wattproof", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def first(lines: IO[str] | None, pattern: str) -> str:
    """The first line that matches; fails with all that was said when there is none."""
    assert lines is not None
    said = []
    for line in lines:
        said.append(line)
        if found := re.search(pattern, line):
            return found[0]
    pytest.fail("".join(said))


def end(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    return process.returncode


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    """A virtual factory that answers, and its site file."""
    file = tmp_path / "site.yaml"
    factory = start("simulate", "--site-file", str(file))
    try:
        assert "rs485" in json.loads(first(factory.stdout, r"\{.*\}"))["links"]
        yield file
    finally:
        end(factory)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "wattproof.yaml"
    file.write_text(
        f"data_dir: {tmp_path / 'data'}\napi: {{port: 0}}\nembedded_broker: {{port: {free_port()}}}\n"
        f"collector: {{endpoint: {{port: {free_port()}}}}}\n",
        encoding="utf-8",
    )
    return file


def test_one_box_reads_a_factory_and_sets_poison_aside(site: Path, config: Path, tmp_path: Path) -> None:
    box = start("-c", str(config), "up", "--site", str(site))
    try:
        url = first(box.stderr, r"http://127\.0\.0\.1:\d+  \(끝내려면 Ctrl-C\)").split()[0]

        def devices() -> set[str]:
            with urllib.request.urlopen(f"{url}/api/sites/gimpo-demo/latest", timeout=5) as answer:
                return {row["device"] for row in json.load(answer)}

        def all_there() -> bool:
            try:
                return {"main", "press-1", "press-2", "compressor", "plc-1", "plc-2", "ambient", "gw-1"} <= devices()
            except OSError:
                return False

        wait_until(all_there, "all devices of the factory in the store")

        endpoint = re.findall(r"port: (\d+)", config.read_text())[2]
        for page, word in (("healthz", "ok"), ("readyz", ""), ("metrics", "wattproof_collector_written_total")):
            with urllib.request.urlopen(f"http://127.0.0.1:{endpoint}/{page}", timeout=60) as answer:
                assert word in answer.read().decode(), page
        health = ("-c", str(config), "collector", "health")
        wait_until(lambda: wattproof(*health).returncode == 0, "the collector's sign of life")

        users = json.loads((tmp_path / "data" / "broker-users.json").read_text())
        port = int(re.findall(r"port: (\d+)", config.read_text())[1])
        gateway = new_client(Broker(port=port, username="gateway", password=users["gateway"]), "intruder")
        gateway.connect("127.0.0.1", port)
        gateway.loop_start()
        gateway.publish(topic("gimpo-demo", "gw-2", BATCH), b"{not json", 1).wait_for_publish(60)

        def shelf() -> list[dict[str, object]]:
            listed = wattproof("-c", str(config), "quarantine", "list", "--json")
            found: list[dict[str, object]] = json.loads(listed.stdout)
            return found

        wait_until(shelf, "the message nobody can read in quarantine")
        gateway.disconnect()
        gateway.loop_stop()
        entry = shelf()[0]
        assert entry["topic"] == "wattproof/1/gimpo-demo/gw-2/batch"
        assert "no checksum" in str(entry["detail"])
        table = wattproof("-c", str(config), "quarantine", "list").stdout
        assert "gw-2" in table

        locked = wattproof("-c", str(config), "evaluate", str(_plan(tmp_path)))
        assert locked.returncode == 3
        assert "in use by" in locked.stderr
    finally:
        code = end(box)
    assert code == 0

    unknown = wattproof("-c", str(config), "evaluate", str(_plan(tmp_path)))
    assert unknown.returncode in {0, 2}, unknown.stderr
    assert "press-2" in unknown.stdout + unknown.stderr


def test_a_broker_port_in_use_is_told_in_one_sentence(config: Path, tmp_path: Path) -> None:
    first_box = start("-c", str(config), "up")
    try:
        first(first_box.stderr, r"http://127\.0\.0\.1:\d+")
        other = tmp_path / "other.yaml"
        other.write_text(config.read_text().replace("/data", "/other"), encoding="utf-8")
        second = wattproof("-c", str(other), "up")
    finally:
        end(first_box)
    assert second.returncode == 3
    assert "MQTT broker: cannot listen on 127.0.0.1" in second.stderr.splitlines()[-1]


def _plan(tmp_path: Path) -> Path:
    file = tmp_path / "plan.yaml"
    file.write_text(
        """id: press-2
site: gimpo-demo
device: press-2
drivers:
  - {name: production, device: plc-2, kind: plc, channel: production_count, aggregate: difference}
baseline: {first_day: 2026-03-02, last_day: 2026-04-26}
installation: {first_day: 2026-04-27, last_day: 2026-04-30}
reporting: {first_day: 2026-05-01, last_day: 2026-05-31}
granularity: day
confidence: 0.9
""",
        encoding="utf-8",
    )
    return file
