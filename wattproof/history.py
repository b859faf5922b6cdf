"""The virtual factory's past, sent through the same door as the present: outbox, broker, collector, store."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

import edge
from simulator import Factory
from telemetry import Birth, Broker
from wattproof import __version__

GATEWAY = "history"
_POLL_S = 0.05


class Sent(msgspec.Struct, frozen=True):
    """What became of the past [readings]."""

    read: int
    outbox: int
    gaps: int


def send(
    factory: Factory,
    span: tuple[int, int],
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
    span
        From and to [ms since 1970-01-01 UTC].
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
    publisher = edge.Publisher(outbox, broker, _birth(factory, outbox.epoch, span[0]), live_first=False)
    publisher.start()
    try:
        for _, tables in itertools.groupby(factory.history(*span), key=lambda table: table.times[0] // 86_400_000):
            if stop.is_set():
                break
            outbox.put(list(tables))
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
