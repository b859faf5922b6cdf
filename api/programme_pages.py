"""Pages of programmes: which there are, and the savings of one with their sums."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api import programme_view
from api.context import Context, Ctx
from api.render import render, speaker_of, texts
from evaluation import NEVER, PORTFOLIO_FIGURES, PORTFOLIO_SELECTED, PORTFOLIO_YEAR

_SOON_S: Final = 0.8
"""A portfolio that takes longer is waited for by the page, which says so meanwhile."""

router = APIRouter(include_in_schema=False)


@router.get("/programmes")
def programmes(request: Request, context: Ctx) -> Response:
    """Programmes that there are."""
    return render(request, "programmes.html", None, [], programmes=context.programmes.summaries())


@router.get("/programmes/{programme}")
def programme_page(
    request: Request,
    context: Ctx,
    programme: str,
    *,
    wait: Annotated[bool, Query(description="Answer when it is made, however long that takes.")] = False,
) -> Response:
    """A programme's machines and sums."""
    speak = speaker_of(request)
    title = context.programmes.title(programme)
    result = context.programmes.portfolio(programme, None if wait else _SOON_S)
    return render(
        request,
        "programme.html",
        None,
        [],
        programme=programme,
        title=title,
        result=result,
        names=_names(context),
        view=programme_view,
        figures=PORTFOLIO_FIGURES,
        selected=PORTFOLIO_SELECTED,
        year=PORTFOLIO_YEAR,
        never=NEVER,
        page={
            "lang": speak.language,
            "timezone": context.settings.timezone,
            "api": "" if result is not None else f"/api/programmes/{programme}/portfolio",
            "progress": f"/api/programmes/{programme}/progress",
            "texts": texts(speak, "pending.", "programme."),
        },
    )


def _names(context: Context) -> dict[tuple[str, str], str]:
    """What devices are called, by site and device; sites by themselves with an empty device."""
    found = {}
    for site in context.directory.sites():
        found[site.site, ""] = site.name
        for device in context.directory.devices(site.site):
            found[site.site, device.device] = device.label
    return found
