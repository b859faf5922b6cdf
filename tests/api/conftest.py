"""A real server over a real store and a real broker, and a real Chromium to look at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, Request, Route, sync_playwright

from api import Settings
from api.assets.vendor import build
from storage import DuckStore
from telemetry import Broker, State
from tests.api.history import PLAN, history
from tests.api.parts import SITE, SITE_NAME, Feeder, Running, announce, birth, last_hour, now_ms, serving
from tests.parts import free_port, program, running, wait_until


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckStore]:
    """Twelve weeks of a replaced machine, and the last hour of the whole factory."""
    opened = DuckStore(tmp_path_factory.mktemp("store") / "readings.duckdb")
    opened.write(history())
    opened.write(last_hour(now_ms()))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One good plan, and one that nobody can read."""
    folder = tmp_path_factory.mktemp("plans")
    (folder / "press-2.yaml").write_text(PLAN, encoding="utf-8")
    (folder / "scribble.yaml").write_text("id: [\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A mosquitto where ``gw-1`` is online, ``history`` has signed off and ``gw-9`` was lost."""
    folder = tmp_path_factory.mktemp("mosquitto")
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n", encoding="utf-8")
    with running([program("mosquitto"), "-c", str(config)], port, folder / "mosquitto.log"):
        found = Broker(port=port)
        announce(
            found,
            ("gw-1", "birth", birth()),
            ("gw-1", "state", State(online=True, at=now_ms() - 5 * 3_600_000)),
            ("history", "birth", birth("history", started=1)),
            ("history", "state", State(online=False, at=now_ms() - 2 * 3_600_000)),
            ("gw-9", "state", State(online=False, at=0)),
        )
        yield found


@pytest.fixture(scope="session")
def site(store: DuckStore, plans: Path, broker: Broker) -> Iterator[Running]:
    """The app, serving that factory; nothing new arrives unless a test makes it."""
    build()
    with serving(store, Settings(demand_target_kw=100.0, plans=str(plans), refresh_s=0.3), broker) as started:
        wait_until(lambda: SITE_NAME in httpx.get(f"{started.url}/api/sites").text, "the birth has been heard")
        yield started


@pytest.fixture
def feeder(store: DuckStore, site: Running) -> Iterator[Feeder]:
    """The gateway goes on reading."""
    feed = Feeder(store, written=lambda: site.notify(SITE))
    feed.start()
    yield feed
    feed.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page and everything that went wrong on it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """A fresh visitor; fails when the page complains on its console or asks for anything beyond this machine."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, timezone_id="Asia/Seoul")
    page = context.new_page()
    visitor = Visit(page)

    def guard(route: Route, request: Request) -> None:
        if request.url.startswith("http://127.0.0.1:"):
            route.continue_()
        else:
            visitor.strangers.append(request.url)
            route.abort()

    context.route("**/*", guard)
    page.on("console", lambda m: visitor.complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    yield visitor
    context.close()
    assert visitor.strangers == []
    assert visitor.complaints == []
