"""Programmes of many machines: their sums, their table, and how far their evaluation is."""

from __future__ import annotations

import csv
import io
import threading
import zipfile
from pathlib import Path

import httpx
import pytest

import api.programmes
from api.errors import NotFoundError, PlanError
from api.once import Once, Progress
from api.programmes import ALL, Programmes
from evaluation import evaluate_programme
from storage import DuckStore
from tests.api.history import PLAN, WORKS
from tests.api.parts import Running
from tests.browser import Visit
from tests.parts import wait_until
from wattproof.in_korean import in_korean

PROGRAMME = """\
id: gimpo-2026
title: {ko: 2026년 지원사업, en: Programme 2026}
plans: [press-2.yaml, lost.yaml]
subsidy_won: 20_000_000
shared: [{kind: meters, limit_pct: 1}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two plans, one of a site that is not there, the programme of both, and one that contradicts itself."""
    (tmp_path / "press-2.yaml").write_text(PLAN, encoding="utf-8")
    lost = PLAN.replace("press-2-2026", "lost").replace(WORKS, "nowhere")
    (tmp_path / "lost.yaml").write_text(lost, encoding="utf-8")
    (tmp_path / "gimpo.yaml").write_text(PROGRAMME, encoding="utf-8")
    (tmp_path / "wrong.yaml").write_text("id: wrong\nplans: ['none/*.yaml']\n", encoding="utf-8")
    return tmp_path


def programmes(folder: Path | None, store: DuckStore) -> Programmes:
    return Programmes(folder, store, 60_000, lambda: 0)


def test_programmes_of_the_folder_are_listed_and_all_its_plans_beside_them(folder: Path, store: DuckStore) -> None:
    found = {one.programme: one for one in programmes(folder, store).summaries()}
    assert set(found) == {"gimpo-2026", "wrong", ALL}
    assert (found["gimpo-2026"].plans, found[ALL].plans) == (2, 2), "a programme is no plan"
    assert found["wrong"].problem
    assert str(folder) not in found["wrong"].problem
    assert programmes(None, store).summaries() == []


def test_a_portfolio_is_made_once_and_says_nothing_of_the_servers_folders(folder: Path, store: DuckStore) -> None:
    made = programmes(folder, store)
    try:
        first = made.portfolio("gimpo-2026")
        assert first is not None
        assert made.portfolio("gimpo-2026") is first
        progress = made.progress("gimpo-2026")
        assert progress is not None
        assert (progress.done, progress.of) == (2, 2)
        assert made.progress(ALL) is None, "nobody asked for it"
        assert (first.proven, first.not_evaluated) == (1, 1)
        assert {one.source for one in first.machines} == {"press-2.yaml", "lost.yaml"}
        assert not any(str(folder) in reason.text.en for one in first.machines for reason in one.reasons)
        (folder / "press-2.yaml").write_text(PLAN.replace("minimum_saving_pct: 5", "minimum_saving_pct: 50"))
        again = made.portfolio("gimpo-2026")
        assert again is not None
        assert (again.proven, again.not_proven) == (0, 1), "a changed plan is evaluated at once"
        with pytest.raises(PlanError):
            made.portfolio("wrong")
        with pytest.raises(NotFoundError, match="no programme 'none'"):
            made.portfolio("none")
    finally:
        made.close()


def test_why_a_plan_could_not_be_evaluated_is_told_in_korean_too(folder: Path, store: DuckStore) -> None:
    made = Programmes(folder, store, 60_000, lambda: 0, in_korean)
    try:
        found = made.portfolio("gimpo-2026")
    finally:
        made.close()
    assert found is not None
    lost = next(one for one in found.machines if one.source == "lost.yaml")
    assert "저장소에 'nowhere' 사업장이 없습니다." in lost.reasons[0].text.ko
    assert "no site 'nowhere' in the store" in lost.reasons[0].text.en


def test_what_takes_long_is_kept_ten_times_as_long_as_it_took() -> None:
    now = [0]
    once: Once[int] = Once("test", 1, 1000, lambda: now[0])
    made: list[int] = []

    def make(progress: Progress) -> int:
        progress(1, 2, "half")
        now[0] += 500
        made.append(1)
        return len(made)

    def stored() -> bool:
        """The worker notes when it ended a moment after the result is there."""
        return once._slots["a"].until == 500 + 5000

    try:
        assert once.get("a", 0, make) == 1
        wait_until(stored, "the result's time is noted")
        now[0] = 5499
        assert once.get("a", 0, make) == 1
        assert once.get("a", 1, make) == 2, "told otherwise, it is made anew"
        told = once.progress("a")
        assert told is not None
        assert (told.done, told.of, told.at) == (1, 2, "half")
    finally:
        once.close()


