"""The page of the energy review: a period to choose, and what its quarter-hours say."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api import review_view
from api.context import Ctx
from api.errors import BadRequestError, ReviewProblemError
from api.render import render, speaker_of, texts

PRESETS: Final = (7, 28, 84, 365)
"""Periods offered, in days."""

_SOON_S: Final = 0.8
"""A review that takes longer is waited for by the page, which says so meanwhile."""

router = APIRouter(include_in_schema=False)


@router.get("/sites/{site}/review")
def review_page(
    request: Request,
    context: Ctx,
    site: str,
    first: str = "",
    last: str = "",
    days: Annotated[int, Query(ge=1, le=366)] = 28,
    *,
    wait: Annotated[bool, Query(description="Answer when it is made, however long that takes.")] = False,
) -> Response:
    """A site's energy review."""
    found = context.directory.site(site)
    speak = speaker_of(request)
    begin, end, problem, review, told = _day("first", first), _day("last", last), "", None, None
    chosen = None if begin or end else days
    try:
        begin, end = context.reviews.days(found, begin, end, days)
        told = context.reviews.told(found)
        review = context.reviews.review(found, begin, end, None if wait else _SOON_S)
    except ReviewProblemError as error:
        problem = str(error)
    asked = urlencode({name: day for name, day in (("first", begin), ("last", end)) if day is not None})
    labels = {device.device: device.label for device in context.directory.devices(site)}
    return render(
        request,
        "review.html",
        found,
        context.directory.sites(),
        review=review,
        told=told,
        problem=problem,
        presets=PRESETS,
        days=chosen,
        first=begin,
        last=end,
        labels=labels,
        view=review_view,
        asked=asked,
        api_path=f"/api/sites/{site}/review?{asked}",
        page={
            "site": site,
            "lang": speak.language,
            "timezone": found.timezone,
            "api": f"/api/sites/{site}/review?{asked}" if not problem else "",
            "progress": f"/api/sites/{site}/review/progress?{asked}",
            "ready": review is not None,
            "labels": labels,
            "devices": [] if review is None else review_view.drawn(review),
            "target_kw": None if told is None else told.demand_target_kw,
            "texts": texts(speak, "pending.", "review.", "chart.", "live."),
        },
    )


def _day(name: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadRequestError(f"`{name}`: {text!r} is no day; write e.g. 2026-03-31") from None
