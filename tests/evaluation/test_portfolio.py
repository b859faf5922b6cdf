"""A programme of machines: who is in the sum, what the sum's band holds, and what is said of the others."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
import zipfile
from pathlib import Path

import msgspec
import pytest
import yaml
from rich.cells import cell_len
from rich.console import Console

from evaluation import (
    MachineResult,
    PortfolioResult,
    Reason,
    Text,
    Verdict,
    evaluate_programme,
    load_programme,
    plan_files,
    render_portfolio,
)
from evaluation.machines import Machine as Metered
from evaluation.machines import read_machines
from evaluation.portfolio import portfolio_of
from evaluation.programme import Programme
from evaluation.schema import programme_schema
from evaluation.wording import number
from storage import DuckStore
from telemetry import Batch, DocumentError, Table
from tests.evaluation.factory import PLAN, Machine
from tests.wattproof.command_line import wattproof
from wattproof.commands.portfolio_table import write_table

WORTH = "worth: {subsidy_won: 4_500_000, won_per_kwh: 170, life_years: 12}\n"
MACHINES = {
    "good": ("works", "", Machine(), WORTH),
    "fair": ("works", "-2", Machine(saving=0.1, noise_kwh=20), WORTH),
    "none": ("forge", "", Machine(saving=0.0, noise_kwh=30), WORTH.replace("won_per_kwh: 170, ", "")),
    "gaps": ("mill", "", Machine(lost_days={50, 51, 52, 53}), WORTH),
}
NOTHING = Programme(id="p", plans=["."], shared=[])


def plan_text(name: str, site: str, suffix: str, worth: str) -> str:
    text = PLAN.replace("id: press-swap", f"id: {name}").replace("site: works", f"site: {site}")
    for device in ("press", "counter", "outdoor"):
        text = text.replace(f"device: {device}", f"device: {device}{suffix}")
    return text + worth


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four machines at three sites in a store, a plan of a site that is not there, and a file that is no plan."""
    found = tmp_path_factory.mktemp("programme")
    plans = found / "plans"
    plans.mkdir()
    store = DuckStore(found / "readings.duckdb")
    for name, (site, suffix, machine, worth) in MACHINES.items():
        tables = [Table.of(t.device + suffix, t.kind, t.times, t.columns) for t in machine.tables()]
        store.write([Batch(site, f"gw-{name}", "e", 1, tables)])
        (plans / f"{name}.yaml").write_text(plan_text(name, site, suffix, worth), encoding="utf-8")
    store.close()
    (plans / "lost.yaml").write_text(plan_text("lost", "nowhere", "", WORTH), encoding="utf-8")
    (plans / "broken.yaml").write_text("id: [\n", encoding="utf-8")
    (found / "gimpo.yaml").write_text("id: gimpo\nplans: [plans]\n", encoding="utf-8")
    (found / "wattproof.yaml").write_text(
        f"store: {{engine: duck, path: {found / 'readings.duckdb'}}}\n", encoding="utf-8"
    )
    return found


@pytest.fixture(scope="module")
def machines(folder: Path) -> list[Metered]:
    store = DuckStore(folder / "readings.duckdb")
    found = read_machines(plan_files(NOTHING, folder / "plans"), store)
    store.close()
    return found


def text_of(result: PortfolioResult, language: str, width: int = 170) -> str:
    output = io.StringIO()
    Console(file=output, width=width).print(render_portfolio(result, "ko" if language == "ko" else "en"))
    return output.getvalue()


def test_every_plan_is_listed_with_its_verdict_or_the_reason_for_having_none(machines: list[Metered]) -> None:
    result = portfolio_of(NOTHING, machines)
    listed = [(one.plan_id, one.verdict) for one in result.machines]
    assert listed == [
        ("good", Verdict.PROVEN),
        ("fair", Verdict.PROVEN),
        ("none", Verdict.NOT_PROVEN),
        ("gaps", Verdict.NOT_PROVABLE),
        ("", None),
        ("lost", None),
    ]
    counts = (result.proven, result.not_proven, result.not_provable, result.not_evaluated)
    assert counts == (2, 1, 1, 2)
    codes = {one.plan_id or "broken": one.reasons[0].code for one in result.machines[3:]}
    assert codes == {"gaps": "reporting_coverage", "broken": "plan_unreadable", "lost": "not_evaluable"}
    assert "no site 'nowhere'" in result.machines[5].reasons[0].text.en