def test_the_table_is_the_commands_in_either_form(site: Running) -> None:
    found = httpx.get(f"{site.url}/api/programmes/{ALL}/portfolio", timeout=60).json()
    answer = httpx.get(f"{site.url}/api/programmes/{ALL}/machines.csv", params={"lang": "en"}, timeout=60)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="all.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["Plan"] for row in rows] == [one["plan_id"] for one in found["machines"]]
    assert float(rows[0]["Saving [kWh]"]) == pytest.approx(found["machines"][0]["saving"]["kwh"])
    workbook = httpx.get(f"{site.url}/api/programmes/{ALL}/machines.xlsx", timeout=60).content
    assert "입증" in zipfile.ZipFile(io.BytesIO(workbook)).read("xl/sharedStrings.xml").decode()
    assert httpx.get(f"{site.url}/api/programmes/none/machines.csv").status_code == 404
    assert httpx.get(f"{site.url}/api/programmes/{ALL}/machines.pdf").status_code == 400


@pytest.mark.long
def test_the_page_says_what_the_document_says(site: Running, visit: Visit) -> None:
    page = visit.page
    found = httpx.get(f"{site.url}/api/programmes/{ALL}/portfolio", timeout=60).json()
    judged = found["judged"]
    page.goto(f"{site.url}/sites/{WORKS}/replacement?lang=en")
    page.get_by_role("link", name="Savings of all machines together").click()
    page.get_by_role("link", name="All plans").click()
    page.wait_for_selector('#programme[data-state="ready"]')
    text = page.locator("#judged").inner_text()
    assert f"{judged['kwh']:,.0f} kWh" in text
    assert f"{judged['low']:,.0f} to {judged['high']:,.0f} kWh" in text
    assert f"± {judged['independent_kwh']:,.0f} kWh" in text
    assert f"± {judged['shared_kwh']:,.0f} kWh" in text
    assert page.locator("#worth tbody tr").count() == len(judged["figures"]) + 1, "and the subsidy"
    row = page.locator('#machines tr[data-plan="press-2-2026"]')
    assert "Proven" in row.inner_text()
    assert row.locator("svg .range").count() == 1
    assert "scribble.yaml" in page.locator("#outside").inner_text()
    assert page.locator("#shared tbody tr").count() == len(found["shared"])
    assert "No shared error is declared" in page.locator("main").inner_text()
    row.get_by_role("link").click()
    assert page.locator(".verdict .word").inner_text() == "Proven"


@pytest.mark.long
def test_one_that_takes_long_is_waited_for_and_the_page_says_how_far_it_is(
    site: Running, plans: Path, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    may = threading.Event()

    def slowly(*told: object) -> object:
        told[-1](1, 4, "press-2.yaml")  # type: ignore[operator] # its progress
        may.wait(60)
        return evaluate_programme(*told)  # type: ignore[arg-type] # what the page asks for

    monkeypatch.setattr(api.programmes, "evaluate_programme", slowly)
    file = plans / "slow.yaml"
    file.write_text(PROGRAMME.replace("gimpo-2026", "slow").replace(", lost.yaml", ""), encoding="utf-8")
    page = visit.page
    try:
        page.goto(f"{site.url}/programmes/slow?lang=en")
        assert page.locator("#programme").get_attribute("data-state") == "pending"
        page.wait_for_selector("#progress:not([hidden])")
        assert page.locator("#counted").inner_text() == "Plans evaluated: 1 of 4. press-2.yaml"
        may.set()
        page.wait_for_selector('#programme[data-state="ready"] #machines')
    finally:
        may.set()
        file.unlink()


@pytest.mark.long
@pytest.mark.parametrize(("language", "width", "scheme"), [("ko", 390, "dark"), ("en", 1440, "light")])
def test_it_fits_its_screen(
    site: Running, visit: Visit, test_output: Path, language: str, width: int, scheme: str
) -> None:
    page = visit.page
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for name, path in {"programmes": "/programmes", "programme": f"/programmes/{ALL}"}.items():
        page.goto(f"{site.url}{path}?lang={language}")
        page.screenshot(path=test_output / f"{name}-{language}-{width}-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        wide = "[...document.querySelectorAll('.scroll')].filter((b) => b.scrollWidth > b.clientWidth + 1).length"
        assert page.evaluate(wide) == 0, "no table needs sideways scrolling"
