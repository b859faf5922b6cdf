from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from api import Settings
from storage import DuckStore
from tests.api.history import WORKS
from tests.api.parts import LABELS, SITE, Feeder, Running, last_hour, now_ms, serving
from tests.browser import Visit
from tests.parts import wait_until
from wattproof.in_korean import in_korean

pytestmark = pytest.mark.long

FACTORY = f"/sites/{SITE}"
GATEWAYS = f"/sites/{SITE}/gateways"
PLANS = f"/sites/{WORKS}/replacement"
EVALUATION = f"/sites/{WORKS}/replacement/press-2-2026"
PAGES = {"factory": FACTORY, "gateways": GATEWAYS, "replacement": PLANS, "evaluation": EVALUATION}


def drawn(page: Page, condition: str) -> None:
    """Wait for what a script has drawn; asked from outside, as the pages forbid `eval` within."""

    def asked() -> bool:
        page.wait_for_timeout(50)  # lets Playwright's own loop turn; the condition is what is waited for
        return bool(page.evaluate(condition))

    wait_until(asked, condition)


def test_the_live_number_changes_by_itself(site: Running, feeder: Feeder, visit: Visit) -> None:
    page = visit.page
    page.goto(site.url + FACTORY)
    page.evaluate("window.notReloaded = true")
    seen: set[str] = set()

    def changed() -> bool:
        page.wait_for_timeout(50)  # lets Playwright's own loop turn; the condition is what is waited for
        seen.add(page.locator("#total").inner_text())
        return len(seen) >= 4

    wait_until(changed, "the total power has shown four different values")
    assert all(re.fullmatch(r"\d+\.\d", value) for value in seen if value != "–")
    assert page.evaluate("window.notReloaded") is True
    assert page.locator("#link").get_attribute("data-state") == "on"


def test_the_chart_moves_with_what_is_pushed(site: Running, feeder: Feeder, visit: Visit) -> None:
    page = visit.page
    page.goto(site.url + FACTORY)
    drawn(page, "window.wattproof?.power.chart.data[0].length > 0")
    before = page.evaluate("window.wattproof.power.chart.data[0].at(-1)")
    chart = "window.wattproof.power.chart.data"
    drawn(page, f"{chart}[0].at(-1) > {before} && {chart}[1].at(-1) !== null")


def test_the_chart_shows_the_last_hour_on_a_tablet_with_a_wrong_clock(
    site: Running, feeder: Feeder, visit: Visit
) -> None:
    page = visit.page
    page.clock.set_system_time("2019-01-01T00:00:00Z")
    page.goto(site.url + FACTORY)
    drawn(page, "window.wattproof?.power.chart.data[1].some((watts) => watts !== null)")


def test_what_was_zoomed_into_stays_while_readings_come_in_until_a_double_click(
    site: Running, feeder: Feeder, visit: Visit
) -> None:
    page, chart = visit.page, "window.wattproof.power.chart"
    page.goto(site.url + FACTORY)
    drawn(page, "window.wattproof?.power.chart.data[0].length > 0")
    plot = page.locator("#power-chart .u-over").bounding_box()
    assert plot is not None
    middle = plot["y"] + plot["height"] / 2
    page.mouse.move(plot["x"] + 0.3 * plot["width"], middle)
    page.mouse.down()
    page.mouse.move(plot["x"] + 0.5 * plot["width"], middle, steps=5)
    page.mouse.up()
    note = page.locator("#power-zoomed")
    drawn(page, "!document.getElementById('power-zoomed').hidden")
    zoomed = page.evaluate(f"[{chart}.scales.x.min, {chart}.scales.x.max]")
    assert (zoomed[1] - zoomed[0]) / (60 * 60_000) == pytest.approx(0.2, abs=0.02)
    before = page.evaluate(f"{chart}.data[0].at(-1)")
    drawn(page, f"{chart}.data[0].at(-1) > {before} && {chart}.data[1].at(-1) !== null")
    assert page.evaluate(f"[{chart}.scales.x.min, {chart}.scales.x.max]") == zoomed
    assert note.is_visible()
    page.mouse.dblclick(plot["x"] + 0.5 * plot["width"], middle)
    drawn(page, f"{chart}.scales.x.max === {chart}.data[0].at(-1) && {chart}.scales.x.min === {chart}.data[0][0]")
    assert note.is_hidden()


