"""A month's bill from stored readings, and as the terminal shows it."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from analytics.billing import DemandReason
from evaluation import Connection, EvaluationError, Tariffs, bill_month, compare_month
from evaluation.billing_terminal import render_bill, render_options
from evaluation.terminal import Language
from storage import DuckStore, Series
from telemetry import Batch, Table
from wattproof.main import app

SERIES = Series("works", "power_meter", "main", "energy_import_wh")
FIRST, DAYS = dt.date(2026, 7, 1), 62
JULY, AUGUST = dt.date(2026, 7, 1), dt.date(2026, 8, 1)
QUARTER_MS = 900_000


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 kW throughout July and August, 400 kW in one quarter of an hour: Thursday 2026-07-02, 15:00."""
    start = round(dt.datetime.combine(FIRST, dt.time(), ZoneInfo("Asia/Seoul")).timestamp() * 1000)
    wh = np.full(DAYS * 96, 25_000.0)
    wh[96 + 60] = 100_000.0
    times = [start + index * QUARTER_MS for index in range(len(wh) + 1)]
    values = np.concatenate(([0.0], np.cumsum(wh))).tolist()
    found = tmp_path_factory.mktemp("bill") / "readings.duckdb"
    store = DuckStore(found)
    store.write(
        [Batch("works", "gw-1", "e", 1, [Table.of("main", "power_meter", times, {"energy_import_wh": values})])]
    )
    store.close()
    return found


@pytest.fixture
def store(path: Path) -> Iterator[DuckStore]:
    found = DuckStore(path)
    yield found
    found.close()


@pytest.fixture(scope="module")
def tariffs() -> Tariffs:
    return Tariffs()


def connection(tariffs: Tariffs, **changes: object) -> Connection:
    contract = tariffs.contract("industrial_b/high_a/option_2")
    return Connection(**{"series": SERIES, "contract": contract, "contract_kw": 500.0, **changes})  # type: ignore[arg-type]


def test_a_month_is_billed_from_the_counter_and_its_peak_is_paid_in_the_next_month_too(
    tariffs: Tariffs, store: DuckStore
) -> None:
    july = bill_month(tariffs, connection(tariffs), store, JULY).bill
    assert july.missing == 0
    assert july.kwh == pytest.approx(31 * 2400 + 75)
    assert july.demand.kw == pytest.approx(400.0)
    assert july.demand.reason is DemandReason.THIS_MONTH
    assert july.demand.peak is not None
    assert july.demand.peak.at == dt.datetime(2026, 7, 2, 15, 0)  # noqa: DTZ001 - local time
    august = bill_month(tariffs, connection(tariffs), store, AUGUST).bill
    assert august.demand.kw == pytest.approx(400.0)
    assert august.demand.reason is DemandReason.EARLIER_MONTH


def test_a_peak_that_only_the_customer_knows_counts(tariffs: Tariffs, store: DuckStore) -> None:
    known = connection(tariffs, peaks_kw={dt.date(2026, 1, 1): 450.0})
    assert bill_month(tariffs, known, store, AUGUST).bill.demand.kw == 450.0


def test_options_are_those_of_the_contracts_class_and_voltage(tariffs: Tariffs, store: DuckStore) -> None:
    costs = compare_month(tariffs, connection(tariffs), store, JULY)
    assert {cost.option.rsplit("/", 1)[1] for cost in costs} == {"option_1", "option_2", "option_3"}
    assert costs[0].total < costs[-1].total


def test_a_month_without_readings_is_refused(tariffs: Tariffs, store: DuckStore) -> None:
    with pytest.raises(EvaluationError, match=r"no energy_import_wh of main at site works from 2026-11-01"):
        bill_month(tariffs, connection(tariffs), store, dt.date(2026, 11, 1))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_bill_is_shown_line_by_line_in_one_language(tariffs: Tariffs, store: DuckStore, language: Language) -> None:
    month = bill_month(tariffs, connection(tariffs), store, JULY)
    output = io.StringIO()
    console = Console(file=output, width=100)
    console.print(render_bill(month, language))
    costs = compare_month(tariffs, connection(tariffs), store, JULY)
    labels = {str(option): tariffs.label(option) for option in tariffs.options(tariffs.contracts[-1])}
    labels |= {cost.option: tariffs.label(tariffs.contract(cost.option)) for cost in costs}
    console.print(render_options(costs, labels, language))
    text = output.getvalue()
    assert f"{month.bill.total:,}" in text
    assert "2026-07-02 15:00" in text
    if language == "ko":
        assert all(
            word in text
            for word in ("기본요금", "여름 최대부하", "기후환경요금", "부가가치세", "청구금액", "요금적용전력")
        )
    else:
        assert not any("가" <= letter <= "힣" for letter in text)


