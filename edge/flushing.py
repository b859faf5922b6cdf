"""From single readings to batches in the outbox: one commit per flush, and a declared gap where that fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec
import structlog

from edge.errors import OutboxError, OutboxFullError
from edge.losses import gaps_of
from telemetry import Gap, Table

log = structlog.get_logger()


class TakesBatches(Protocol):
    """The outbox, as far as this needs it."""

    def put(self, tables: list[Table], gaps: Sequence[Gap] = ()) -> int:
        """Commit one batch, durable."""
        ...


class Flusher:
    """Gathers readings and commits them to the outbox.

    Parameters
    ----------
    outbox
        Where they are durable.
    on_put
        Called after each commit, to have it sent.
    """

    def __init__(self, outbox: TakesBatches, on_put: Callable[[], None]) -> None:
        self._outbox = outbox
        self._on_put = on_put
        self._rows: dict[tuple[str, str], dict[int, dict[str, float]]] = {}
        self._lost: dict[tuple[str, str, str, str], Gap] = {}
        self._failing = False

    @property
    def undeclared(self) -> int:
        """Readings that are lost and could not even be declared as gaps yet."""
        return sum(gap.readings for gap in self._lost.values())

    def add(self, device: str, kind: str, time_ms: int, values: dict[str, float]) -> None:
        """Take the values [each channel's unit] of one device at one time [ms since 1970-01-01 UTC]."""
        rows = self._rows.setdefault((device, kind), {})
        rows.setdefault(time_ms, {}).update(values)

    async def run(self, every_s: float, stop: asyncio.Event) -> None:
        """Flush every `every_s` [s] until `stop` is set, and once more then."""
        while not stop.is_set():
            try:
                async with asyncio.timeout(every_s):
                    await stop.wait()
            except TimeoutError:
                await self.flush()
        await self.flush()

    async def flush(self) -> None:
        """Commit what was gathered. What the disk does not take becomes a gap, declared as soon as it takes one."""
        rows, self._rows = self._rows, {}
        tables = [_table(device, kind, by_time) for (device, kind), by_time in rows.items()]
        if not tables and not self._lost:
            return
        lost, self._lost = self._lost, {}
        try:
            await asyncio.to_thread(self._outbox.put, tables, list(lost.values()))
        except OutboxError as error:
            reason = "outbox_full" if isinstance(error, OutboxFullError) else "outbox_damaged"
            self._lost = _merged((*lost.values(), *gaps_of(tables, reason)))
            if not self._failing:
                self._failing = True
                log.warning("readings_lost", says=f"{error} New readings are lost until then.")
            return
        if self._failing:
            self._failing = False
            log.info("outbox_recovered", gaps=len(lost), readings=sum(gap.readings for gap in lost.values()))
        self._on_put()


def _table(device: str, kind: str, by_time: dict[int, dict[str, float]]) -> Table:
    times = sorted(by_time)
    names = sorted({name for values in by_time.values() for name in values})
    return Table(device, kind, times, {name: [by_time[at].get(name) for at in times] for name in names})


def _merged(gaps: Iterable[Gap]) -> dict[tuple[str, str, str, str], Gap]:
    """One gap per series and reason, so that a full disk costs no memory."""
    merged: dict[tuple[str, str, str, str], Gap] = {}
    for gap in gaps:
        key = (gap.device, gap.kind, gap.channel, gap.reason)
        known = merged.get(key)
        if known is not None:
            gap = msgspec.structs.replace(  # noqa: PLW2901 - the same gap, grown
                gap,
                start=min(known.start, gap.start),
                end=max(known.end, gap.end),
                readings=known.readings + gap.readings,
            )
        merged[key] = gap
    return merged