def test_what_is_not_provable_is_neither_zero_nor_proven(machines: list[Metered]) -> None:
    result = portfolio_of(NOTHING, machines)
    assert all(one.saving is None and one.worth is None for one in result.machines[3:])
    assert result.judged is not None
    assert result.proven_only is not None
    assert result.judged.plans == ["good", "fair", "none"]
    assert result.proven_only.plans == ["good", "fair"]
    # All four machines use the same energy before; of the two others nothing is known.
    assert result.judged.baseline_share_pct == pytest.approx(75, abs=1)
    assert result.baseline_unknown == 2


def test_the_sum_is_that_of_its_machines_and_its_errors_add_in_squares(machines: list[Metered]) -> None:
    result = portfolio_of(NOTHING, machines)
    savings = [one.saving for one in result.machines if one.saving is not None]
    whole = result.judged
    assert whole is not None
    assert whole.kwh == pytest.approx(sum(one.kwh for one in savings))
    assert whole.pct == pytest.approx(100 * whole.kwh / sum(one.adjusted_kwh for one in savings))
    squares = math.hypot(*(one.high - one.kwh for one in savings))
    assert 0.99 * squares < whole.high - whole.kwh < 1.05 * squares
    assert whole.independent_kwh == pytest.approx(math.hypot(*(one.error_kwh for one in savings)))
    assert whole.shared_kwh == 0
    truth = sum(machine.true_kwh for _, _, machine, _ in list(MACHINES.values())[:3])
    assert whole.low < truth < whole.high


def test_without_a_declaration_a_site_errs_as_one_and_the_meters_by_their_class_and_both_are_told(
    machines: list[Metered],
) -> None:
    result = portfolio_of(msgspec.structs.replace(NOTHING, shared=None), machines)
    bare = portfolio_of(NOTHING, machines).judged
    whole = result.judged
    assert whole is not None
    assert bare is not None
    good, fair, none = (one.saving.error_kwh for one in result.machines[:3] if one.saving is not None)
    assert whole.independent_kwh == pytest.approx(math.hypot(good + fair, none))
    assert whole.shared_kwh == pytest.approx(whole.kwh * 0.01 / math.sqrt(3))
    assert whole.high - whole.low > bare.high - bare.low
    assert [(each.kind, each.assumed, each.plans) for each in result.shared] == [
        ("meters", True, ["good", "fair", "none"]),
        ("models", True, ["good", "fair"]),
    ]
    assert "works(2)" in result.warnings[0].ko
    assert "class 1" in result.warnings[0].en


def test_what_is_declared_adds_up_with_its_sign_over_the_machines_it_is_of(machines: list[Metered]) -> None:
    text = """
      - {kind: meters, limit_pct: 2, plans: [good, none]}
      - {kind: sensor, driver: temperature, error: 0.5}
      - {kind: price, error_pct: 10}
      - {kind: emission_factor, error_pct: 5, plans: [good, nobody]}
    """
    programme = msgspec.convert({"id": "p", "plans": ["."], "shared": yaml.safe_load(text)}, Programme)
    result = portfolio_of(programme, machines)
    whole = result.judged
    assert whole is not None
    savings = {one.plan_id: one.saving.kwh for one in result.machines if one.saving is not None}
    drift = sum(dict(one.per_unit)["temperature"] for one in machines[:3])
    meters = (savings["good"] + savings["none"]) * 0.02 / math.sqrt(3)
    assert whole.shared_kwh == pytest.approx(math.hypot(meters, 0.5 * drift))
    assert [each.error_kwh for each in result.shared] == [pytest.approx(meters), pytest.approx(0.5 * drift), None, None]
    figures = {each.code: each for each in whole.figures}
    bare = {each.code: each for each in (portfolio_of(NOTHING, machines).judged or whole).figures}
    wider = {code: _width(figures[code].figure) > 1.02 * _width(bare[code].figure) for code in figures}
    assert wider["saved_won"]
    assert figures["saved_won"].machines == 2
    assert figures["tco2eq"].machines == 3
    assert any("nobody" in warning.en for warning in result.warnings)


