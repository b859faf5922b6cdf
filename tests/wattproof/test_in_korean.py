"""Failures in Korean: each of the catalogue is one that the program says, and commands use their own language."""

from __future__ import annotations

import ast
import contextlib
import re
import string
import zlib
from collections.abc import Callable
from pathlib import Path

import duckdb
import msgspec
import pytest

from collector.intake import take_apart
from storage import DuckStore, StoreError
from storage.duck.file import explain
from telemetry import Batch, Table
from tests.wattproof.command_line import wattproof
from wattproof.in_korean import detail_in_korean, in_korean, language_of
from wattproof.korean_details import DETAILS, PARTS
from wattproof.korean_documents import BUILT, PROBLEMS
from wattproof.korean_failures import FAILURES, REASONS
from wattproof.korean_usage import USAGE, WRONG_VALUES

_ROOMS = ("wattproof", "storage", "collector", "exchange", "evaluation", "review", "telemetry", "api", "simulator")
_ANYTHING = "{}"


def said_by_the_program() -> set[str]:
    """Every text of the program, what is filled in as ``{}``."""
    found = set()
    for file in (each for room in _ROOMS for each in Path(room).rglob("*.py")):
        if file.name.startswith("korean_"):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = (part.value if isinstance(part, ast.Constant) else _ANYTHING for part in node.values)
                found.add("".join(map(str, parts)))
    return found


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_failure_of_the_catalogue_is_one_that_the_program_says() -> None:
    every = {re.sub(r"\{\w+\}", _ANYTHING, text) for text in said_by_the_program()}
    said = {text for text in every if len(text.replace(_ANYTHING, "").strip()) > 10}
    for english, _ in (*FAILURES, *PROBLEMS, *DETAILS):
        text = re.sub(r"\{\w+\}", _ANYTHING, english)
        # A document's error is said behind its file and line, which another text puts before it.
        assert text == "{}: {}" or any(text.endswith(end) for end in said), f"nothing says any more: {english}"


def test_both_languages_of_a_failure_name_the_same() -> None:
    for english, korean in (*USAGE, *FAILURES, *PROBLEMS, *BUILT, *DETAILS, *PARTS):
        assert names(english) == names(korean), english
        assert re.search(r"[가-힣]", korean) or korean == "{file}: {os}"
    for english, korean in WRONG_VALUES:
        assert names(korean) <= names(english), english


def test_each_failure_is_found_again_and_not_taken_for_another() -> None:
    for english, korean in (*USAGE, *FAILURES):
        filled = {name: "Permission denied" if name == "os" else f"<{name}>" for name in names(english)}
        shown = {name: REASONS.get(value, value) for name, value in filled.items()}
        assert in_korean(english.format(**filled)) == korean.format(**shown)
    for english, korean in (*PROBLEMS, *BUILT):
        filled = {name: f"<{name}>" for name in names(english)}
        assert (
            in_korean(f"a.yaml:3: b[0].c: {english.format(**filled)}") == f"a.yaml:3: b[0].c: {korean.format(**filled)}"
        )
    for english, korean in (*DETAILS, *PARTS):
        filled = {name: f"<{name}>" for name in names(english)}
        assert detail_in_korean(english.format(**filled)) == korean.format(**filled)


def test_what_is_not_in_the_catalogue_stays_as_it_is() -> None:
    for sentence in ("press-3: no reply from unit 7", "main: this and that: 7", ""):
        assert in_korean(sentence) == sentence


def test_reasons_of_the_system_and_process_numbers_are_told_in_korean_too() -> None:
    assert in_korean("/var/lib/x.csv: Permission denied") == "/var/lib/x.csv: 권한이 없음"
    held = in_korean("/data/a.duckdb is in use by process 332; stop it or use another data folder")
    assert held == "/data/a.duckdb: 프로세스 332에서 사용 중입니다. 그 프로세스를 끝내거나 다른 데이터 폴더를 쓰십시오."


@pytest.mark.parametrize(
    ("arguments", "environ", "language"),
    [
        (["db", "check"], {}, "ko"),
        (["db", "check"], {"WATTPROOF_API_LANGUAGE": "en"}, "en"),
        (["import", "x.csv", "--lang", "en"], {}, "en"),
        (["import", "x.csv", "--lang=ko"], {"WATTPROOF_API_LANGUAGE": "en"}, "ko"),
        (["edge", "check", "site.yaml"], {"LANG": "C.UTF-8"}, "en"),
        (["edge", "check", "site.yaml"], {"LANG": "ko_KR.UTF-8"}, "ko"),
        (["db", "check"], {"WATTPROOF_NONSENSE": "1"}, "ko"),
        (["-c", "english.yaml", "db", "check"], {}, "en"),
        (["db", "check", "--lang"], {}, "ko"),
        (["-c", "english.yaml", "edge", "check", "site.yaml"], {"LC_ALL": "ko_KR.UTF-8"}, "ko"),
        (["import", "edge"], {"LANG": "C.UTF-8"}, "ko"),
        (["--child", "broker", "run"], {}, "en"),
    ],
)
def test_a_failure_has_the_language_of_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], environ: dict[str, str], language: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("english.yaml").write_text("api: {language: en}\n", encoding="utf-8")
    assert language_of(arguments, environ) == language


