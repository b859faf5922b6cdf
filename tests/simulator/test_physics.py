"""What the factory draws, makes and shows, against physics."""

from __future__ import annotations

import numpy as np
import pytest

from simulator import Factory
from simulator.calendar import DAY_MS
from simulator.description import Machine, Noise
from simulator.devices import Devices
from simulator.noise import Floats, Ints
from simulator.press import Work, drawn_power, expected_power
from simulator.schedule import RunState
from tests.simulator.conftest import NOW_MS

METERS = ("main", "press-1", "press-2", "compressor")
DAY_S, HOUR_S = 86_400, 3_600


def devices(factory: Factory) -> Devices:
    return factory._devices


def seconds(day: int, hour: float, count: int) -> Ints:
    """`count` seconds from an hour of a scenario day on; day 0 is a Monday."""
    return np.arange(count, dtype=np.int64) + round(day * DAY_S + hour * HOUR_S)


def daily(factory: Factory) -> Ints:
    """Edges of the twelve weeks' days, real time."""
    windows = factory.plan_windows()
    return np.arange(windows.baseline.start_ms, windows.reporting.end_ms + 1, DAY_MS, dtype=np.int64)


@pytest.mark.parametrize("meter", METERS)
@pytest.mark.parametrize(("day", "hour"), [(1, 7.1), (2, 11.9), (5, 14.8), (13, 3.0), (55, 23.9), (67, 9.0)])
def test_the_energy_register_is_the_integral_of_the_power(factory: Factory, meter: str, day: int, hour: float) -> None:
    at = seconds(day, hour, 1201)
    shown = devices(factory).channels(meter, at)
    energy, power = shown["energy_import_wh"], shown["active_power_w"]
    np.testing.assert_allclose(np.diff(energy), power[:-1] / 3600.0, rtol=0, atol=2e-6)
    assert np.all(np.diff(energy) >= 0.0)
    reactive = shown["reactive_energy_import_varh"]
    np.testing.assert_allclose(np.diff(reactive), shown["reactive_power_var"][:-1] / 3600.0, rtol=0, atol=2e-6)


@pytest.mark.parametrize("meter", METERS)
def test_power_is_voltage_times_current_times_power_factor(factory: Factory, meter: str) -> None:
    shown = devices(factory).channels(meter, seconds(2, 10, 600))
    watts = sum(
        shown[f"voltage_{p}_v"] * shown[f"current_{p}_a"] * shown[f"power_factor_{p}"] for p in ("l1", "l2", "l3")
    )
    np.testing.assert_allclose(watts, shown["active_power_w"], rtol=1e-12)
    phases = sum(shown[f"active_power_{p}_w"] for p in ("l1", "l2", "l3"))
    np.testing.assert_allclose(phases, shown["active_power_w"], rtol=1e-12)
    product = shown["apparent_power_va"] * shown["power_factor"]
    np.testing.assert_allclose(product, shown["active_power_w"], rtol=1e-12)
    assert np.all((shown["power_factor"] > 0.5) & (shown["power_factor"] <= 1.0))
    assert np.all(np.abs(shown["voltage_l1_v"] - 220.0) < 8.0)
    assert np.all(np.abs(shown["voltage_l12_v"] - 380.0) < 14.0)
    assert np.all(np.abs(shown["frequency_hz"] - 60.0) <= 0.2)


def test_the_main_meter_shows_more_than_all_the_others_together(factory: Factory) -> None:
    at = np.arange(0, 84 * DAY_S, 700, dtype=np.int64)
    main = devices(factory).channels("main", at)["active_power_w"]
    others = sum(devices(factory).channels(meter, at)["active_power_w"] for meter in METERS[1:])
    assert np.all(main > others + 10_000.0)
    assert 220_000.0 < np.percentile(main, 99) < 350_000.0
    edges = daily(factory)
    parts = sum(factory.interval_energy(meter, edges) for meter in METERS[1:])
    assert np.all(factory.interval_energy("main", edges) > parts)


