"""History in front of a meter's own readings: one counter, nothing invented at the join, and evaluations across it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import analytics
import evaluation
import exchange
from exchange.history import counted_back
from exchange.loading import load
from exchange.series import Stretch
from storage import DuckStore, InfluxStore, Series, Store
from storage.aggregation import increase
from storage.rollup import holds_of
from telemetry import Batch, Table
from tests.exchange.parts import SITE, STEEL, some, understood
from tests.parts import Database

ENERGY = Series(SITE, "power_meter", "main", "energy_import_wh")
QUARTER, DAY = 900_000, 86_400_000
ALL = -(2**53), 2**53
NOW = 2_000_000_000_000
START = int(dt.datetime.fromisoformat("2018-01-01 00:00+09:00").timestamp() * 1000)
LIVE_STEP = 450_000
amounts = st.lists(
    st.one_of(st.none(), st.sampled_from([0.0, 3170.0, 4000.0, 12.5, 100_000.0])), min_size=2, max_size=30
)


@pytest.fixture(params=["duckdb", "influxdb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Each engine, real and empty."""
    opened: Store
    if request.param == "duckdb":
        opened = DuckStore(tmp_path / "readings.duckdb")
    else:
        database: Database = request.getfixturevalue("influxdb")
        opened = InfluxStore(database.url, database=f"history_{abs(hash(tmp_path)):x}")
    yield opened
    opened.close()


def steel_days(count: int, missing: range = range(0)) -> tuple[str, np.ndarray]:
    """The steel file's thirteen days again and again as CSV, and the energy of each quarter-hour [kWh]."""
    head, *rows = STEEL.read_text(encoding="utf-8-sig").splitlines()
    cells = [row.split(",")[1] for row in rows]
    lines = [",".join(head.split(",")[:2])]
    for nth in range(count * 96):
        if nth not in missing:
            # Stamped at its end; midnight bears the next day's date.
            at = dt.datetime(2018, 1, 1) + dt.timedelta(minutes=15 * (nth + 1))  # noqa: DTZ001 # a meter's wall clock
            lines.append(f"{at:%Y-%m-%d %H:%M},{cells[nth % len(cells)]}")
    kwh = np.array([float(cells[nth % len(cells)]) for nth in range(count * 96)])
    return "\n".join(lines) + "\n", kwh


def live(store: Store, quarters: np.ndarray, since: int, until: int, shown: float = 123_456_789.0) -> np.ndarray:
    """A meter's own readings [Wh] of a factory that takes `quarters` [kWh] from `START` on; what it counted in all."""
    times = np.arange(since, until, LIVE_STEP, dtype=np.int64)
    edges = START + np.arange(len(quarters) + 1) * QUARTER
    taken = np.interp(times, edges, np.concatenate(([0.0], np.cumsum(quarters * 1000))))
    values: np.ndarray = shown + np.round(taken - taken[0])
    rows = Table.of("main", "power_meter", times.tolist(), {"energy_import_wh": values.tolist()})
    store.write([Batch(SITE, "gw-1", "0123456789abcdef", 1, [rows])])
    return values


def bring_in(store: Store, folder: Path, text: str, *, resume: bool = True) -> exchange.Loaded:
    found = understood(folder, text, "Usage_kWh=energy_import_wh:kWh:interval")
    return load(found, store, SITE, folder / "imports", now=NOW, resume=resume)


def by_day(store: Store, days: int) -> analytics.IntervalValues:
    times, values = store.read(ENERGY, *ALL)
    return analytics.interval_energy(times, values, START + np.arange(days + 1) * DAY)


