from __future__ import annotations

import hashlib
import subprocess
import sys
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import pytest

from simulator import Factory, OutsideScenarioError, UnknownDeviceError, load_factory
from simulator.calendar import DAY_MS, WEEK_MS
from telemetry import CHANNELS, Batch, Kind, decode, encode
from tests.simulator.conftest import NOW_MS

ROOT = Path(__file__).parents[2]


def edges(factory: Factory, every_ms: int = DAY_MS) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    windows = factory.plan_windows()
    return np.arange(windows.baseline.start_ms, windows.reporting.end_ms + 1, every_ms, dtype=np.int64)


def test_the_windows_are_eight_weeks_a_weekend_and_four_weeks_up_to_this_monday(factory: Factory) -> None:
    windows = factory.plan_windows()
    assert (windows.baseline.start, windows.baseline.end) == (date(2026, 8, 24), date(2026, 10, 17))
    assert (windows.installation.start, windows.installation.end) == (date(2026, 10, 17), date(2026, 10, 19))
    assert (windows.reporting.start, windows.reporting.end) == (date(2026, 10, 19), date(2026, 11, 16))
    assert windows.reporting.end_ms - windows.baseline.start_ms == 12 * WEEK_MS
    assert windows.baseline.start_ms == factory.begins_ms


def test_the_file_states_the_true_saving(factory: Factory) -> None:
    reporting = factory.plan_windows().reporting
    truth = factory.truth(reporting.start_ms, reporting.end_ms)
    assert truth.saving_pct == pytest.approx(factory.file.replacement.saving_pct, abs=0.1)
    assert truth.saving_kwh == pytest.approx(truth.old_expected_kwh - truth.new_expected_kwh)
    assert 20.0 < truth.saving_pct < 30.0


def test_what_the_new_machine_really_draws_scatters_around_its_expectation(factory: Factory) -> None:
    differences = []
    for seed in range(30):
        other = Factory(factory.file, seed, factory.clock)
        reporting = other.plan_windows().reporting
        drawn = other.interval_energy("press-2", [reporting.start_ms, reporting.end_ms])[0]
        differences.append(drawn / other.truth(reporting.start_ms, reporting.end_ms).new_expected_kwh - 1.0)
    assert abs(np.mean(differences)) < 3.0 * np.std(differences) / np.sqrt(30)
    assert 0.002 < np.std(differences) < 0.03


def test_truth_adds_up_over_time(factory: Factory) -> None:
    reporting = factory.plan_windows().reporting
    middle = reporting.start_ms + 9 * DAY_MS + 3_600_000
    parts = [factory.truth(reporting.start_ms, middle), factory.truth(middle, reporting.end_ms)]
    whole = factory.truth(reporting.start_ms, reporting.end_ms)
    assert sum(part.saving_kwh for part in parts) == pytest.approx(whole.saving_kwh)
    assert factory.truth(middle, middle).saving_pct == 0.0


def test_production_does_not_depend_on_the_machine(factory: Factory) -> None:
    same = msgspec.structs.replace(factory.file.replacement, machine=factory.file.presses[1].machine, saving_pct=0.0)
    unreplaced = Factory(msgspec.structs.replace(factory.file, replacement=same), factory.seed, factory.clock)
    np.testing.assert_array_equal(
        factory.interval_production("plc-2", edges(factory)), unreplaced.interval_production("plc-2", edges(factory))
    )
    reporting = factory.plan_windows().reporting
    assert unreplaced.truth(reporting.start_ms, reporting.end_ms).saving_kwh == 0.0
    after = factory.interval_energy("press-2", edges(factory))[-28:].sum()
    assert after < 0.8 * unreplaced.interval_energy("press-2", edges(factory))[-28:].sum()


def test_another_real_date_gives_the_same_evaluation() -> None:
    first, second = load_factory(now_ms=NOW_MS), load_factory(now_ms=NOW_MS + 3 * WEEK_MS + 2 * DAY_MS + 12_345_678)
    shift = second.begins_ms - first.begins_ms
    assert shift == 3 * WEEK_MS
    for device, of in (
        ("press-2", "interval_energy"),
        ("plc-2", "interval_production"),
        ("ambient", "interval_temperature"),
    ):
        one, two = getattr(first, of)(device, edges(first)), getattr(second, of)(device, edges(second))
        np.testing.assert_array_equal(one, two)
    tables = zip(
        first.history(first.begins_ms, first.begins_ms + 2 * DAY_MS),
        second.history(second.begins_ms, second.begins_ms + 2 * DAY_MS),
        strict=True,
    )
    for one, two in tables:
        assert [time + shift for time in one.times] == two.times
        assert one.columns == two.columns


def digest(factory: Factory, start_day: int) -> str:
    begin = factory.begins_ms + start_day * DAY_MS
    tables = list(factory.history(begin, begin + DAY_MS))
    return hashlib.sha256(msgspec.json.encode(tables)).hexdigest()


