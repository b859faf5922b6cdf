"""Numbers and times as people read them: thousands separators, units people use, the site's own clock."""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

from api.texts import Speaker
from telemetry import CHANNELS

_DAY = 86_400


def number(value: float | None, digits: int = 0) -> str:
    """With thousands separators; a dash for no value, never a bare ``-0``."""
    if value is None:
        return "–"
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text.replace("-", "−")


def amount(value: float | None) -> str:
    """With as many digits as are worth reading."""
    if value is None:
        return "–"
    size = abs(value)
    return number(value, 0 if size >= 1000 else 1 if size >= 10 else 2)


def kw(watts: float | None) -> str:
    """Power [W] in kW."""
    return amount(None if watts is None else watts / 1000)


def kwh(watt_hours: float | None) -> str:
    """Energy [Wh] in kWh."""
    return amount(None if watt_hours is None else watt_hours / 1000)


def percent(value: float | None, digits: int = 1) -> str:
    """A percentage that is already one."""
    return "–" if value is None else f"{number(value, digits)}%"


def significant(value: float | None) -> str:
    """About four significant digits: for coefficients, whose size is not known beforehand."""
    if value is None:
        return "–"
    if value == round(value):
        return number(value)  # a whole number gains nothing by zeros behind its point
    digits = 3 - math.floor(math.log10(abs(value)))
    return number(value, min(max(digits, 0), 8))


def estimated(value: float, error: float | None) -> str:
    """A value and its standard error, both to the error's second digit; without one, about four digits."""
    if not error or error <= 0:
        return significant(value)
    digits = min(max(1 - math.floor(math.log10(error)), 0), 8)
    return f"{number(value, digits)} ± {number(error, digits)}"


def size(count: float | None) -> str:
    """Bytes in kB or MB."""
    if count is None:
        return "–"
    if count < 50:
        return f"{number(count)} B"
    return f"{number(count / 1e6, 1)} MB" if count >= 1e6 else f"{number(count / 1e3, 1)} kB"


def measured(name: str, value: float, speak: Speaker) -> str:
    """A channel's value in the unit people see."""
    if name not in CHANNELS:
        return significant(value)
    digits, shown = decimals(name), value * CHANNELS[name].display_scale
    text = number(shown, digits if digits is not None else 1 if abs(shown) >= 10 else 2)
    return f"{text}{speak.unit(name)}"


def decimals(name: str) -> int | None:
    """Digits behind the point of a channel's values, where that does not depend on how large they are."""
    channel = CHANNELS[name]
    if channel.kind != "gauge" and not channel.display_unit:
        return 0
    return 1 if channel.display_unit in {"°C", "%"} else None


class Clock:
    """Times on one site's clock, in one language.

    Parameters
    ----------
    zone
        The site's time zone.
    speak
        Says "3 minutes ago".
    now
        The present [ms UTC].
    """

    def __init__(self, zone: str, speak: Speaker, now: int) -> None:
        self.zone = zone
        self.now = now
        self._zone = ZoneInfo(zone)
        self._speak = speak

    def time(self, at: int | None) -> str:
        """Hours, minutes, seconds; with the date unless it is today."""
        if at is None:
            return "–"
        local, today = self._local(at), self._local(self.now)
        clock = f"{local:%H:%M:%S}"
        return clock if local.date() == today.date() else f"{self.date(at)} {clock}"

    def minute(self, at: int | None) -> str:
        """Hours and minutes; with the date unless it is today."""
        return "–" if at is None else self.time(at)[:-3]

    def date(self, at: int) -> str:
        """Day and month; with the year unless it is this one."""
        local, today = self._local(at), self._local(self.now)
        if self._speak.language == "ko":
            day = f"{local.month}월 {local.day}일"
            return day if local.year == today.year else f"{local.year}년 {day}"
        day = f"{local.day} {local:%b}"
        return day if local.year == today.year else f"{day} {local.year}"

    def iso(self, at: int) -> str:
        """For machines."""
        return self._local(at).isoformat(timespec="seconds")

    def ago(self, at: int | None) -> str:
        """How long ago, in the largest whole unit."""
        if at is None:
            return "–"
        seconds = max(self.now - at, 0) // 1000
        if seconds < 60:
            return self._speak("ago.seconds", n=seconds)
        if seconds < 3600:
            return self._speak("ago.minutes", n=seconds // 60)
        if seconds < _DAY:
            return self._speak("ago.hours", n=seconds // 3600)
        return self._speak("ago.days", n=number(seconds // _DAY))

    def left(self, until: int) -> str:
        """Time remaining."""
        seconds = max(until - self.now, 0) // 1000
        if seconds < 60:
            return self._speak("duration.seconds", s=seconds)
        return self._speak("duration.minutes", m=seconds // 60, s=seconds % 60)

    def _local(self, at: int) -> datetime:
        return datetime.fromtimestamp(at / 1000, self._zone)
