"""What the documents say is true, as far as a test can tell."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from edge import parse_site
from evaluation import parse_plan
from telemetry.published import channel_table
from tests.wattproof.command_line import wattproof
from wattproof.main import app

ROOT = Path(__file__).parent.parent.parent
READMES = ["README.md", "README.ko.md"]
ROOMS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["packages"]
DOCUMENTS = sorted(str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text(name), re.DOTALL)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_within_the_project_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", text(name))
    local = [link for link in links if not link.startswith(("http:", "https:"))]
    assert [link for link in local if not ((ROOT / name).parent / link).exists()] == []


@pytest.mark.parametrize("name", READMES)
def test_the_site_file_of_the_readme_is_a_good_one(name: str) -> None:
    site = parse_site(blocks(name, "yaml")[0], name, ROOT)
    assert [device.id for bus in site.buses for device in bus.devices] == ["main", "compressor"]


@pytest.mark.parametrize("name", READMES)
def test_the_plan_of_the_readme_is_a_good_one(name: str) -> None:
    assert parse_plan(blocks(name, "yaml")[1], name).id == "press-2"


def test_both_readmes_show_the_same_commands_and_files() -> None:
    def commands(name: str) -> list[str]:
        return [line.split("#")[0].strip() for block in blocks(name, "") for line in block.splitlines()]

    english, korean = ([c for c in commands(name) if c.startswith(("make", "wattproof"))] for name in READMES)
    assert english == korean
    assert len(text(READMES[0]).split("\n## ")) == len(text(READMES[1]).split("\n## "))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_that_a_document_names_exists(name: str) -> None:
    root = typer.main.get_command(app)
    for words in re.findall(r"`wattproof ([a-z]+(?: [a-z]+)?)", text(name)):
        parts = words.split()
        children = getattr(root, "commands", {})
        assert parts[0] in children, f"{name}: wattproof {words}"
        grandchildren = getattr(children[parts[0]], "commands", None)
        if grandchildren and len(parts) > 1:
            assert parts[1] in grandchildren, f"{name}: wattproof {words}"


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))
    named = {target for name in DOCUMENTS for target in re.findall(r"`make ([a-z]+)`", text(name))}
    assert named <= targets
    assert {"demo", "test", "check", "bench"} <= named | {"demo"}


SECOND_WORDS = {
    "결측": "손실 구간 (declared by a gateway), 공백 (nothing was read)",
    "빈 구간": "손실 구간, 공백",
    "선언": "신고",
    "미전송": "아웃박스 (the file), 전송 대기 (what waits in it)",
    "발신함": "아웃박스",
    "송신함": "아웃박스",
    "수신확인": "확인 응답",
}
"""Korean words beside the one that is used, and that one."""
KOREAN = sorted(
    str(path.relative_to(ROOT))
    for path in [*ROOT.glob("*.ko.md"), *(ROOT / "docs").glob("*.ko.md"), ROOT / "api" / "texts.yaml"]
    + [each for room in ROOMS for each in (ROOT / room).rglob("*.py")]
)


def test_one_thing_has_one_korean_word() -> None:
    assert "docs/gateway.ko.md" in KOREAN
    assert "collector/sentences.py" in KOREAN
    words_of_others = {"exchange/cells.py"}  # what a cell of an export may hold
    found = {(name, word) for name in KOREAN for word in SECOND_WORDS if word in text(name)}
    assert {each for each in found if each[0] not in words_of_others} == set()


def test_the_table_of_channels_is_the_registrys() -> None:
    assert text("docs/channels.md") == channel_table()


def test_the_rooms_of_the_map_are_the_folders_of_the_house() -> None:
    named = set(re.findall(r"^\| `([a-z]+)/` \|", text("docs/architecture.md"), re.MULTILINE))
    assert named == set(ROOMS)


def test_the_version_is_one() -> None:
    version = tomllib.loads(text("pyproject.toml"))["project"]["version"]
    assert wattproof("--version").stdout == f"wattproof {version}\n"


def silent(command: Any, path: str) -> list[str]:
    """Commands and options without help, at `path` and below."""
    options = [option for option in command.params if option.param_type_name == "option"]
    found = [] if command.help or command.hidden else [path]
    found += [f"{path} {o.opts[0]}" for o in options if not o.hidden and not o.help]
    for name, child in getattr(command, "commands", {}).items():
        found += silent(child, f"{path} {name}")
    return found


def test_every_command_and_option_has_help() -> None:
    assert silent(typer.main.get_command(app), "wattproof") == []