def failed(folder: Path, *arguments: str, code: int) -> str:
    ended = wattproof(*arguments, cwd=folder, failures=None)
    assert ended.returncode == code
    return ended.stderr.removeprefix("wattproof: ").rstrip("\n")


def test_the_failures_that_users_meet_most_come_in_korean_from_the_real_commands(tmp_path: Path) -> None:
    assert failed(tmp_path, "import", "none.csv", "--dry-run", code=2) == (
        "none.csv: 파일이 없습니다. 경로를 확인하십시오."
    )
    assert "아직 데이터 파일이 없습니다" in failed(tmp_path, "db", "check", code=3)
    assert failed(tmp_path, "db", "check", "none.duckdb", code=3).endswith("파일이 없습니다. 경로를 확인하십시오.")
    assert failed(tmp_path, "-c", "none.yaml", "config", "show", code=2).startswith("none.yaml: 설정 파일이 없")
    assert "대상을 지정하십시오" in failed(tmp_path, "quarantine", "replay", code=2)
    assert "--reason futur: 그런 사유는 없습니다. 있는 것: topic," in failed(
        tmp_path, "quarantine", "list", "--reason", "futur", code=2
    )
    assert "아직 측정값이 없습니다" in failed(tmp_path, "export", "out.csv", "--site", "x", code=3)
    (tmp_path / "damaged.duckdb").write_bytes(b"nonsense" * 1000)
    assert "손상되었거나 WattProof 데이터 파일이 아닙니다" in failed(tmp_path, "db", "check", "damaged.duckdb", code=3)
    listening = failed(tmp_path, "collector", "try", "shelly-gen2", "--site", "a", "--listen", "127.0.0.1:1", code=3)
    assert listening.startswith("브로커 mqtt://127.0.0.1:1에 연결할 수 없습니다 (연결이 거부됨)")


PLAN = """\
id: x
site: nowhere
device: press-9
drivers: []
baseline: {first_day: 2026-03-02, last_day: 2026-04-26}
installation: {first_day: 2026-04-27, last_day: 2026-04-30}
reporting: {first_day: 2026-05-01, last_day: 2026-05-31}
"""


def test_what_a_store_has_nothing_of_is_told_in_korean(tmp_path: Path) -> None:
    (tmp_path / "wattproof-data").mkdir()
    store = DuckStore(tmp_path / "wattproof-data" / "readings.duckdb")
    table = Table.of("main", "power_meter", [NOW - 3 * DAY, NOW], {"energy_import_wh": [1.0, 2.0]})
    store.write([Batch("gimpo", "gw-1", "0" * 16, 1, [table])])
    store.close()
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    there_is_not = "plan.yaml: 계획 x: 저장소에 'nowhere' 사업장이 없습니다. 있는 것: gimpo"
    assert failed(tmp_path, "evaluate", "plan.yaml", code=2).endswith(there_is_not)
    bill = ("bill", "main", "--contract", "industrial_b/high_a/option_2", "--contract-kw", "500", "--month", "2026-07")
    assert "main의 energy_import_wh 값이 2026-07-01부터 2026-07-31까지 하나도 없" in failed(tmp_path, *bill, code=2)
    assert "계측기 'nope'이(가) 없습니다" in failed(tmp_path, "review", "--meter", "nope", code=2)
    told = failed(tmp_path, "review", "--product", "main=plc-9", code=2)
    assert "gimpo 사업장의 'plc-9'에 production_count 값이 없습니다." in told
    no_meter = failed(tmp_path, "bill", "nope", *bill[2:], code=2)
    assert no_meter.startswith(
        "저장소에 계측기 'nope'이(가) 없습니다. 전력량(energy_import_wh)을 재는 계측기: gimpo/main"
    )


