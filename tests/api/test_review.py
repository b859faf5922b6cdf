"""The energy review: one document for pages and programs, made once, waited for on the page."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

import api.reviews
from api import Settings
from api.errors import ReviewProblemError
from api.models import Site
from api.review_view import with_labels
from api.reviews import Reviews
from review import Review
from review import Settings as ReviewSettings
from review import review as make
from storage import DuckStore
from telemetry import decode_yaml
from tests.api.history import WORKS
from tests.api.parts import SITE, Running, problem
from tests.browser import Visit
from tests.parts import wait_until

PAGE = f"/sites/{WORKS}/review"
REST = f"/api/sites/{WORKS}/review"
PERIOD = {"first": "2026-04-27", "last": "2026-05-24"}
PLACE = Site(site=WORKS, name=WORKS, timezone="Asia/Seoul", virtual=False)


def drawn(page: Page, condition: str) -> None:
    def asked() -> bool:
        page.wait_for_timeout(50)  # lets Playwright's own loop turn; the condition is what is waited for
        return bool(page.evaluate(condition))

    wait_until(asked, condition)


def test_the_document_is_the_review_with_the_sites_own_settings(site: Running) -> None:
    found = httpx.get(f"{site.url}{REST}", params=PERIOD, timeout=60).json()
    (meter,) = found["meters"]
    assert (found["first_day"], found["last_day"]) == (PERIOD["first"], PERIOD["last"])
    assert meter["cost"] == pytest.approx(150 * meter["energy_kwh"]), "the price is that of the site's file"
    assert meter["idle"]["basis"] == "production", "what the machine makes is known from its plan"
    assert {one["product"] for one in meter["specific_energy"]} == {"plc-2"}
    assert [(one["device"], one["rank"]) for one in found["candidates"]] == [("press-2", 1)]
    progress = httpx.get(f"{site.url}{REST}/progress", params=PERIOD).json()
    assert progress == {"asked": True, "done": 1, "of": 1, "at": ""}
    assert not httpx.get(f"{site.url}{REST}/progress", params={"first": "2020-01-01", "last": "2020-01-02"}).json()[
        "asked"
    ]
    newest = httpx.get(f"{site.url}{REST}", params={"days": 14}, timeout=60).json()
    assert (newest["first_day"], newest["last_day"]) == ("2026-05-11", "2026-05-24")


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        (f"{REST}?first=2020-01-01&last=2020-01-31", 422, "nothing of press-2 was read from 2020-01-01"),
        (f"{REST}?first=2026-05-24&last=2026-05-01", 422, "the last day 2026-05-01 lies before"),
        (f"{REST}?first=yesterday", 400, "`first`: input should be a valid date"),
        ("/api/sites/nowhere/review", 404, "there is no site 'nowhere'"),
    ],
)
def test_what_cannot_be_reviewed_is_one_clear_sentence(site: Running, path: str, status: int, sentence: str) -> None:
    answer = httpx.get(f"{site.url}{path}", timeout=60)
    assert answer.status_code == status
    assert sentence in problem(answer)


def test_it_is_made_once_until_it_is_old_or_told_otherwise(store: DuckStore, tmp_path: Path) -> None:
    now = [0]
    reviews = Reviews(store, Settings(reviews=str(tmp_path)), 60_000, lambda: now[0])
    days = date(2026, 5, 18), date(2026, 5, 24)
    try:
        assert reviews.review(PLACE, *days, 0.0) is None, "whoever cannot wait is told so"
        first = reviews.review(PLACE, *days)
        assert first is not None
        assert first.price.basis == "none"
        now[0] = 59_999
        assert reviews.review(PLACE, *days) is first
        contract = "contract: {kind: industrial_b, voltage: high_a, option: option_2}\n"
        (tmp_path / f"{WORKS}.yaml").write_text(contract, encoding="utf-8")
        told = reviews.review(PLACE, *days)
        assert told is not None
        assert told.price.basis == "tariff"
        now[0] = 120_000
        assert reviews.review(PLACE, *days) is not told
        (tmp_path / f"{WORKS}.yaml").write_text("won_per_kw: 200\n", encoding="utf-8")
        with pytest.raises(ReviewProblemError, match=rf"^{WORKS}\.yaml:.*won_per_kw"):
            reviews.review(PLACE, *days)
    finally:
        reviews.close()


def test_a_sentence_names_devices_as_people_know_them() -> None:
    labels = {"press-1": "사출기 1호", "press-10": "사출기 10호", "main": "수전"}
    told = "press-1와 press-10: press-1 3 kW, press-100, main"
    assert (
        with_labels(told, ["press-1", "press-10"], labels)
        == "사출기 1호와 사출기 10호: 사출기 1호 3 kW, press-100, main"
    )
    assert with_labels(told, ["press-100"], labels) == told
    assert with_labels(told, [], labels) == told


@pytest.mark.parametrize("name", ["docs/review.md", "docs/review.ko.md"])
def test_the_file_that_the_documents_show_is_a_good_one(name: str) -> None:
    text = (Path(__file__).parents[2] / name).read_text(encoding="utf-8")
    (block,) = re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    told = decode_yaml(block, ReviewSettings, name)
    assert str(told.contract) == "industrial_b/high_a/option_2"
    assert told.replacements["press-1"].high_pct == 30


def test_the_page_says_what_the_document_says(site: Running, visit: Visit) -> None:
    page = visit.page
    found = httpx.get(f"{site.url}{REST}", params=PERIOD, timeout=60).json()
    (meter,) = found["meters"]
    page.goto(f"{site.url}{PAGE}?first={PERIOD['first']}&last={PERIOD['last']}&lang=en")
    drawn(page, "window.wattproof?.profile !== undefined")
    assert page.locator("#energy").inner_text() == f"{meter['energy_kwh']:,.0f}"
    assert page.locator("#peak").inner_text() == f"{meter['load']['peak_kw']:.1f}"
    row = page.locator('#meters tr[data-device="press-2"]').inner_text()
    for text in (f"{meter['load']['base_kw']:.2f} kW", f"{meter['load']['load_factor_pct']:.1f}%", "100.0%"):
        assert text in row
    assert f"{meter['idle']['hours']:.1f} h · by its counter" in row
    assert page.evaluate("window.wattproof.duration.chart.data[1]") == meter["load"]["duration"]["kw"]
    assert page.evaluate("window.wattproof.profile.chart.data[1]")[:24] == meter["profile"]["hour_kw"]
    assert page.locator(".week rect").count() == 7 * 24
    assert page.locator("#findings li").count() == len(found["findings"])
    saving = found["candidates"][0]["saving_kwh"]
    candidate = page.locator('#candidates tr[data-device="press-2"]').inner_text()
    assert candidate.startswith("1. press-2")
    how = page.locator('#candidates tr[data-of="press-2"]').inner_text()
    assert "An expected saving of 15 ~ 25%, as given." in how
    assert "It is a promise" in how
    shifts = page.locator("#shifts tbody tr")
    assert shifts.count() == 3
    assert "18 ×" in shifts.first.inner_text(), "two of twenty weekdays were holidays"
    assert f"{saving['low']:,.0f} ~ {saving['high']:,.0f}" in candidate
    assert page.locator("#specific tbody tr").count() == len(meter["specific_energy"])
    assert page.get_by_role("link", name="Review", exact=True).get_attribute("aria-current") == "page"


def test_another_period_is_chosen_and_what_it_cannot_decide_has_no_number(site: Running, visit: Visit) -> None:
    page = visit.page
    page.goto(f"{site.url}{PAGE}?lang=ko")
    page.locator("input[name=first]").fill("2026-05-18")
    page.locator("input[name=last]").fill("2026-05-24")
    page.get_by_role("button", name="보기").click()
    page.wait_for_selector('#review[data-state="ready"] #candidates')
    assert "2026-05-18 ~ 2026-05-24 (7일)" in page.locator(".provenance").inner_text()
    undecided = page.locator('#candidates tr[data-undecided="true"]')
    assert "판정불가" in undecided.locator("th").inner_text()
    assert undecided.locator("td.num").count() == 0
    page.get_by_role("link", name="English").click()
    page.wait_for_selector('#review[data-state="ready"]')
    assert "Cannot be decided" in page.locator("#candidates").inner_text()
    assert page.locator("input[name=first]").input_value() == "2026-05-18", "the period stays when the language changes"


def test_a_review_that_takes_long_is_waited_for_and_the_page_says_so(
    site: Running, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    may = threading.Event()
    made: Callable[..., Review] = make

    def slowly(*told: object) -> Review:
        told[-1](3, 7)  # type: ignore[operator] # its progress
        may.wait(60)
        return made(*told)

    monkeypatch.setattr(api.reviews, "review", slowly)
    page = visit.page
    try:
        page.goto(f"{site.url}{PAGE}?first=2026-05-04&last=2026-05-17&lang=en")
        assert page.locator("#review").get_attribute("data-state") == "pending"
        pending = page.locator(".pending")
        assert "being made" in pending.inner_text().lower(), "it says so, and after some seconds since when"
        assert "150 won per kWh" in pending.inner_text(), "what it is made with"
        page.wait_for_selector("#progress:not([hidden])")
        assert page.locator("#counted").inner_text() == "Meters read: 3 of 7."
        assert page.locator("#progress").get_attribute("value") == "3"
        assert httpx.get(f"{site.url}/api/health").json()["ok"], "others are served meanwhile"
    finally:
        may.set()
    page.wait_for_selector('#review[data-state="ready"] #meters')
    drawn(page, "window.wattproof?.duration !== undefined")


def test_a_site_without_a_whole_day_says_so(site: Running, visit: Visit) -> None:
    visit.page.goto(f"{site.url}/sites/{SITE}/review?lang=ko")
    assert "이 기간은 진단할 수 없습니다" in visit.page.locator("#review").inner_text()
    assert visit.page.locator("input[name=first]").is_visible(), "another period can be chosen"


@pytest.mark.parametrize(("language", "width", "scheme"), [("ko", 390, "dark"), ("en", 1440, "light")])
def test_it_fits_its_screen(
    site: Running, visit: Visit, test_output: Path, language: str, width: int, scheme: str
) -> None:
    page = visit.page
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(f"{site.url}{PAGE}?first={PERIOD['first']}&last={PERIOD['last']}&lang={language}")
    page.wait_for_selector("#profile-chart canvas")
    page.screenshot(path=test_output / f"review-{language}-{width}-{scheme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = "[...document.querySelectorAll('.scroll')].filter((box) => box.scrollWidth > box.clientWidth + 1).length"
    assert page.evaluate(wide) == 0, "no table needs sideways scrolling"
