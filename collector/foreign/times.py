"""Times as others write them, in ms since 1970-01-01 UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from collector.foreign.model import TimeFormat

_PER_MS: Final[dict[TimeFormat, Decimal]] = {
    "epoch_s": Decimal(1000), "epoch_ms": Decimal(1), "epoch_us": Decimal("1e-3"), "epoch_ns": Decimal("1e-6"),
}  # fmt: skip
_NUMBER: Final = re.compile(r"-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,2})?")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CENTURY: Final = 946_684_800_000, 4_102_444_800_000
"""From 2000 to 2100 [ms]: of a number of this century only one unit does not make another century of it."""
_SUCH: Final = "2026-01-31T09:00:00+09:00"
_LARGEST: Final = 10**15
"""Of the year 33658: beyond it is no time."""


def read_time(value: Any, format_: TimeFormat, zone: ZoneInfo | None, received: int) -> int:
    """Read a time.

    Parameters
    ----------
    value
        What the message says: text, or a number (for an epoch, also one written as text).
    format_
        How to read it.
    zone
        Zone of a text that names none. When clocks are set back, one text means two times: the one nearer to
        `received` is taken.
    received
        When the message came [ms since 1970-01-01 UTC].

    Returns
    -------
    int
        ms since 1970-01-01 UTC.

    Raises
    ------
    ValueError
        When it is no such time; the text says what it is.
    """
    shown = repr(value)[:60]
    if format_ == "iso8601":
        return _iso(value if isinstance(value, str) else shown, zone, received)
    # The shortest decimal of a float is what its sender wrote; that of a truth value or a list is no number.
    text = value if isinstance(value, str) else repr(value)
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"the time {shown} is no number, as {format_} must be; text such as {_SUCH} is iso8601")
    number = Decimal(text)
    if format_ == "epoch":
        return round(_of_this_century(number, shown))
    moment = number * _PER_MS[format_]
    other = (
        None if _in_century(moment) else next((each for each in _PER_MS if _in_century(number * _PER_MS[each])), None)
    )
    if other is not None:
        raise ValueError(f"the time {shown} is of this century as {other}, and not as {format_}; write format: {other}")
    if abs(moment) > _LARGEST:
        raise ValueError(f"the time {shown} is beyond any {format_}; is its format another?")
    return round(moment)


def _in_century(moment: Decimal) -> bool:
    return _CENTURY[0] <= moment < _CENTURY[1]


def _of_this_century(number: Decimal, shown: str) -> Decimal:
    for factor in _PER_MS.values():
        if _in_century(number * factor):
            return number * factor
    raise ValueError(
        f"the time {shown} is of this century neither in seconds nor in ms, µs or ns since 1970; is the sender's clock"
        " set, and is this its time?"
    )


def _iso(text: str, zone: ZoneInfo | None, received: int) -> int:
    try:
        said = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(
            f"the time {text[:60]!r} is not ISO 8601, such as {_SUCH}; a number has the format epoch_s or epoch_ms"
        ) from error
    if _is_day(text.strip()):
        raise ValueError(f"the time {text[:60]!r} is a day without its time; name a field that has both")
    if said.tzinfo is not None:
        return _ms(said)
    if zone is None:
        raise ValueError(f"the time {text[:60]!r} names no zone; write timezone: into the mapping")
    candidates = {_ms(said.replace(tzinfo=zone, fold=fold)) for fold in (0, 1)}
    return min(candidates, key=lambda ms: (abs(ms - received), ms))


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _ms(moment: datetime) -> int:
    since = moment - _EPOCH
    return since.days * 86_400_000 + since.seconds * 1000 + round(since.microseconds / 1000)
