"""`wattproof collector` and `wattproof quarantine`, as the operator runs them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from collector import Entry, Quarantine
from collector.refusals import Reason, Refusal, part_content
from telemetry import Batch, Broker, Table, encode
from tests.collector.parts import gateway, now_ms, readings
from tests.parts import free_port, wait_until
from tests.wattproof.command_line import wattproof
from wattproof.commands.quarantine_words import ADVICE, advice
from wattproof.errors import BadInputError, CommandError, UnavailableError
from wattproof.main import app

TOPIC = "wattproof/1/site-1/gw-1/batch"


def answer(url: str) -> tuple[int, str]:
    """Status and text; 0 while nothing answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as found:
            return found.status, found.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


@contextlib.contextmanager
def collector(folder: Path, broker: Broker, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """`wattproof collector run` over a DuckDB file in `folder`."""
    environment = os.environ | {
        "WATTPROOF_BROKER_PORT": str(broker.port),
        "WATTPROOF_DATA_DIR": str(folder),
        **more,
    }
    with (folder / "collector.log").open("wb") as log:
        command = [sys.executable, "-m", "wattproof", "collector", "run"]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


@pytest.fixture
def held(tmp_path: Path) -> Path:
    """A data folder with three entries in quarantine: a message no collector can read, and two readings."""
    shelf = Quarantine(tmp_path / "quarantine.sqlite")
    shelf.add(TOPIC, b"\xffnot json", now_ms(), [Refusal(Reason.MALFORMED, "not JSON")])
    table = Table.of("main", "power_meter", [now_ms() - 2000], {"active_power_w": [1.0]})
    shelf.add(TOPIC, encode(Batch("site-1", "gw-1", "e", 1, [table])), now_ms(), [Refusal(Reason.STORE, "no", "", 1)])
    other = Refusal(Reason.FUTURE, "ahead", "power_meter/press-9/active_power_w", 2, b"{}")
    shelf.add("wattproof/1/site-2/gw-1/batch", b"{}", now_ms(), [other])
    shelf.close()
    return tmp_path


def quarantine(folder: Path, *arguments: str) -> Any:
    """What `wattproof quarantine … --json` says, and its exit code; in this process, which is quicker."""
    ran = CliRunner().invoke(app, ["quarantine", *arguments, "--json"], env={"WATTPROOF_DATA_DIR": str(folder)})
    if isinstance(ran.exception, CommandError):
        raise ran.exception
    return msgspec.json.decode(ran.stdout), ran.exit_code


@pytest.mark.parametrize("arguments", [("list",), ("show", "1")])
def test_what_others_wrote_commands_no_terminal_and_fills_none(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    shelf = Quarantine(tmp_path / "quarantine.sqlite")
    device = "\x1b[2J\x07" + "x" * 60_000
    refusal = Refusal(Reason.INVALID_NAME, "a device", f"power_meter/{device}/active_power_w", 1, b"\x1b[2J")
    shelf.add("wattproof/1/site-1/gw-1/batch", b"", 1_790_000_000_000, [refusal])
    shelf.close()
    ran = CliRunner().invoke(app, ["quarantine", *arguments], env={"WATTPROOF_DATA_DIR": str(tmp_path)})
    assert ran.exit_code == 0
    assert not {"\x1b", "\x07"} & set(ran.output)
    assert "x1b[2J" in ran.output.replace("\n", "")
    assert len(ran.output) < 6_000


def test_what_is_held_is_listed_by_reason_site_and_device_and_shown_with_advice(held: Path) -> None:
    found, _ = quarantine(held, "list")
    assert [entry["reason"] for entry in found] == ["future", "store", "malformed"]
    for arguments, reason in (
        (("--reason", "malformed"), "malformed"),
        (("--site", "site-2"), "future"),
        (("--device", "press-9"), "future"),
    ):
        assert [entry["reason"] for entry in quarantine(held, "list", *arguments)[0]] == [reason]
    shown, _ = quarantine(held, "show", "3")
    assert (shown["readings"], shown["part"]) == (2, "power_meter/press-9/active_power_w")
    assert "NTP" in shown["advice"]
    with pytest.raises(BadInputError, match="no entry 99"):
        quarantine(held, "show", "99")
    for order in ("drop", "replay"):
        with pytest.raises(BadInputError, match="no entry 99"):
            quarantine(held, order, "3", "99")
    for order in ("list", "drop", "replay"):
        with pytest.raises(BadInputError, match="--reason futur: there is no such reason; there are topic, oversized"):
            quarantine(held, order, "--reason", "futur")
    assert len(quarantine(held, "list")[0]) == 3, "and nothing was done"


def test_what_is_dropped_stays_in_the_ledger_and_nothing_is_chosen_by_accident(held: Path) -> None:
    with pytest.raises(BadInputError, match="say which"):
        quarantine(held, "drop")
    assert quarantine(held, "drop", "--reason", "future", "--note", "scrapped") == (
        {"dropped": 1, "entries_held": 2, "readings_dropped": 2}, 0,
    )  # fmt: skip
    entries, _ = quarantine(held, "list", "--all")
    assert (entries[0]["state"], entries[0]["note"]) == ("dropped", "scrapped")


def test_a_replay_without_a_collector_waits_for_one_and_one_at_work_does_it(held: Path, mosquitto: Broker) -> None:
    stored_before = quarantine(held, "show", "2")[0]["content"]
    told, code = quarantine(held, "replay", "--reason", "store", "--wait", "0")
    assert (told["asked"], told["waiting"], code) == (1, 1, 1)
    with collector(held, mosquitto):
        told, code = quarantine(held, "replay", "--reason", "store", "--reason", "store", "--wait", "60")
        shelf = Quarantine(held / "quarantine.sqlite")
        wait_until(lambda: shelf.counters.stored == 1, "the reading is stored")
        assert code == 0
        told, code = quarantine(held, "replay", "--reason", "malformed", "--wait", "60")
        assert (told["refused_again"], told["waiting"], code) == (1, 0, 1)
        [at] = msgspec.json.decode(stored_before)["tables"][0]["times"]
        content = part_content("power_meter", "main", "active_power_w", [(at, 2.5)])
        refusal = Refusal(Reason.STORE, "no", "power_meter/main/active_power_w", 1, content)
        shelf.add(TOPIC, b"another", now_ms(), [refusal])
        told, code = quarantine(held, "replay", "--device", "main", "--wait", "60")
        assert (told["readings_stored"], told["readings_superseded"], code) == (0, 1, 1)
        shown, _ = quarantine(held, "show", "4")
        assert shown["note"].startswith("the store has 1.0 at ")
        assert shown["note"].endswith("; this is 2.5")
        assert "--overwrite" in shown["advice"]
        assert shown["leaves"] - shown["decided"] == 90 * 86_400_000
        told, code = quarantine(held, "replay", "4", "--overwrite", "--wait", "60")
        assert (told["readings_stored"], told["readings_superseded"], code) == (1, 0, 0)
        shelf.close()
    sums = {(each["state"], each["reason"]): each["readings"] for each in quarantine(held, "summary")[0]["sums"]}
    assert sums == {
        ("held", "future"): 2, ("held", "malformed"): 0, ("replaced", "store"): 1, ("stored", "store"): 2,
    }  # fmt: skip


def test_health_readiness_and_figures_of_a_collector(tmp_path: Path, mosquitto: Broker) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    more = {"WATTPROOF_COLLECTOR_ENDPOINT_PORT": str(port)}
    with collector(tmp_path, mosquitto, **more), gateway(tmp_path, mosquitto) as (outbox, publisher):
        wait_until(lambda: answer(f"{url}/readyz")[0] == 200, "it is ready", deadline_s=60)
        assert answer(f"{url}/healthz")[0] == 200
        assert answer(f"{url}/elsewhere")[0] == 404
        outbox.put(readings(now_ms() - 60_000, 10))
        outbox.put([Table.of("main", "power_meter", [now_ms()], {"no_such_channel": [1.0]})])
        assert publisher.drained(60)
        status, text = answer(f"{url}/metrics")
        figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        assert status == 200
        assert float(figures["wattproof_collector_written_total"]) >= 10
        assert float(figures["wattproof_quarantine_readings"]) == 1
        for name in ("waiting", "store_trouble", "gateway_ids_twice", 'latency_ms{quantile="0.99"}', "gaps_total"):
            assert f"wattproof_collector_{name}" in figures
    assert answer(f"{url}/healthz")[0] == 0


def test_a_collector_with_no_broker_is_alive_but_not_ready(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    more = {"WATTPROOF_COLLECTOR_ENDPOINT_PORT": str(port)}
    with collector(tmp_path, Broker(port=free_port()), **more):
        wait_until(lambda: answer(f"{url}/healthz")[0] == 200, "it is alive", deadline_s=60)
        status, text = answer(f"{url}/readyz")
        assert (status, "no session with the broker" in text) == (503, True)


def test_the_check_of_a_broker_tells_what_is_too_tight(mosquitto: Broker) -> None:
    ran = wattproof("collector", "check", env={"WATTPROOF_BROKER_PORT": str(mosquitto.port)})
    assert (ran.returncode, "max_inflight_messages" in ran.stdout) == (1, True)
    away = CliRunner().invoke(app, ["collector", "check"], env={"WATTPROOF_BROKER_PORT": str(free_port())})
    assert isinstance(away.exception, UnavailableError)


def test_a_group_that_no_topic_filter_can_name_is_refused() -> None:
    told = CliRunner().invoke(app, ["collector", "run", "--workers-group", "a/b"])
    assert isinstance(told.exception, BadInputError)


def test_a_group_whose_workers_would_each_keep_a_part_of_the_readings_is_refused(tmp_path: Path) -> None:
    told = CliRunner().invoke(
        app, ["collector", "run", "--workers-group", "city"], env={"WATTPROOF_DATA_DIR": str(tmp_path)}
    )
    assert isinstance(told.exception, BadInputError)
    assert "engine: influx" in str(told.exception)
    assert [*tmp_path.iterdir()] == []


def test_every_reason_has_its_advice_in_two_languages() -> None:
    assert set(ADVICE) == {reason.value for reason in Reason}
    for reason, (korean, english) in ADVICE.items():
        assert any("가" <= letter <= "힣" for letter in korean), reason
        assert not any("가" <= letter <= "힣" for letter in english), reason
    ours = Entry(1, 0, TOPIC, "malformed", "", "", 0, b"")
    assert "schema" in advice(ours, "en")
    assert "매핑" in advice(msgspec.structs.replace(ours, topic="tele/plug/SENSOR"), "ko")


@pytest.mark.parametrize(("language", "words"), [("ko", ("보관 중", "전체")), ("en", ("held", "whole"))])
def test_a_person_reads_the_list_in_their_language(held: Path, language: str, words: tuple[str, ...]) -> None:
    def shown(*arguments: str) -> str:
        command = ["quarantine", *arguments, "--lang", language]
        return CliRunner().invoke(app, command, env={"WATTPROOF_DATA_DIR": str(held), "COLUMNS": "80"}).stdout

    listed = shown("list")
    assert all(word in listed for word in (*words, "Asia/Seoul"))
    assert max(map(len, listed.splitlines())) <= 80
    assert "Asia/Seoul" in shown("show", "1")
    assert words[0] in shown("summary")
    assert max(map(len, shown("summary").splitlines())) <= 80
    assert "3" in shown("drop", "--all")
    assert "0" not in shown("list")
