"""The InfluxQL of the panels: what InfluxDB 1.x and the /query endpoint of 2.x both understand.

Measurement = kind of device, tags ``site`` and ``device``, one field per channel. Counters may be reset or roll over,
so energy is never last minus first: it is the sum of the steps of short windows, without the negative ones. Such a
step is as wide as the window and the gap before it, so energy that flowed while nobody read is not lost.
"""

from __future__ import annotations

SITE = "\"site\" = '$site'"
DEVICE = "\"device\" = '$device'"
PLC = "\"device\" = '$plc'"
MAIN = "\"device\" = '$main'"
NOT_MAIN = "\"device\" <> '$main'"
DEVICES = '"device" =~ /^$devices$/'
GATEWAYS = '"device" =~ /^$gateways$/'
BEFORE, AFTER = "time < $replaced", "time >= $replaced"

_IN_TIME = "$timeFilter"
_SEOUL = "tz('Asia/Seoul')"
# For subqueries, which tz() does not reach. (It stands once, at the end: Grafana escapes what is between two slashes.)
_KOREAN_DAY = "1d, -9h"
# One window around everything. Without it the row stands at the condition's lower bound, which two queries of a panel
# do not share when it is now() - 4w; and InfluxDB loses the row when the first inner window begins before that bound.
_WHOLE = "36500d"


def mean(
    kind: str, channel: str, *where: str, every: str = "$__interval", by_device: bool = True, scale: str = ""
) -> str:
    """Averages per window; windows without a reading are null, so that a hole stays a hole."""
    return _select(f'mean("{channel}"){scale}', kind, where, _windows(every, "null", by_device=by_device))


def highest(kind: str, channel: str, *where: str) -> str:
    """Largest value per window, one series per device."""
    return _select(f'max("{channel}")', kind, where, _windows("$__interval", "null"))


def state(kind: str, channel: str, *where: str) -> str:
    """Last value per window, one series per device."""
    return _select(f'last("{channel}")', kind, where, _windows("$__interval", "none"))


def count(kind: str, channel: str, *where: str) -> str:
    """Number of readings per window, one series per device; 0 where there is none."""
    return _select(f'count("{channel}")', kind, where, _windows("$__interval", "0"))


def increase(kind: str, channel: str, *where: str, every: str = "$__interval", scale: str = "") -> str:
    """Increase of a counter per window, one series per device."""
    return _select(f"{_step(channel)}{scale}", kind, where, _windows(every, "none"))


def rate(kind: str, channel: str, *where: str) -> str:
    """Increase of a counter per second, one series per device."""
    derivative = f'non_negative_derivative(last("{channel}"), 1s)'
    return _select(derivative, kind, where, _windows("$__interval", "none"))


def newest(kind: str, channel: str, *where: str) -> str:
    """Last value of each device, with the time it was read."""
    return _select(f'last("{channel}")', kind, where, 'GROUP BY "device"')


def daily(kind: str, channel: str, *where: str, step: str = "15m", by_device: bool = False, scale: str = "") -> str:
    """Increase of a counter per day of Korea, as the sum of its steps."""
    days = _windows("1d", "none", by_device=by_device)
    return _of(f'sum("step"){scale}', _steps(kind, channel, step, where, by_device=by_device), _IN_TIME, days)


def daily_divisor(kind: str, channel: str, *where: str) -> str:
    """Increase of a counter per day of Korea, without the days on which it stood still: nothing is divided by them."""
    steps = _steps(kind, channel, "15m", where, by_device=False)
    return _of('sum("step")', steps, f'{_IN_TIME} AND "step" > 0', _windows("1d", "none", by_device=False))


def mean_day(kind: str, channel: str, period: str, *where: str) -> str:
    """Average of the daily increases of a counter over the days of a `period`."""
    steps = _steps(kind, channel, "15m", where, by_device=False)
    days = _windows(_KOREAN_DAY, "none", by_device=False)
    of_days = " ".join(('SELECT sum("step") AS "day" FROM', f"({steps})", "WHERE", _IN_TIME, days))
    whole = _windows(_WHOLE, "none", by_device=False)
    return _of('mean("day")', of_days, f"{_IN_TIME} AND {period}", whole)


def total(
    kind: str,
    channel: str,
    *where: str,
    period: str = "",
    step: str = "15m",
    by_device: bool = False,
    scale: str = "",
) -> str:
    """Increase of a counter over the dashboard's time, or the part of it in `period`."""
    steps = _steps(kind, channel, step, where, by_device=by_device)
    condition = f"{_IN_TIME} AND {period}" if period else _IN_TIME
    return _of(f'sum("step"){scale}', steps, condition, _windows(_WHOLE, "none", by_device=by_device))


def level(kind: str, channel: str, value: str, *where: str) -> str:
    """A horizontal line at `value` wherever `channel` has data: InfluxQL selects no bare constants."""
    return _select(f'last("{channel}") * 0 + {value}', kind, where, _windows("15m", "none", by_device=False))


def first_after(kind: str, channel: str, *where: str) -> str:
    """The first reading after the replacement: where the annotation stands."""
    return f"{_select(f'first({_quoted(channel)})', kind, (*where, AFTER))} {_SEOUL}"


def lost() -> str:
    """Number of readings in declared gaps."""
    return _select('sum("readings")', "gap", ())


def gaps() -> str:
    """Declared gaps, one by one; their time is their start."""
    return _select('"device", "channel", "reason", "readings", "end_ms"', "gap", ())


def tag_values(tag: str, kind: str, *where: str) -> str:
    """Values of a tag, for a variable."""
    condition = f"WHERE {' AND '.join(where)}" if where else ""
    return f'SHOW TAG VALUES FROM "{kind}" WITH KEY = "{tag}" {condition}'.strip()


def _select(what: str, kind: str, where: tuple[str, ...], group: str = "") -> str:
    condition = " AND ".join([SITE, *where, _IN_TIME])
    return " ".join(("SELECT", what, "FROM", _quoted(kind), "WHERE", condition, group)).strip()


def _of(what: str, subquery: str, condition: str, group: str) -> str:
    return " ".join(("SELECT", what, "FROM", f"({subquery})", "WHERE", condition, group, _SEOUL))


def _steps(kind: str, channel: str, every: str, where: tuple[str, ...], *, by_device: bool) -> str:
    return _select(f'{_step(channel)} AS "step"', kind, where, _windows(every, "none", by_device=by_device))


def _step(channel: str) -> str:
    return f'non_negative_difference(last("{channel}"))'


def _windows(every: str, fill: str, *, by_device: bool = True) -> str:
    return f"GROUP BY time({every}){', ' + _quoted('device') if by_device else ''} fill({fill})"


def _quoted(name: str) -> str:
    return f'"{name}"'
