"""From single readings to batches in the outbox: one commit per flush, and a declared gap where that fails."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, Protocol

import structlog

from edge.errors import OutboxError
from edge.losses import Series, gaps_of, merged
from edge.outbox_refused import reason_for
from edge.rows import Row
from telemetry import ClockState, Gap, Table

log = structlog.get_logger()

CLOCK_STEPPED: Final = "clock_stepped"

Values = Sequence[float | None]
_Rows = dict[tuple[str, ...], list[tuple[int, Values]]]
"""By channels that are read together: the time and values of each read."""


class TakesBatches(Protocol):
    """The outbox, as far as this needs it."""

    def put(self, tables: Sequence[Table | Row], gaps: Sequence[Gap] = ()) -> int:
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
    clock
        What the clock that stamps readings is worth now.

    Attributes
    ----------
    latest
        The latest row of each device and group of channels, for whoever shows how it fares.
    """

    def __init__(
        self, outbox: TakesBatches, on_put: Callable[[], None], clock: Callable[[], ClockState] = lambda: ""
    ) -> None:
        self._outbox = outbox
        self._on_put = on_put
        self._clock = clock
        self._rows: dict[ClockState, dict[tuple[str, str], _Rows]] = {}
        self._lost: dict[Series, Gap] = {}
        self._failing = False
        self.every_s = 0.25
        self.latest: dict[tuple[str, tuple[str, ...]], tuple[int, Values]] = {}

    @property
    def undeclared(self) -> int:
        """Readings that are lost and could not even be declared as gaps yet."""
        return sum(gap.readings for gap in self._lost.values())

    def add(self, device: str, kind: str, time_ms: int, values: Mapping[str, float]) -> None:
        """Take the values [each channel's unit] of one device at one time [ms since 1970-01-01 UTC]."""
        self.add_row(device, kind, tuple(values), time_ms, list(values.values()))

    def add_row(self, device: str, kind: str, channels: tuple[str, ...], time_ms: int, values: Values) -> None:
        """Take what one read brought.

        Parameters
        ----------
        device, kind
            Whose.
        channels
            What is read together; the same tuple again and again costs least.
        time_ms
            When [ms since 1970-01-01 UTC].
        values
            By channel [its unit], ``None`` where there is no value.
        """
        self.latest[device, channels] = (time_ms, values)
        state = self._clock()
        tables = self._rows.get(state)
        if tables is None:
            tables = self._rows[state] = defaultdict(dict)
        rows = tables[device, kind]
        group = rows.get(channels)
        if group is None:
            rows[channels] = [(time_ms, values)]
        else:
            group.append((time_ms, values))

    def lose(self, device: str, kind: str, channels: Iterable[str], time_ms: int) -> None:
        """Declare what was read while the clock could not stamp it; `time_ms` is what the clock showed."""
        gaps = [Gap(device, kind, channel, time_ms, time_ms, CLOCK_STEPPED, 1) for channel in channels]
        self._lost = merged((*self._lost.values(), *gaps))

    async def run(self, every_s: float, stop: asyncio.Event) -> None:
        """Flush every `every_s` [s] until `stop` is set, and once more then; the attribute `every_s` changes it."""
        self.every_s = every_s
        while not stop.is_set():
            try:
                async with asyncio.timeout(self.every_s):
                    await stop.wait()
            except TimeoutError:
                await self.flush()
        await self.flush()

    async def flush(self) -> None:
        """Commit what was gathered. What the disk does not take becomes a gap, declared as soon as it takes one."""
        gathered, self._rows = self._rows, {}
        for clock, devices in gathered.items():
            await self._commit(clock, devices)
        if self._lost and not gathered:
            await self._commit("", {})

    async def _commit(self, clock: ClockState, devices: dict[tuple[str, str], _Rows]) -> None:
        lost, self._lost = self._lost, {}
        tables: list[Table | Row] = []

        def put() -> None:
            tables.extend(
                table for (device, kind), rows in devices.items() for table in _tables(device, kind, rows, clock)
            )
            self._outbox.put(tables, list(lost.values()))

        try:
            await asyncio.to_thread(put)
        except OutboxError as error:
            refused = gaps_of(tables, reason_for(error))
            self._lost = merged((*lost.values(), *refused, *self._lost.values()))
            if not self._failing:
                self._failing = True
                log.warning("readings_lost", says=f"{error} New readings are lost until then.")
            return
        if self._failing:
            self._failing = False
            log.info("outbox_recovered", gaps=len(lost), readings=sum(gap.readings for gap in lost.values()))
        self._on_put()


def _tables(device: str, kind: str, rows: _Rows, clock: ClockState) -> Iterator[Table | Row]:
    """One table per group of channels that are read together; one for all when a channel is in two groups."""
    if len(rows) > 1 and len(set().union(*rows)) < sum(map(len, rows)):
        yield _mixed(device, kind, rows, clock)
        return
    for channels, group in rows.items():
        if len(group) == 1:
            yield Row(device, kind, channels, *group[0], clock)
            continue
        if any(later[0] <= earlier[0] for earlier, later in pairwise(group)):
            yield _mixed(device, kind, {channels: group}, clock)
            continue
        columns = dict(zip(channels, map(list, zip(*(values for _, values in group), strict=True)), strict=True))
        if any(None in values for _, values in group):
            hollow = len(group)
            columns = {name: column for name, column in columns.items() if column.count(None) < hollow}
        yield Table.of(device, kind, [at for at, _ in group], columns, clock)


def _mixed(device: str, kind: str, rows: _Rows, clock: ClockState) -> Table:
    by_time: dict[int, dict[str, float]] = {}
    for channels, group in rows.items():
        for at, values in group:
            named = zip(channels, values, strict=True)
            by_time.setdefault(at, {}).update({name: value for name, value in named if value is not None})
    times = sorted(at for at, values in by_time.items() if values)
    names = sorted({name for values in by_time.values() for name in values})
    return Table.of(device, kind, times, {name: [by_time[at].get(name) for at in times] for name in names}, clock)
