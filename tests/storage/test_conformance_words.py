"""Gaps, names and values that cannot be: what every engine keeps, refuses, and never falls for."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from storage import Series, Store, Written
from storage.limits import MAX_TIME, MIN_TIME
from telemetry import Gap
from tests.storage.parts import MAIN, POWER, SITE, batch, points


def test_gaps_come_back_by_start_when_they_overlap(store: Store) -> None:
    early = Gap("main", "power_meter", POWER, 1000, 1999, "outbox_full", 10)
    late = Gap("press-1", "power_meter", POWER, 5000, 9000, "outbox_age", 40)
    other = Gap("main", "plc", "run_state", 5000, 5000, "outbox_full", 1)
    store.write([batch({}, gaps=[late, other, early])])
    assert store.gaps(SITE, 0, 10_000) == [early, other, late]
    assert store.gaps(SITE, 1999, 5000) == [early]
    assert store.gaps(SITE, 2000, 5001) == [other, late]
    assert store.gaps(SITE, 9000, 9001) == [late]
    assert store.gaps(SITE, 9001, 10_000) == []
    assert store.gaps("elsewhere", 0, 10_000) == []
    assert store.count() == 0
    assert store.series() == []
    assert store.latest(SITE) == []


def test_a_gap_sent_again_replaces_itself(store: Store) -> None:
    gap = Gap("main", "power_meter", POWER, 1000, 2000, "outbox_full", 10)
    longer = Gap("main", "power_meter", POWER, 1000, 3000, "outbox_full", 20)
    assert store.write([batch({}, gaps=[gap]), batch({}, gaps=[gap], seq=2)]) == Written(0, 2)
    store.write([batch({}, gaps=[longer], seq=3)])
    assert store.gaps(SITE, 0, 10_000) == [longer]


@pytest.mark.parametrize(
    "reason",
    ["disk full, 3 GB", 'he said "no"', "a=b c=d", "'; DROP DATABASE x --", "저장 공간 부족, 정전", "x" * 200, "="],
)
def test_a_reason_may_hold_any_words(store: Store, reason: str) -> None:
    gap = Gap("main", "power_meter", POWER, 1000, 2000, reason, 10)
    assert store.write([batch({}, gaps=[gap])]) == Written(0, 1)
    assert store.gaps(SITE, 0, 10_000) == [gap]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("two\nlines", "two lines"),
        ("tab\tand\r\nmore ", "tab and more"),
        ("c:\\data\\", "c:/data/"),
        ("", "unknown"),
        ("\n", "unknown"),
    ],
)
def test_a_reason_is_kept_as_one_line(store: Store, sent: str, kept: str) -> None:
    store.write([batch({}, gaps=[Gap("main", "power_meter", POWER, 1000, 2000, sent, 10)])])
    assert [gap.reason for gap in store.gaps(SITE, 0, 10_000)] == [kept]


@pytest.mark.parametrize(
    ("series", "word"),
    [
        (replace(MAIN, device="main,site=x"), "device"),
        (replace(MAIN, device=""), "device"),
        (replace(MAIN, site='a" OR 1=1'), "site"),
        (replace(MAIN, kind="power meter"), "kind"),
        (replace(MAIN, kind="gap"), "kind 'gap' is reserved"),
        (replace(MAIN, channel="v=1\nevil,site=x"), "channel"),
        (replace(MAIN, channel="time"), "channel 'time' is reserved"),
    ],
)
def test_a_name_that_cannot_be_is_rejected_and_the_rest_is_stored(store: Store, series: Series, word: str) -> None:
    bad, good = batch({1000: 1.0, 2000: None, 3000: 3.0}, series), batch({1000: 1.0}, seq=2)
    outcome = store.write([bad, good])
    assert outcome.stored == 1
    assert [(r.batch, r.series, r.readings) for r in outcome.rejected] == [(bad, series, 2)]
    assert word in outcome.rejected[0].reason
    assert store.series() == [MAIN]


def test_asking_for_a_name_that_cannot_be_finds_nothing(store: Store) -> None:
    store.write([batch({1000: 1.0})])
    for evil in ('main" OR "site" = "x', "main' OR site =~ /.*/ --", "main\\", "\n", "' OR '1'='1"):
        assert points(store, replace(MAIN, device=evil)) == {}
        assert points(store, replace(MAIN, channel=evil)) == {}
        assert points(store, replace(MAIN, kind=evil)) == {}
        assert store.latest(evil) == []
        assert store.series(evil) == []
        assert store.gaps(evil, 0, 10_000) == []
        assert store.count(evil) == 0
    assert points(store) == {1000: 1.0}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_are_rejected_and_the_rest_is_stored(store: Store, value: float) -> None:
    sent = batch({1000: 1.0, 2000: value, 3000: None, 4000: 4.0})
    outcome = store.write([sent])
    assert outcome.stored == 2
    assert [(r.batch, r.series, r.readings, r.reason) for r in outcome.rejected] == [
        (sent, MAIN, 1, "NaN or infinity is not a value")
    ]
    assert points(store) == {1000: 1.0, 4000: 4.0}


@pytest.mark.parametrize("time", [MAX_TIME + 1, MIN_TIME - 1, 2**63, -(2**70)])
def test_a_time_no_engine_can_hold_is_rejected_and_the_rest_is_stored(store: Store, time: int) -> None:
    outcome = store.write([batch({1000: 1.0, time: 2.0})])
    assert outcome.stored == 1
    assert [(r.series, r.readings) for r in outcome.rejected] == [(MAIN, 1)]
    assert "check the gateway's clock" in outcome.rejected[0].reason
    assert points(store) == {1000: 1.0}


def test_a_gap_of_more_readings_than_a_float_can_count_comes_back_exactly(store: Store) -> None:
    lost = enumerate([1, 2**53 + 1, 2**63 - 1])
    gaps = [Gap("main", "power_meter", POWER, 1000 + n, 2000, "outbox_full", count) for n, count in lost]
    assert store.write([batch({}, gaps=gaps)]).gaps == 3
    assert store.gaps(SITE, 0, 10_000) == gaps


def test_a_gap_that_cannot_be_is_rejected_and_the_rest_is_stored(store: Store) -> None:
    backwards = Gap("main", "power_meter", POWER, 2000, 1000, "outbox_full", 10)
    nobody = Gap("no body", "power_meter", POWER, 1000, 2000, "outbox_full", 10)
    outcome = store.write([batch({1000: 1.0}, gaps=[backwards, nobody])])
    assert (outcome.stored, outcome.gaps) == (1, 0)
    assert [r.readings for r in outcome.rejected] == [0, 0]
    assert all(r.reason.startswith("declared gap not recorded") for r in outcome.rejected)
    assert store.gaps(SITE, 0, 10_000) == []
