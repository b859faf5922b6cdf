"""A page, rendered whole in the visitor's language."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, cast

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from api import formats
from api.alarms import count_lasting
from api.context import Context
from api.models import AlarmNow, Site
from api.settings import Language
from api.texts import LANGUAGES, Speaker, catalog

_COOKIE = "lang"
_YEAR_S = 365 * 86_400
_FILTERS = ("number", "kw", "kwh", "amount", "percent", "significant", "estimated", "size", "measured")


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in _FILTERS:
        environment.filters[name] = getattr(formats, name)
    return environment


def language_of(request: Request, default: Language) -> Language:
    """The visitor's language: ``?lang=``, else the cookie, else the setting."""
    for chosen in (request.query_params.get("lang"), request.cookies.get(_COOKIE)):
        if chosen in LANGUAGES:
            return chosen
    return default


def speaker_of(request: Request) -> Speaker:
    """Says sentences in the visitor's language."""
    context = cast("Context", request.app.state.context)
    return Speaker(language_of(request, context.settings.language))


def render(
    request: Request, template: str, site: Site | None, sites: list[Site], status: int = 200, **data: Any
) -> HTMLResponse:
    """Render a page; `data` is what its template asks for beside what every page has."""
    context = cast("Context", request.app.state.context)
    speak = speaker_of(request)
    clock = formats.Clock(site.timezone if site else context.settings.timezone, speak, context.clock())
    other = next(name for name in LANGUAGES if name != speak.language)
    html = (
        _environment()
        .get_template(template)
        .render(
            t=speak,
            lang=speak.language,
            other=other,
            other_query=request.url.include_query_params(lang=other).query,
            clock=clock,
            cause=functools.partial(_cause, context, speak.language),
            alarming=functools.partial(_alarming, context, speak.language),
            site=site,
            sites=sites,
            lasting=count_lasting(site.site, context.presence) if site else 0,
            path=request.url.path,
            section=template.removesuffix(".html").replace("evaluation", "replacement"),
            **data,
        )
    )
    response = HTMLResponse(html, status)
    if request.query_params.get("lang") in LANGUAGES:
        response.set_cookie(_COOKIE, speak.language, max_age=_YEAR_S, samesite="lax", httponly=True)
    return response


def _cause(context: Context, language: Language, sentence: str) -> Markup:
    """What a problem's sentence says, in the visitor's language as far as it is known, and marked as what it is."""
    said = context.in_korean(sentence) if language == "ko" else sentence
    return Markup('<span lang="{}">{}</span>').format("en" if said == sentence else language, said)


def _alarming(context: Context, language: Language, alarm: AlarmNow) -> str:
    """What an alarm says; in Korean also what it quotes of a store's or file's trouble, in brackets at its end."""
    if language == "en":
        return alarm.en
    before, bracket, quoted = alarm.ko.partition(". (")
    return f"{before}. ({context.in_korean(quoted[:-1])})" if bracket and quoted.endswith(")") else alarm.ko


def texts(speak: Speaker, *prefixes: str) -> dict[str, str]:
    """Sentences that a page's script says, their names left for it to fill in."""
    return {key: speak(key) for key in catalog() if key.startswith(prefixes)}