MAPPING = """\
mapping: m
rules:
- topic: "a/{device}/x"
  device: "{device}"
  kind: power_meter
  channels: {active_power_w: {path: P, unit: W}}
"""
WRITTEN_WRONGLY = [
    ("evaluate", PLAN.replace("drivers: []", "driverz: []"), "4: driverz: 없는 항목입니다."),
    ("evaluate", PLAN.replace("device: press-9\n", ""), "1: `device` 항목이 빠졌습니다."),
    ("evaluate", PLAN.replace("2026-05-31", "2026-05-03"), "7: reporting: 2026-05-01..2026-05-03: 3일뿐입니다."),
    ("collector try", MAPPING.replace(", unit: W", ""), "6: rules[0].channels.active_power_w: 보내는 쪽의 단위를"),
    (
        "collector try",
        MAPPING.replace("active_p", "activ_p"),
        "6: rules[0].channels.activ_power_w: 'activ_power_w': 없는",
    ),
    (
        "collector try",
        MAPPING.replace('"{device}"', '"{machine}"'),
        "4: rules[0].device: {machine}은(는) 토픽 'a/{device}/x'",
    ),
]
"""Command, document, and what is told of it behind the file's name."""


@pytest.mark.parametrize(("command", "document", "words"), WRITTEN_WRONGLY)
def test_what_is_wrong_with_a_document_is_told_in_korean(
    tmp_path: Path, command: str, document: str, words: str
) -> None:
    (tmp_path / "wrong.yaml").write_text(document, encoding="utf-8")
    more = ("--site", "gimpo", "--topic", "a/b/x", "--payload", "{}") if command == "collector try" else ()
    assert failed(tmp_path, *command.split(), "wrong.yaml", *more, code=2).startswith(f"wrong.yaml:{words}")


def test_why_a_file_was_not_imported_is_told_in_korean(tmp_path: Path) -> None:
    (tmp_path / "cut.csv").write_bytes("시각,kWh\n2026-01-01 00:15,1\n2026-01-01 00:30,한".encode()[:-1])
    (tmp_path / "peak.csv").write_text(
        "시각,최대수요(kW)\n2026-01-01 01:00,1\n2026-01-01 02:00,2\n2026-01-01 03:00,3\n", encoding="utf-8"
    )
    cut = failed(tmp_path, "import", "cut.csv", "--dry-run", code=2)
    assert cut.startswith("cut.csv: UTF-8 파일이지만 3행의 글자 중간에서 끝남. 잘린 파일이니")
    peak = failed(tmp_path, "import", "peak.csv", "--dry-run", code=2)
    assert peak.startswith("peak.csv: 가져올 것이 없습니다. '최대수요(kW)': 최대값은 구간의 평균이 아님")


