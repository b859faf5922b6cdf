"""Alarms of a site: what collectors tell, each thing once, and what this service itself cannot see."""

from __future__ import annotations

from api.models import AlarmNow
from api.presence import Presence
from api.texts import catalog
from telemetry import Alarm


def list_alarms(site: str, presence: Presence) -> list[AlarmNow]:
    """Alarms about a site or about everything: those that last first, the newest first among each.

    Collectors that share the work see the same things. What several tell is listed once: since the first of them
    noticed, and for as long as one of them still does.
    """
    merged: dict[tuple[str, ...], AlarmNow] = {}
    for alarm, since in presence.alarms():
        if alarm.site not in ("", site):
            continue
        told = _now(alarm, since)
        key: tuple[str, ...] = (told.kind, told.site, told.gateway, told.device)
        if told.until is not None:
            key += (str(told.until),)
        elif told.kind in ("collector_id_twice", "collector_offline", "broker_limits"):
            key += (told.en,)  # each collector's own
        known = merged.get(key)
        if known is None or (told.since or 0) < (known.since or 0):
            merged[key] = told
    found = list(merged.values())
    text = catalog()["alarm.collector_offline"]
    for source, gone_since in presence.gone().items():
        ko, en = (said.format(source=source) for said in (text.ko, text.en))
        found.append(AlarmNow(kind="collector_offline", since=gone_since, until=None, ko=ko, en=en))
    lost_since = presence.lost_since
    if lost_since is not None:
        text = catalog()["alarm.broker_unreachable"]
        found.append(AlarmNow(kind="broker_unreachable", since=lost_since, until=None, ko=text.ko, en=text.en))
    return sorted(found, key=lambda alarm: (alarm.until is not None, -(alarm.until or alarm.since or 0), alarm.kind))


def count_lasting(site: str, presence: Presence) -> int:
    """How many alarms of a site are not over."""
    return sum(alarm.until is None for alarm in list_alarms(site, presence))


def _now(alarm: Alarm, since: int | None) -> AlarmNow:
    return AlarmNow(
        kind=alarm.kind,
        since=since,
        until=alarm.until,
        site=alarm.site,
        gateway=alarm.gateway,
        device=alarm.device,
        ko=alarm.ko,
        en=alarm.en,
    )
