"""The words of an evaluation on the terminal, and numbers as people read them there."""

from __future__ import annotations

from typing import Literal

from analytics import Grade
from evaluation.wording import Text, number

__all__ = ["GRADES", "WORDS", "Language", "number", "say"]

Language = Literal["ko", "en"]

WORDS = {
    "actual": Text("실제 사용량", "Actual energy"),
    "adjusted": Text("조정 기준사용량", "Adjusted baseline"),
    "saving": Text("절감량", "Saving"),
    "band": Text("신뢰구간", "band"),
    "claim": Text("신뢰구간 하한의 요구 수준", "Required of its lower end"),
    "of_adjusted": Text("(조정 기준사용량 대비)", "(of the adjusted baseline)"),
    "detectable": Text("검출 가능한 최소 절감", "Minimum detectable saving"),
    "power": Text("확률", "probability"),
    "placebos": Text("모의 교체 시험", "Placebo test"),
    "model": Text("기준 모형", "Baseline model"),
    "window": Text("기간", "Window"),
    "days": Text("날짜 (첫날 – 마지막 날)", "Days (first – last)"),
    "usable": Text("사용 가능", "Usable"),
    "coverage": Text("계측률", "Coverage"),
    "marks": Text("표시", "Marks"),
    "driver": Text("설명변수", "Driver"),
    "baseline_range": Text("기준기간 범위", "Range in baseline"),
    "reporting_range": Text("보고기간 범위", "Range in reporting"),
    "outside": Text("범위 밖", "Outside"),
    "baseline": Text("기준", "Baseline"),
    "installation": Text("설치", "Installation"),
    "reporting": Text("보고", "Reporting"),
    "why": Text("근거", "Why"),
    "ask": Text("확인할 점", "To ask"),
    "cure": Text("해결", "Cure"),
    "family": Text("모형 종류", "Family"),
    "knots": Text("변곡점", "change points"),
    "dropped": Text("제외", "dropped"),
    "constant": Text("변하지 않음", "constant"),
    "collinear": Text("다른 변수와 겹침", "collinear"),
    "effective": Text("유효 표본", "effective"),
    "adjustment": Text("비일상 조정", "Adjustment"),
    "events": Text("확인할 변화 (반영하지 않음)", "To be looked at (not applied)"),
    "outlier": Text("이상값", "outlier"),
    "step": Text("수준 변화", "step"),
    "unusual": Text("평소와 다른 값", "unlike its like"),
    "name": Text("이름", "Name"),
    "difference": Text("선택과의 차이", "From the chosen"),
    "spread": Text("후보 전체의 절감량", "Saving with any candidate"),
    "in_band": Text("모두 신뢰구간 안", "all within the band"),
    "beyond_band": Text("신뢰구간을 벗어남", "beyond the band"),
    "rule_held_out": Text(
        "기준기간을 {folds}구간으로 나누어 가장 잘 예측한 모형", "best on {folds} stretches held out"
    ),
    "rule_first": Text("계획에 먼저 적은 모형", "the first one named"),
    "checks": Text("자료 충분성", "Sufficiency"),
    "found": Text("확인한 값", "Found"),
    "asked": Text("기준", "Asked for"),
    "doubt": Text("유의점", "Doubt"),
    "conditions": Text("보고기간의 조건", "Reporting conditions"),
    "not_chosen": Text("선택되지 않음", "not chosen"),
    "candidates": Text("후보 모형", "Candidates"),
    "chosen": Text("선택", "chosen"),
    "held_out": Text("교차검증 오차", "Error held out"),
    "worth": Text("절감의 가치", "What the saving is worth"),
    "intensity": Text("원단위", "Energy per unit"),
    "per_before": Text("교체 전", "before"),
    "per_adjusted": Text("교체 전이었다면", "without the replacement"),
    "per_after": Text("교체 후", "after"),
    "per_change": Text("설비에 의한 변화", "change by the machine"),
    "digest": Text("계획 지문 (SHA-256)", "Plan digest (SHA-256)"),
}


GRADES = {
    Grade.COVERED: Text("기준기간에서 겪은 범위 안", "within what the baseline saw"),
    Grade.EDGE: Text("기준기간 범위를 조금 벗어남", "a little outside what the baseline saw"),
    Grade.OUTSIDE: Text("기준기간 범위를 크게 벗어남", "far outside what the baseline saw"),
}


def say(word: str, language: Language) -> str:
    """A word in one of the languages."""
    return WORDS[word].said(language)