@pytest.mark.parametrize("meter", METERS)
@pytest.mark.parametrize(("day", "hour"), [(13, 3.0), (6, 15.0), (1, 4.0), (8, 10.0), (23, 12.0)])
def test_live_power_moves_every_second_in_any_hour(factory: Factory, meter: str, day: int, hour: float) -> None:
    power = devices(factory).channels(meter, seconds(84 + day, hour, 300))["active_power_w"]
    assert np.all(np.diff(power) != 0.0)
    assert np.all(power > 0.0)


def test_sundays_holidays_and_nights_stand_still(factory: Factory) -> None:
    energy, parts = (
        factory.interval_energy("press-2", daily(factory)),
        factory.interval_production("plc-2", daily(factory)),
    )
    christmas, new_year, seollal = 23, 30, (56, 57, 58, 59)
    for day in (6, 13, christmas, new_year, *seollal):
        assert parts[day] == 0.0, day
        assert energy[day] < 6.0, day
    assert parts[60] > 500, "the Friday after Seollal is worked"
    night = devices(factory).channels("plc-2", seconds(2, 2, 60))["run_state"]
    assert set(night) == {RunState.OFF}


def test_the_press_warms_up_before_its_first_shift_and_idles_in_the_break(factory: Factory) -> None:
    state = devices(factory).channels("plc-2", seconds(1, 0, DAY_S))["run_state"]
    at = {hour: RunState(int(state[round(hour * HOUR_S)])) for hour in (7.0, 7.5, 12.3, 23.5)}
    assert at == {7.0: RunState.OFF, 7.5: RunState.WARM_UP, 12.3: RunState.IDLE, 23.5: RunState.OFF}
    assert 0.8 < np.mean(state[8 * HOUR_S : 12 * HOUR_S] == RunState.PRODUCTION) <= 1.0


def test_stops_and_breakdowns_happen_but_do_not_rule(factory: Factory) -> None:
    at = np.arange(0, 84 * DAY_S, 60, dtype=np.int64)
    for plc in ("plc-1", "plc-2"):
        shown = devices(factory).channels(plc, at)
        state, production = shown["run_state"], np.sum(shown["run_state"] == RunState.PRODUCTION)
        assert 0 < np.sum(state == RunState.DOWN) < 0.05 * production
        assert 0.02 * production < np.sum(state == RunState.IDLE) < 0.25 * production
        assert len(set(np.round(shown["cycle_time_s"][state == RunState.PRODUCTION]))) > 3, "orders differ"


def test_counters_only_rise_and_parts_are_made_only_in_production(factory: Factory) -> None:
    shown = devices(factory).channels("plc-1", seconds(2, 7.0, 6 * HOUR_S))
    steps, producing = np.diff(shown["production_count"]), shown["run_state"][:-1] == RunState.PRODUCTION
    assert np.all((steps == 0.0) | (steps == 1.0))
    assert np.all(steps[~producing] <= 1.0)
    assert steps[~producing].sum() <= 20, "only a part that was finished on the minute"
    made, cycles = steps.sum(), np.sum(producing) / shown["cycle_time_s"][:-1][producing].mean()
    assert made == pytest.approx(cycles, rel=0.05), "scrap is no part"


def test_production_drives_energy(factory: Factory) -> None:
    """Within the baseline a straight line on parts leaves a few per cent of a working day."""
    energy, parts = (
        factory.interval_energy("press-2", daily(factory))[:54],
        factory.interval_production("plc-2", daily(factory))[:54],
    )
    line = np.polyfit(parts, energy, 1)
    residual = energy - np.polyval(line, parts)
    working = energy[parts > 100]
    assert 0.3 < line[0] < 0.6, "kWh per part"
    assert 0.01 < residual.std() / working.mean() < 0.06


