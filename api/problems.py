"""Every problem as one sentence: RFC 9457 ``application/problem+json`` for programs, a page for people."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.errors import ApiError, UnavailableError
from api.models import Problem
from storage import StoreError
from telemetry import TelemetryError

log = structlog.get_logger(__name__)

Render = Callable[[Request, Problem], Response]


def answer(problem: Problem) -> Response:
    """The problem as JSON."""
    return Response(problem.model_dump_json(), problem.status, media_type="application/problem+json")


def add_handlers(app: FastAPI, render: Render) -> None:
    """Turn whatever goes wrong into a problem; `render` makes the page for requests outside ``/api``."""

    def reply(request: Request, status: int, title: str, detail: str) -> Response:
        problem = Problem(title=title, status=status, detail=detail, instance=request.url.path)
        if request.url.path.startswith("/api"):
            return answer(problem)
        return render(request, problem)

    async def api_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, ApiError)
        return reply(request, error.status, error.title, str(error))

    async def store_error(request: Request, error: Exception) -> Response:
        log.warning("store_unavailable", path=request.url.path, problem=str(error))
        return reply(request, UnavailableError.status, UnavailableError.title, str(error))

    async def bad_parameters(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"][1:]) or "request"
        return reply(request, 400, "Bad request", f"`{where}`: {first['msg'][0].lower()}{first['msg'][1:]}")

    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        phrase = HTTPStatus(error.status_code).phrase
        detail = str(error.detail) if error.detail != phrase else f"nothing is served at {request.url.path}"
        return reply(request, error.status_code, phrase, detail)

    async def unexpected(request: Request, error: Exception) -> Response:
        log.error("request_failed", path=request.url.path, exc_info=error)
        return reply(request, 500, "Internal error", "something went wrong here; the server's log says what")

    app.add_exception_handler(ApiError, api_error)
    app.add_exception_handler(StoreError, store_error)
    app.add_exception_handler(TelemetryError, unexpected)
    app.add_exception_handler(RequestValidationError, bad_parameters)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(Exception, unexpected)
