"""An understood file in few words: for a person to compare with a bill, and for a program to read."""

from __future__ import annotations

import datetime as dt

import msgspec
import numpy as np

from exchange.cells import BadCell
from exchange.clock_texts import Times
from exchange.mapping import Mapping
from exchange.series import FileSeries
from exchange.understanding import Understood
from exchange.units import conversion
from exchange.words import Question, Words
from exchange.zones import local, offsets
from telemetry import CHANNELS

_GAPS_SHOWN = 5


class ColumnSummary(msgspec.Struct, frozen=True):
    """One series of a file.

    Parameters
    ----------
    column, device, channel, unit, meaning
        What it was understood to be; `unit` is the file's.
    stored_unit, factor
        What it is stored in, and how it gets there.
    first_values
        The first values as the file has them [the file's unit].
    values
        How many there are.
    gaps, gap_ms
        Gaps between intervals, and what they last in all [ms].
    first_gaps
        Of the first of them, from when to when.
    total
        Sum of intervals, or rise of a register; of others their mean [`shown_unit`].
    months
        The same by month of the site's calendar.
    """

    column: str
    device: str
    channel: str
    unit: str
    meaning: str
    stored_unit: str
    factor: str
    first_values: list[float]
    values: int
    gaps: int
    gap_ms: int
    first_gaps: list[str]
    shown_unit: str
    total: float | None
    months: dict[str, float]


class Duplicate(msgspec.Struct, frozen=True):
    """Two values of one time."""

    column: str
    time: str
    first_line: int
    first: float
    second_line: int
    second: float


class Summary(msgspec.Struct, frozen=True):
    """What a file was understood to hold.

    Parameters
    ----------
    first, last
        Where the first interval begins and the last ends, or the first and last stamp, with offset.
    first_time_text
        The first row's time as the file has it.
    stamps, stamps_why
        Whether stamps are starts or ends, and why.
    remarks
        What was read otherwise than as it stands, or was no row.
    """

    file: str
    sha256: str
    bytes: int
    format: dict[str, str]
    decimal: str
    header_line: int
    titles: list[str]
    rows: int
    first: str
    last: str
    first_time_text: str
    date_order: str
    zone: str
    step_ms: int
    stamps: str
    stamps_why: Words
    columns: list[ColumnSummary]
    left_out: dict[str, Words]
    duplicates_same: int
    duplicates_other: int
    duplicates: list[Duplicate]
    bad: int
    bad_cells: list[BadCell]
    remarks: list[Words]
    questions: list[Question]
    mapping: Mapping


def summarise(understood: Understood) -> Summary:
    """Sum an understood file up."""
    line, source = understood.line, understood.source
    firsts = [int(each.times[0]) for each in understood.series if len(each.times)]
    lasts = [
        int((each.ends if each.of_intervals else each.stamps)[-1]) for each in understood.series if len(each.times)
    ]
    if any(each.meaning == "interval" for each in understood.series):
        firsts += [int(each.starts[0]) for each in understood.series if each.meaning == "interval" and len(each.starts)]
    return Summary(
        str(source.path), source.sha256, source.size, source.described, understood.decimal.value, source.header_line,
        source.titles, understood.rows, local(min(firsts), line.zone) if firsts else "",
        local(max(lasts), line.zone) if lasts else "", understood.time_text, line.order.value, line.zone_name,
        line.step_ms,
        line.stamps_at, line.why, [_column(each, line.zone) for each in understood.series], understood.left_out,
        understood.repeats.same, understood.repeats.other,
        [
            Duplicate(clash.header, local(clash.time, line.zone), *clash.first, *clash.second)
            for clash in understood.repeats.clashes
        ],
        understood.bad_count, understood.bad, understood.remarks, understood.questions, understood.mapping,
    )  # fmt: skip


def _column(series: FileSeries, zone: dt.tzinfo) -> ColumnSummary:
    channel = CHANNELS[series.channel]
    months, total = _months(series, zone)
    scale = channel.display_scale
    return ColumnSummary(
        series.header, series.device, series.channel, series.unit, series.meaning, channel.unit,
        conversion(series.unit, channel.unit, series.header).said, series.raw[:3].tolist(), len(series.values),
        *series.gaps, _first_gaps(series, zone),
        channel.display_unit or channel.unit, None if total is None else total * scale,
        {month: value * scale for month, value in months.items()},
    )  # fmt: skip


def _first_gaps(series: FileSeries, zone: dt.tzinfo) -> list[str]:
    if not series.of_intervals or not len(series.starts):
        return []
    places = np.flatnonzero(series.starts[1:] > series.ends[:-1])[:_GAPS_SHOWN]
    return [f"{local(int(series.ends[at]), zone)} – {local(int(series.starts[at + 1]), zone)}" for at in places]


def _months(series: FileSeries, zone: dt.tzinfo) -> tuple[dict[str, float], float | None]:
    """By month and in all [the registry's unit]: sums of intervals, rises of a register, means of others."""
    if not len(series.values):
        return {}, None
    times, parts = series.times if series.meaning != "interval" else series.starts, series.values
    if series.meaning == "register":
        # A fall is a reset; what came before it is not known.
        times, parts = times[1:], np.maximum(np.diff(series.values), 0.0)
    if not len(parts):
        return {}, None
    months = _month_of(times, zone)
    found, place = np.unique(months, return_inverse=True)
    sums = np.bincount(place, weights=parts)
    summed = series.meaning in {"interval", "register"}
    values = sums if summed else sums / np.bincount(place)
    total = float(parts.sum() if summed else parts.mean())
    return dict(zip(np.datetime_as_string(found).tolist(), values.tolist(), strict=True)), total


def _month_of(times: Times, zone: dt.tzinfo) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    return (times + offsets(times, zone)).astype("datetime64[ms]").astype("datetime64[M]")
