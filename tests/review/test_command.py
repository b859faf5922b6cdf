"""`wattproof review`, as its user sees it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import typer
from click.testing import CliRunner, Result
from rich.console import Console

from review import Product, Review, Settings, products_of_plans, render, review
from review.terminal import Language
from telemetry import TelemetryError
from tests.review.works import FIRST, LAST, SITE, Works
from wattproof.errors import BadInputError
from wattproof.main import app

COMMANDS = typer.main.get_command(app)
PLAN = """\
id: swap
title: {ko: 교체, en: Replacement}
site: works
device: press
drivers:
  - {name: production, device: plc, kind: plc, channel: production_count, aggregate: difference}
baseline: {first_day: 2026-03-02, last_day: 2026-03-29}
installation: {first_day: 2026-03-30, last_day: 2026-03-31}
reporting: {first_day: 2026-04-01, last_day: 2026-04-26}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with eight weeks of the factory, and a plan that says what the press's counter is."""
    found = tmp_path_factory.mktemp("data")
    (found / "wattproof.yaml").write_text(f"data_dir: {found}\n", encoding="utf-8")
    (found / "plans").mkdir()
    (found / "plans" / "swap.yaml").write_text(PLAN, encoding="utf-8")
    (found / "plans" / "broken.yaml").write_text("id: [", encoding="utf-8")
    Works().stored(found / "readings.duckdb").close()
    return found


def run(folder: Path, *arguments: str) -> Result:
    words = ["--config", str(folder / "wattproof.yaml"), "review", *arguments]
    return CliRunner().invoke(COMMANDS, words)  # type: ignore[arg-type] # typer's own copy of click's class


def test_json_is_the_whole_review_of_the_newest_four_weeks(folder: Path) -> None:
    ended = run(folder, "--json", "--price", "150", "--replace", "press=20-30@40_000_000")
    assert ended.exit_code == 0
    found = json.loads(ended.stdout)
    assert (found["site"], found["first_day"], found["last_day"]) == (SITE, str(FIRST), str(LAST))
    works = Works()
    assert found["total"]["energy_kwh"] == pytest.approx(works.main_kw[28 * 96 :].sum() / 4)
    press = next(meter for meter in found["meters"] if meter["device"] == "press")
    # The plan tells which counter is the press's.
    assert press["idle"]["basis"] == "production"
    assert press["idle"]["kwh"] == pytest.approx(160.0)
    assert press["cost"] == pytest.approx(150.0 * press["energy_kwh"])
    press, hall = found["candidates"]
    assert (press["rank"], press["basis"]) == (1, "promised")
    assert (hall["rank"], hall["basis"], hall["saving_kwh"]) == (None, None, None)
    assert [shift["begin"] for shift in found["total"]["profile"]["shifts"]] == ["00:00", "08:00", "16:00"]


def test_a_sites_own_file_holds_where_no_option_says_otherwise(folder: Path) -> None:
    (folder / "reviews").mkdir()
    own = folder / "reviews" / "works.yaml"
    try:
        own.write_text("won_per_kwh: 200\nreplacements:\n  press: {low_pct: 20, high_pct: 30}\n", encoding="utf-8")
        told = json.loads(run(folder, "--json", "--meter", "press").stdout)
        other = json.loads(run(folder, "--json", "--meter", "press", "--price", "100").stdout)
        own.write_text("won_per_kwh: 200\nprices: 3\n", encoding="utf-8")
        wrong = run(folder)
    finally:
        own.unlink()
    assert (told["price"]["mean"], other["price"]["mean"]) == (200.0, 100.0)
    assert told["candidates"][0]["gain"]["value"] == pytest.approx(2 * other["candidates"][0]["gain"]["value"])
    assert isinstance(wrong.exception, TelemetryError)
    assert "prices" in str(wrong.exception)


