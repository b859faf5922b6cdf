"""The power chart over a day, a month and a year, of a meter that is read every quarter of an hour."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

from api import Settings
from api.assets.vendor import build
from storage import DuckStore
from telemetry import Batch, Table
from tests.api.parts import Running, serving
from tests.api.test_pages import drawn
from tests.browser import Visit

AT = 1_784_092_020_000
"""2026-07-15 14:07 in Seoul."""
QUARTER, DAY = 900_000, 86_400_000
SITE, ASLEEP, USUAL_W, PEAK_W = "works", "asleep", 10_000.0, 95_000.0
PEAK_AT = (AT - 20 * DAY) // QUARTER * QUARTER
CHART = "window.wattproof.power.chart"


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A press at 10 kW for forty days, with one reading of 95 kW; and one silent for three. Rolled up."""
    build()
    store = DuckStore(tmp_path_factory.mktemp("works") / "readings.duckdb")
    times = list(range((AT - 40 * DAY) // QUARTER * QUARTER, AT, QUARTER))
    power = [PEAK_W if at == PEAK_AT else USUAL_W for at in times]
    store.write([Batch(SITE, "gw-1", "test", 1, [Table.of("press", "power_meter", times, {"active_power_w": power})])])
    then = [AT - 3 * DAY + QUARTER * nth for nth in range(4)]
    store.write(
        [Batch(ASLEEP, "gw-2", "test", 1, [Table.of("press", "power_meter", then, {"active_power_w": [1.0] * 4})])]
    )
    while store.roll(AT):
        pass
    with serving(store, Settings(), clock=lambda: AT) as site:
        yield site
    store.close()


def look(works: Running, visit: Visit, span: str) -> list[list[float | None]]:
    visit.page.goto(f"{works.url}/sites/{SITE}?span={span}&lang=en")
    drawn(visit.page, "window.wattproof?.power.chart.data[0].length > 0")
    data: list[list[float | None]] = visit.page.evaluate(f"{CHART}.data")
    return data


def test_a_year_is_shown_by_days_and_a_peak_of_a_quarter_hour_is_not_lost_in_them(works: Running, visit: Visit) -> None:
    times, values = look(works, visit, "year")
    assert {b - a for a, b in itertools.pairwise(times) if a and b} == {DAY}
    assert times[-1] is not None
    assert times[-1] + DAY <= AT, "the running day is no day yet"
    ahead = 9 * 3_600_000
    day = times.index((PEAK_AT + ahead) // DAY * DAY - ahead)  # midnight in Seoul
    assert values[day] == pytest.approx(USUAL_W + (PEAK_W - USUAL_W) / 96)
    top = visit.page.evaluate(f"{CHART}.scales.y.max")
    assert top > PEAK_W, "the band of the peak's day fits in"
    visit.page.evaluate(f"{CHART}.setCursor({{left: {CHART}.valToPos({times[day]}, 'x'), top: 20}})")
    assert "10.9 (10.0 to 95.0) kW" in visit.page.locator(".u-legend").inner_text()
    assert seen(visit, (times[day] or 0, PEAK_W * 0.95)), "and is drawn"
    assert "24 h averages" in visit.page.locator("#power-resolution").inner_text()


def test_a_month_is_shown_by_quarter_hours(works: Running, visit: Visit) -> None:
    times, values = look(works, visit, "month")
    assert values[times.index(PEAK_AT)] == PEAK_W
    assert visit.page.locator(".spans [aria-current]").inner_text() == "30 days"


@pytest.mark.parametrize("span", ["hour", "day"])
def test_readings_that_stand_alone_are_seen(works: Running, visit: Visit, span: str) -> None:
    times, values = look(works, visit, span)
    alone = [at for at, watts in zip(times, values, strict=True) if watts is not None]
    assert len(alone) == {"hour": 4, "day": 96}[span]
    assert seen(visit, *((at or 0, USUAL_W) for at in alone)) == len(alone)


@pytest.mark.parametrize(("span", "day"), [("hour", ""), ("month", "14 Jul ")])
def test_the_legend_tells_the_date_unless_it_is_today(works: Running, visit: Visit, span: str, day: str) -> None:
    times, values = look(works, visit, span)
    at = next(at for at, watts in zip(times, values, strict=True) if watts is not None and at and at > AT - DAY)
    visit.page.evaluate(f"{CHART}.setCursor({{left: {CHART}.valToPos({at}, 'x'), top: 20}})")
    drawn(visit.page, "document.querySelector('.u-legend').innerText.includes(' kW')")
    clock = dt.datetime.fromtimestamp(at / 1000, ZoneInfo("Asia/Seoul"))
    words = " ".join(visit.page.locator(".u-legend").inner_text().split())
    assert words.startswith(f"Time {day}{clock:%H:%M:%S} press"), words


@pytest.mark.parametrize(("span", "told"), [("hour", True), ("month", False)])
def test_a_time_without_readings_is_told_and_what_to_do(works: Running, visit: Visit, span: str, told: bool) -> None:
    visit.page.goto(f"{works.url}/sites/{ASLEEP}?span={span}&lang=en")
    drawn(visit.page, "window.wattproof?.power.chart.data[0].length > 0")
    note = visit.page.locator("#power-empty")
    assert note.is_visible() is told
    assert note.text_content() == "No power reading came in this time. Try a longer one."


def test_a_span_that_there_is_not_is_refused(works: Running, visit: Visit) -> None:
    answer = visit.page.request.get(f"{works.url}/sites/{SITE}?span=decade")
    assert answer.status == 400


def seen(visit: Visit, *places: tuple[float, float]) -> int:
    """At how many places (time [ms UTC], power [W]) of the chart more than its grid is drawn."""
    return int(
        visit.page.evaluate(
            """places => {
              const chart = window.wattproof.power.chart, { width, height } = chart.ctx.canvas;
              const all = chart.ctx.getImageData(0, 0, width, height).data; // once: a second time earns a warning
              const pale = (at) => Math.min(all[at], all[at + 1], all[at + 2]) > 190 || all[at + 3] < 30;
              return places.filter(([at, watts]) => {
                const [x, y] = [chart.valToPos(at, "x", true), chart.valToPos(watts, "y", true)].map(Math.round);
                return [-1, 0, 1].some((dx) => [-1, 0, 1].some((dy) => !pale(4 * ((y + dy) * width + x + dx))));
              }).length;
            }""",
            [list(place) for place in places],
        )
    )
