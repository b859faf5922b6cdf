"""Rescue: the sound readings of a batch that a value which is no number would otherwise drag into quarantine.

JSON has no NaN and no infinity, yet programs write them (``NaN``, ``-Infinity``, ``1e999``), and others write numbers
as text. Such a value is set aside by itself, with its reason; the rest of its batch is stored.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from typing import Any, Final

import msgspec

from collector.intake import Intake, take_apart
from collector.refusals import Reason, Refusal
from telemetry import Batch, TelemetryError, channel_names, encode

_LARGEST: Final = 2**1023


def rescue(topic: str, payload: bytes, now: int) -> Intake | None:
    """Take a message apart that does not decode, without those of its values that are no numbers.

    Returns
    -------
    Intake | None
        None when that is not what is wrong with it.
    """
    try:
        document: Any = json.loads(payload)
        refusals = [refusal for table in document["tables"] for refusal in _mended(table)]
        if not refusals:
            return None
        document["tables"] = [table for table in document["tables"] if table["channels"]]
        document.pop("crc", None)
        sound = msgspec.convert(document, Batch)
        intake = take_apart(topic, encode(sound), now)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, TelemetryError):
        return None
    if intake.batch is None or not (intake.batch.tables or intake.batch.gaps):
        return Intake(intake.sender, None, [*refusals, *intake.refusals])
    return Intake(intake.sender, intake.batch, [*refusals, *intake.refusals])


def _mended(table: dict[str, Any]) -> list[Refusal]:
    """Take out of a table what is no number; tell what it was."""
    refusals: list[Refusal] = []
    rows_each, kept = len(table["times"]), {}
    names = channel_names(table["channels"])
    if len(table["values"]) != len(names) * rows_each:
        return []
    for nth, name in enumerate(names):
        column = table["values"][nth * rows_each : (nth + 1) * rows_each]
        found: dict[Reason, list[int]] = defaultdict(list)
        for row, value in enumerate(column):
            reason = _wrong(value)
            if reason is not None:
                found[reason].append(row)
        for reason, rows in found.items():
            refusals.append(_refusal(table, name, reason, rows, [column[row] for row in rows]))
        bad = {row for rows in found.values() for row in rows}
        sound = [None if row in bad else value for row, value in enumerate(column)]
        if not bad or any(value is not None for value in sound):
            kept[name] = sound
    table["channels"], table["values"] = " ".join(kept), [value for column in kept.values() for value in column]
    return refusals


def _wrong(value: object) -> Reason | None:
    match value:
        case None:
            return None
        case bool():
            return Reason.WRONG_TYPE
        case int():
            return None if abs(value) < _LARGEST else Reason.NOT_FINITE
        case float():
            return None if math.isfinite(value) else Reason.NOT_FINITE
        case _:
            return Reason.WRONG_TYPE


def _refusal(table: dict[str, Any], name: str, reason: Reason, rows: list[int], values: list[object]) -> Refusal:
    shown = ", ".join(sorted({json.dumps(value)[:40] for value in values})[:3])
    said = "no finite number" if reason is Reason.NOT_FINITE else "no JSON number"
    content = msgspec.json.encode(
        {
            "device": table["device"],
            "kind": table["kind"],
            "channel": name,
            "times": [table["times"][row] for row in rows],
            "values": [json.dumps(value) for value in values],
        }
    )
    part = f"{table['kind']}/{table['device']}/{name}"
    return Refusal(reason, f"{shown}: {said}; leave such a reading out", part, len(rows), content)
