from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from api import Settings
from api.assets.vendor import build
from storage import DuckStore
from tests.api.demand_parts import MINUTE, START, give_past, steady
from tests.api.parts import Running, serving
from tests.browser import Visit
from tests.parts import wait_until

pytestmark = pytest.mark.long

AT = START + 10 * MINUTE


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckStore]:
    opened = DuckStore(tmp_path_factory.mktemp("demand") / "readings.duckdb")
    give_past(opened)
    steady(opened, "main", AT)
    yield opened
    opened.close()


@pytest.fixture
def factory(works: DuckStore) -> Iterator[tuple[ExitStack, DuckStore]]:
    build()
    with ExitStack() as closing:
        yield closing, works


def watch(factory: tuple[ExitStack, DuckStore], target_kw: float) -> Running:
    closing, store = factory
    settings = Settings(demand_target_kw=target_kw, refresh_s=0.2)
    site = closing.enter_context(serving(store, settings, clock=lambda: AT))
    wait_until(lambda: told(site)["basis"] == "learned", "the past has been read")
    return site


def told(site: Running) -> dict[str, float | str | None]:
    found: dict[str, float | str | None] = httpx.get(f"{site.url}/api/sites/works/demand").json()
    return found


@pytest.mark.parametrize(
    ("target_kw", "outlook", "words"),
    [
        (100.1, "possible", ["May exceed target", "Target 100.1 kW", "Allowed from now 100.3 kW"]),
        (95.0, "over", ["Heading above target", "15.0 kW less for the rest, on average, stays within the target"]),
    ],
)
def test_the_tile_says_where_the_quarter_hour_will_end_and_what_may_be_drawn(
    factory: tuple[ExitStack, DuckStore], visit: Visit, target_kw: float, outlook: str, words: list[str]
) -> None:
    site, page = watch(factory, target_kw), visit.page
    demand = told(site)
    assert demand["outlook"] == outlook
    page.goto(f"{site.url}/sites/works?lang=en")
    tile = page.locator("#demand")
    before = _words(tile.inner_text())
    page.wait_for_selector('#link[data-state="on"]')
    after = _words(tile.inner_text())
    assert after == before, "the page says the same before its script runs"
    assert tile.get_attribute("data-state") == outlook
    low, high = (float(demand[end] or 0) / 1000 for end in ("low_w", "high_w"))
    for said in ["100.0 kW", f"90% band {low:.1f}–{high:.1f} kW", "last 192 quarter-hours", *words]:
        assert said in after
    assert ("stays within the target" in after) == (outlook == "over")
    assert page.locator("#demand-bar .range").get_attribute("visibility") == "visible"


def _words(text: str) -> str:
    """In one line, without the seconds that run."""
    return re.sub(r"\d+ min \d+ s", "", re.sub(r"\s+", " ", text))