def _width(figure: object) -> float:
    return float(figure.high - figure.low)  # type: ignore[attr-defined] # a figure of a saving has both


def test_the_subsidy_is_the_whole_programmes_per_kwh_of_the_judged_machines_lives(machines: list[Metered]) -> None:
    result = portfolio_of(NOTHING, machines)
    assert result.judged is not None
    found = result.judged.subsidy_won_per_kwh
    assert found is not None
    assert found.low is not None
    # Five plans that can be read ask for the subsidy, whether or not their machines were judged.
    lifetime = 12 * 365 / 21 * result.judged.kwh
    assert found.value == pytest.approx(5 * 4_500_000 / lifetime)
    assert found.value is not None
    assert found.low < found.value
    declared = portfolio_of(msgspec.structs.replace(NOTHING, subsidy_won=9e6), machines).judged
    assert declared is not None
    assert declared.subsidy_won_per_kwh is not None
    assert declared.subsidy_won_per_kwh.value == pytest.approx(9e6 / lifetime)


def test_the_same_meter_in_the_same_days_is_counted_for_nobody(folder: Path, tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / f"{name}.yaml").write_text(plan_text(name, "works", "", ""), encoding="utf-8")
    for name in ("copy", "again"):
        (tmp_path / f"{name}.yaml").write_text(plan_text("same", "forge", "", ""), encoding="utf-8")
    store = DuckStore(folder / "readings.duckdb")
    result = evaluate_programme(NOTHING, plan_files(NOTHING, tmp_path), store)
    store.close()
    assert result.judged is None
    assert [one.reasons[0].code for one in result.machines] == ["double_counted"] * 2 + ["duplicate_id"] * 2
    assert "other counts the same meter's saving" in result.machines[0].reasons[0].text.en


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_terminal_shows_machines_sums_and_what_they_go_over(machines: list[Metered], language: str) -> None:
    result = portfolio_of(msgspec.structs.replace(NOTHING, shared=None, title=NOTHING.title), machines)
    text = text_of(result, language)
    assert result.judged is not None
    assert f"{result.judged.kwh:,.0f}" in text
    wanted = {
        "ko": [
            "판정불가 1",
            "평가 못 함 2",
            "절감량 [kWh]",
            "판정한 기계 전체 (3 / 6 대)",
            "신고 없이 가정",
            "2대 제외",
        ],
        "en": ["not provable 1", "not evaluated 2", "Saving [kWh]", "All machines judged (3 / 6 machines)", "assumed"],
    }
    assert [words for words in wanted[language] if words not in text] == []
    if language == "en":
        reasons = {reason.text.en for one in result.machines for reason in one.reasons}
        assert not any("가" <= letter <= "힣" for letter in text), reasons


def test_a_programmes_file_names_its_plans_and_is_refused_where_it_contradicts_itself(folder: Path) -> None:
    file = folder / "gimpo-2.yaml"
    file.write_text("id: gimpo\nplans: [plans/good.yaml, 'plans/*.yaml']\nconfidence: 0.8\n", encoding="utf-8")
    programme = load_programme(file)
    files = [path.name for path in plan_files(programme, folder)]
    assert files == ["good.yaml", "broken.yaml", "fair.yaml", "gaps.yaml", "lost.yaml", "none.yaml"]
    for shared, says in (
        ("[{kind: models, plans: [good]}]", "of two plans at least"),
        ("[{kind: weather}]", "weather"),
        ("[{kind: sensor, driver: temperature}]", "error"),
    ):
        file.write_text(f"id: gimpo\nplans: [plans]\nshared: {shared}\n", encoding="utf-8")
        with pytest.raises(DocumentError, match=says):
            load_programme(file)
    with pytest.raises(DocumentError, match="no plan is there"):
        plan_files(msgspec.structs.replace(NOTHING, plans=["none*.yml"]), folder)


def test_the_published_schema_is_the_programmes() -> None:
    published = json.loads((Path(__file__).parents[2] / "docs/programme.schema.json").read_text(encoding="utf-8"))
    assert published == json.loads(json.dumps(programme_schema())), "python -m evaluation writes it anew"