def test_the_tables_say_it_in_korean_and_in_english(folder: Path) -> None:
    korean = run(folder, "--lang", "ko", "--from", "2026-04-01", "--to", "2026-04-07", "--meter", "press")
    english = run(folder, "--lang", "en", "--from", "2026-04-01", "--to", "2026-04-07", "--meter", "press")
    assert (korean.exit_code, english.exit_code) == (0, 0)
    for words, shown in (
        ("에너지 진단 먼저 대기 원단위 판정불가", korean),
        ("Energy Look Standby undecided", english),
    ):
        for word in words.split():
            assert word in shown.stdout
    assert "2026-04-01 ~ 2026-04-07" in english.stdout
    assert "No price of a kWh was given" in english.stdout


def test_every_table_fits_eighty_columns_and_no_number_is_cut(tmp_path: Path) -> None:
    store = Works(lost=(28 * 96 + 40, 28 * 96 + 60)).stored(tmp_path / "readings.duckdb")
    told = Settings(won_per_kwh=150.0, baseline_days=28, products={"press": (Product("plc"),)})
    found: Review = review(store, SITE, (), FIRST, LAST, told)
    store.close()
    press = next(meter for meter in found.meters if meter.device == "press")
    languages: tuple[Language, ...] = ("ko", "en")
    for language in languages:
        page = io.StringIO()
        Console(width=80, file=page, force_terminal=False).print(render(found, language))
        assert "…\n" not in page.getvalue()
        assert f"{press.energy_kwh:,.0f}" in page.getvalue()
        assert f"{press.coverage_pct:.1f}" in page.getvalue()
        assert ("판정불가" if language == "ko" else "undecided") in page.getvalue()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere"], "no site 'nowhere'.*works"),
        (["--meter", "lathe"], "no meter 'lathe'.*hall, main, press"),
        (["--from", "2026-02-30"], "--from '2026-02-30' is no day"),
        (["--from", "2026-04-05", "--to", "2026-04-01"], "before the first"),
        (["--from", "2031-01-01", "--to", "2031-01-02"], "nothing of.*was read"),
        (["--price", "1", "--contract", "industrial_b/high_a/option_2"], "give one of them"),
        (["--contract", "no/such/one"], "no contract 'no/such/one'"),
        (["--product", "press"], "e.g. press-1=plc-1"),
        (["--product", "press=robot"], "no production_count of 'robot'"),
        (["--product", "press=press:active_power_w"], "active_power_w of 'press' is no product: name a counter"),
        (["--replace", "press"], "e.g. press-1=18-28@90000000"),
        (["--replace", "press="], "e.g. press-1=18-28@90000000"),
        (["--replace", "press=plan:none"], "no evaluation plan 'none' in the plans folder; there are: swap"),
        (["--replace", "press=like:main"], "main meters the whole site"),
        (["--replace", "press=0-5"], "--replace 'press=0-5'"),
        (["--replace", "press=30-20"], "begin with the low"),
        (["--shift", "25:00"], "'25:00' is no time a shift begins"),
    ],
)
def test_bad_input_ends_in_one_sentence(folder: Path, arguments: list[str], says: str) -> None:
    ended = run(folder, *arguments)
    assert isinstance(ended.exception, BadInputError)
    with pytest.raises(BadInputError, match=says):
        raise ended.exception


def test_an_empty_store_says_so(tmp_path: Path) -> None:
    (tmp_path / "wattproof.yaml").write_text(f"data_dir: {tmp_path}\n", encoding="utf-8")
    ended = run(tmp_path)
    assert isinstance(ended.exception, BadInputError)
    assert "holds no readings" in str(ended.exception)


def test_plans_that_cannot_be_read_name_no_counter(folder: Path) -> None:
    assert products_of_plans(folder / "plans", SITE) == {"press": (Product("plc"),)}
    assert products_of_plans(folder / "plans", "elsewhere") == {}
    assert products_of_plans(folder / "none", SITE) == {}
