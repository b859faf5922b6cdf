"""What InfluxDB's refusals mean: bad data, not now, or a person must act."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec
from influxdb_client.rest import ApiException

from storage.errors import StoreError, StoreRefusedError, StoreUnavailableError

# A 400 may also say that the request itself is wrong (no organization, a proxy's own page). Only words about lines may
# cost a reading its place.
_ABOUT_DATA = re.compile(
    r"partial write|unable to parse|type conflict|dropped|\b(line|point|field|series|tag|timestamp|retention)s?\b",
    re.IGNORECASE,
)
_DROPPED = re.compile(r"dropped=(\d+)")
# What differs from one request to the next: 2.x names the oldest and newest line, and the moment it was asked.
_OF_THIS_REQUEST = re.compile(
    r"^failure writing points to database: |\bdropped \d+ (?=points\b)|\s+(?:- oldest point\b.*|dropped=\d+.*)$",
    re.DOTALL,
)
_BUSY = re.compile(r"timeout|limit exceeded|interrupted|engine is closed|shut(ting )?down", re.IGNORECASE)
_GONE = re.compile(r"\b(database|retention policy) not found|default retention policy not set")


class StatusError(Exception):
    """An answer whose status is not 2xx; `reason` is the server's own word, in its JSON when it is InfluxDB."""

    def __init__(self, error: ApiException) -> None:
        self.status = int(error.status)
        body: Any = error.body or b""
        text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
        try:
            document = msgspec.json.decode(text)
        except msgspec.DecodeError:
            document = None
        fields = document if isinstance(document, dict) else {}
        said = fields.get("error") or fields.get("message")
        self.said_by_influxdb = isinstance(said, str)
        self.reason = str(said) if self.said_by_influxdb else text.strip()[:200] or str(error.reason)
        if error.headers and 300 <= self.status < 400 and (elsewhere := error.headers.get("Location")):
            self.reason = f"it sends on to {elsewhere}"
        self.retry_after_s = _seconds(error.headers.get("Retry-After") if error.headers else None)
        super().__init__(self.reason)

    @property
    def means_later(self) -> bool:
        """Whether the same request may well succeed later."""
        return (self.status >= 500 or self.status in {408, 429}) and not self.lacks_place

    @property
    def lacks_place(self) -> bool:
        """Whether what was written to is not there; 1.x answers so with 500 when it is a retention policy."""
        return self.status == 404 or _GONE.search(self.reason) is not None

    @property
    def lacks_rights(self) -> bool:
        """Whether the credentials are known and may not do this; 2.x answers so with 401 as well."""
        return self.status == 403 or (self.status == 401 and self.reason.endswith("is unauthorized"))


def _seconds(header: str | None) -> float | None:
    """What ``Retry-After`` asks for [s]; its other form, a date, is left to our own pauses."""
    return float(header) if header and header.strip().isdecimal() else None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server took lines for bad data; `dropped` of them are not stored (None: it does not say).

    `reason` is the same for all that is refused for it, so that quarantine tells of a thousand readings once.
    """

    reason: str
    dropped: int | None


def about_data(error: StatusError) -> Refusal | None:
    """What the server has against the lines; None when its trouble is not with them."""
    if error.status == 413:
        return Refusal("too large for the server", None)
    if error.status in {400, 422} and error.said_by_influxdb and _ABOUT_DATA.search(error.reason):
        dropped = _DROPPED.search(error.reason)
        return Refusal(_OF_THIS_REQUEST.sub("", error.reason), int(dropped[1]) if dropped else None)
    return None


def explain(error: StatusError, url: str, database: str, who: str) -> StoreError:
    """Turn a status into a store error that says what to do."""
    said = f"({error.status}: {error.reason})"
    if error.means_later:
        asked = "" if error.retry_after_s is None else f"; it asks to be left alone for {error.retry_after_s:g} s"
        return StoreUnavailableError(f"InfluxDB at {url} cannot serve now {said}{asked}")
    status = 403 if error.lacks_rights else 404 if error.lacks_place else error.status
    text = {
        401: f"does not accept {who} {said}; check the credentials",
        403: f"does not let {who} use {database!r} {said}; grant read and write on it",
        404: f"has no {database!r} {said}; check URL and database",
    }.get(status, f"refuses the request {said}; check URL, organization and database")
    return StoreRefusedError(f"InfluxDB at {url} {text}")


def explain_answer(error: str, url: str, statement: str) -> StoreError:
    """Turn the error of a statement, which comes with status 200, into a store error."""
    if _GONE.search(error):
        return StoreRefusedError(f"InfluxDB at {url}: {error}; it is made again at the next use")
    if _BUSY.search(error):
        return StoreUnavailableError(f"InfluxDB at {url} cannot serve now: {error}")
    return StoreError(f"InfluxDB at {url}: {error}, asked {statement!r}")
