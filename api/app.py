"""The app: parts put together, routes added, a life that starts and stops them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.staticfiles import StaticFiles

from api import pages, problems, programme_pages, programme_rest, rest, review_pages
from api.context import Context
from api.directory import Directory
from api.past_demand import PastDemand
from api.plans import Plans
from api.presence import Presence
from api.programmes import Programmes
from api.reviews import Reviews
from api.security import SecurityHeaders
from api.settings import Settings
from evaluation import Evaluation, PortfolioResult
from review import Review
from storage import Store
from telemetry import VERSION, Broker

STATIC = Path(__file__).parent / "static"


def now_ms() -> int:
    """The present [ms since 1970-01-01 UTC]."""
    return time.time_ns() // 1_000_000


def create_app(
    store: Store,
    settings: Settings,
    broker: Broker | None = None,
    *,
    clock: Callable[[], int] = now_ms,
    in_korean: Callable[[str], str] = str,
) -> FastAPI:
    """Build the app. It reads the store and never closes it.

    Parameters
    ----------
    store
        Where the readings are.
    settings
        See `Settings`.
    broker
        Where gateways announce themselves; without one, pages know only what the store knows.
    clock
        Present time [ms UTC].
    in_korean
        The Korean of a failure's English sentence, as far as there is one; pages show what it gives.

    Notes
    -----
    ``app.state.feed.notify(site)`` (from any thread) makes the live feed look at once. Serve the app with
    `new_server`, which can stop while browsers are watching.
    """
    presence = Presence(broker, clock)
    directory = Directory(store, presence, settings, clock)
    folder = Path(settings.plans) if settings.plans else None
    cache_ms = round(settings.evaluation_cache_s * 1000)
    plans = Plans(folder, store, cache_ms, clock)
    reviews = Reviews(store, settings, cache_ms, clock)
    programmes = Programmes(folder, store, cache_ms, clock, in_korean)
    past_demand = PastDemand(store, clock)
    context = Context(store, settings, clock, presence, directory, plans, reviews, programmes, past_demand, in_korean)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        presence.start()
        try:
            yield
        finally:
            await context.feed.close()
            presence.stop()
            reviews.close()
            programmes.close()
            past_demand.close()

    app = FastAPI(
        title="WattProof",
        version=VERSION,
        description="A factory's energy, live and evaluated. Times are ms since 1970-01-01 UTC, values SI base units.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # FastAPI's own pages load their scripts from a content delivery network
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.context = context
    app.state.feed = context.feed
    app.add_middleware(SecurityHeaders)
    problems.add_handlers(app, pages.problem_page)
    app.include_router(rest.router)
    app.include_router(programme_rest.router)
    app.include_router(pages.router)
    app.include_router(review_pages.router)
    app.include_router(programme_pages.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _describe(app)
    return app


def _describe(app: FastAPI) -> None:
    """Add the schemas of evaluation and review, which msgspec knows, to the OpenAPI document that FastAPI writes."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            _, components = msgspec.json.schema_components(
                [Evaluation, Review, PortfolioResult], ref_template="#/components/schemas/{name}"
            )
            document["components"]["schemas"].update(components)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to extend the document
