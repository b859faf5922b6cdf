"""The words of a review on the terminal, and numbers as people read them there."""

from __future__ import annotations

from typing import Literal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from evaluation import Text
from review import words

Language = Literal["ko", "en"]

_WORDS = {
    "title": Text("에너지 진단", "Energy review"),
    "energy": Text("전력량", "Energy"),
    "cost": Text("비용", "Cost"),
    "coverage": Text("계측률", "Metered"),
    "base": Text("기저부하", "Base"),
    "mean": Text("평균", "Mean"),
    "peak": Text("최대수요", "Peak"),
    "load_factor": Text("부하율", "Factor"),
    "first": Text("먼저 볼 것", "Look at first"),
    "meters": Text("계측기별 사용", "By meter"),
    "meter": Text("계측기", "Meter"),
    "share": Text("비중", "Share"),
    "bridged": Text("공백 중 사용", "in gaps"),
    "rest": Text("나머지", "the rest"),
    "thousand_won": Text("비용\n천원", "Cost\n1,000 won"),
    "standby": Text("대기 (켜져 있으나 생산 없음)", "Standby (on, making nothing)"),
    "told_by": Text("근거", "Told by"),
    "production": Text("생산량", "its counter"),
    "two_levels": Text("전력 수준", "its power"),
    "hours": Text("시간", "Hours"),
    "idle_kw": Text("대기\nkW", "Idle\nkW"),
    "producing_kw": Text("생산 중\nkW", "Busy\nkW"),
    "off": Text("꺼짐\nh", "Off\nh"),
    "when": Text("언제 쓰는가 (평균 kW, 한 칸이 1시간)", "When it is drawn (mean kW, one cell an hour)"),
    "day_kwh": Text("하루 kWh", "kWh a day"),
    "shifts": Text("시간대(교대)별 사용", "By shift"),
    "shift": Text("시간대", "Shift"),
    "working": Text("평일", "Working"),
    "saturday": Text("토요일", "Saturday"),
    "rest_day": Text("일·공휴일", "Rest day"),
    "duration": Text("부하지속곡선", "Load duration"),
    "reached": Text("시간의", "of the time"),
    "peak_days": Text("최대수요가 높은 날", "Peak days"),
    "from": Text("시작", "From"),
    "per_unit": Text("원단위", "Energy per unit"),
    "product": Text("생산 카운터", "Counter"),
    "whole": Text("전체 (정지 포함)", "all (standstills too)"),
    "made": Text("수량", "Made"),
    "ratio": Text("kWh/단위", "kWh per unit"),
    "turns": Text("교대 수", "Turns"),
    "unusual": Text("평소와 다른 날 (확인할 것, 이상이라는 뜻은 아님)", "Unlike what was expected (to be asked about)"),
    "days": Text("날짜", "Days"),
    "used": Text("사용\nkWh", "Used\nkWh"),
    "expected": Text("예상\nkWh", "Expected\nkWh"),
    "excess": Text("차이\nkWh", "Difference\nkWh"),
    "strength": Text("세기", "Strength"),
    "clear": Text("뚜렷함", "clear"),
    "likely": Text("의심", "likely"),
    "none_unusual": Text("평소와 다른 날이 없습니다.", "No day was unlike what was expected."),
    "against": Text("견준 기준", "Held against"),
    "within": Text("기간 자신", "the period itself"),
    "scatter": Text("하루 편차", "daily scatter"),
    "candidates": Text("교체 후보 (1년, 90% 범위)", "To be replaced (a year, 90% band)"),
    "rank": Text("순위", "Rank"),
    "machine": Text("설비", "Machine"),
    "yearly": Text("연간 사용\nMWh", "A year\nMWh"),
    "saving": Text("예상 절감\nMWh", "Saving\nMWh"),
    "gain": Text("연간 절감액\n만원", "Gain\n10,000 won"),
    "payback": Text("회수\n년", "Payback\nyr"),
    "value": Text("순현재가치\n만원", "NPV\n10,000 won"),
    "undecided": Text("판정불가", "undecided"),
    "never": Text("없음", "never"),
    "missing": Text("알 수 없는 것", "What cannot be said"),
    "site": Text("공장 전체", "Site"),
    "sum_of": Text("합계", "sum of"),
    "price": Text("단가", "Price"),
}
_WEEKDAYS = Text("월 화 수 목 금 토 일", "Mon Tue Wed Thu Fri Sat Sun")


def say(word: str, language: Language) -> str:
    """A word in one of the languages."""
    return _WORDS[word].said(language)


def weekday(index: int, language: Language) -> str:
    """A day of the week, 0 for Monday."""
    return _WEEKDAYS.said(language).split()[index]


def number(value: float | None, unit: str = "", digits: int = 0) -> str:
    """With thousands separators and its unit; a dash for none."""
    return "–" if value is None else f"{words.number(value, digits)} {unit}".rstrip()


def thousand_won(value: float | None) -> str:
    """Money in a narrow column; a dash for none."""
    return number(None if value is None else value / 1000.0)


def table_of(*columns: str, left: int = 1) -> Table:
    """A table whose first columns are words and whose others are numbers."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for place, column in enumerate(columns):
        table.add_column(Line(column), justify="left" if place < left else "right", overflow="fold")
    return table


def titled(title: str, *parts: RenderableType) -> Group:
    """What stands below a heading."""
    return Group(Line(title, style="bold"), *parts)


def won(value: float | None, language: Language) -> str:
    """Money; a dash for none."""
    return "–" if value is None else words.won(value, language)