def test_why_a_plan_could_not_be_evaluated_is_told_in_korean(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(PLAN.replace("drivers: []", "driverz: []"), encoding="utf-8")
    ended = wattproof("portfolio", "wrong.yaml", cwd=tmp_path, failures=None)
    assert ended.returncode == 1
    assert "driverz: 없는 항목입니다." in " ".join(ended.stdout.split())


@pytest.mark.parametrize("take_away", [Path.unlink, lambda path: path.rename(path.with_name("moved.duckdb"))])
def test_a_data_file_that_was_taken_away_is_told_in_korean(tmp_path: Path, take_away: Callable[[Path], object]) -> None:
    path = tmp_path / "readings.duckdb"
    store = DuckStore(path)
    take_away(path)
    told = in_korean(store.health().detail)
    assert told.startswith(f"{path}: 사용 중에 옮겨졌거나")
    assert told.endswith("백업을 복원하십시오.")
    with contextlib.suppress(StoreError):
        store.close()


def test_a_store_held_by_another_process_is_told_in_korean() -> None:
    held = duckdb.IOException("IO Error: Could not set lock on file: Conflicting lock is held in python3.11 (PID 4711)")
    assert "프로세스 4711에서 사용 중입니다" in in_korean(str(explain(held, Path("a.duckdb"))))


def batch(**changes: object) -> bytes:
    """A batch that can be stored, but for these changes; with the checksum of its bytes."""
    table = Table.of("press-1", "power_meter", [NOW], {"active_power_w": [1.0]})
    plain = msgspec.to_builtins(Batch("gimpo", "gw-1", "0" * 16, 1, [table]))
    body = msgspec.json.encode({name: value for name, value in (plain | changes).items() if name != "crc"})[:-1]
    return body + b',"crc":"%08x"}' % zlib.crc32(body)


NOW, DAY = 1_790_000_000_000, 86_400_000
KEPT = {"device": "press-1", "kind": "power_meter", "times": [NOW], "channels": "active_power_w", "values": [1.0]}
WRONG = [
    ("x/y/z", b"", "x/y/z': wattproof/1/사업장/게이트웨이/"),
    ("wattproof/1/gimpo/gw-1/state", b"", "측정값을 보내는 토픽이 아님"),
    ("", b"{}", '끝에 체크섬 ,"crc":"<앞 내용의 CRC-32, 16진수 8자리>"}이 없음'),
    ("", batch().replace(b"press-1", b"press-2"), "체크섬이 내용과 맞지 않음"),
    ("", batch(gateway="gw-2"), "내용에는 사업장 'gimpo', 게이트웨이 'gw-2'라고 되어 있으나 gimpo/gw-1의 토픽으로 옴"),
    ("", batch(seq=0), "순번(seq) 0: 1 이상이어야 함"),
    ("", batch(tables=[KEPT, KEPT]), "'press-1'의 active_power_w 값이 한 메시지의 표 두 개에 있음"),
    ("", batch(tables=[KEPT | {"times": "now"}]), "`str` 대신 `array`이(가) 와야 함 (위치: `$.tables[0].times`)"),
    ("", batch(tables=[KEPT | {"values": []}]), "채널 1개, 시각 1개에 값이 0개임 (위치: `$.tables[0].values`)"),
    ("", batch(tables=[KEPT | {"times": [NOW + 10**6]}]), "수집기의 시각 2026-09-21 14:13:20 UTC보다 5분 넘게 앞섬"),
    ("", batch(tables=[KEPT | {"times": [1]}]), "2000년 이전의 시각"),
    ("", batch(tables=[KEPT | {"values": [1e15]}]), " W 범위를 벗어남"),
    ("", batch(tables=[KEPT | {"device": "Press 1"}]), "device 'Press 1': 쓸 수 없는 이름"),
    (
        "",
        batch(tables=[KEPT | {"channels": "activ_power_w"}]),
        "'activ_power_w': 없는 채널. 비슷한 채널: active_power_w",
    ),
]
"""Topic (of a batch, where there is none here), message, and words of why it is set aside."""


@pytest.mark.parametrize(("topic", "payload", "words"), WRONG)
def test_why_a_message_was_set_aside_is_told_in_korean(topic: str, payload: bytes, words: str) -> None:
    intake = take_apart(topic or "wattproof/1/gimpo/gw-1/batch", payload, NOW)
    assert words in detail_in_korean(intake.refusals[0].detail)


MISTAKES = [
    (["--nope"], "--nope: 없는 옵션입니다."),
    (["db", "check", "--jso"], "--jso: 없는 옵션입니다. 비슷한 옵션: --json"),
    (["nope"], "'nope': 없는 명령입니다."),
    (["db", "chek"], "'chek': 없는 명령입니다. 비슷한 명령: 'check'"),
    (["demo", "now"], "필요 없는 인자가 있습니다: now"),
    (["demo", "--port"], "'--port': 이 옵션에는 값이 필요합니다."),
    (["demo", "--json=1"], "'--json': 이 옵션은 값을 받지 않습니다."),
    (["quarantine", "show"], "'ID' 인자가 빠졌습니다."),
    (["demo", "--port", "soon"], "'--port' 값이 잘못되었습니다. 정수를 쓰십시오."),
    (["demo", "--seconds", "soon"], "'--seconds' 값이 잘못되었습니다. 숫자를 쓰십시오."),
    (["demo", "--port", "70000"], "'--port' 값이 잘못되었습니다. 65535 이하여야 합니다."),
    (["demo", "--seconds", "0"], "'--seconds' 값이 잘못되었습니다. 1 이상이어야 합니다."),
    (["bill", "--lang", "fr"], "'--lang' 값이 잘못되었습니다. 'fr' 대신 'ko', 'en' 가운데 하나를 쓰십시오."),
    (["--log-level", "loud", "up"], "--log-level 값이 잘못되었습니다. 'loud' 대신 debug, info, warning, error 가운데"),
]
"""Commands written wrongly, and the sentence."""


@pytest.mark.parametrize(("arguments", "sentence"), MISTAKES)
def test_a_command_written_wrongly_is_told_so_in_korean(arguments: list[str], sentence: str) -> None:
    ended = wattproof(*arguments, failures="ko")
    told = ended.stderr.splitlines()
    assert ended.returncode == 2
    assert told[-1].removeprefix("wattproof: ").startswith(sentence)
    # the parser knows no command's usage while it takes options apart from their values
    assert told[:-1] == [] or (told[0].startswith("사용법: wattproof") and told[1].startswith("도움말: wattproof"))


def test_a_command_written_wrongly_is_told_how_it_is_used() -> None:
    ended = wattproof("quarantine", "show")
    assert (ended.returncode, ended.stdout) == (2, "")
    usage, *rest = ended.stderr.splitlines()
    assert usage.startswith("Usage: wattproof quarantine show [OPTIONS] ")
    assert rest == ["Help: wattproof quarantine show --help", "wattproof: Missing argument 'ID'."]


def test_a_group_of_commands_without_one_shows_its_help_and_nothing_else() -> None:
    ended = wattproof("quarantine", failures="ko")
    assert ended.returncode == 2
    assert "replay" in ended.stdout + ended.stderr
    assert "wattproof: " not in ended.stderr