@some
@given(amounts, st.sampled_from([0.0, 3.0, 7_000.0, 123_456_789.4, 4e11]), st.sampled_from([0, 1, 5, 2 * QUARTER]))
@example([5000.0, None, 0.0, None, 10.0], 123e6, QUARTER)
@example([0.0, 0.0], 0.0, 7)
def test_every_interval_keeps_its_amount_and_no_gap_gets_any(
    rows: list[float | None], shown: float, after: int
) -> None:
    there = np.array([nth for nth, value in enumerate(rows) if value is not None], np.int64)
    values = np.array([value for value in rows if value is not None], np.float64)
    if not len(there):
        return
    starts = there * QUARTER
    file = Stretch(
        "kWh", "interval", starts, starts, starts + QUARTER, values, values, there,
    )  # fmt: skip
    front = int(file.ends[-1]) + after
    times, counter = counted_back(file, values, front, shown)
    own = front + np.arange(8) * QUARTER
    times, counter = np.append(times, own), np.append(counter, shown + np.arange(8) * 1000.0)
    assert (np.diff(times) > 0).all()
    within = [bool(((file.starts <= at) & (at <= file.ends)).any()) for at in times[times < front - 1].tolist()]
    assert all(within), "a gap holds no reading, which would make a day of it one that counted 0"
    edges = np.arange(int(there[-1]) + 2) * QUARTER
    found = analytics.interval_energy(times, counter, edges, max_rate=1e6).values
    close = pytest.approx
    for row, energy in zip(rows, found, strict=False):
        # A float of 400 GWh is known to a tenth of a milliwatt-hour.
        assert np.isnan(energy) if row is None else energy == close(row, rel=1e-9, abs=1e-3)
    if after > 1:
        across = analytics.interval_energy(times, counter, np.array([front - after, front]), max_rate=1e6)
        assert np.isnan(across.values[0])
    windows, grown = increase(times, counter, 0, front, QUARTER, hold_ms=holds_of(times))
    assert grown.sum() == close(values.sum(), rel=1e-9, abs=1e-3)
    assert dict(zip(windows.tolist(), grown.tolist(), strict=True)).get(int(starts[0]), 0.0) == close(
        values[0], rel=1e-9, abs=1e-3
    )


def test_history_runs_into_the_live_register_where_both_tell_of_the_join(store: Store, tmp_path: Path) -> None:
    text, kwh = steel_days(17)
    since = START + 8 * DAY + 3 * 3_600_000 + 7 * 60_000
    live(store, kwh, since, START + 17 * DAY)
    before = store.count()
    loaded = bring_in(store, tmp_path, text)
    (joined,) = loaded.joined
    assert (loaded.rejected, loaded.stored) == ({}, 8 * 96 + 13)
    assert (joined.at, joined.unknown_ms) == ("2018-01-09 03:07+09:00", 0)
    assert (joined.intervals, joined.left_out) == (8 * 96 + 13, 9 * 96 - 13)
    assert joined.file_total == pytest.approx(joined.meter_total, rel=1e-3)
    found = by_day(store, 16)
    assert found.values.tolist() == pytest.approx((1000 * kwh.reshape(17, 96).sum(axis=1))[:16].tolist(), rel=1e-3)
    assert (found.flags == 0).all()
    assert store.count() == before + loaded.stored
    said = exchange.said(loaded, "f.csv", "en")
    assert "781 intervals counted back from the meter's own first reading, 123,457 kWh at 2018-01-09 03:07" in said
    # Again, whether or not it is known to have been imported.
    assert bring_in(store, tmp_path, text).stored == 0
    once = store.read(ENERGY, *ALL)
    bring_in(store, tmp_path, text, resume=False)
    for first, again in zip(once, store.read(ENERGY, *ALL), strict=True):
        assert first.tolist() == again.tolist()


