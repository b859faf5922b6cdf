"""What can be wrong with a request.

ApiError                     every one has an HTTP status, a title and one sentence
├── NotFoundError            404: no such site, device, channel, plan
├── BadRequestError          400: parameters that cannot be served as asked
├── PlanError                422: a plan that cannot be read or evaluated
├── ReviewProblemError       422: an energy review that cannot be made as asked
└── UnavailableError         503: the store is not there; try again
"""

from __future__ import annotations

from typing import ClassVar


class ApiError(Exception):
    """A request that cannot be served; its text says what, where and what to do."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"


class NotFoundError(ApiError):
    """Nothing under this name."""

    status = 404
    title = "Not found"


class BadRequestError(ApiError):
    """The parameters cannot be served."""

    status = 400
    title = "Bad request"


class PlanError(ApiError):
    """The plan file cannot be used."""

    status = 422
    title = "Plan cannot be evaluated"


class ReviewProblemError(ApiError):
    """The period or the site's settings do not let an energy review be made."""

    status = 422
    title = "No energy review"


class UnavailableError(ApiError):
    """The store cannot be reached or will not serve."""

    status = 503
    title = "Store unavailable"