def test_another_process_computes_the_same_to_the_last_bit(factory: Factory) -> None:
    code = (
        "from simulator import load_factory\n"
        "from tests.simulator.test_factory import digest\n"
        f"print(digest(load_factory(now_ms={NOW_MS}), 60))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == digest(factory, 60)


def test_the_order_of_questions_does_not_matter(factory: Factory) -> None:
    fresh = load_factory(now_ms=NOW_MS)
    late = fresh.values("main", NOW_MS)
    early = fresh.values("press-1", fresh.begins_ms + 5 * DAY_MS)
    stepwise = load_factory(now_ms=NOW_MS)
    for week in range(13):
        stepwise.values("main", stepwise.begins_ms + week * WEEK_MS)
    assert stepwise.values("press-1", stepwise.begins_ms + 5 * DAY_MS) == early
    assert stepwise.values("main", NOW_MS) == late


def test_another_seed_is_another_factory(factory: Factory) -> None:
    other = load_factory(now_ms=NOW_MS, seed=1)
    assert other.seed == 1
    assert np.any(
        other.interval_production("plc-2", edges(other)) != factory.interval_production("plc-2", edges(factory))
    )


def test_history_is_one_table_per_device_and_day_in_time_order_with_every_channel(factory: Factory) -> None:
    start, end = factory.begins_ms, factory.begins_ms + 3 * DAY_MS
    tables = list(factory.history(start, end))
    ids = [device.id for device in factory.file.devices]
    assert [table.device for table in tables] == ids * 3
    assert [table.times[0] for table in tables] == [start + day * DAY_MS for day in range(3) for _ in ids]
    for table in tables:
        assert len(table.times) == 96
        assert set(table.columns) == set(factory.profile(table.device).channels)
    batch = Batch("gimpo-demo", "history", "e", 1, tables[:7])
    assert decode(encode(batch), Batch) == batch


def test_history_is_what_a_reader_would_have_read_and_plausible(factory: Factory) -> None:
    start = factory.begins_ms + 24 * DAY_MS + 7 * 3_600_000
    for table in factory.history(start, start + 9 * 3_600_000):
        for index in (0, len(table.times) - 1):
            read = factory.values(table.device, table.times[index])
            assert {name: column[index] for name, column in table.columns.items()} == read
        for name, column in table.columns.items():
            assert all(value is not None and CHANNELS[name].plausible(value) for value in column), name


def test_registers_that_count_never_fall_in_thirteen_weeks(factory: Factory) -> None:
    last: dict[tuple[str, str], float] = {}
    for table in factory.history(factory.begins_ms, NOW_MS, 3_600_000):
        for name, column in table.columns.items():
            if CHANNELS[name].kind is Kind.COUNTER:
                values = [value for value in column if value is not None]
                before = last.get((table.device, name), 0.0)
                assert values[0] >= before
                assert values == sorted(values)
                last[table.device, name] = values[-1]
    assert last["main", "energy_import_wh"] > 100e6
    assert last["plc-2", "production_count"] > 50_000


def test_history_asks_only_for_times_that_are_multiples_of_its_step(factory: Factory) -> None:
    start = factory.begins_ms + 12 * DAY_MS + 1
    times = [
        time
        for table in factory.history(start, start + DAY_MS, 60_000)
        if table.device == "main"
        for time in table.times
    ]
    assert len(times) == 1440
    assert all(time % 60_000 == 0 for time in times)
    assert times[0] > start - 1
    assert list(factory.history(start, start)) == []


def test_interval_energy_is_what_the_history_says_up_to_a_registers_rounding(factory: Factory) -> None:
    begin = factory.begins_ms + 7 * DAY_MS
    energy = factory.interval_energy("press-2", [begin, begin + DAY_MS])[0]
    parts = factory.interval_production("plc-2", [begin, begin + DAY_MS])[0]
    read = [factory.values("press-2", at)["energy_import_wh"] for at in (begin, begin + DAY_MS)]
    made = [factory.values("plc-2", at)["production_count"] for at in (begin, begin + DAY_MS)]
    assert energy == pytest.approx((read[1] - read[0]) / 1000.0, abs=0.005)
    assert parts == pytest.approx(made[1] - made[0], abs=1.0)
    mean = factory.interval_temperature("ambient", [begin, begin + DAY_MS])[0]
    hours = [factory.values("ambient", begin + hour * 3_600_000)["temperature_c"] for hour in range(24)]
    assert mean == pytest.approx(np.mean(hours), abs=0.5)


def test_a_demo_may_run_for_years(factory: Factory) -> None:
    years_later = load_factory(now_ms=NOW_MS)
    values = years_later.values("press-2", NOW_MS + 110 * WEEK_MS)
    assert values["active_power_w"] > 0.0
    assert values["energy_import_wh"] > factory.values("press-2", NOW_MS)["energy_import_wh"]


def test_before_its_first_day_there_is_no_factory(factory: Factory) -> None:
    with pytest.raises(OutsideScenarioError, match=r"2026-08-23 23:59 is before .* 2026-08-24 00:00"):
        factory.values("main", factory.begins_ms - 1)
    with pytest.raises(OutsideScenarioError):
        list(factory.history(factory.begins_ms - 1, factory.begins_ms + DAY_MS))


def test_unknown_devices_and_questions_that_do_not_fit_are_named(factory: Factory) -> None:
    with pytest.raises(UnknownDeviceError, match=r"no device 'press-9'; there are main, press-1"):
        factory.values("press-9", NOW_MS)
    with pytest.raises(UnknownDeviceError, match="'ambient' is a sensor, not a power_meter"):
        factory.interval_energy("ambient", [NOW_MS, NOW_MS + 1])