def test_what_lies_between_history_and_first_reading_stays_unknown(store: Store, tmp_path: Path) -> None:
    text, kwh = steel_days(8, missing=range(3 * 96 + 5, 3 * 96 + 40))
    since = START + 8 * DAY + 6 * 3_600_000
    _, more = steel_days(11)
    live(store, more, since, START + 11 * DAY, shown=20.0)
    loaded = bring_in(store, tmp_path, text)
    assert loaded.joined[0].unknown_ms == 6 * 3_600_000
    assert "6 h between is not known" in exchange.said(loaded, "f.csv", "en")
    assert "첫 측정값 사이 6시간의 사용량은 알 수 없음" in exchange.said(loaded, "f.csv", "ko")
    found = by_day(store, 11)
    assert np.flatnonzero(np.isnan(found.values)).tolist() == [3, 8, 10]  # the last day's end is not read any more
    known = [0, 1, 2, 4, 5, 6, 7, 9]
    daily = 1000 * more.reshape(11, 96).sum(axis=1)
    assert found.values[known].tolist() == pytest.approx(daily[known].tolist(), rel=1e-3)
    assert found.flags[8] & analytics.Flag.RESET
    # Roll-ups have what was measured and nothing of either gap: the register below 0 counts as any other.
    rolled = store.rollups(ENERGY, START, since)
    assert np.nansum(rolled.increase) == pytest.approx(
        1000 * (kwh.sum() - kwh[3 * 96 + 5 : 3 * 96 + 40].sum()), rel=1e-6
    )
    assert store.read(ENERGY, START, START + 1)[1][0] < 0


def test_an_evaluation_has_its_baseline_from_the_file_and_its_reporting_period_from_the_meter(
    store: Store, tmp_path: Path
) -> None:
    _, kwh = steel_days(65)
    text, _ = steel_days(40)
    kwh[45 * 96 :] *= 0.8
    live(store, kwh, START + 38 * DAY + 12_345_678, START + 65 * DAY + 3_600_000)
    bring_in(store, tmp_path, text)
    plan = evaluation.parse_plan(f"""\
id: furnace
site: {SITE}
device: main
baseline: {{first_day: 2018-01-01, last_day: 2018-02-12}}
installation: {{first_day: 2018-02-13, last_day: 2018-02-14}}
reporting: {{first_day: 2018-02-15, last_day: 2018-03-06}}
""")
    result = evaluation.evaluate(plan, store)
    days = 1e-3 * by_day(store, 65).values
    assert (result.baseline.usable, result.reporting.usable) == (43, 20)
    expected = 20 * days[:43].mean() - days[45:65].sum()
    assert result.saving is not None
    assert result.saving.kwh == pytest.approx(expected, rel=1e-6)
    truth = 20 * kwh[: 43 * 96].sum() / 43 - kwh[45 * 96 : 65 * 96].sum()
    assert result.saving.kwh == pytest.approx(truth, rel=1e-3)
    # Quarter-hours tell the same when the readings of file and meter have had their time.
    store.roll(NOW)
    store.forget(START + 50 * DAY, START)
    later = evaluation.evaluate(plan, store)
    assert (later.baseline.usable, later.reporting.usable) == (43, 20)
    assert later.saving is not None
    assert later.saving.kwh == pytest.approx(result.saving.kwh, rel=1e-6)


