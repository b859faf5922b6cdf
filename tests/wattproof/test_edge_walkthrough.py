"""A technician's hour, recorded: from nothing to a first reading stored, in at most five commands, typing no address.

The virtual factory stands for the shop floor: its ports and its line are what a network and a serial port are there.
What was typed and what was answered is left in ``test-output/edge-walkthrough.txt`` and ``.svg``.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from rich.console import Console
from rich.text import Text

from tests.parts import free_port, wait_until
from tests.wattproof.test_up import end, first, start

pytestmark = pytest.mark.long


class Transcript:
    """What a technician types and sees."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.began = time.monotonic()
        self.commands = 0
        self.text = ""

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.began

    def type(self, *arguments: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command as it is typed in the technician's folder."""
        ended = subprocess.run(
            [sys.executable, "-m", "wattproof", *arguments],
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        self.say(f"$ wattproof {' '.join(arguments)}\n{ended.stderr}{ended.stdout}")
        self.commands += 1
        assert ended.returncode == expect, ended.stderr
        return ended

    def say(self, text: str) -> None:
        self.text += text.replace(str(self._folder), ".").rstrip() + f"\n[{self.elapsed_s:.1f} s]\n\n"

    def save(self, folder: Path) -> None:
        (folder / "edge-walkthrough.txt").write_text(self.text, encoding="utf-8")
        screen = Console(record=True, width=132, file=io.StringIO())
        screen.print(Text(self.text))
        (folder / "edge-walkthrough.svg").write_text(screen.export_svg(title="wattproof edge"), encoding="utf-8")


@pytest.fixture
def shop_floor() -> Iterator[dict[str, str]]:
    """The virtual factory: link URL by bus name."""
    factory = start("simulate")
    try:
        links: dict[str, str] = json.loads(first(factory.stdout, r"\{.*\}"))["links"]
        yield links
    finally:
        end(factory)


@pytest.mark.timeout(300)  # the line alone takes 12 s, and other work may hold the machine
def test_from_nothing_to_a_first_reading_stored(
    shop_floor: dict[str, str], tmp_path: Path, test_output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    (tmp_path / "wattproof.yaml").write_text(
        f"data_dir: data\napi: {{port: 0}}\nembedded_broker: {{port: {free_port()}}}\n", encoding="utf-8"
    )
    ports = ",".join(str(urlsplit(url).port) for url in shop_floor.values() if url.startswith("tcp:"))
    line = urlsplit(shop_floor["rs485"]).path

    seen = Transcript(tmp_path)
    seen.type("edge", "scan", "tcp", "127.0.0.1", "--port", ports, "--save", "network.json")
    seen.type("edge", "scan", "serial", line, "--save", "line.json")
    seen.type(
        "edge", "init", "site.yaml", "--found", "network.json", "--found", "line.json", "--site-id", "gimpo", "--yes"
    )

    monkeypatch.chdir(tmp_path)
    box = start("up", "--site", "site.yaml")
    seen.commands += 1
    try:
        url = first(box.stderr, r"http://127\.0\.0\.1:\d+")

        def stored() -> list[dict[str, object]]:
            try:
                with urllib.request.urlopen(f"{url}/api/sites/gimpo/latest", timeout=5) as answer:
                    rows: list[dict[str, object]] = json.load(answer)
            except OSError:
                return []
            return [row for row in rows if row["channel"] == "voltage_l1_v"]

        wait_until(stored, "a first voltage in the store")
        reading = stored()[0]
        seen.say(f"$ wattproof up --site site.yaml\nWattProof: {url}\n{json.dumps(reading)}")
    finally:
        seen.say(f"{seen.commands} commands")
        seen.save(test_output)
        code = end(box)
    assert code == 0
    assert seen.commands <= 5

    site = (tmp_path / "site.yaml").read_text(encoding="utf-8")
    assert site.count("profile: eastron-sdm630") == 4
    assert site.count("profile: generic-plc") == 2
    assert site.count("profile: xy-md02") == 1
    assert 200 < float(str(reading["value"])) < 240
