"""An understood file in few words: for a person to compare with a bill, and for a program to read."""

from __future__ import annotations

import datetime as dt

import msgspec

from exchange.cells import BadCell
from exchange.file_series import FileSeries
from exchange.mapping import Mapping
from exchange.understanding import Understood
from exchange.units import conversion
from exchange.words import Question, Words
from exchange.zones import local
from telemetry import CHANNELS


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
    held = [each for each in understood.series if len(each)]
    firsts = [each.totals.first_start if each.meaning == "interval" else each.totals.first for each in held]
    lasts = [each.totals.last_end if each.of_intervals else each.totals.last for each in held]
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
        understood.bad.count, understood.bad.first, understood.remarks, understood.questions, understood.mapping,
    )  # fmt: skip


def _column(series: FileSeries, zone: dt.tzinfo) -> ColumnSummary:
    channel, totals = CHANNELS[series.channel], series.totals
    scale = channel.display_scale
    return ColumnSummary(
        series.header, series.device, series.channel, series.unit, series.meaning, channel.unit,
        conversion(series.unit, channel.unit, series.header).said, totals.first_values, totals.count,
        totals.gaps, totals.gap_ms, [f"{local(start, zone)} – {local(end, zone)}" for start, end in totals.first_gaps],
        channel.display_unit or channel.unit, None if totals.total is None else totals.total * scale,
        {month: value * scale for month, value in totals.months.items()},
    )  # fmt: skip
