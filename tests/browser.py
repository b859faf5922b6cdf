"""A real Chromium for page tests, and a visitor who notices what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, Request, Route, sync_playwright

from tests.parts import program


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; for one module, because Playwright's event loop keeps the thread from running another."""
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
    page.on(
        "console",
        lambda m: (
            visitor.complaints.append(f"{m.text} {m.location['url']}") if m.type in ("error", "warning") else None
        ),
    )
    page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    yield visitor
    context.close()
    assert visitor.strangers == [], visitor.strangers
    assert visitor.complaints == [], visitor.complaints
