"""Every reason is said in both languages, and cites what it is about."""

from __future__ import annotations

import datetime as dt
import re

import msgspec
import pytest

from analytics import Flag
from evaluation import DriverRange, Reason, Saving, Verdict, WindowResult, claim_reasons, reasons, work_reasons
from evaluation.findings import WorkResult
from evaluation.flag_words import marks
from storage import Series

WINDOW = WindowResult(dt.date(2026, 3, 2), dt.date(2026, 4, 12), 0, 1, 1042, 1003, 0.5, {"gap": 12, "jump": 1})
SAVING = Saving(1234.5, 1000.0, 1469.0, 10.0, 8.0, 12.0, 0.9, 11000.0, 12234.5, 140.0, 20.0)
INCREASED = Saving(-200.0, -300.0, -100.0, -2.0, -3.0, -1.0, 0.9, 10200.0, 10000.0, 60.0, 20.0)
DRIVER = DriverRange("temperature", "°C", 0.0, 10.0, 5.0, 20.0, 0.25, 33.0)
COUNT = WorkResult(
    device="plc", channel="production_count", aggregate="difference", state=None, bound=False, follows=True,
    error_share=0.4, change_pct=-17.9, change_low_pct=-25.5, change_high_pct=-10.3, kwh_per_pct=104.2, kwh=-41.0,
    low=-120.0, high=38.0,
)  # fmt: skip
STATE = msgspec.structs.replace(COUNT, channel="run_state", aggregate="hours", state=3, bound=True, change_pct=9.4)
UNRELATED = msgspec.structs.replace(STATE, follows=False)
WORK = [
    work_reasons.apart(COUNT, SAVING, known=False),
    work_reasons.apart(STATE, SAVING, known=True),
    work_reasons.not_surviving(COUNT, 5.0, known=False),
    work_reasons.effect_unknown(COUNT, 5.0, 2_189.0),
    work_reasons.in_doubt(STATE, SAVING, known=True),
    work_reasons.contradicted(COUNT, "a fan"),
    work_reasons.looked_at(COUNT),
    work_reasons.looked_at(UNRELATED),
    work_reasons.independent("a fan"),
    work_reasons.unmetered(12_234.5, 7.6),
    work_reasons.unmetered(9_999.0, None),
]
ALL = [
    reasons.no_readings(Series("works", "plc", "counter", "production_count")),
    reasons.coverage("baseline", WINDOW, 1040, "day"),
    reasons.coverage("reporting", WINDOW, 1040, "hour"),
    reasons.too_short(7, 13, "week"),
    reasons.unknown_effect(["temperature"]),
    reasons.model_too_loose(43.21, 30.0),
    reasons.too_exact(2e-14),
    reasons.model_too_loose(None, 30.0),
    reasons.too_dependent(2.5, 0.91, 3),
    claim_reasons.outside_range([DRIVER], 33.0),
    claim_reasons.not_detectable(8.2, 5.0),
    reasons.outlook(4.2, None, None, "day"),
    reasons.outlook(4.2, 3.5, None, "day"),
    reasons.outlook(4.2, 3.5, 1042, "week"),
    reasons.outlook(4.2, 5.0, 21, "hour"),
    claim_reasons.proven(SAVING, 0.0),
    claim_reasons.not_proven(SAVING, 9.0, 1100.0),
    claim_reasons.not_proven(SAVING, 25.0, 3000.0),
    claim_reasons.not_proven(INCREASED, 5.0, 600.0),
    claim_reasons.far_outside([DRIVER]),
    *WORK,
]


def figures(text: str) -> list[str]:
    return sorted(re.findall(r"\d[\d,.]*\d|\d", text))


@pytest.mark.parametrize("reason", ALL, ids=lambda reason: reason.code)
def test_both_languages_say_the_same_figures(reason: Reason) -> None:
    for text in (reason.text, *([reason.cure] if reason.cure else [])):
        assert re.search("[가-힣]", text.ko)
        assert not re.search("[가-힣]", text.en)
        assert figures(text.ko) == figures(text.en)


def test_only_a_proof_and_what_settles_a_doubt_need_no_cure() -> None:
    told = ["work_alike", "work_alike", "independent_of_output"]
    assert [reason.code for reason in ALL if reason.cure is None] == ["proven", *told]


def test_the_three_words_are_those_of_the_evaluators() -> None:
    assert [(word.ko, word.en) for word in Verdict] == [
        ("입증", "proven"),
        ("미입증", "not proven"),
        ("판정불가", "not provable"),
    ]


def test_marks_have_a_name_in_both_languages_whatever_the_mark() -> None:
    every = marks({str(flag.name).lower(): 1042 for flag in Flag})
    assert figures(every.ko) == figures(every.en) == ["1,042"] * len(Flag)
    assert not re.search("[a-z]", every.ko)
    assert "비정상 급증 1" in ALL[1].text.ko


def test_numbers_have_a_true_minus_and_percent_no_space() -> None:
    for reason in ALL:
        for text in (reason.text, *([reason.cure] if reason.cure else [])):
            for said in (text.ko, text.en):
                assert not re.search(r"\d %|(?<![\d-])-\d", said), said
    assert "−17.9" not in WORK[0].text.ko, "less is said in words"
    assert "17.9% 적었고(−25.5 ~ −10.3%)" in WORK[0].text.ko
    assert "17.9% below" in WORK[0].text.en
    assert "−41 kWh (−120 to 38 kWh)" in WORK[0].text.en
