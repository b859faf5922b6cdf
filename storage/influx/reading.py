"""Ranges of readings, what lies around them, and windows that the server or `storage.aggregation` makes of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from storage.aggregation import aggregate
from storage.influx.influxql import (
    EARLIEST,
    LATEST,
    Cells,
    among,
    between,
    decode_cells,
    decode_numbers,
    identifier,
    is_tag,
    select,
)
from storage.influx.server import Server
from storage.store import Aggregate, Series, Times, Values

Part = tuple[Times, Values]

STEPPED: Final = frozenset({Aggregate.INCREASE, Aggregate.TIME_MEAN})
"""Computed here, from readings: InfluxQL has nothing that says the same."""

_DEVICES_PER_QUERY: Final = 200
_DEVICES_ALONE: Final = 10
_AT_ONCE: Final = 4
"""Requests that one call has under way at most."""

_VALUES_PER_QUERY: Final = 4_000_000
"""About so many values at most are asked for at once; a reading a second is assumed."""


def nothing() -> Part:
    """No reading."""
    return np.zeros(0, np.int64), np.zeros(0)


def read(server: Server, series: Series, start: int, end: int) -> Part:
    """Every value in a range."""
    statement = select(identifier(series.channel), series.kind, *of(series), between(start, end))
    return _numbers(server, statement).get("", nothing())


def of(series: Series) -> tuple[str, ...]:
    """Conditions that name a device."""
    return is_tag("site", series.site), is_tag("device", series.device)


def _numbers(server: Server, statement: str) -> dict[str, Part]:
    """The rows of a statement that selects one number, by device when it groups by it."""
    found: dict[str, list[Part]] = defaultdict(list)
    for _, rows in server.query(statement, decode_numbers):
        times, values = zip(*rows.values, strict=True)
        found[rows.tags.get("device", "")].append((np.array(times, np.int64), np.array(values, np.float64)))
    return {device: joined(parts) for device, parts in found.items()}


def joined(parts: list[Part]) -> Part:
    """Parts one after the other."""
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([times for times, _ in parts]), np.concatenate([values for _, values in parts])


def around(
    server: Server, site: str, kind: str, devices: Sequence[str], channels: Sequence[str], start: int, end: int
) -> dict[tuple[str, str], Part]:
    """What `Store.read_around` says of every device and channel, in one request; those without a reading are absent."""
    where = is_tag("site", site), among(devices)
    by = " GROUP BY device"
    inside = ", ".join(identifier(channel) for channel in channels)
    statements = [select(inside, kind, *where, between(start, end), by=by)]
    if start > EARLIEST:
        statements += [_end("last", channel, kind, where, between(EARLIEST, start)) for channel in channels]
    after = len(statements)
    if end <= LATEST:
        statements += [_end("first", channel, kind, where, between(end, LATEST + 1)) for channel in channels]
    before: dict[tuple[str, str], Part] = {}
    middle: dict[tuple[str, str], list[Part]] = defaultdict(list)
    following: dict[tuple[str, str], Part] = {}
    for number, rows in server.query(statements, decode_cells):
        device = rows.tags.get("device", "")
        if number == 0:
            for channel, part in columns(rows.values, channels).items():
                middle[device, channel].append(part)
        elif number < after:
            before[device, channels[number - 1]] = _cell(rows.values)
        else:
            following[device, channels[number - after]] = _cell(rows.values)
    keys = dict.fromkeys([*before, *middle, *following])
    return {
        key: joined([part for part in (before.get(key), *middle.get(key, ()), following.get(key)) if part is not None])
        for key in keys
    }


def _end(function: str, channel: str, kind: str, where: tuple[str, ...], range_: str) -> str:
    return select(f"{function}({identifier(channel)})", kind, *where, range_, by=" GROUP BY device")


def _cell(rows: list[Cells]) -> Part:
    time, value = rows[0]
    return np.array([time], np.int64), np.array([value], np.float64)


def columns(rows: list[Cells], names: Sequence[str]) -> dict[str, Part]:
    """Rows of time and cells as one part per name, without what is null."""
    times, *cells = zip(*rows, strict=True)
    time = np.array(times, np.int64)
    found: dict[str, Part] = {}
    for name, column in zip(names, cells, strict=True):
        values = np.array(column, np.float64)
        there = ~np.isnan(values)
        if there.any():
            found[name] = (time[there], values[there])
    return found


def windows(
    server: Server,
    series: Sequence[Series],
    start: int,
    end: int,
    every_ms: int,
    how: Aggregate,
    offset_ms: int,
    hold_ms: int,
    modulus: float | None,
) -> dict[Series, Part]:
    """Windows of many series, those of one channel in one request; series without a window are absent."""
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for each in dict.fromkeys(series):
        groups[each.site, each.kind, each.channel].append(each.device)
    asked = [
        (key, part)
        for key, devices in groups.items()
        for part in _in_parts(devices, start, end, stepped=how in STEPPED)
    ]

    def ask(key: tuple[str, str, str], devices: list[str]) -> dict[Series, Part]:
        site, kind, channel = key
        if how in STEPPED:
            readings = around(server, site, kind, devices, [channel], start, end)
            made = {
                device: aggregate(
                    *readings[device, name], start, end, every_ms, how, offset_ms, hold_ms=hold_ms, modulus=modulus
                )
                for device, name in readings
            }
        else:
            what = f"{how.value}({identifier(channel)})"
            by = f" GROUP BY time({int(every_ms)}ms, {int(offset_ms) % int(every_ms)}ms), device fill(none)"
            where = is_tag("site", site), among(devices), between(start, end)
            made = _numbers(server, select(what, kind, *where, by=by))
        return {Series(site, kind, device, channel): windows for device, windows in made.items()}

    found: dict[Series, Part] = {}
    if len(asked) < 2:
        for one in asked:
            found |= ask(*one)
        return found
    # InfluxDB 1.x works on a request with one core; it has more.
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for answer in [pool.submit(ask, *one) for one in asked]:
            found |= answer.result()
    return found


def _in_parts(devices: list[str], start: int, end: int, *, stepped: bool) -> Iterable[list[str]]:
    """Devices for one request each: enough to keep several cores busy, few enough for what one may bring."""
    most = min(_DEVICES_PER_QUERY, max(_DEVICES_ALONE, -(-len(devices) // _AT_ONCE)))
    if stepped:
        most = max(1, min(most, _VALUES_PER_QUERY * 1000 // max(1, end - start)))
    return (devices[first : first + most] for first in range(0, len(devices), most))
