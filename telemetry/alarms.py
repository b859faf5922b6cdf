"""Alarms: what somebody should look at, told by whoever noticed, for the pages to show."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

AlarmKind = Literal[
    "acks_unheard",
    "broker_limits",
    "clock_behind",
    "clock_not_set",
    "clock_not_synchronised",
    "clock_stepped",
    "collector_id_twice",
    "collector_offline",
    "gap_declared",
    "gateway_id_twice",
    "gateway_offline",
    "quarantine_full",
    "quarantine_growing",
    "quarantine_unusable",
    "store_refused",
    "store_unavailable",
]


class Alarm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that is, or was, not as it should be.

    Parameters
    ----------
    kind
        What, in one word.
    since, until
        From when to when [ms since 1970-01-01 UTC]; without `until` it lasts.
    ko, en
        What it is and what to do, in a sentence or two.
    site, gateway, device
        What it is about; empty where it concerns everything.
    """

    kind: AlarmKind
    since: int
    ko: str
    en: str
    until: int | None = None
    site: str = ""
    gateway: str = ""
    device: str = ""


class Alarms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All alarms of one collector (retained, its last will says that it is gone): those that last, and the latest past.

    `at` is when it said so [ms since 1970-01-01 UTC]; 0 in the last will, which is written beforehand.
    """

    source: Annotated[str, msgspec.Meta(min_length=1)]
    at: int
    alarms: list[Alarm]