def test_gaps_are_drawn_as_gaps_and_declared_ones_are_shaded_and_named(site: Running, visit: Visit) -> None:
    page = visit.page
    page.goto(f"{site.url}{FACTORY}?lang=en")
    drawn(page, "window.wattproof?.power.chart.data[0].length > 0")
    chart = page.evaluate(
        "(() => { const c = window.wattproof.power.chart;"
        " return {data: c.data, span: c.series.slice(1).map(s => s.spanGaps), labels: c.series.map(s => s.label)}; })()"
    )
    assert chart["span"] == [False] * 4, "no line is drawn across a null"
    press = chart["data"][chart["labels"].index("사출기 1호")]
    first, last = press.index(None), len(press) - 1 - press[::-1].index(None)
    assert None not in press[:first][-20:]
    assert press.count(None) >= 55
    assert last > first
    silent = chart["data"][chart["labels"].index("사출기 2호")]
    assert silent[-40:] == [None] * 40, "nothing is drawn for a device that is silent"
    note = page.locator("#gaps li").inner_text()
    assert "Declared loss" in note
    assert "Gateway storage full" in note
    assert "300 readings" in note
    spark = page.locator('[data-device="press-1"] [data-show="spark"] .line').get_attribute("d") or ""
    assert spark.count("M") >= 2, "the small line is broken too"


def test_a_silent_device_is_shown_as_silent_with_its_time(site: Running, feeder: Feeder, visit: Visit) -> None:
    page = visit.page
    page.goto(site.url + FACTORY)
    page.wait_for_selector('.card[data-device="main"][data-silent="false"]')
    card = page.locator('.card[data-device="press-2"]')
    assert card.get_attribute("data-silent") == "true"
    assert re.search(r"\d\d:\d\d:\d\d 이후 신호 없음", card.inner_text())
    assert card.locator('[data-show="power"]').inner_text() == "–"
    assert "마지막 값" in card.inner_text()


def test_a_device_that_falls_silent_turns_while_one_watches(site: Running, feeder: Feeder, visit: Visit) -> None:
    page = visit.page
    page.goto(f"{site.url}{FACTORY}?lang=en")
    page.wait_for_selector('.card[data-device="main"][data-silent="false"]')
    feeder.close()
    page.wait_for_selector('.card[data-device="main"][data-silent="true"]', timeout=20_000)
    assert "No current power reading" in page.locator("#total-note").inner_text()
    assert page.locator("#total").inner_text() == "–"


def test_ticks_of_an_axis_read_what_they_are_and_the_legend_says_nothing_unasked(site: Running, visit: Visit) -> None:
    page = visit.page
    page.goto(f"{site.url}{FACTORY}?lang=en")
    drawn(page, "window.wattproof?.power.chart.data[0].length > 0")
    ticks = "((c, at) => c.axes[1].values(c, at))(window.wattproof.power.chart, {})"
    assert page.evaluate(ticks.format([0, 2500, 5000])) == ["0.0", "2.5", "5.0"], "22.5 kW is not 23 kW"
    assert page.evaluate(ticks.format([0, 20_000, 40_000])) == ["0", "20", "40"]
    assert page.evaluate(ticks.format([0, 50, 100])) == ["0.00", "0.05", "0.10"]
    legend = page.locator(".u-legend")
    assert legend.inner_text().split() == " ".join(list(LABELS.values())[:4]).split()
    page.locator(".u-over").hover()
    drawn(page, "document.querySelector('.u-legend').innerText.includes(' kW')")


