"""Durations as InfluxDB writes them and as people read them."""

from __future__ import annotations

import re
from typing import Final

_SECONDS: Final = {"ns": 1e-9, "u": 1e-6, "µ": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_PART = re.compile(r"(\d+)(ns|ms|[uµsmhdw])")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")


def parse_duration(text: str) -> int | None:
    """Seconds of ``2160h0m0s``; 0 is for ever. None when it is no duration."""
    if not _WHOLE.fullmatch(text):
        return None
    return round(sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(text)))


def said(seconds: int | None) -> str:
    """For a person: days where they are whole."""
    if seconds is None:
        return "unknown"
    if seconds == 0:
        return "for ever"
    return f"{seconds // 86_400} d" if seconds % 86_400 == 0 else f"{seconds / 3600:g} h"
