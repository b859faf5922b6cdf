"""Values of devices on one common grid, as charts want them: a window without a reading is null, a gap stays a gap."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from api.directory import Directory, unit_of
from api.errors import BadRequestError, NotFoundError
from api.models import DeclaredGap, Line, SeriesData
from storage import Aggregate, Series, Store, Times, Values, draw, from_quarter_hours, missing, width_for

MAX_POINTS = 4000
_DAY_MS = 86_400_000


def grid(start: int, end: int, every_ms: int | None, slowest_ms: int) -> int:
    """Width of the windows [ms]: as asked, else so that every window of the slowest device holds a reading.

    Raises
    ------
    BadRequestError
        When the range is empty or holds more than `MAX_POINTS` windows.
    """
    if end <= start:
        raise BadRequestError("`end` must be later than `start`")
    if every_ms is None:
        return width_for(start, end, max(5000, 2 * slowest_ms), MAX_POINTS)
    if (end - start) // every_ms + 1 > MAX_POINTS:
        least = -(-(end - start) // (MAX_POINTS - 1))
        raise BadRequestError(
            f"the range holds more than {MAX_POINTS} windows of {every_ms} ms; ask for `every` of at least {least}"
        )
    return every_ms


def begin_of_day(time: int, zone: ZoneInfo, width: int) -> int:
    """How far windows are shifted so that days begin where the site is [ms]; 0 where they do not make up days.

    As of the time [ms UTC]: where clocks are set for the summer, the other half of a year is an hour off.
    """
    if _DAY_MS % width and width % _DAY_MS:
        return 0
    ahead = datetime.fromtimestamp(time / 1000, zone).utcoffset() or timedelta()
    return -(ahead // timedelta(milliseconds=1)) % width


def read_series(
    store: Store,
    directory: Directory,
    site: str,
    names: list[str],
    channel: str,
    start: int,
    end: int,
    every_ms: int | None,
    aggregate: Aggregate,
) -> SeriesData:
    """Read one channel of `names` over ``start <= time < end`` [ms UTC], widened to whole windows.

    Raises
    ------
    BadRequestError
        When the range is empty or too fine.
    NotFoundError
        When a device is unknown or does not have the channel.
    StoreError
        When the store cannot be read.
    """
    devices = [directory.device(site, name) for name in names]
    for device in devices:
        if channel not in device.channels:
            has = ", ".join(device.channels)
            raise NotFoundError(f"device {device.device!r} has no channel {channel!r}; it has {has}")
    width = grid(start, end, every_ms, max(device.every_ms for device in devices))
    offset = begin_of_day(start, ZoneInfo(directory.site(site).timezone), width)
    # Windows are whole: one that the range cut could miss its only reading and look like a gap.
    first, last = (start - offset) // width * width + offset, -(-(end - offset) // width) * width + offset
    times = list(range(first, last, width))
    index = {time: position for position, time in enumerate(times)}

    def on_grid(found: Times, values: Values | None) -> list[float | None] | None:
        if values is None:
            return None
        placed: list[float | None] = [None] * len(times)
        for time, value in zip(found.tolist(), values.tolist(), strict=True):
            placed[index[time]] = None if math.isnan(value) else value
        return placed

    lines = []
    for device in devices:
        drawn = draw(store, Series(site, device.kind, device.device, channel), first, last, width, aggregate, offset)
        lines.append(
            Line(
                device=device.device,
                label=device.label,
                values=on_grid(drawn.times, drawn.values) or [],
                low=on_grid(drawn.times, drawn.low),
                high=on_grid(drawn.times, drawn.high),
            )
        )
    gaps = [
        DeclaredGap(
            device=gap.device,
            channel=gap.channel,
            start=gap.start,
            end=gap.end,
            reason=gap.reason,
            declared=gap.readings,
            missing=missing(store, site, gap),
        )
        for gap in store.gaps(site, start, end)
        if gap.device in names and gap.channel == channel
    ]
    return SeriesData(
        channel=channel,
        unit=unit_of(channel),
        aggregate=aggregate.value,
        every_ms=width,
        source="quarter-hours" if from_quarter_hours(first, last, width, offset) else "readings",
        times=times,
        lines=lines,
        gaps=gaps,
    )