def test_the_state_of_a_machine_is_a_word(site: Running, feeder: Feeder, visit: Visit) -> None:
    state = visit.page.locator('.card[data-device="plc-1"] [data-channel="run_state"]')
    visit.page.goto(f"{site.url}{FACTORY}?lang=en")
    assert state.inner_text() == "Warming up"
    visit.page.wait_for_selector('#link[data-state="on"]')
    assert state.inner_text() == "Warming up", "also when it is pushed"


@pytest.mark.parametrize(("language", "said"), [("ko", r"[\d,]+개"), ("en", r"[\d,]+ pcs")])
def test_what_is_counted_has_its_counting_word(
    site: Running, feeder: Feeder, visit: Visit, language: str, said: str
) -> None:
    count = visit.page.locator('.card[data-device="plc-1"] [data-channel="production_count"]')
    visit.page.goto(f"{site.url}{FACTORY}?lang={language}")
    assert re.fullmatch(said, count.inner_text())
    drawn(visit.page, "document.querySelector('#link').dataset.state === 'on'")
    assert re.fullmatch(said, count.inner_text()), "also when it is pushed"


def test_demand_is_shown_against_its_target(site: Running, feeder: Feeder, visit: Visit) -> None:
    page = visit.page
    page.goto(f"{site.url}{FACTORY}?lang=en")
    page.wait_for_selector('#link[data-state="on"]')
    page.wait_for_selector('#demand:not([data-state="unknown"])')
    text = page.locator("#demand").inner_text()
    assert "Target 100.0 kW" in text
    width = page.locator("#demand-bar .projected").get_attribute("width") or "0%"
    assert 50 < float(width.rstrip("%")) < 100


def test_the_target_is_told_when_the_demand_cannot_be(site: Running) -> None:
    shown = httpx.get(f"{site.url}/sites/{WORKS}?lang=en").text
    assert "Cannot be told without a current power reading" in shown
    assert "Target 100.0 kW" in shown


def test_a_server_that_knows_no_site_yet_says_what_to_do_next(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "empty.duckdb")
    try:
        with serving(store, Settings()) as empty:
            korean, english = (httpx.get(f"{empty.url}/?lang={language}").text for language in ("ko", "en"))
    finally:
        store.close()
    assert "아직 사업장이 없습니다" in korean
    assert "No site yet" in english
    for command in ("wattproof edge init", "wattproof import", "wattproof demo"):
        assert command in korean
        assert command in english


def test_the_evaluation_page_shows_the_verdict_and_how_sure_it_is(site: Running, visit: Visit) -> None:
    page = visit.page
    found = httpx.get(f"{site.url}/api/sites/{WORKS}/plans/press-2-2026/evaluation").json()
    page.goto(site.url + EVALUATION)
    assert page.locator(".verdict .word").inner_text() == "입증"
    assert page.locator("#saving").inner_text() == f"{found['saving']['kwh']:,.0f}"
    band = page.locator("#saving-band").inner_text()
    assert f"{found['saving']['low']:,.0f}" in band
    assert f"{found['saving']['high']:,.0f}" in band
    assert "90% 신뢰구간" in page.locator(".saved").inner_text()
    assert f"{found['model']['cv_rmse_pct']:.1f}%" in page.locator("main").inner_text()
    drawn(page, "window.wattproof?.cumulative !== undefined")
    saved = page.evaluate("window.wattproof.cumulative.chart.data")
    assert saved[2][-1] == pytest.approx(found["saving"]["kwh"])
    assert page.evaluate("window.wattproof.cumulative.chart.bands[0].series") == [1, 3]
    days = page.evaluate("window.wattproof.actual.chart.data")
    assert [value for value in days[1] if value is not None] == found["intervals"]["actual_kwh"]


