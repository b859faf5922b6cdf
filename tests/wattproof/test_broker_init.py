"""`wattproof broker init`: one command for everything mosquitto needs."""

from __future__ import annotations

import json
from pathlib import Path

from tests.wattproof.command_line import wattproof


def test_a_second_run_adds_a_gateway_and_keeps_the_rest(tmp_path: Path) -> None:
    first = wattproof("broker", "init", str(tmp_path), "--gateway", "gimpo/gw-1", "--json")
    key = (tmp_path / "clients" / "gimpo.gw-1" / "client.key").read_bytes()
    second = json.loads(wattproof("broker", "init", str(tmp_path), "--gateway", "gimpo/gw-2", "--json").stdout)
    assert {"gimpo.gw-1", "collector", "api"} <= set(json.loads(first.stdout)["clients"])
    assert "gimpo.gw-2" in second["clients"]
    assert "clients/gimpo.gw-1/client.key" in second["kept"]
    assert (tmp_path / "clients" / "gimpo.gw-1" / "client.key").read_bytes() == key


def test_a_gateway_without_its_site_is_refused(tmp_path: Path) -> None:
    ended = wattproof("broker", "init", str(tmp_path), "--gateway", "gw-1")
    assert ended.returncode == 2
    assert ended.stderr == "wattproof: --gateway gw-1: write it as SITE/GATEWAY, e.g. gimpo-demo/gw-1\n"


def test_an_address_that_is_empty_is_refused(tmp_path: Path) -> None:
    ended = wattproof("broker", "init", str(tmp_path), "--host", "")
    assert ended.returncode == 2
    assert ended.stderr == "wattproof: hosts: name at least one address under which clients reach the broker\n"


def test_a_folder_that_cannot_be_made_is_named() -> None:
    ended = wattproof("broker", "init", "/proc/nowhere")
    assert ended.returncode == 3
    assert ended.stderr == "wattproof: /proc/nowhere: No such file or directory\n"
