from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from wattproof.korean_help import HELP, PANELS
from wattproof.main import app

HANGUL = re.compile("[가-힣]")
SAME_IN_BOTH = {"1 or 2.", "tcp://HOST:PORT, rtu:///dev/ttyUSB0?baud=9600, or tls, rtu+tcp, ascii+tcp, ascii."}


def said() -> tuple[set[str], set[str]]:
    """What every command, argument and option says, and the titles of their groups."""
    texts: set[str] = set()
    panels: set[str] = set()

    def look(told: Any) -> None:
        if getattr(told, "hidden", False):
            return
        texts.update(filter(None, [getattr(told, "help", None)]))
        panels.update(filter(None, [getattr(told, "rich_help_panel", None)]))
        for part in below(told):
            look(part)

    def below(told: Any) -> Iterator[Any]:
        yield from getattr(told, "commands", {}).values()
        if hasattr(told, "get_params"):
            yield from told.get_params(typer.Context(told))

    look(typer.main.get_command(app))
    return texts, panels


def helped(*arguments: str, language: str, columns: int = 100) -> str:
    """What `--help` prints, in one line of words."""
    environment = {"PATH": "/usr/bin:/bin", "LANG": language, "COLUMNS": str(columns), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "wattproof", *arguments, "--help"]
    shown = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=True).stdout
    return " ".join(re.sub("[│╭╮╰╯─]", " ", shown).split())


def test_help_is_at_parity() -> None:
    texts, panels = said()
    assert texts - set(HELP) == set()
    assert set(HELP) - texts == set(), "Korean of what nobody says"
    assert panels == set(PANELS)
    assert all(HANGUL.search(korean) for english, korean in HELP.items() if english not in SAME_IN_BOTH)


def test_help_has_nothing_in_brackets_that_its_markup_would_swallow() -> None:
    swallowed = re.compile(r"\[[a-z#/@][^\[\]]*\]", re.IGNORECASE)
    assert [text for pair in HELP.items() for text in pair if swallowed.search(text)] == []


@pytest.mark.parametrize("arguments", [("import",), ("db", "restore"), ("collector",), ("edge", "init"), ()])
def test_a_korean_terminal_is_helped_in_korean(arguments: tuple[str, ...]) -> None:
    shown = helped(*arguments, language="ko_KR.UTF-8")
    assert shown.startswith("사용법: wattproof")
    assert not re.search(r"Usage|Options|OPTIONS|Arguments|Commands|COMMAND|default:|required|env var|Show this", shown)
    assert helped(*arguments, language="C.UTF-8").startswith("Usage: wattproof")


@pytest.mark.parametrize("language", ["ko_KR.UTF-8", "C.UTF-8"])
def test_no_letter_is_lost_at_the_end_of_a_line(language: str) -> None:
    assert "…" not in helped("demo", language=language, columns=80) + helped("bill", language=language, columns=80)
    assert "kWh:interval" in helped("import", language=language, columns=80).replace(" ", "")


def test_a_language_that_was_asked_for_wins() -> None:
    assert helped("import", "--lang", "ko", language="C.UTF-8").startswith("사용법:")
    assert helped("import", "--lang", "en", language="ko_KR.UTF-8").startswith("Usage:")


def test_help_tells_units() -> None:
    assert "What a kWh costs (won/kWh)." in helped("review", language="C.UTF-8")