def test_the_command_ends_with_one_where_a_plan_failed_and_writes_the_table(folder: Path, tmp_path: Path) -> None:
    given = ["--config", str(folder / "wattproof.yaml"), "--log-level", "error", "portfolio"]
    good, lost = str(folder / "plans/good.yaml"), str(folder / "plans/lost.yaml")
    table = tmp_path / "machines.csv"
    done = wattproof(*given, good, lost, "--json", "--table", str(table))
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert [one["verdict"] for one in found["machines"]] == ["proven", None]
    rows = list(csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines()))
    assert [row["판정"] for row in rows] == ["입증", "평가 못 함"]
    assert float(rows[0]["절감량 [kWh]"]) == pytest.approx(found["judged"]["kwh"])
    assert rows[1]["절감량 [kWh]"] == ""
    assert "nowhere" in rows[1]["근거"]
    shown = wattproof(*given, good, "--confidence", "0.8", "--lang", "en", "--table", str(tmp_path / "t.xlsx"))
    assert shown.returncode == 0
    assert "80% band" in shown.stdout
    with zipfile.ZipFile(tmp_path / "t.xlsx") as book:
        assert "Saving [kWh]" in book.read("xl/sharedStrings.xml").decode()
    for wrong, says in (
        ([good, "--table", str(table)], "is there already"),
        ([good, "--table", str(tmp_path / "t.ods")], "end it in .csv or .xlsx"),
        ([str(folder / "nothing*.yaml")], "no plan is there"),
        ([good, str(folder / "nothing.yaml")], "nothing.yaml: no such file"),
        ([str(folder / "gimpo.yaml"), good], "give it alone"),
    ):
        failed = wattproof(*given, *wrong)
        assert failed.returncode == 2
        assert says in failed.stderr


@pytest.mark.parametrize("language", ["ko", "en"])
def test_no_number_loses_a_digit_on_eighty_columns(machines: list[Metered], language: str) -> None:
    text = text_of(portfolio_of(NOTHING, machines), language, width=80)
    for one in machines:
        saving = one.result.saving
        if saving is not None:
            assert saving.pct_low is not None
            assert saving.pct_high is not None
            assert f"{number(saving.low)} … {number(saving.high)} " in text
            assert f"{number(saving.pct_low, '', 1)} … {number(saving.pct_high, '', 1)}" in text
    assert max(cell_len(line) for line in text.splitlines()) <= 80


def test_doubts_stand_in_a_column_of_their_own_and_the_sums_say_who_has_any(
    machines: list[Metered], tmp_path: Path
) -> None:
    assert not any("doubts" in each.en for each in portfolio_of(NOTHING, machines).warnings)
    doubt = Reason("work_unmetered", Text("작업량을 모릅니다.", "Nobody knows the work."), doubt=True)
    told = [
        dataclasses.replace(one, result=msgspec.structs.replace(one.result, reasons=[*one.result.reasons, doubt]))
        if one.result.plan_id == "good"
        else one
        for one in machines
    ]
    result = portfolio_of(NOTHING, told)
    assert "Of the 3 machines in the sums 1 have doubts beside their verdict: good." in result.warnings[-1].en
    write_table(result, tmp_path / "t.csv", "ko")
    rows = {row["계획"]: row for row in csv.DictReader((tmp_path / "t.csv").read_text("utf-8-sig").splitlines())}
    assert rows["good"]["유의점"] == "작업량을 모릅니다."
    assert "작업량" not in rows["good"]["근거"]
    assert rows["fair"]["유의점"] == ""


def test_a_text_that_a_spreadsheet_would_run_is_a_text(tmp_path: Path) -> None:
    one = MachineResult(source="=1+1", title=Text('=HYPERLINK("x")', "@x"))
    result = PortfolioResult(
        id="p", title=Text("p", "p"), confidence=0.9, machines=[one], proven=0, not_proven=0, not_provable=0,
        not_evaluated=1, judged=None, proven_only=None, baseline_unknown=1, shared=[], warnings=[],
    )  # fmt: skip
    write_table(result, tmp_path / "t.csv", "ko")
    [row] = csv.DictReader((tmp_path / "t.csv").read_text(encoding="utf-8-sig").splitlines())
    assert (row["제목"], row["파일"]) == ('\'=HYPERLINK("x")', "'=1+1")
