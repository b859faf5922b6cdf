"""How often: what *fast* and *slow* mean at a site and for a device, and which channels are read at which rate."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from edge.profiles import Field, Profile, Rate

Milliseconds = Annotated[int, msgspec.Meta(ge=10, le=86_400_000)]

SLOW_TIMES: Final = 10
"""Slow is so many times fast where nobody says otherwise: power each second, counters every ten."""


class Rates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often registers are read.

    Parameters
    ----------
    fast_ms
        Time between two readings of what changes quickly: power, current, run state [ms].
    slow_ms
        Time between two readings of what changes slowly: counters, temperatures [ms].
    channels
        Channels that are read at another rate than their profile says: ``fast``, ``slow`` or ``once`` (at the start,
        and when the device comes back).
    """

    fast_ms: Milliseconds | None = None
    slow_ms: Milliseconds | None = None
    channels: dict[str, Rate] = {}


class Pace(msgspec.Struct, frozen=True):
    """How often one device is read: what `fast` and `slow` come to for it [ms]."""

    fast_ms: int
    slow_ms: int

    def every_ms(self, rate: Rate) -> int | None:
        """Time between two readings at a rate [ms]; None for what is read once."""
        return {Rate.FAST: self.fast_ms, Rate.SLOW: self.slow_ms, Rate.ONCE: None}[rate]


def pace(every_ms: int | None, rates: Rates, site_every_ms: int, site_rates: Rates) -> Pace:
    """What counts for a device: its own word, else the site's, else a slow that is ten times its fast.

    Parameters
    ----------
    every_ms, rates
        The device's own.
    site_every_ms, site_rates
        The site's.
    """
    fast = rates.fast_ms or every_ms or site_rates.fast_ms or site_every_ms
    slow = rates.slow_ms or site_rates.slow_ms or SLOW_TIMES * fast
    return Pace(fast, max(fast, slow))


def with_rates(profile: Profile, rates: Rates) -> Profile:
    """The profile with the site file's word on which channels are read at which rate."""
    if not rates.channels:
        return profile
    fields: list[Field] = [
        msgspec.structs.replace(field, rate=rates.channels.get(field.channel, field.rate)) for field in profile.fields
    ]
    return msgspec.structs.replace(profile, fields=fields)