def test_the_evaluation_page_shows_what_an_evaluator_asks_for(site: Running, visit: Visit) -> None:
    page = visit.page
    found = httpx.get(f"{site.url}/api/sites/{WORKS}/plans/press-2-2026/evaluation").json()
    page.goto(f"{site.url}{EVALUATION}?lang=en")
    rows = page.locator(".candidates tbody tr")
    assert rows.count() == len(found["candidates"]) == 3
    for row, candidate in zip(rows.all(), found["candidates"], strict=True):
        assert candidate["name"] in row.inner_text()
        assert f"{candidate['saving_kwh']:,.0f} kWh" in row.inner_text()
        assert row.locator("svg.answer").count() == 1
    assert page.locator('.candidates tr[data-chosen="true"] th').inner_text().startswith("production")
    assert "the first one named" in page.locator(".candidates").inner_text()
    assert page.locator("table.checks tbody tr").count() == len(found["checks"])
    assert all(check["passed"] for check in found["checks"] if check["passed"] is not None)
    main = page.locator("main").inner_text()
    assert "금형 온조기 추가" in main
    assert f"+{found['adjustments'][0]['kwh']:,.0f} ± {found['adjustments'][0]['error_kwh']:,.0f} kWh" in main
    assert f"± {found['saving']['error_kwh']:,.0f} kWh" in page.locator(".saved").inner_text()
    others = page.locator("#otherwise").inner_text()
    assert f"{found['forms']['senpi']['value']:.3f}" in others
    assert page.locator("#otherwise tbody tr").count() >= len(found["bands"]) + 1
    assert "Models compared" in page.locator("table.checks").inner_text()
    assert page.locator(".strip .dot").count() == found["placebos"]["count"]
    assert page.locator(".grade").get_attribute("data-grade") == found["conditions"]
    assert "Changes to be looked at" in main
    payback, (per,) = found["worth"]["payback_years"], found["intensities"]
    assert f"Simple payback\t{payback['value']:.1f} years\t{payback['low']:.1f} ~ {payback['high']:.1f}" in main
    assert "0.4173 tCO₂eq/MWh (Korea's grid at the point of use" in main
    assert f"{100 * (per['after'] / per['adjusted'] - 1):.1f}%".replace("-", "−") in main


def test_a_factory_without_a_power_meter_says_so_and_asks_for_no_chart(site: Running, visit: Visit) -> None:
    with visit.page.expect_response(lambda answer: "/live" in answer.url or answer.url.endswith("/now")):
        visit.page.goto(f"{site.url}/sites/{WORKS}?lang=en")
    assert "No meter reads power here yet." in visit.page.locator(".chart").first.inner_text()


def test_a_problem_is_told_in_korean_where_there_is_korean_for_it(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "day.duckdb")
    store.write(last_hour(now_ms()))
    try:
        with serving(store, Settings(), in_korean=in_korean) as day:
            korean, english, unknown = (
                httpx.get(f"{day.url}/sites/{path}").text
                for path in (f"{SITE}/review?lang=ko", f"{SITE}/review?lang=en", f"{SITE}/review?lang=ko&days=0")
            )
    finally:
        store.close()
    assert f'<span lang="ko">{SITE} 사업장은 아직 하루를 다 계측하지 않았습니다' in korean
    assert f'<span lang="en">site {SITE} was not read for one whole day yet' in english
    assert '<span lang="en">' in unknown, "what has no Korean is marked as what it is"


def test_a_plan_that_cannot_be_read_is_shown_with_its_problem(site: Running, visit: Visit) -> None:
    visit.page.goto(f"{site.url}{PLANS}?lang=en")
    assert "scribble.yaml:" in visit.page.locator(".broken").inner_text()
    visit.page.get_by_role("link", name="Replacement of press 2").click()
    assert visit.page.locator(".verdict .word").inner_text() == "Proven"


def test_gateways_show_state_outbox_and_errors(site: Running, visit: Visit) -> None:
    page = visit.page
    page.goto(f"{site.url}{GATEWAYS}?lang=en")
    gateway = page.locator('[data-gateway="gw-1"]')
    assert "Online" in gateway.inner_text()
    assert "3 batches · 5.1 kB" in gateway.inner_text()
    assert "No reply 17" in gateway.locator('[data-device="press-2"]').inner_text()
    assert "Connection lost" in page.locator('[data-gateway="gw-9"]').inner_text()
    assert "Signed off" in page.locator('[data-gateway="history"]').inner_text()
    assert gateway.locator('[data-device="press-2"] td').last.inner_text() == "1 s"


