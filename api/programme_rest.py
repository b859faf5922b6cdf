"""REST of programmes: many machines, the sums over them, and the machines as a table."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Response

from api.context import Ctx
from api.models import ProgrammeSummary, WorkProgress
from api.once import told_progress
from api.rest import PROBLEM
from evaluation import TableFormat, portfolio_table

_TYPES: dict[TableFormat, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
router = APIRouter(
    prefix="/api/programmes",
    tags=["programmes"],
    responses={
        404: {**PROBLEM, "description": "No such programme."},
        422: {**PROBLEM, "description": "The programme's file cannot be used."},
    },
)


@router.get("")
def programmes(context: Ctx) -> list[ProgrammeSummary]:
    """Programmes of the plans folder, and `all` its plans together."""
    return context.programmes.summaries()


@router.get(
    "/{programme}/portfolio",
    responses={200: {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/PortfolioResult"}}}}},
)
def portfolio(context: Ctx, programme: str) -> Response:
    """Evaluate a programme's plans and sum them: every machine, the sums with their bands, what errs together."""
    return Response(msgspec.json.encode(context.programmes.portfolio(programme)), media_type="application/json")


@router.get("/{programme}/progress")
def progress(context: Ctx, programme: str) -> WorkProgress:
    """How far a portfolio is that is being made: plans evaluated, and in all."""
    return told_progress(context.programmes.progress(programme))


@router.get(
    "/{programme}/machines.{form}",
    responses={200: {"content": {media: {} for media in _TYPES.values()}}},
    response_class=Response,
)
def machines(
    context: Ctx,
    programme: str,
    form: TableFormat,
    lang: Annotated[Literal["ko", "en"] | None, Query(description="Language of the table.")] = None,
) -> Response:
    """The programme's machines as a table for a spreadsheet, one row each."""
    result = context.programmes.portfolio(programme)
    assert result is not None
    content = portfolio_table(result, form, lang or context.settings.language)
    # A header is Latin-1: an id may be Korean, the name of the file then says what it is.
    name = programme if programme.isascii() and programme.replace("-", "").replace("_", "").isalnum() else "programme"
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return Response(content, media_type=_TYPES[form], headers=headers)