def test_material_makes_days_alike_that_follow_each_other(factory: Factory) -> None:
    noises = []
    for seed in range(40):
        other = Factory(factory.file, seed, factory.clock)
        windows = other.plan_windows()
        edges = np.arange(windows.baseline.start_ms, windows.baseline.end_ms + 1, DAY_MS)
        energy, parts = other.interval_energy("press-1", edges), other.interval_production("plc-1", edges)
        busy = parts > 800
        intensity = np.where(busy, energy / np.maximum(parts, 1.0), np.nan)
        noises.append(intensity / np.nanmean(intensity) - 1.0)
    days = np.array(noises)
    pairs = ~np.isnan(days[:, 1:]) & ~np.isnan(days[:, :-1])
    correlation = np.corrcoef(days[:, 1:][pairs], days[:, :-1][pairs])[0, 1]
    assert 0.25 < correlation < 0.75


MACHINE = Machine(
    name="test", off_w=100, warm_up_w=10_000, idle_w=5_000, down_w=2_000, production_w=6_000, shot_wh=300,
    heat_w_per_k=50, chiller_w_per_k=100, chiller_from_c=15, noise=Noise(day=0.03, day_rho=0.5, minute=0.03),
    power_factor_idle=0.6, power_factor_production=0.8,
)  # fmt: skip


def doing(state: RunState, count: int) -> Work:
    shots = np.full(count, 2.0 if state is RunState.PRODUCTION else 0.0)
    return Work(np.full(count, state, dtype=np.int64), shots, shots, np.full(count, 30.0))


def expected(state: RunState, outdoor_c: float) -> float:
    return float(expected_power(MACHINE, doing(state, 1), np.array([outdoor_c]))[0])


def test_expected_power_is_state_shots_and_heat_by_hand() -> None:
    assert expected(RunState.OFF, -10) == 100
    assert expected(RunState.IDLE, 20) == 5_000
    assert expected(RunState.WARM_UP, 20) == 10_000
    assert expected(RunState.DOWN, 20) == 2_000
    assert expected(RunState.PRODUCTION, 10) == 6_000 + 120 * 300 + 50 * 10


def test_cold_costs_barrel_heat_and_summer_costs_chilling() -> None:
    assert expected(RunState.PRODUCTION, -10) - expected(RunState.PRODUCTION, 0) == 500
    assert expected(RunState.PRODUCTION, 30) - expected(RunState.PRODUCTION, 25) == -250 + 500
    assert expected(RunState.OFF, -10) == expected(RunState.OFF, 10)


def test_noise_has_mean_zero_so_that_expected_energy_is_the_truth() -> None:
    minutes = np.arange(700 * 1440, dtype=np.int64)
    done, outdoor = doing(RunState.PRODUCTION, len(minutes)), np.zeros(len(minutes))
    power: Floats = drawn_power(MACHINE, done, outdoor, 5, "test", minutes)
    assert power.mean() == pytest.approx(expected(RunState.PRODUCTION, 0), rel=0.005)
    assert 0.02 < power.reshape(-1, 1440).mean(axis=1).std() / power.mean() < 0.04


def test_the_compressor_loads_and_unloads(factory: Factory) -> None:
    power = devices(factory).channels("compressor", seconds(2, 9, HOUR_S))["active_power_w"]
    loaded, unloaded = np.mean(power > 36_000), np.mean(power < 14_000)
    assert loaded + unloaded > 0.95
    assert 0.5 < loaded < 0.95
    assert unloaded > 0.05
    assert np.all(devices(factory).channels("compressor", seconds(6, 9, 600))["active_power_w"] < 150)


def test_outdoors_the_sensor_shows_the_weather(factory: Factory) -> None:
    shown = devices(factory).channels("ambient", seconds(0, 0, 60))
    assert np.all(np.abs(shown["temperature_c"] - 5.4) < 1.0), "2024-12-02 00:00, the file's first row"
    values = factory.values("ambient", NOW_MS)
    assert -15.0 < values["temperature_c"] < 40.0
    assert 12.0 <= values["humidity_pct"] <= 98.0
