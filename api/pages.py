"""The pages: rendered here whole, so that they say what they know before any script runs."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import jinja2
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api import evaluation_view, formats
from api.alarms import list_alarms
from api.context import Context, Ctx
from api.directory import POWER
from api.errors import UnavailableError
from api.gateways import list_gateways
from api.models import DeviceNow, Problem, Site
from api.settings import Language
from api.texts import LANGUAGES, Speaker, catalog
from evaluation import NEVER, worth_lines, worth_note
from storage import StoreError
from telemetry import CHANNELS

CHART_MINUTES = 60
_COOKIE = "lang"
_YEAR_S = 365 * 86_400

router = APIRouter(include_in_schema=False)


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("number", "kw", "kwh", "percent", "significant", "size", "measured"):
        environment.filters[name] = getattr(formats, name)
    return environment


def language_of(request: Request, default: Language) -> Language:
    """The visitor's language: ``?lang=``, else the cookie, else the setting."""
    for chosen in (request.query_params.get("lang"), request.cookies.get(_COOKIE)):
        if chosen in LANGUAGES:
            return chosen
    return default


def _render(
    request: Request, template: str, site: Site | None, sites: list[Site], status: int = 200, **data: Any
) -> HTMLResponse:
    context: Context = request.app.state.context
    language = language_of(request, context.settings.language)
    speak = Speaker(language)
    clock = formats.Clock(site.timezone if site else context.settings.timezone, speak, context.clock())
    html = (
        _environment()
        .get_template(template)
        .render(
            t=speak,
            lang=language,
            other=next(name for name in LANGUAGES if name != language),
            clock=clock,
            site=site,
            sites=sites,
            path=request.url.path,
            section=template.removesuffix(".html").replace("evaluation", "replacement"),
            **data,
        )
    )
    response = HTMLResponse(html, status)
    if request.query_params.get("lang") in LANGUAGES:
        response.set_cookie(_COOKIE, language, max_age=_YEAR_S, samesite="lax", httponly=True)
    return response


def problem_page(request: Request, problem: Problem) -> Response:
    """A problem, for a person."""
    context: Context = request.app.state.context
    sites: list[Site] = []
    if problem.status != UnavailableError.status:
        try:
            sites = context.directory.sites()
        except StoreError:
            sites = []  # the page about one problem must not fail for another
    return _render(request, "problem.html", None, sites, problem.status, problem=problem)


@router.get("/")
def home(request: Request, context: Ctx) -> Response:
    """The first site's Factory page; a word of welcome while there is none."""
    sites = context.directory.sites()
    if not sites:
        return _render(request, "welcome.html", None, [])
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/sites/{sites[0].site}{query}", 302)


@router.get("/sites/{site}")
def factory(request: Request, context: Ctx, site: str) -> Response:
    """What the factory draws now."""
    found = context.directory.site(site)
    speak = Speaker(language_of(request, context.settings.language))
    snapshot = context.look(site)
    devices = {device.device: device for device in context.directory.devices(site)}
    metered = [d.device for d in snapshot.devices if POWER in devices[d.device].channels]
    return _render(
        request,
        "factory.html",
        found,
        context.directory.sites(),
        snapshot=snapshot,
        devices=devices,
        metered=metered,
        minutes=CHART_MINUTES,
        page={
            "site": site,
            "at": context.clock(),
            "lang": speak.language,
            "timezone": found.timezone,
            "minutes": CHART_MINUTES,
            "metered": metered,
            "labels": {name: device.label for name, device in devices.items()},
            "every_ms": max((devices[name].every_ms for name in metered), default=1000),
            "channels": _channels(snapshot.devices),
            "texts": _texts(speak, "factory.", "demand.", "device.", "live.", "gap.", "chart.", "duration.", "run."),
        },
    )


@router.get("/sites/{site}/replacement")
def replacement(request: Request, context: Ctx, site: str) -> Response:
    """Plans of the site."""
    found = context.directory.site(site)
    labels = {device.device: device.label for device in context.directory.devices(site)}
    plans = context.plans.summaries(site)
    return _render(request, "replacement.html", found, context.directory.sites(), plans=plans, labels=labels)


@router.get("/sites/{site}/replacement/{plan}")
def plan_page(request: Request, context: Ctx, site: str, plan: str) -> Response:
    """One plan's evaluation."""
    found = context.directory.site(site)
    speak = Speaker(language_of(request, context.settings.language))
    evaluation = context.plans.evaluation(site, plan)
    labels = {device.device: device.label for device in context.directory.devices(site)}
    return _render(
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
            "texts": _texts(speak, "evaluation.", "chart.", "live."),
        },
    )


@router.get("/sites/{site}/gateways")
def gateways(request: Request, context: Ctx, site: str) -> Response:
    """Gateways and devices."""
    found = context.directory.site(site)
    listed = list_gateways(site, context.store, context.directory, context.presence, context.clock())
    speak = Speaker(language_of(request, context.settings.language))
    return _render(
        request,
        "gateways.html",
        found,
        context.directory.sites(),
        gateways=listed,
        alarms=list_alarms(site, context.presence),
        page={"site": site, "lang": speak.language, "timezone": found.timezone, "texts": _texts(speak, "live.")},
    )


def _texts(speak: Speaker, *prefixes: str) -> dict[str, str]:
    """Sentences that a page's script says, their names left for it to fill in."""
    return {key: speak(key) for key in catalog() if key.startswith(prefixes)}


def _channels(devices: list[DeviceNow]) -> dict[str, dict[str, Any]]:
    names = {name for device in devices for name in device.values if name in CHANNELS}
    return {
        name: {
            "unit": CHANNELS[name].display_unit,
            "scale": CHANNELS[name].display_scale,
            "digits": formats.decimals(name),
        }
        for name in sorted(names)
    }
