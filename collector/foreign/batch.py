"""What was found in a message of others, as the batch a gateway would have sent."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Final

import msgspec

from collector.foreign.translate import Found, Row, Translation
from collector.refusals import Reason, Refusal, part_content
from telemetry import Batch, InvalidNameError, Table, check_name

EPOCH: Final = "foreign"
"""Under which nobody is acknowledged anything: these senders know no such word."""

_Series = tuple[str, str]
"""Kind and device."""


def to_batch(told: Translation, *, timed: bool) -> tuple[Batch | None, list[Refusal]]:
    """Readings of a translation as a batch, None when there are none; and what is refused.

    Parameters
    ----------
    told
        What was found.
    timed
        Whether the message told the time of its readings; else the batch says that they have that of their arrival.
    """
    refusals = list(told.refusals)
    try:
        check_name(told.site, "site")
    except InvalidNameError as error:
        return None, [Refusal(Reason.INVALID_NAME, str(error))] if told.rows else refusals
    values: dict[_Series, dict[int, dict[str, list[float]]]] = defaultdict(lambda: defaultdict(dict))
    wrong: dict[tuple[str, str, str, Reason], list[tuple[Row, Found]]] = defaultdict(list)
    for row in told.rows:
        for found in row.found:
            if found.reason is not None:
                wrong[row.kind, row.device, found.channel, found.reason].append((row, found))
            else:
                said = values[row.kind, row.device][row.time].setdefault(found.channel, [])
                if found.value not in said:
                    said.append(found.value)
    refusals += [_refusal(key, found) for key, found in wrong.items()]
    tables = [_table(series, rows, refusals, timed=timed) for series, rows in values.items()]
    tables = [table for table in tables if table.channels]
    return (Batch(told.site, told.gateway, EPOCH, 1, tables) if tables else None), refusals


def _refusal(key: tuple[str, str, str, Reason], found: list[tuple[Row, Found]]) -> Refusal:
    kind, device, channel, reason = key
    content = msgspec.json.encode(
        {
            "device": device,
            "kind": kind,
            "channel": channel,
            "times": [row.time for row, _ in found],
            "values": [each.said for _, each in found],
        }
    )
    return Refusal(reason, f"{found[0][1].detail} - at {found[0][1].path}", f"{kind}/{device}/{channel}",
                   len(found), content)  # fmt: skip


def _table(series: _Series, rows: dict[int, dict[str, list[float]]], refusals: list[Refusal], *, timed: bool) -> Table:
    kind, device = series
    times = sorted(rows)
    names = dict.fromkeys(name for time in times for name in rows[time])
    columns: dict[str, list[float | None]] = {}
    for name in names:
        said = [rows[time].get(name, []) for time in times]
        columns[name] = [values[0] if len(values) == 1 else None for values in said]
        twice = [(time, value) for time, values in zip(times, said, strict=True) if len(values) > 1 for value in values]
        if twice:
            shown = json.dumps([value for _, value in twice][:3])
            detail = f"{len(twice)} values for the same times, such as {shown}: which are right cannot be known"
            content = part_content(kind, device, name, twice)
            refusals.append(Refusal(Reason.DUPLICATE_TABLE, detail, f"{kind}/{device}/{name}", len(twice), content))
    held = {name: column for name, column in columns.items() if column.count(None) < len(column)}
    return Table.of(device, kind, times, held, "" if timed else "arrival")
