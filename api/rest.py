"""REST: what the pages know, for programs. Endpoints that read the store are plain functions: they run in threads."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.alarms import list_alarms
from api.context import Ctx
from api.directory import POWER, unit_of
from api.errors import NotFoundError
from api.gateways import list_gateways
from api.models import (
    AlarmNow,
    Demand,
    Device,
    Gateway,
    Health,
    PlanSummary,
    Problem,
    Reading,
    SeriesData,
    Site,
    Snapshot,
    Today,
    WorkProgress,
)
from api.once import told_progress
from api.series import read_series
from storage import Aggregate

PROBLEM = {"content": {"application/problem+json": {}}, "model": Problem}
router = APIRouter(
    prefix="/api",
    responses={
        400: {**PROBLEM, "description": "Parameters that cannot be served as asked."},
        404: {**PROBLEM, "description": "No such site, device, channel or plan."},
        503: {**PROBLEM, "description": "The store cannot be reached; try again."},
    },
)

_HOUR = 3_600_000


@router.get("/health", tags=["service"], responses={503: {"model": Health}})
def health(context: Ctx, request: Request, response: Response) -> Health:
    """Whether the store behind the service can be used; 503 when it can't."""
    found = context.store.health()
    response.status_code = 200 if found.ok else 503
    return Health(ok=found.ok, version=request.app.version, engine=found.engine, detail=found.detail, facts=found.facts)


@router.get("/sites", tags=["sites"])
def sites(context: Ctx) -> list[Site]:
    """Every site that has announced itself or has data."""
    return context.directory.sites()


@router.get("/sites/{site}/devices", tags=["sites"])
def devices(context: Ctx, site: str) -> list[Device]:
    """Measured assets of a site."""
    context.directory.site(site)
    return context.directory.devices(site)


@router.get("/sites/{site}/gateways", tags=["sites"])
def gateways(context: Ctx, site: str) -> list[Gateway]:
    """Gateways of a site, with their devices and errors by reason."""
    context.directory.site(site)
    return list_gateways(site, context.store, context.directory, context.presence, context.clock())


@router.get("/sites/{site}/alarms", tags=["sites"])
def alarms(context: Ctx, site: str) -> list[AlarmNow]:
    """What is not as it should be with a site's gateways, and with collectors and store; then the last 24 h's past."""
    context.directory.site(site)
    return list_alarms(site, context.presence)


@router.get("/sites/{site}/latest", tags=["readings"])
def latest(context: Ctx, site: str) -> list[Reading]:
    """The newest value of every series of a site."""
    context.directory.site(site)
    return [
        Reading(
            device=newest.series.device,
            kind=newest.series.kind,
            channel=newest.series.channel,
            unit=unit_of(newest.series.channel),
            time=newest.time,
            value=newest.value,
        )
        for newest in context.store.latest(site)
    ]


@router.get("/sites/{site}/series", tags=["readings"])
def series(
    context: Ctx,
    site: str,
    device: Annotated[list[str], Query(description="Device id; give it several times for several devices.")],
    channel: Annotated[str, Query(description="Name of a channel.")] = POWER,
    start: Annotated[int | None, Query(description="Begin [ms UTC]; an hour before `end` by default.")] = None,
    end: Annotated[int | None, Query(description="End, excluded [ms UTC]; now by default.")] = None,
    every: Annotated[int | None, Query(ge=1, description="Width of a window [ms]; a fitting one by default.")] = None,
    aggregate: Annotated[Aggregate, Query(description="How a window's values become one.")] = Aggregate.MEAN,
) -> SeriesData:
    """One channel of one or more devices on a common grid of at most 4,000 windows; null where nothing was read."""
    context.directory.site(site)
    until = context.clock() + 1 if end is None else end
    begin = until - _HOUR if start is None else start
    return read_series(
        context.store, context.directory, site, list(dict.fromkeys(device)), channel, begin, until, every, aggregate
    )


@router.get("/sites/{site}/now", tags=["readings"])
def now(context: Ctx, site: str) -> Snapshot:
    """A site at this moment: exactly what the live feed pushes."""
    return context.look(site)


@router.get("/sites/{site}/demand", tags=["energy"])
def demand(context: Ctx, site: str) -> Demand:
    """The running 15-minute demand window, with its projection."""
    found = context.look(site).demand
    if found is None:
        raise NotFoundError(f"site {site!r} has no current power reading, so there is no demand to tell")
    return found


@router.get("/sites/{site}/energy/today", tags=["energy"])
def energy_today(context: Ctx, site: str) -> Today:
    """Energy since local midnight."""
    found = context.look(site).today
    if found is None:
        raise NotFoundError(f"site {site!r} has no energy reading since midnight")
    return found


@router.get("/sites/{site}/plans", tags=["evaluation"])
def plans(context: Ctx, site: str) -> list[PlanSummary]:
    """Evaluation plans of a site; a plan file that cannot be read is listed with its problem."""
    context.directory.site(site)
    return context.plans.summaries(site)


@router.get(
    "/sites/{site}/plans/{plan}/evaluation",
    tags=["evaluation"],
    responses={
        200: {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Evaluation"}}}},
        422: {**PROBLEM, "description": "The plan does not fit the store."},
    },
)
def plan_evaluation(context: Ctx, site: str, plan: str) -> Response:
    """Evaluate a plan: verdict, saving with its band, model, intervals. Energies are kWh."""
    return Response(msgspec.json.encode(context.plans.evaluation(site, plan)), media_type="application/json")


@router.get(
    "/sites/{site}/review",
    tags=["evaluation"],
    responses={
        200: {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Review"}}}},
        422: {**PROBLEM, "description": "No review can be made of this period, or of this site's settings."},
    },
)
def energy_review(
    context: Ctx,
    site: str,
    first: Annotated[date | None, Query(description="First day; by default as many before `last` as `days`.")] = None,
    last: Annotated[date | None, Query(description="Last day, included; the newest whole day by default.")] = None,
    days: Annotated[int, Query(ge=1, le=366, description="Newest whole days, where no day is given.")] = 28,
) -> Response:
    """Review a site's energy: its load, standby, what is unusual, what to replace. Energies are kWh, powers kW."""
    found = context.directory.site(site)
    begin, end = context.reviews.days(found, first, last, days)
    return Response(msgspec.json.encode(context.reviews.review(found, begin, end)), media_type="application/json")


@router.get("/sites/{site}/review/progress", tags=["evaluation"])
def review_progress(
    context: Ctx,
    site: str,
    first: Annotated[date, Query(description="First day of the review that is waited for.")],
    last: Annotated[date, Query(description="Its last day.")],
) -> WorkProgress:
    """How far a review is that is being made: meters read, and in all."""
    return told_progress(context.reviews.progress(context.directory.site(site), first, last))


@router.get(
    "/sites/{site}/live",
    tags=["readings"],
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Events `snapshot` and `trouble`."}},
)
def live(context: Ctx, site: str) -> StreamingResponse:
    """Server-Sent Events: a `snapshot` about once a second, `trouble` with a sentence when the store can't be read."""
    context.directory.site(site)
    return StreamingResponse(
        context.feed.events(site),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
