"""`wattproof collector try`: what a message would become, shown to a person and to a program."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from telemetry import Broker, DocumentError
from tests.collector.foreign_parts import publish, sender
from wattproof.commands.collector_try_shown import WORDS
from wattproof.errors import BadInputError, UnavailableError
from wattproof.main import app

PLUG = '{"Time":"2026-01-17T18:59:50","ENERGY":{"Total":1.956,"Power":9,"Voltage":"231","Freq":60}}'
HERE = ("--site", "gimpo-1", "--timezone", "Asia/Seoul")


def attempt(*arguments: str, stdin: str = "", language: str = "en") -> tuple[int, str]:
    """Exit code and output of `wattproof collector try`."""
    ran = CliRunner().invoke(app, ["collector", "try", *arguments, "--lang", language], input=stdin)
    if ran.exception is not None and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return ran.exit_code, ran.stdout


def told(*arguments: str, stdin: str = "") -> tuple[int, dict[str, Any]]:
    code, output = attempt(*arguments, "--json", stdin=stdin)
    return code, msgspec.json.decode(output)


def test_a_person_sees_rule_device_units_time_what_is_set_aside_and_what_is_not_mapped() -> None:
    code, output = attempt("tasmota", *HERE, "--topic", "tele/Plug/SENSOR", "--payload", PLUG)
    assert code == 1
    for words in (
        "tasmota.yaml: tele/{device}/SENSOR → site gimpo-1, gateway tasmota",
        "power_meter plug (named Plug), 2026-01-17T09:59:50.000Z",
        "ENERGY.Total",
        "1.956 kWh",
        "1,956 Wh",
        "set aside power_meter/plug/voltage_l1_v: a value that is no number (wrong_type)",
        "with text: true",
        "ENERGY.Freq = 60 is not mapped; perhaps frequency_hz",
        "2 values would be stored, 1 set aside",
    ):
        assert words in output


def test_a_program_reads_one_object_from_an_argument_a_file_or_the_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "payload.json"
    file.write_text(PLUG, encoding="utf-8")
    about = ("tasmota", *HERE, "--topic", "tele/plug/SENSOR")
    ways = [told(*about, "--payload", PLUG), told(*about, "--file", str(file)), told(*about, stdin=PLUG)]
    assert ways[0] == ways[1] == ways[2]
    code, trial = ways[0]
    assert (code, trial["stored"], len(trial["refused"])) == (1, 2, 1)
    assert trial["readings"][0]["time"] == 1_768_643_990_000


def test_all_of_a_message_stored_is_exit_code_0_and_no_rule_is_1() -> None:
    about = ("shelly-gen1", "--site", "s", "--payload", "7")
    assert told(*about, "--topic", "shellies/plug/relay/0/power")[0] == 0
    code, output = attempt(*about, "--topic", "shellies/plug/relay/0/overpower_value")
    assert (code, "no rule takes this topic" in output) == (1, True)
    assert "rules take shellies/{device}/emeter/{phase}/power, " in output
    assert "규칙이 없어" in attempt(*about, "--topic", "shellies/plug/relay/0/overpower_value", language="ko")[1]
    assert "the time of its arrival" in attempt(*about, "--topic", "shellies/plug/relay/0/power")[1]


def test_without_a_topic_the_mappings_own_examples_are_shown() -> None:
    code, output = attempt("telegraf", "--site", "s")
    assert (code, output.count("values would be stored")) == (0, 4)


def test_without_a_mapping_those_of_the_configuration_are_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    maps = "collector: {foreign: {maps: [{map: tasmota, site: gimpo-1, timezone: Asia/Seoul}, node-red]}}\n"
    (tmp_path / "wattproof.yaml").write_text(maps, encoding="utf-8")
    assert told("--topic", "tele/plug/SENSOR", "--payload", PLUG)[1]["site"] == "gimpo-1"
    code, trial = told("--topic", "energy/a/b", "--payload", '{"time": 1767225600250, "power_factor": 1}')
    assert (code, trial["mapping"], trial["site"]) == (0, "node-red", "a")
    (tmp_path / "wattproof.yaml").unlink()
    with pytest.raises(BadInputError, match="which mapping"):
        attempt("--topic", "x")


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("tasmotta",), DocumentError, "did you mean tasmota"),
        (("tasmota", "--topic", "a", "--payload", "1"), DocumentError, "say which site"),
        (("node-red", "--payload", "1"), BadInputError, "--topic"),
        (("node-red", "--topic", "a", "--payload", "1", "--file", "b"), BadInputError, "not both"),
        (("node-red", "--topic", "a", "--file", "/none"), BadInputError, "cannot be read"),
        (("node-red", "--listen", "here:there"), BadInputError, "HOST:PORT"),
        (("node-red", "--listen", "127.0.0.1:1"), UnavailableError, "Check its address"),
    ],
)
def test_bad_input_is_one_sentence(arguments: tuple[str, ...], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        attempt(*arguments)


def test_what_arrives_at_a_broker_is_shown_as_it_arrives(mosquitto: Broker) -> None:
    where = f"127.0.0.1:{mosquitto.port}"
    with pytest.raises(BadInputError, match=r"nothing arrived within 0\.2 s under energy/\+/\+"):
        attempt("node-red", "--listen", where, "--for", "0.2")
    with sender(mosquitto) as meter:
        publish(meter, "energy/a/b", '{"time": 1767225600250, "power_factor": 1}', retain=True)
    code, trial = told("node-red", "--listen", where, "--for", "1")
    assert (code, trial["topic"], trial["stored"]) == (0, "energy/a/b", 1)


@contextlib.contextmanager
def sending(broker: Broker, topic: str, payload: Callable[[], str]) -> Iterator[None]:
    """A meter that sends all the time."""
    ended = threading.Event()

    def send() -> None:
        with sender(broker) as meter:
            while not ended.wait(0.05):
                publish(meter, topic, payload())

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_a_message_whose_time_is_hours_from_its_arrival_is_shown_with_a_doubt_about_its_zone(mosquitto: Broker) -> None:
    def now_in_utc() -> str:
        return f'{{"Time":"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}","ENERGY":{{"Power":9}}}}'

    about = ("tasmota", "--site", "s", "--listen", f"127.0.0.1:{mosquitto.port}", "--for", "2", "--timezone")
    doubt = "its time is -9 h from its arrival: is the time zone right"
    with sending(mosquitto, "tele/plug/SENSOR", now_in_utc):
        assert doubt in attempt(*about, "Asia/Seoul")[1]
        right = attempt(*about, "UTC")[1]
    assert ("power_meter plug" in right, "from its arrival" in right) == (True, False)


def test_a_kept_value_without_a_time_is_shown_as_one_that_a_collector_leaves(mosquitto: Broker) -> None:
    with sender(mosquitto) as meter:
        publish(meter, "shellies/plug/relay/0/power", "7", retain=True)
    about = ("shelly-gen1", "--site", "s", "--listen", f"127.0.0.1:{mosquitto.port}", "--for", "1")
    code, trial = told(*about)
    assert (code, trial["stored"], trial["left"]) == (1, 0, "retained")
    assert "retained by the broker and without a time" in attempt(*about)[1]


def test_a_person_in_korea_reads_it_in_korean() -> None:
    code, output = attempt("tasmota", *HERE, "--topic", "tele/Plug/SENSOR", "--payload", PLUG, language="ko")
    assert code == 1
    for words in ("사업장 gimpo-1", "저장될 값", "메시지의 시각", "매핑에 없음", "값 2개가 저장되고 1개가 격리됨"):
        assert words in output, words
    for name, (korean, english) in WORDS.items():
        assert korean != english, name
        assert korean.count("{") == english.count("{"), name