def test_an_interrupted_import_in_front_of_a_meter_goes_on_where_it_was(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exchange.loading._AT_ONCE", 100)
    text, kwh = steel_days(5)
    live(store, kwh, START + 4 * DAY + 1, START + 5 * DAY)
    found = understood(tmp_path, text, "Usage_kWh=energy_import_wh:kWh:interval")
    stops = iter([False, False, True])
    some = load(found, store, SITE, tmp_path / "imports", now=NOW, stopped=lambda: next(stops))
    rest = load(found, store, SITE, tmp_path / "imports", now=NOW)
    assert (some.finished, some.stored, rest.already, rest.finished) == (False, 200, 200, True)
    assert by_day(store, 4).values.tolist() == pytest.approx((1000 * kwh.reshape(5, 96).sum(axis=1))[:4].tolist())


def test_a_file_of_another_meter_or_unit_is_not_laid_in_front(tmp_path: Path) -> None:
    with_day, kwh = steel_days(5)
    store = DuckStore(tmp_path / "readings.duckdb")
    live(store, kwh * 1.2, START + 3 * DAY, START + 5 * DAY)
    with pytest.raises(exchange.ConflictError, match=r"they do not measure the same.*--device main-import") as caught:
        bring_in(store, tmp_path, with_day)
    assert "단위가 다릅니다. 단위를 고치거나" in caught.value.said("ko")
    assert store.count() == 2 * DAY // LIVE_STEP
    store.close()


def test_months_are_laid_in_front_of_each_other_newest_first(tmp_path: Path) -> None:
    text, kwh = steel_days(9)
    head, *rows = text.splitlines()
    store = DuckStore(tmp_path / "readings.duckdb")
    live(store, kwh, START + 8 * DAY, START + 9 * DAY)
    for first, last in ((5, 8), (0, 5)):
        bring_in(store, tmp_path, "\n".join([head, *rows[first * 96 : last * 96]]))
    assert by_day(store, 8).values.tolist() == pytest.approx((1000 * kwh.reshape(9, 96).sum(axis=1))[:8].tolist())
    held = store.count()
    bring_in(store, tmp_path, "\n".join([head, *rows[2 * 96 : 7 * 96]]))
    assert store.count() == held
    with pytest.raises(exchange.ConflictError, match="import the newest file first") as caught:
        bring_in(store, tmp_path, "\n".join([head, *rows[96 : 3 * 96]]).replace(",3.", ",4."))
    assert "안에 다른 측정값 " in caught.value.said("ko")
    store.close()


def test_a_file_that_overlaps_a_history_counted_back_goes_on_from_it(tmp_path: Path) -> None:
    text, kwh = steel_days(6)
    head, *rows = text.splitlines()
    store = DuckStore(tmp_path / "readings.duckdb")
    for first, last in ((2, 4), (0, 2), (1, 6)):
        bring_in(store, tmp_path, "\n".join([head, *rows[first * 96 : last * 96]]))
    assert by_day(store, 6).values.tolist() == pytest.approx((1000 * kwh.reshape(6, 96).sum(axis=1)).tolist())
    assert store.count() == 6 * 96 + 1
    store.close()


def test_nothing_is_laid_in_front_of_quarter_hours_whose_readings_are_gone(tmp_path: Path) -> None:
    text, kwh = steel_days(6)
    store = DuckStore(tmp_path / "readings.duckdb")
    live(store, kwh, START + 2 * DAY, START + 6 * DAY)
    store.roll(NOW)
    store.forget(START + 4 * DAY, START)
    with pytest.raises(
        exchange.ConflictError, match=r"2018-01-02 15:00 to 2018-01-04 15:00 \(UTC\) whose\s+readings"
    ) as caught:
        bring_in(store, tmp_path, text)
    assert "2018-01-02 15:00부터 2018-01-04 15:00까지(UTC)의 15분 집계" in caught.value.said("ko")
    store.close()


def test_a_counter_below_zero_comes_back_from_an_export(tmp_path: Path) -> None:
    text, kwh = steel_days(3)
    store, other = DuckStore(tmp_path / "readings.duckdb"), DuckStore(tmp_path / "other.duckdb")
    live(store, kwh, START + 2 * DAY, START + 3 * DAY, shown=0.0)
    bring_in(store, tmp_path, text)
    target = tmp_path / "all.parquet"
    zone = exchange.zone_named("Asia/Seoul")
    exchange.export(store, exchange.select(store, SITE, [], [], None, None, zone), target, "parquet")
    found = exchange.understand(target, exchange.Mapping())
    load(found, other, SITE, tmp_path / "imports", now=NOW)
    for first, again in zip(store.read(ENERGY, *ALL), other.read(ENERGY, *ALL), strict=True):
        assert first.tolist() == again.tolist()
    store.close()
    other.close()