def with_reactive(folder: Path, *channels: str) -> DuckStore:
    """July: 100 kW; by day 30 kvar are taken, by night 60 kvar given back."""
    start = round(dt.datetime.combine(FIRST, dt.time(), ZoneInfo("Asia/Seoul")).timestamp() * 1000)
    by_day = np.tile((np.arange(96) >= 32) & (np.arange(96) < 88), 31)
    steps = {
        "energy_import_wh": np.full(31 * 96, 25_000.0),
        "reactive_energy_import_varh": np.where(by_day, 7_500.0, 0.0),
        "reactive_energy_export_varh": np.where(by_day, 0.0, 15_000.0),
    }
    times = [start + index * QUARTER_MS for index in range(31 * 96 + 1)]
    columns = {
        name: np.concatenate(([0.0], np.cumsum(steps[name]))).tolist() for name in ("energy_import_wh", *channels)
    }
    store = DuckStore(folder / "readings.duckdb")
    store.write([Batch("works", "gw-1", "e", 1, [Table.of("main", "power_meter", times, columns)])])
    return store


def test_the_power_factor_comes_from_the_reactive_counters(tariffs: Tariffs, tmp_path: Path) -> None:
    store = with_reactive(tmp_path, "reactive_energy_import_varh", "reactive_energy_export_varh")
    month = bill_month(tariffs, connection(tariffs), store, JULY)
    charge = month.bill.power_factor
    assert charge is not None
    lagging, leading = 100 / np.hypot(1, 0.3), 100 / np.hypot(1, 0.6)
    assert charge.lagging == pytest.approx(lagging)
    assert charge.leading == pytest.approx(leading)
    shares = {line.code: line.share for line in month.bill.lines if line.code.startswith("power")}
    assert shares["power_factor_lagging"] == pytest.approx((92 - lagging) * 0.002)
    assert shares["power_factor_leading"] == pytest.approx((95 - leading) * 0.002)
    first = bill_month(tariffs, connection(tariffs, penalised_before=False), store, JULY).bill
    assert first.total < month.bill.total
    output = io.StringIO()
    Console(file=output, width=100).print(render_bill(month, "ko"))
    assert "평균 역률: 지상(주간) 95.8%, 진상(야간) 85.7%" in output.getvalue()
    costs = {cost.option: cost.total for cost in compare_month(tariffs, connection(tariffs), store, JULY)}
    assert costs["industrial_b/high_a/option_2"] == month.bill.total
    store.close()


def test_a_power_factor_that_is_not_counted_costs_nothing(tariffs: Tariffs, tmp_path: Path, store: DuckStore) -> None:
    assert bill_month(tariffs, connection(tariffs), store, JULY).bill.power_factor is None
    lagging_only = with_reactive(tmp_path, "reactive_energy_import_varh")
    charge = bill_month(tariffs, connection(tariffs), lagging_only, JULY).bill.power_factor
    lagging_only.close()
    assert charge is not None
    assert np.isnan(charge.leading)
    assert charge.leading_share == 0


def test_without_a_demand_meter_the_contract_power_is_billed(tariffs: Tariffs, store: DuckStore) -> None:
    low = connection(tariffs, contract=tariffs.contract("industrial_a1/low/single"), demand_metered=False)
    demand = bill_month(tariffs, low, store, JULY).bill.demand
    assert (demand.kw, demand.reason) == (500.0, DemandReason.CONTRACT)
    assert {cost.bills[0].demand.kw for cost in compare_month(tariffs, low, store, JULY)} == {500.0}
    with pytest.raises(EvaluationError, match="only a low-voltage contract"):
        bill_month(tariffs, connection(tariffs, demand_metered=False), store, JULY)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runner closes its standard error, and a logger set up on it would fail in every test after this one."""
    monkeypatch.setattr("wattproof.logs.configure", lambda *_: None)


@pytest.mark.usefixtures("quiet")
def test_the_command_prints_the_bill_and_answers_mistakes_in_one_sentence(path: Path) -> None:
    config = path.parent / "wattproof.yaml"
    config.write_text(f"store: {{engine: duck, path: {path}}}\n", encoding="utf-8")
    given = ["--config", str(config), "bill", "main", "--contract-kw", "500"]
    for language, label in (("ko", "일반용(갑)Ⅰ 고압A 선택Ⅰ"), ("en", "General A-I, high voltage A, option I")):
        listed = CliRunner().invoke(app, [*given, "--contract", "list", "--month", "2026-07", "--lang", language])
        assert listed.output.splitlines()[0] == f"general_a1/high_a/option_1  {label}"
    contract = ["--contract", "industrial_b/high_a/option_2"]
    done = CliRunner().invoke(app, [*given, *contract, "--month", "2026-07", "--options", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert found["bill"]["bill"]["demand"]["kw"] == pytest.approx(400.0)
    assert len(found["options"]) == 3
    low = ["--contract", "industrial_a1/low/single", "--month", "2026-07", "--no-demand-meter", "--json"]
    done = CliRunner().invoke(app, [*given, *low, "--excess-months", "1", "--first-penalty"])
    assert json.loads(done.output)["bill"]["bill"]["demand"]["kw"] == 500
    for wrong, sentence in (
        ([*contract, "--month", "2026-07", "--no-demand-meter"], "only a low-voltage contract"),
        ([*contract, "--month", "2026-13"], "2026-13"),
        (["--contract", "none", "--month", "2026-07"], "industrial_b/high_a/option_2"),
        ([*contract, "--month", "2026-07", "--peak", "x"], "2026-01=412.5"),
        ([*contract, "--month", "2026-09"], "2026-09-01"),
    ):
        failed = CliRunner().invoke(app, [*given, *wrong])
        assert failed.exit_code != 0
        assert sentence in str(failed.exception)
