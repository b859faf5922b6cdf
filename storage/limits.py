"""What a store can hold: names that series may have, and times."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from telemetry import InvalidNameError, check_name

MIN_TIME: Final = -9_223_371_900_000
MAX_TIME: Final = 9_223_361_099_999
"""First and last time both engines can hold [ms UTC], and every quarter-hour that a value then holds into.

InfluxDB counts nanoseconds in 64 bits (years 1677 to 2262). A row that it cannot hold would stop the rolling of all.
"""

GAP_KIND: Final = "gap"
"""Not a device kind: InfluxDB keeps declared gaps under this measurement."""

_RESERVED_CHANNELS: Final = frozenset({"time", "site", "device"})


@lru_cache(maxsize=512)
def shape_usable(site: str, kind: str, channels: tuple[str, ...]) -> bool:
    """Whether series can have all these names."""
    return not any(unusable(site, kind, "device", channel) for channel in channels)


def _unusable_name(name: str, what: str) -> str:
    try:
        check_name(name, what)
    except InvalidNameError as error:
        return str(error)
    return ""


def unusable(site: str, kind: str, device: str, channel: str) -> str:
    """Why no series can have these names; empty when one can."""
    for name, what in ((site, "site"), (kind, "kind"), (device, "device"), (channel, "channel")):
        if reason := _unusable_name(name, what):
            return reason
    if kind == GAP_KIND:
        return f"kind {kind!r} is reserved for declared gaps"
    if channel in _RESERVED_CHANNELS:
        return f"channel {channel!r} is reserved"
    return ""
