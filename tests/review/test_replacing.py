"""What a candidate's expected saving rests on, and of which machines nothing can be expected."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from evaluation import Evaluation, Text
from review import Candidate, Product, Replacement, ReviewError, Settings, review
from review.day_drivers import Days
from review.expected import Machine
from review.held_against import Held, held_against
from review.period import period
from review.products import read_product
from review.replacing import candidates
from storage import DuckStore, Series
from telemetry import Batch, Table
from tests.review.works import COUNTED, FIRST, LAST, QUARTER_MS, SITE, START, ZONE, Works, midnight_ms

WEEKS = 12
DAYS = WEEKS * 7
BEGIN = 56
CALENDAR = Days(
    [START + dt.timedelta(day) for day in range(DAYS)],
    BEGIN,
    np.array([max(0, day % 7 - 4) for day in range(DAYS)]),
    None,
)
PLAN = f"""\
id: swap
site: {SITE}
device: press
drivers:
  - {{name: parts, device: plc, kind: plc, channel: production_count, aggregate: difference}}
baseline: {{first_day: {START}, last_day: {FIRST - dt.timedelta(1)}}}
installation: {{first_day: {FIRST}, last_day: {FIRST}}}
reporting: {{first_day: {FIRST + dt.timedelta(1)}, last_day: {LAST}}}
"""


def machine(name: str, seed: int, per_part: float = 0.2, base: float = 60.0, worn: float = 0.0) -> Machine:
    """About 2,000 parts a working day; `worn` more energy from the period on, days 2 % apart."""
    rng = np.random.default_rng(seed)
    made = np.where(CALENDAR.kind == 0, rng.normal(2000.0, 200.0, DAYS), 0.0)
    kwh = (base + per_part * made) * (1.0 + 0.02 * rng.standard_normal(DAYS))
    kwh[BEGIN:] *= 1.0 + worn
    return Machine(name, kwh, [("production_count", made)])


def ranked(machines: list[Machine], settings: Settings, won: float | None = None) -> list[Candidate]:
    def none(_name: str) -> Evaluation | Text:
        raise AssertionError("no plan is named")

    return candidates(machines, CALENDAR, settings, won, {one.device: one for one in machines}, none)


def test_a_machine_that_takes_more_than_it_did_is_a_candidate_and_an_ordinary_one_is_not() -> None:
    worn, sound = ranked([machine("sound", 1), machine("worn", 2, worn=0.15)], Settings())
    assert (worn.device, worn.rank, worn.basis) == ("worn", 1, "past")
    assert worn.share_pct is not None
    # 15 % more is 13 % of what it uses now.
    assert worn.share_pct.low is not None
    assert worn.share_pct.high is not None
    assert worn.share_pct.low < 100 * 0.15 / 1.15 < worn.share_pct.high
    assert worn.found is not None
    assert f"{START} to {FIRST + dt.timedelta(27)}" in worn.found.en
    assert worn.assumes is not None
    assert (sound.rank, sound.basis, sound.saving_kwh) == (None, None, None)
    assert sound.undecided is not None
    assert "does not plainly use more" in sound.undecided.en


def test_more_output_is_no_wear() -> None:
    busy = machine("busy", 3)
    [(channel, made)] = busy.made
    more = made.copy()
    more[BEGIN:] *= 1.08
    kwh = busy.kwh + 0.2 * (more - made)
    [found] = ranked([Machine("busy", kwh, [(channel, more)])], Settings())
    assert found.rank is None
    [uncounted] = ranked([Machine("busy", kwh, [])], Settings())
    assert uncounted.undecided is not None
    assert "more energy may be more output" in uncounted.undecided.en


def test_a_machine_like_the_new_one_tells_what_it_would_have_taken_for_the_same_parts() -> None:
    told = Settings(replacements={"old": Replacement(like="new", investment_won=30e6)})
    machines = [machine("new", 4, per_part=0.16, base=48.0), machine("old", 5)]
    old, _ = ranked(machines, told, won=170.0)
    assert (old.device, old.rank, old.basis) == ("old", 1, "like")
    assert old.share_pct is not None
    assert old.share_pct.value == pytest.approx(20.0, abs=2.0)
    assert old.share_pct.low is not None
    assert old.share_pct.low < 20.0
    assert old.payback_years is not None
    assert old.found is not None
    assert "By new (model of 28 days)" in old.found.en
    turned = Settings(replacements={"new": Replacement(like="old")})
    found = next(one for one in ranked(machines, turned) if one.device == "new")
    assert found.undecided is not None
    assert "No saving is expected" in found.undecided.en, "the better machine gains nothing by the worse one"
    uncounted = [Machine("new", machines[0].kwh, []), machines[1]]
    other = next(one for one in ranked(uncounted, told) if one.device == "old")
    assert other.undecided is not None
    assert "no counters of the same kind as new" in other.undecided.en


def test_output_that_the_measure_never_saw_says_nothing() -> None:
    own, reference = machine("own", 6).days(CALENDAR), machine("other", 7).days(CALENDAR)
    own.made[0][BEGIN:] *= 3.0
    found = held_against(reference, own.part(slice(BEGIN, None)), 0.9)
    assert isinstance(found, Text)
    assert "outside" in found.en
    few = held_against(reference.part(slice(14)), own.part(slice(BEGIN, None)), 0.9)
    assert isinstance(few, Text)
    assert "14 to measure by" in few.en


def test_the_band_of_an_ordinary_machine_against_its_past_holds_nothing_as_often_as_it_says() -> None:
    """Sixty machines with nothing wrong: nine of ten bands contain it, and who looks at all of them is misled once."""
    shares = []
    for seed in range(60):
        days = machine("m", 1000 + seed).days(CALENDAR)
        found = held_against(days.part(slice(BEGIN)), days.part(slice(BEGIN, None)), 0.9, 60)
        if isinstance(found, Held):  # else its output was beyond that of its past
            shares.append((found.share.low, found.share.high, found.low_of_many))
    assert len(shares) >= 55
    assert sum(low <= 0 <= high for low, high, _ in shares) >= 0.84 * len(shares)
    assert sum(strict > 0 for _, _, strict in shares) <= 1


def test_an_evaluated_replacement_tells_what_the_next_is_expected_to_save(tmp_path: Path) -> None:
    works = Works()
    works.press_kw[COUNTED:] *= 0.8
    works.made_kw = Works.press()
    store = works.stored(tmp_path / "readings.duckdb")
    plans = tmp_path / "plans"
    plans.mkdir()
    (plans / "swap.yaml").write_text(PLAN, encoding="utf-8")
    told = Settings(baseline_days=28, plans=str(plans), replacements={"hall": Replacement(plan="swap")})
    hall = next(one for one in review(store, SITE, (), FIRST, LAST, told).candidates if one.device == "hall")
    with pytest.raises(ReviewError, match="no evaluation plan 'other' in the plans folder; there are: swap"):
        review(
            store, SITE, (), FIRST, LAST, Settings(plans=str(plans), replacements={"hall": Replacement(plan="other")})
        )
    (plans / "swap.yaml").write_text(PLAN.replace("device: plc,", "device: gone,"), encoding="utf-8")
    [lost] = review(store, SITE, ["hall"], FIRST, LAST, told).candidates
    store.close()
    assert (hall.rank, hall.basis) == (1, "plan")
    assert hall.share_pct is not None
    assert hall.share_pct.value == pytest.approx(20.0, abs=1.5)
    assert hall.found is not None
    assert hall.found.en.startswith("The replacement of plan swap saved")
    assert hall.assumes is not None
    assert "how machines differ is not in the band" in hall.assumes.en
    assert lost.undecided is not None
    assert (lost.rank, lost.saving_kwh) == (None, None)
    assert "swap" in lost.undecided.en


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"low_pct": 10.0}, "a low_pct and a high_pct"),
        ({"low_pct": 10.0, "high_pct": 20.0, "plan": "swap"}, "one of low_pct and high_pct, plan, like"),
        ({"plan": "swap", "like": "press"}, "one of low_pct and high_pct, plan, like"),
    ],
)
def test_an_expected_saving_is_told_in_one_way(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Replacement(**wrong)  # type: ignore[arg-type] # what is wrong is wrong


def test_a_flow_is_a_product_summed_over_its_time_and_a_gauge_of_something_else_is_none(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    works = Works()
    times = [midnight_ms(START) + index * QUARTER_MS for index in range(97)]
    flow = Table.of("air", "sensor", times, {"flow_m3_h": [12.0] * 97})
    store.write([Batch(SITE, "gw-1", "e", 1, [*works.tables(), flow])])
    series = Series(SITE, "sensor", "air", "flow_m3_h")
    made = read_product(store, series, period(START, START, ZONE))
    told = Settings(products={"press": (Product("air", "flow_m3_h"),)})
    found = review(store, SITE, ["press"], START, START + dt.timedelta(6), told)
    store.close()
    assert made.values[:95] == pytest.approx(3.0)
    [press] = found.meters
    assert (press.specific_energy[0].unit, press.specific_energy[0].channel) == ("m³", "flow_m3_h")


def test_candidates_without_a_price_are_ranked_by_their_saving_and_wild_weeks_are_undecided() -> None:
    steady, wild = np.full(28, 100.0), np.repeat([10.0, 900.0, 5.0, 300.0], 7)
    settings = Settings(
        replacements={
            "small": Replacement(10.0, 12.0),
            "large": Replacement(20.0, 22.0),
            "wild": Replacement(5.0, 40.0),
        }
    )
    found = ranked(
        [
            Machine(name, np.concatenate((np.full(BEGIN, np.nan), kwh)), [])
            for name, kwh in (("small", steady), ("wild", wild), ("large", steady))
        ],
        settings,
    )
    assert [(one.device, one.rank) for one in found] == [("large", 1), ("small", 2), ("wild", None)]
    assert found[0].saving_kwh is not None
    assert found[0].saving_kwh.value == pytest.approx(0.21 * 36_500.0)
    assert (found[0].gain, found[0].present_value) == (None, None)
    for one in found[2:]:
        assert one.undecided is not None
        assert (one.saving_kwh, one.gain, one.payback_years, one.present_value) == (None, None, None, None)
