"""The virtual factory's past, sent through the same door as the present: outbox, broker, collector, store."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

import edge
from simulator import Factory
from telemetry import Birth, Broker, Table
from wattproof import __version__

GATEWAY = "history"
_POLL_S = 0.05
_WINDOW = 4
"""Batches of the past under way at once: few, so that live readings never wait behind many of them."""
_EVERY_MS = 900_000
_RECENT_MS = 3_600_000
_RECENT_EVERY_MS = 5_000
_LEARNED_MS = 26 * 3_600_000
_LEARNED_EVERY_MS = 10_000
_WEEK_MS = 7 * 86_400_000
_POWER = "active_power_w"


class Sent(msgspec.Struct, frozen=True):
    """What became of the past [readings]."""

    read: int
    outbox: int
    gaps: int


def send(
    factory: Factory,
    since: int,
    until: int,
    broker: Broker,
    folder: Path,
    stop: threading.Event,
    progress: Callable[[int, int], None],
) -> Sent:
    """Send the past and wait until all of it is acknowledged, or `stop` is set.

    Parameters
    ----------
    factory
        Whose past.
    since, until
        The past to send [ms since 1970-01-01 UTC]: its last hour every 5 s, for the chart; the rest every 15 minutes,
        and of the last day and the same day a week ago the main meter's power every 10 s, from which the factory page
        learns to foretell demand: on a Monday the day before shows nothing of a working day.
    broker
        As a gateway may use it.
    folder
        For the outbox.
    stop
        Ends it early; what was not sent stays in the outbox.
    progress
        Called with readings acknowledged and readings in all.
    """
    outbox = edge.Outbox(folder / "history.sqlite", factory.file.site.id, GATEWAY)
    publisher = edge.Publisher(outbox, broker, _birth(factory, outbox.epoch, until), live_first=False, window=_WINDOW)
    publisher.start()
    try:
        for tables in _past(factory, since, until):
            if stop.is_set():
                break
            outbox.put(tables)
            publisher.wake()
            progress(outbox.counters.acked, 0)
        total = outbox.counters.read
        while outbox.counters.pending and not stop.wait(_POLL_S):
            progress(outbox.counters.acked, total)
        progress(outbox.counters.acked, total)
    finally:
        publisher.stop()
        counters = outbox.counters
        outbox.close()
    return Sent(counters.read, counters.pending, counters.gap)


def _past(factory: Factory, since: int, until: int) -> Iterator[list[Table]]:
    """What demand is learned from and the newest hour first, because somebody may be looking; then day by day.

    The day a week ago is the first of it: whoever learns before the rest is there has a day like today.
    """
    recent = (until - _RECENT_MS) // _EVERY_MS * _EVERY_MS
    for ends in (recent - _WEEK_MS + _LEARNED_MS, recent):
        for table in factory.history(max(ends - _LEARNED_MS, since), ends, _LEARNED_EVERY_MS):
            if table.device == "main":
                yield [_between(table)]
    tables = itertools.chain(
        factory.history(recent, until, _RECENT_EVERY_MS), factory.history(since, recent, _EVERY_MS)
    )
    days: dict[str, Table] = {}
    for table in tables:
        if table.device in days:
            yield list(days.values())
            days = {}
        days[table.device] = table
    yield list(days.values())


def _between(table: Table) -> Table:
    """The power alone, without the times at which every channel is sent: no reading may be sent twice."""
    power = table.columns[_POWER]
    rows = [(at, value) for at, value in zip(table.times, power, strict=True) if at % _EVERY_MS]
    return Table.of(table.device, table.kind, [at for at, _ in rows], {_POWER: [value for _, value in rows]})


def _birth(factory: Factory, epoch: str, started: int) -> Birth:
    site = factory.file.site
    return Birth(
        site=site.id,
        gateway=GATEWAY,
        epoch=epoch,
        started=started,
        version=__version__,
        site_name=site.name,
        timezone=site.timezone,
        devices=[],
    )
