"""A review of a factory whose every quarter-hour is known says what plain numpy says of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np
import pytest

from review import MeterReview, Product, Replacement, Review, ReviewError, Settings, last_full_days, review
from storage import DuckStore
from tests.review.works import COUNTED, DAYS, FIRST, LAST, QUARTER_MS, SITE, START, Works, hour, midnight_ms

WON = 150.0
TOLD = Settings(
    won_per_kwh=WON,
    baseline_days=28,
    products={"press": (Product("plc"),)},
    replacements={"press": Replacement(20.0, 30.0, 40e6)},
    demand_target_kw=70.0,
)
PERIOD = slice(COUNTED, None)


@pytest.fixture(scope="module")
def works() -> Works:
    return Works()


@pytest.fixture(scope="module")
def store(works: Works, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckStore]:
    found = works.stored(tmp_path_factory.mktemp("review") / "readings.duckdb")
    yield found
    found.close()


@pytest.fixture(scope="module")
def reviewed(store: DuckStore) -> Review:
    return review(store, SITE, (), FIRST, LAST, TOLD)


def of(found: Review, device: str) -> MeterReview:
    return next(meter for meter in found.meters if meter.device == device)


def test_energies_shares_costs_and_the_rest_add_up(reviewed: Review, works: Works) -> None:
    energy = {
        "main": works.main_kw[PERIOD].sum() / 4,
        "press": works.press_kw[PERIOD].sum() / 4,
        "hall": works.hall_kw[PERIOD].sum() / 4,
    }
    assert [meter.device for meter in reviewed.meters] == ["main", "press", "hall"]
    for device, kwh in energy.items():
        meter = of(reviewed, device)
        assert meter.energy_kwh == pytest.approx(kwh)
        assert meter.cost == pytest.approx(WON * kwh)
        assert meter.share_pct == pytest.approx(100 * kwh / energy["main"])
        assert (meter.coverage_pct, meter.longest_gap_h, meter.bridged_kwh) == (100.0, 0.0, 0.0)
    assert reviewed.total.of == ["main"]
    assert reviewed.total.energy_kwh == pytest.approx(energy["main"])
    assert reviewed.total.rest_kwh == pytest.approx(3.0 * 24 * 28)
    assert reviewed.total.rest_pct == pytest.approx(100 * 3.0 * 24 * 28 / energy["main"])


def test_the_shape_of_the_load_is_that_of_its_quarter_hours(reviewed: Review, works: Works) -> None:
    kw, load = works.main_kw[PERIOD], reviewed.total.load
    assert load is not None
    assert load.mean_kw == pytest.approx(kw.mean())
    assert load.base_kw == pytest.approx(8.2)
    assert load.base_share_pct == pytest.approx(100 * 8.2 / kw.mean())
    assert load.peak_kw == pytest.approx(kw.max())
    # Quarter-hours of a day are alike: the first of the highest day's morning.
    assert load.peak_at == midnight_ms(FIRST) + int(np.argmax(np.round(kw, 6))) * QUARTER_MS
    assert load.load_factor_pct == pytest.approx(100 * kw.mean() / kw.max())
    assert load.over_target == np.count_nonzero(kw > 70.0) > 0
    assert load.duration.share_pct == [float(share) for share in range(101)]
    assert load.duration.kw[0] == pytest.approx(kw.max())
    assert load.duration.kw[100] == pytest.approx(8.2)
    for share in (10, 50):
        reached = np.count_nonzero(kw >= load.duration.kw[share] - 1e-6) / len(kw)
        assert reached >= share / 100 - 1 / len(kw)
    highest = kw.reshape(28, 96).max(axis=1)
    best = np.argsort(-highest)[:10]
    assert [peak.day for peak in load.peak_days] == [FIRST + dt.timedelta(int(day)) for day in best]
    assert [peak.kw for peak in load.peak_days] == pytest.approx(highest[best].tolist())
    together = of(reviewed, "press").load
    assert together is not None
    assert together.at_site_peak_kw == pytest.approx(works.press_kw[PERIOD][int(np.argmax(np.round(kw, 6)))])


def test_when_power_is_drawn_by_weekday_hour_and_shift(reviewed: Review, works: Works) -> None:
    kw, profile = works.hall_kw[PERIOD].reshape(4, 7, 24, 4), of(reviewed, "hall").profile
    assert profile is not None
    assert np.array(profile.week_kw, dtype=float) == pytest.approx(kw.mean(axis=(0, 3)))
    assert profile.hour_kw == pytest.approx(kw.mean(axis=(0, 1, 3)).tolist())
    assert profile.weekday_kwh == pytest.approx((kw.sum(axis=(2, 3)) / 4).mean(axis=0).tolist())
    morning = kw[:, :, 8:16].sum() / 4
    assert [(shift.begin, shift.end, shift.hours) for shift in profile.shifts] == [
        ("00:00", "08:00", 224.0), ("08:00", "16:00", 224.0), ("16:00", "00:00", 224.0),
    ]  # fmt: skip
    assert profile.shifts[1].kwh == pytest.approx(morning)
    assert profile.shifts[1].share_pct == pytest.approx(100 * morning / (kw.sum() / 4))
    assert profile.shifts[1].mean_kw == pytest.approx(morning / 224.0)
    for index, shift in enumerate(profile.shifts):
        by_day = kw[:, :, 8 * index : 8 * index + 8].mean(axis=(2, 3))
        means = {"working": by_day[:, :5].mean(), "saturday": by_day[:, 5].mean(), "rest_day": by_day[:, 6].mean()}
        assert [(one.day, one.turns, one.hours) for one in shift.days] == [
            ("working", 20, 160.0), ("saturday", 4, 32.0), ("rest_day", 4, 32.0),
        ]  # fmt: skip
        assert [one.mean_kw for one in shift.days] == pytest.approx([means[one.day] for one in shift.days])
        assert sum(one.kwh for one in shift.days) == pytest.approx(shift.kwh)


def test_standby_is_what_the_counter_says_and_without_one_what_power_says(reviewed: Review) -> None:
    press, hall = of(reviewed, "press").idle, of(reviewed, "hall").idle
    assert press is not None
    # The break of twenty working days, an hour at 8 kW; nights and weekends it is off.
    assert press.basis == "production"
    assert [press.hours, press.kwh, press.cost] == pytest.approx([20.0, 160.0, 160.0 * WON])
    assert [press.idle_kw, press.producing_hours, press.off_hours] == pytest.approx([8.0, 180.0, 472.0])
    assert hall is not None
    assert hall.basis == "two_levels"
    assert [hall.hours, hall.kwh, hall.off_hours] == pytest.approx([472.0, 2360.0, 0.0])
    assert hall.separation > 0.99


def test_energy_per_unit_of_a_shift_is_the_ratio_of_its_turns_and_their_scatter_its_error(
    reviewed: Review, works: Works
) -> None:
    kwh, parts = works.press_kw[PERIOD] / 4, works.parts[PERIOD]
    whole, morning, evening = of(reviewed, "press").specific_energy
    assert (whole.product, whole.channel, whole.shift, whole.turns) == ("plc", "production_count", None, 84)
    assert whole.kwh_per_unit == pytest.approx(kwh.sum() / parts.sum())
    inside = (hour()[PERIOD] >= 8) & (hour()[PERIOD] < 16)
    energy, made = (np.where(inside, values, 0.0).reshape(28, 96).sum(axis=1) for values in (kwh, parts))
    energy, made = energy[made > 0], made[made > 0]
    ratio = energy.sum() / made.sum()
    error = np.sqrt(((energy - ratio * made) ** 2).sum() / 19 * 20) / made.sum()
    assert (morning.shift, morning.turns) == ("08:00–16:00", 20)
    assert [morning.made, morning.kwh_per_unit] == pytest.approx([made.sum(), ratio])
    assert morning.standard_error == pytest.approx(error)
    assert evening.shift == "16:00–00:00"
    assert evening.kwh_per_unit is not None
    assert evening.kwh_per_unit < ratio


def test_a_quiet_period_has_no_unusual_day_and_says_what_it_was_held_against(reviewed: Review) -> None:
    for meter in reviewed.meters:
        assert meter.anomalies == []
        assert meter.baseline is not None
        assert (meter.baseline.first_day, meter.baseline.before) == (START, True)
        assert meter.baseline.sigma_pct < 5.0
    press = of(reviewed, "press").baseline
    assert press is not None
    assert "plc production_count" in press.terms


def test_a_candidate_is_ranked_with_the_band_of_its_weeks_and_of_its_promise(reviewed: Review, works: Works) -> None:
    press, hall = reviewed.candidates
    weeks = works.press_kw[PERIOD].reshape(4, -1).sum(axis=1) / 4
    # t of three degrees of freedom, 95 % one-sided: 2.3534.
    mean, half = 365 / 7 * weeks.mean(), 365 / 7 * 2.353363 * weeks.std(ddof=1) / 2
    assert (press.device, press.rank, press.days) == ("press", 1, 28)
    assert press.yearly_kwh is not None
    assert [press.yearly_kwh.value, press.yearly_kwh.low] == pytest.approx([mean, mean - half])
    spread = np.sqrt((0.25 * half) ** 2 + (mean * 0.05) ** 2 + (half * 0.05) ** 2)
    assert press.saving_kwh is not None
    assert press.saving_kwh.value == pytest.approx(0.25 * mean)
    assert press.saving_kwh.high == pytest.approx(0.25 * mean + spread, rel=1e-6)
    assert press.payback_years is not None
    assert press.payback_years.value == pytest.approx(40e6 / (WON * 0.25 * mean))
    assert press.present_value is not None
    annuity = sum(1.045**-year for year in range(1, 11))
    assert press.present_value.value == pytest.approx(WON * 0.25 * mean * annuity - 40e6)
    assert (hall.device, hall.rank, hall.saving_kwh, hall.gain) == ("hall", None, None, None)
    assert hall.undecided is not None
    assert "its own past does not tell: no counter tells what it makes" in hall.undecided.en
    assert press.basis == "promised"
    assert press.found is not None
    assert press.found.en == "An expected saving of 20 ~ 30%, as given."


def test_findings_name_what_to_look_at_in_both_languages(reviewed: Review) -> None:
    codes = {finding.code for finding in reviewed.findings}
    assert {"idle", "shift", "peak", "rest"} <= codes
    assert "coverage" not in codes
    sizes = [abs(finding.kwh or 0.0) for finding in reviewed.findings if finding.code in {"idle", "shift", "anomaly"}]
    assert sizes == sorted(sizes, reverse=True)
    for finding in reviewed.findings:
        assert finding.text.ko
        assert finding.text.ko != finding.text.en


def test_some_meters_are_reviewed_with_the_sites_shares_and_peak_and_no_rest(store: DuckStore) -> None:
    found = review(store, SITE, ["press"], FIRST, LAST, TOLD)
    [press] = found.meters
    assert press.share_pct is not None
    assert press.load is not None
    assert press.load.at_site_peak_kw is not None
    assert (found.total.of, found.total.rest_kwh) == (["main"], None)


def test_the_newest_whole_days_are_the_default_period(store: DuckStore) -> None:
    assert last_full_days(store, SITE, TOLD) == (FIRST, LAST)
    assert last_full_days(store, SITE, TOLD, count=100) == (START, START + dt.timedelta(DAYS - 1))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"site": "elsewhere"}, "no site 'elsewhere'.*works"),
        ({"devices": ["press", "lathe"]}, "no meter 'lathe'.*hall, main, press"),
        ({"first": LAST, "last": FIRST}, "before the first"),
        ({"first": dt.date(2031, 1, 1), "last": dt.date(2031, 1, 2)}, "nothing of.*last read 2026-04-27 00:00"),
        ({"first": dt.date(2021, 1, 1)}, "days; 1100 are the most"),
        ({"settings": Settings(shifts=("8",))}, "write e.g. 08:00"),
        ({"settings": Settings(shifts=("16:00", "08:00"))}, "one after another"),
        ({"settings": Settings(products={"press": (Product("robot"),)})}, "no production_count of 'robot'"),
        ({"settings": Settings(replacements={"lathe": Replacement(1.0, 2.0)})}, "no meter 'lathe'"),
    ],
)
def test_what_cannot_be_reviewed_is_refused_with_what_there_is(
    store: DuckStore, wrong: dict[str, object], says: str
) -> None:
    asked: dict[str, object] = {"site": SITE, "first": FIRST, "last": LAST, "settings": TOLD}
    with pytest.raises(ReviewError, match=says):
        review(store, **(asked | wrong))  # type: ignore[arg-type] # what is wrong is wrong
