from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import api
from api.texts import Speaker, catalog

ROOM = Path(api.__file__).parent
TEMPLATES = sorted((ROOM / "templates").glob("*.html"))
SCRIPTS = sorted((ROOM / "static").glob("*.js"))
OPEN_ENDED = ("kind.", "unit.", "driver.", "flag.", "gap.", "problem.", "model.dropped.")
"""Sentences whose key is completed by the data."""


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_fill_in_the_same_names() -> None:
    for key, text in catalog().items():
        assert names(text.ko) == names(text.en), key
        assert text.ko.strip(), key
        assert text.en.strip(), key


def test_korean_is_korean_and_english_is_not() -> None:
    hangul = re.compile("[가-힣]")
    shared = {"kind.plc", "none", "app.other_language", "saving.range", "coverage.of"}
    for key, text in catalog().items():
        if key in shared:
            continue
        assert hangul.search(text.ko) or not re.search("[a-z]{3}", text.ko), f"{key}: {text.ko}"
        assert not hangul.search(text.en), f"{key}: {text.en}"


def used() -> tuple[set[str], set[str]]:
    """Keys named whole, and beginnings of keys that are completed at run time."""
    whole: set[str] = set()
    begun: set[str] = set(OPEN_ENDED)
    sources = [*TEMPLATES, *SCRIPTS, *ROOM.glob("*.py")]
    for path in sources:
        text = path.read_text(encoding="utf-8")
        for found in re.findall(r"""["'`]([a-z]+(?:\.[a-z0-9_]+)+)["'`]""", text):
            whole.add(found)
        begun.update(re.findall(r"""["'`]([a-z]+(?:\.[a-z0-9_]+)*\.)["'`$]""", text))
    return whole, begun


def test_every_sentence_is_used_somewhere() -> None:
    whole, begun = used()
    known = {"none"}
    by_state = {"gateway.not_said", "gateway.online", "gateway.offline"}
    unused = [
        key
        for key in catalog()
        if key not in whole | known | by_state and not any(key.startswith(begin) for begin in begun)
    ]
    assert unused == []


def test_every_sentence_that_a_page_says_is_in_the_catalog() -> None:
    for path in TEMPLATES:
        for key in re.findall(r"""\bt\(["']([^"']+)["'][,)]""", path.read_text(encoding="utf-8")):
            assert key in catalog(), f"{path.name}: {key}"
    for path in SCRIPTS:
        for key in re.findall(r"""\bsay\(["']([^"']+)["'][,)]""", path.read_text(encoding="utf-8")):
            assert key in catalog(), f"{path.name}: {key}"


def test_templates_and_scripts_say_nothing_by_themselves() -> None:
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.DOTALL)
        text = re.sub(r"<(script|style|code)\b.*?</\1>|<[^>]*>", " ", text, flags=re.DOTALL)
        words = set(re.findall(r"[^\W\d_]{2,}", text)) - {"WattProof", "kW", "kWh", "ms"}
        assert words == set(), f"{path.name} says {words} in one language only"
    for path in SCRIPTS:
        code = re.sub(r"//[^\n]*", "", path.read_text(encoding="utf-8"))
        assert not re.search("[가-힣]", code.replace("월 ", "").replace("일`", "")), path.name


def test_nothing_is_loaded_from_elsewhere() -> None:
    own = [*TEMPLATES, *SCRIPTS, *(ROOM / "static").glob("*.css"), *(ROOM / "static").glob("*.svg")]
    for path in own:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"""https?://|["'(]//""", text), path.name


def test_templates_hold_no_inline_script_or_style() -> None:
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"""<style|\sstyle=|\son[a-z]+=|javascript:""", text), path.name
        for tag in re.findall(r"<script[^>]*>", text):
            assert "src=" in tag or 'type="application/json"' in tag, f"{path.name}: {tag}"


def test_a_sentence_that_does_not_exist_is_a_defect() -> None:
    with pytest.raises(KeyError):
        Speaker("ko")("no.such.sentence")


def test_words_that_come_with_the_data_are_said_as_they_are_when_unknown() -> None:
    speak = Speaker("en")
    assert speak.known("kind.boiler", "boiler") == "boiler"
    assert speak.channel("temperature_c") == "Temperature"
    assert speak.channel("made_up") == "made_up"
