from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from api.demand import midnight, window
from api.energy import Energy, EnergyMeter, add
from storage import DuckStore, Latest
from telemetry import Batch, Table

SEOUL = ZoneInfo("Asia/Seoul")
HOUR = 3_600_000


def at(text: str, zone: ZoneInfo = SEOUL) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckStore]:
    opened = DuckStore(tmp_path / "readings.duckdb")
    yield opened
    opened.close()


def write(store: DuckStore, times: list[int], **columns: list[float]) -> dict[str, Latest]:
    table = Table.of("m", "power_meter", times, {name: list(values) for name, values in columns.items()})
    store.write([Batch("s", "g", "e", times[0], [table])])
    return {latest.series.channel: latest for latest in store.latest("s")}


def test_the_quarter_hour_follows_the_local_clock() -> None:
    assert window(at("2026-11-22 09:14:59"), SEOUL) == (at("2026-11-22 09:00"), at("2026-11-22 09:15"))
    assert window(at("2026-11-22 09:15:00"), SEOUL)[0] == at("2026-11-22 09:15")
    kathmandu = ZoneInfo("Asia/Kathmandu")
    assert window(at("2026-11-22 09:20", kathmandu), kathmandu)[0] == at("2026-11-22 09:15", kathmandu)


def test_midnight_is_the_sites_own() -> None:
    assert midnight(at("2026-11-22 00:00"), SEOUL) == at("2026-11-22 00:00")
    assert midnight(at("2026-11-22 08:59"), SEOUL) == at("2026-11-22 00:00"), "still yesterday in London"


def test_energy_starts_at_the_boundary_even_between_two_readings(store: DuckStore) -> None:
    boundary = at("2026-11-22 00:00")
    latest = write(store, [boundary - 5000, boundary + 5000, boundary + HOUR], energy_import_wh=[1000, 1010, 4000])
    found = EnergyMeter(store, lambda: boundary + HOUR).since(boundary, latest, 10_000)
    assert found == Energy(boundary, boundary + HOUR, 4000 - 1005, "counter")


def test_energy_whose_beginning_was_not_read_says_since_when_it_counts(store: DuckStore) -> None:
    boundary = at("2026-11-22 00:00")
    times = [boundary - HOUR, boundary + 3 * HOUR + 7000, boundary + 4 * HOUR]
    latest = write(store, times, energy_import_wh=[0, 9000, 9500])
    found = EnergyMeter(store, lambda: boundary + 4 * HOUR).since(boundary, latest, 1000)
    assert found == Energy(boundary + 3 * HOUR + 7000, boundary + 4 * HOUR, 500, "counter")


def test_a_reset_counter_loses_only_the_step_of_the_reset(store: DuckStore) -> None:
    boundary = at("2026-11-22 00:00")
    times = [boundary, boundary + HOUR, boundary + 2 * HOUR, boundary + 3 * HOUR]
    latest = write(store, times, energy_import_wh=[9000, 9700, 50, 350])
    found = EnergyMeter(store, lambda: boundary + 3 * HOUR).since(boundary, latest, 1000)
    assert found is not None
    assert found.energy_wh == pytest.approx(700 + 300)


def test_without_a_counter_power_is_summed_over_time_and_gaps_count_nothing(store: DuckStore) -> None:
    boundary = at("2026-11-22 00:00")
    first = list(range(boundary, boundary + HOUR // 2, 1000))
    second = list(range(boundary + HOUR, boundary + 3 * HOUR // 2 + 1, 1000))
    times = first + second
    latest = write(store, times, active_power_w=[10_000.0] * len(times))
    found = EnergyMeter(store, lambda: times[-1]).since(boundary, latest, 1000)
    assert found is not None
    assert found.source == "power"
    assert found.energy_wh == pytest.approx(10_000, rel=0.01)


def test_a_device_that_was_not_read_since_the_boundary_has_no_energy(store: DuckStore) -> None:
    boundary = at("2026-11-22 00:00")
    latest = write(store, [boundary - 5000], energy_import_wh=[1000], active_power_w=[5.0])
    assert EnergyMeter(store, lambda: boundary + HOUR).since(boundary, latest, 1000) is None


def test_late_readings_around_the_boundary_are_taken_up(store: DuckStore) -> None:
    boundary, now = at("2026-11-22 00:00"), [at("2026-11-22 02:00")]
    meter = EnergyMeter(store, lambda: now[0])
    latest = write(store, [boundary + HOUR, boundary + 2 * HOUR], energy_import_wh=[2000, 3000])
    first = meter.since(boundary, latest, 1000)
    assert first is not None
    assert first.energy_wh == 1000
    latest = write(store, [boundary - 1000, boundary], energy_import_wh=[999, 1000])
    now[0] += 61_000
    assert meter.since(boundary, latest, 1000) == Energy(boundary, boundary + 2 * HOUR, 2000, "counter")


def test_energies_of_several_meters_are_one_over_their_common_time() -> None:
    assert add([]) is None
    assert add([Energy(0, 10, 5, "counter"), Energy(2, 8, 7, "power")]) == Energy(2, 8, 12, "power")
