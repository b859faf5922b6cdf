"""Meter exchanges and adjustments as a plan declares them, and changes that are only proposed."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from analytics import Grade
from evaluation import Evaluation, Period, Verdict, evaluate, parse_plan, render
from storage import DuckStore
from telemetry import Batch, DocumentError, Table
from tests.evaluation.factory import PER_DAY, PLAN, Machine, midnight_ms

EXCHANGE = 'exchanges: [{at: "2026-03-12 10:05", last_kwh: %s, first_kwh: 7000, reason: "검정 만료"}]\n'
ADJUSTED = """\
adjustments:
  - {first_day: 2026-04-20, last_day: 2026-04-24, kwh_per_day: 30, error_kwh_per_day: 4, reason: 압축기 한 대 추가}
"""


class Changed(Machine):
    """The machine, with its readings changed before they are stored."""

    spike_on: int | None = None
    lost: range = range(0)

    def tables(self) -> list[Table]:
        """Those of the machine."""
        found = super().tables()
        press = found[0]
        wh = [float(value or 0.0) for value in press.columns["energy_import_wh"]]
        if self.spike_on is not None:
            more = np.clip((np.arange(len(wh)) - self.spike_on * PER_DAY) / PER_DAY, 0, 1) * 200_000
            wh = (np.array(wh) + more).tolist()
        keep = [index for index in range(len(wh)) if index not in self.lost]
        times = [press.times[index] for index in keep]
        found[0] = Table.of(press.device, press.kind, times, {"energy_import_wh": [wh[index] for index in keep]})
        return found


def judged(folder: Path, machine: Machine, text: str = PLAN) -> Evaluation:
    store = DuckStore(folder / "readings.duckdb")
    store.write([Batch("works", "gw-1", "e", 1, machine.tables())])
    try:
        return evaluate(parse_plan(text), store)
    finally:
        store.close()


def test_a_declared_exchange_keeps_its_day_and_an_undeclared_one_costs_it(tmp_path: Path) -> None:
    day = 10
    machine = Machine(exchange_at=day * PER_DAY + 40)
    (tmp_path / "a").mkdir()
    undeclared = judged(tmp_path / "a", machine)
    assert undeclared.intervals.actual_kwh[day] is None
    text = PLAN + EXCHANGE % machine.last_kwh
    found = judged(tmp_path, machine, text)
    whole = judged(tmp_path / "a", Machine())
    assert found.intervals.flags[day] == "exchange"
    # What was drawn in the five minutes between the last reading and the exchange is on neither register's sheet.
    assert found.intervals.actual_kwh[day] == pytest.approx(whole.intervals.actual_kwh[day], rel=0.01)
    assert found.baseline.usable == 42
    assert found.plan_digest != undeclared.plan_digest


def test_an_adjustment_moves_baseline_saving_and_band_and_is_shown_with_its_reason(tmp_path: Path) -> None:
    plain, found = judged(tmp_path, Machine()), judged(tmp_path, Machine(), PLAN + ADJUSTED)
    assert plain.saving is not None
    assert found.saving is not None
    assert found.saving.kwh - plain.saving.kwh == pytest.approx(150)
    assert found.saving.adjusted_kwh - plain.saving.adjusted_kwh == pytest.approx(150)
    assert found.saving.high - found.saving.low > plain.saving.high - plain.saving.low
    assert [(one.kwh, one.error_kwh, one.reason) for one in found.adjustments] == [(150, 20, "압축기 한 대 추가")]
    saved = [
        a - b
        for a, b, p in zip(
            found.intervals.adjusted_kwh, found.intervals.actual_kwh, found.intervals.period, strict=True
        )
        if p is Period.REPORTING and a is not None and b is not None
    ]
    assert float(np.sum(saved)) == pytest.approx(found.saving.kwh)
    output = io.StringIO()
    Console(file=output, width=160).print(render(found, "ko"))
    assert "비일상 조정" in output.getvalue()
    assert "+150 ± 20 kWh" in output.getvalue()
    assert "2026-04-20 – 2026-04-24: 압축기 한 대 추가" in output.getvalue()


def test_an_adjustment_counts_only_where_the_energy_is_known(tmp_path: Path) -> None:
    lost = (dt.date(2026, 4, 22) - dt.date(2026, 3, 2)).days
    found = judged(tmp_path, Machine(lost_days={lost}), PLAN + ADJUSTED + "quality: {minimum_usable: 0.85}\n")
    # The day without readings, and the one before it whose last boundary cannot be told.
    assert [one.kwh for one in found.adjustments] == [pytest.approx(90)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (ADJUSTED.replace("2026-04-24", "2026-06-24"), r"adjustments\[0\].*reporting window"),
        (ADJUSTED.replace("2026-04-20", "2026-04-25"), r"adjustments\[0\].*no span"),
        (ADJUSTED.replace("압축기 한 대 추가", '" "'), r"reason"),
        (ADJUSTED.replace(", reason: 압축기 한 대 추가", ""), r"reason"),
        ((EXCHANGE % 5).replace("2026-03-12 10:05", "noon"), r"exchanges\[0\].at: 'noon' is no time"),
        ((EXCHANGE % 5).replace("10:05", "10:05+09:00"), r"exchanges\[0\].at.*without an offset"),
        ((EXCHANGE % 5).replace("]", ', {at: "2026-03-11T10:00", last_kwh: 1, first_kwh: 0, reason: x}]'), r"in order"),
    ],
)
def test_a_declaration_that_makes_no_sense_is_named_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(DocumentError, match=problem):
        parse_plan(PLAN + text)


def test_a_gap_is_spread_over_its_days_only_where_the_plan_allows_it(tmp_path: Path) -> None:
    machine = Changed()
    machine.lost = range(20 * PER_DAY - 10, 20 * PER_DAY + 10)  # five hours around midnight
    (tmp_path / "a").mkdir()
    kept = judged(tmp_path / "a", machine)
    assert [kept.intervals.actual_kwh[day] for day in (19, 20)] == [None, None]
    found = judged(tmp_path / "a", machine, PLAN + "quality: {spread_gap_min: 360}\n")
    assert [found.intervals.flags[day] for day in (19, 20)] == ["gap,spread"] * 2
    assert all(found.intervals.usable[day] for day in (19, 20))
    assert found.baseline.flags == {"gap": 2, "spread": 2}
    whole = judged(tmp_path, Machine())
    both = [sum(one.intervals.actual_kwh[day] or 0 for day in (19, 20)) for one in (found, whole)]
    assert both[0] == pytest.approx(both[1])


def test_an_unusual_day_is_proposed_and_changes_nothing_by_itself(tmp_path: Path) -> None:
    machine = Changed()
    machine.spike_on = 50
    found = judged(tmp_path, machine)
    outliers = [event for event in found.events if event.kind == "outlier" and event.period is Period.REPORTING]
    assert [event.start_ms for event in outliers] == [midnight_ms(50)]
    assert outliers[0].end_ms == midnight_ms(51)
    assert outliers[0].kwh == pytest.approx(200, abs=30)
    assert found.intervals.usable[50]
    assert found.saving is not None
    assert found.saving.kwh == pytest.approx(found.saving.adjusted_kwh - found.saving.actual_kwh)
    output = io.StringIO()
    Console(file=output, width=120).print(render(found, "en"))
    assert "To be looked at (not applied)" in output.getvalue()
    assert "2026-04-21" in output.getvalue()


def test_the_conditions_are_graded(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert judged(tmp_path / "a", Machine()).conditions in {Grade.COVERED, Grade.EDGE}
    far = judged(tmp_path, Machine(warmer_after=30.0, noise_kwh=0.5))
    assert far.conditions is Grade.OUTSIDE
    assert far.verdict in {Verdict.PROVEN, Verdict.NOT_PROVABLE}
