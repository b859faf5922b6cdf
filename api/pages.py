"""The pages: rendered here whole, so that they say what they know before any script runs."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from api import evaluation_view, formats
from api.alarms import list_alarms
from api.context import Context, Ctx
from api.directory import POWER
from api.errors import UnavailableError
from api.gateways import list_gateways
from api.models import DeviceNow, Problem, Site
from api.render import render, speaker_of, texts
from api.series import begin_of_day
from api.texts import Speaker
from evaluation import NEVER, worth_lines, worth_note
from storage import StoreError
from telemetry import CHANNELS

Span = Literal["hour", "day", "month", "year"]
YEAR_EVERY_MS: Final = 86_400_000
"""Width of a window where the chart shows a year [ms]: any shorter, nights and days are one black band."""
SPANS: Final[dict[Span, int]] = {"hour": 60, "day": 1_440, "month": 30 * 1_440, "year": 365 * 1_440}
"""How far back the power chart reaches [min]; only the first is carried on with what is pushed."""

router = APIRouter(include_in_schema=False)


def problem_page(request: Request, problem: Problem) -> Response:
    """A problem, for a person."""
    context: Context = request.app.state.context
    sites: list[Site] = []
    if problem.status != UnavailableError.status:
        try:
            sites = context.directory.sites()
        except StoreError:
            sites = []  # the page about one problem must not fail for another
    return render(request, "problem.html", None, sites, problem.status, problem=problem)


@router.get("/")
def home(request: Request, context: Ctx) -> Response:
    """The first site's Factory page; a word of welcome while there is none."""
    sites = context.directory.sites()
    if not sites:
        return render(request, "welcome.html", None, [], broker_lost=context.presence.lost_since is not None)
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/sites/{sites[0].site}{query}", 302)


@router.get("/sites/{site}")
def factory(request: Request, context: Ctx, site: str, span: Annotated[Span, Query()] = "hour") -> Response:
    """What the factory draws now, and drew in the last hour, day, month or year."""
    found = context.directory.site(site)
    speak = speaker_of(request)
    snapshot = context.look(site)
    devices = {device.device: device for device in context.directory.devices(site)}
    metered = [d.device for d in snapshot.devices if POWER in devices[d.device].channels]
    target_kw = context.settings.demand_target_kw
    return render(
        request,
        "factory.html",
        found,
        context.directory.sites(),
        snapshot=snapshot,
        devices=devices,
        metered=metered,
        span=span,
        spans=SPANS,
        target_w=None if target_kw is None else 1000 * target_kw,
        page={
            "site": site,
            "at": context.clock(),
            "lang": speak.language,
            "timezone": found.timezone,
            "minutes": SPANS[span],
            "every": YEAR_EVERY_MS if span == "year" else None,
            "offset": begin_of_day(context.clock(), ZoneInfo(found.timezone), YEAR_EVERY_MS),
            "live": span == "hour",
            "metered": metered,
            "labels": {name: device.label for name, device in devices.items()},
            "every_ms": max((devices[name].every_ms for name in metered), default=1000),
            "channels": _channels(snapshot.devices, speak),
            "texts": texts(
                speak, "factory.", "demand.", "device.", "live.", "alarms.", "gap.", "chart.", "duration.", "run."
            ),
        },
    )


@router.get("/sites/{site}/replacement")
def replacement(request: Request, context: Ctx, site: str) -> Response:
    """Plans of the site."""
    found = context.directory.site(site)
    labels = {device.device: device.label for device in context.directory.devices(site)}
    plans = context.plans.summaries(site)
    return render(request, "replacement.html", found, context.directory.sites(), plans=plans, labels=labels)


@router.get("/sites/{site}/replacement/{plan}")
def plan_page(request: Request, context: Ctx, site: str, plan: str) -> Response:
    """One plan's evaluation."""
    found = context.directory.site(site)
    speak = speaker_of(request)
    evaluation = context.plans.evaluation(site, plan)
    labels = {device.device: device.label for device in context.directory.devices(site)}
    return render(
        request,
        "evaluation.html",
        found,
        context.directory.sites(),
        evaluation=evaluation,
        labels=labels,
        band=evaluation_view.band(evaluation),
        answers=evaluation_view.answers(evaluation),
        strip=evaluation_view.strip(evaluation),
        proposals=evaluation_view.proposals(evaluation, formats.Clock(evaluation.timezone, speak, context.clock())),
        term_name=evaluation_view.term_name,
        worth_lines=worth_lines,
        worth_note=worth_note,
        never=NEVER,
        api_path=f"/api/sites/{site}/plans/{plan}/evaluation",
        page={
            "site": site,
            "plan": plan,
            "lang": speak.language,
            "timezone": evaluation.timezone,
            "texts": texts(speak, "evaluation.", "chart.", "live."),
        },
    )


@router.get("/sites/{site}/gateways")
def gateways(request: Request, context: Ctx, site: str) -> Response:
    """Gateways and devices."""
    found = context.directory.site(site)
    listed = list_gateways(site, context.store, context.directory, context.presence, context.clock())
    speak = speaker_of(request)
    return render(
        request,
        "gateways.html",
        found,
        context.directory.sites(),
        gateways=listed,
        alarms=list_alarms(site, context.presence),
        page={
            "site": site,
            "lang": speak.language,
            "timezone": found.timezone,
            "texts": texts(speak, "live.", "alarms."),
        },
    )


def _channels(devices: list[DeviceNow], speak: Speaker) -> dict[str, dict[str, Any]]:
    names = {name for device in devices for name in device.values if name in CHANNELS}
    return {
        name: {
            "unit": speak.unit(name),
            "scale": CHANNELS[name].display_scale,
            "digits": formats.decimals(name),
        }
        for name in sorted(names)
    }
