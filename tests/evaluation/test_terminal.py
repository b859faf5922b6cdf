"""An evaluation as the terminal shows it."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from evaluation import evaluate, parse_plan, render
from evaluation.terminal import Language
from evaluation.terminal_words import number
from tests.evaluation.factory import PLAN, Machine

HANGUL = re.compile(r"[가-힣]")


def shown(tmp_path: Path, machine: Machine, language: Language, text: str = PLAN, width: int = 120) -> str:
    store = machine.stored(tmp_path / "readings.duckdb")
    output = io.StringIO()
    Console(file=output, width=width).print(render(evaluate(parse_plan(text), store), language))
    store.close()
    return output.getvalue()


def test_korean_shows_verdict_saving_and_band_with_units_and_separators(tmp_path: Path) -> None:
    text = shown(tmp_path, Machine(), "ko")
    assert "입증 · proven" in text
    assert "사출기 교체" in text
    assert re.search(r"절감량 +\d,\d{3} kWh +\d+\.\d%", text)
    assert "(조정 기준사용량 대비)" in text
    assert re.search(r"90% 신뢰구간 +\d,\d{3} … \d,\d{3} kWh", text)


def test_english_shows_the_same_without_korean_but_for_the_verdict(tmp_path: Path) -> None:
    text = shown(tmp_path, Machine(), "en")
    assert "proven · 입증" in text
    assert "Press replacement" in text
    assert re.search(r"Saving +\d,\d{3} kWh", text)
    assert not HANGUL.search(text.replace("입증", ""))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_what_is_not_provable_shows_reason_and_cure(tmp_path: Path, language: Language) -> None:
    text = shown(tmp_path, Machine(days=42), language)
    assert "판정불가" in text
    assert "not provable" in text
    assert ("해결:" if language == "ko" else "Cure:") in text


def test_a_driver_that_says_nothing_new_is_shown_as_dropped(tmp_path: Path) -> None:
    line = "  - {name: humidity, device: outdoor, kind: sensor, channel: humidity_pct, aggregate: mean}\nbaseline:"
    text = shown(tmp_path, Machine(humidity=55.0), "en", PLAN.replace("baseline:", line, 1))
    assert "humidity: dropped: constant" in text
    assert "proven · 입증" in text


def test_a_zero_has_no_sign_and_a_choice_of_one_is_no_choice(tmp_path: Path) -> None:
    assert number(-0.004, "%", 2) == "0.00%"
    assert number(-0.5, "kWh", 1) == "−0.5 kWh"
    one = PLAN + "candidates: {all: [production, temperature]}\n"
    text = shown(tmp_path, Machine(), "en", one)
    assert "Error held out" in text
    assert "best on" not in text
    assert not re.search(r"[-−]0\.00", text)


def test_levels_of_every_hour_of_the_week_are_one_line(tmp_path: Path) -> None:
    hours = "granularity: hour\ncandidates: {week: {family: levels, by: [weekday, hour], drivers: [production]}}\n"
    text = shown(tmp_path, Machine(), "en", PLAN + hours)
    assert re.search(r"167 levels of the week: \S+ … \S+ kWh/h", text)
    assert "Tue 05:00" not in text
    days = shown(tmp_path, Machine(), "en", PLAN + "candidates: {week: {family: levels, by: [weekday]}}\n")
    assert "Tue: " in days


def test_no_letter_is_lost_where_korean_has_to_wrap(tmp_path: Path) -> None:
    narrow = shown(tmp_path, Machine(days=42), "ko", width=70)
    wide = shown(tmp_path, Machine(days=42), "ko", width=400)
    letters = [sorted(re.findall("[가-힣]", text)) for text in (narrow, wide)]
    assert letters[0] == letters[1]
    assert len(letters[0]) > 300