def test_how_often_a_device_of_an_unknown_gateway_is_read_is_not_made_up(site: Running, visit: Visit) -> None:
    visit.page.goto(f"{site.url}/sites/{WORKS}/gateways")
    cells = visit.page.locator('[data-gateway=""] [data-device="press-2"] td')
    assert cells.last.inner_text() == "–"
    assert cells.nth(1).inner_text() == "–", "nor that it has had no errors"


def test_the_gateways_page_keeps_itself_current(site: Running, feeder: Feeder, visit: Visit) -> None:
    page = visit.page
    page.goto(f"{site.url}{GATEWAYS}?lang=en")
    page.evaluate("document.getElementById('gateways').dataset.old = 'yes'")
    page.wait_for_selector("#gateways:not([data-old])", timeout=15_000)


def test_a_chosen_language_is_kept(site: Running, visit: Visit) -> None:
    page = visit.page
    page.goto(site.url + FACTORY)
    assert page.locator("html").get_attribute("lang") == "ko"
    page.get_by_role("link", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"
    page.goto(site.url + GATEWAYS)
    assert page.get_by_role("link", name="Factory", exact=True).is_visible()


def test_a_simulated_factory_says_so_and_a_real_one_does_not(site: Running) -> None:
    assert "가상 공장" in httpx.get(site.url + FACTORY).text
    assert "가상 공장" not in httpx.get(site.url + PLANS).text


def test_the_first_page_leads_to_the_first_site(site: Running) -> None:
    answer = httpx.get(f"{site.url}/?lang=en")
    assert answer.status_code == 302
    assert answer.headers["location"] == f"/sites/{WORKS}?lang=en", "a real site comes before a simulated one"


def test_a_page_that_is_not_there_says_so_in_the_visitors_language(site: Running) -> None:
    answer = httpx.get(f"{site.url}/sites/none?lang=ko")
    assert answer.status_code == 404
    assert "찾는 화면이 없습니다" in answer.text


def test_every_answer_forbids_what_was_not_served_here(site: Running) -> None:
    for path in [*PAGES.values(), "/static/app.css", "/api/sites", "/sites/none"]:
        headers = httpx.get(site.url + path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"


def test_what_comes_from_outside_is_escaped(site: Running) -> None:
    answer = httpx.get(f"{site.url}/sites/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert" in answer.text


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")])
def test_pages_fit_their_screen(
    site: Running, feeder: Feeder, visit: Visit, test_output: Path, language: str, width: int, scheme: str
) -> None:
    page = visit.page
    page.set_viewport_size({"width": width, "height": 900 if width > 600 else 844})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for name, path in PAGES.items():
        page.goto(f"{site.url}{path}?lang={language}")
        if name == "factory":
            page.wait_for_selector('#link[data-state="on"]')
        if name in ("factory", "evaluation"):
            page.wait_for_selector(".plot canvas")
        page.screenshot(path=test_output / f"{name}-{language}-{width}-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} needs no sideways scrolling"
        torn = page.evaluate(
            "[...document.querySelectorAll('.stack td strong + .dim, .stack td strong + span')].filter((unit) => unit"
            ".getBoundingClientRect().left - unit.previousElementSibling.getBoundingClientRect().right > 12).length"
        )
        outside = page.evaluate(
            "[...document.querySelectorAll('.tile *:not(svg *)')].filter((part) => part.checkVisibility() && part"
            ".getBoundingClientRect().right > part.closest('.tile').getBoundingClientRect().right + 1).length"
        )
        assert outside == 0, f"{name}: something stands beyond the edge of its tile"
        assert torn == 0, f"{name}: a number stands beside its unit"
