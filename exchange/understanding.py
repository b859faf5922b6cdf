"""What a file was understood to hold: everything a person has to agree to before it is imported."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import msgspec

from exchange.across import upright
from exchange.cells import BadCells, Decimal, together
from exchange.choosing import chosen as rows_chosen
from exchange.choosing import several_meters
from exchange.columns import (
    PEAK,
    Chosen,
    ask_which,
    choose,
    leave_out_empty,
    leave_out_peaks,
    settle_meanings,
    settle_units,
)
from exchange.contents import Clocks, Numbers, Progress, read_clocks, read_numbers
from exchange.errors import MappingError
from exchange.file_series import FileSeries
from exchange.mapping import DEFAULT_KIND, Column, Mapping
from exchange.rows_in_time import in_time
from exchange.series import Duplicates, Repeats
from exchange.sources import Source, open_source
from exchange.time_columns import beside
from exchange.timeline import Timeline, lay_out
from exchange.totals import Totals
from exchange.units import conversion
from exchange.words import Question, Words
from telemetry import CHANNELS, channel, check_name

_MONTH_MS: Final = 28 * 86_400_000
_UNENDED: Final = Words(
    "파일이 줄바꿈 없이 끝남: 마지막 행의 값이 잘리지 않았는지 확인할 것",
    "the file ends without a line's end: see that the value of its last row is whole",
)


@dataclass(slots=True)
class Understood:
    """A file, understood.

    Attributes
    ----------
    source, mapping
        The file, and how it was read: everything said or found out, so that the mapping alone reads it the same way.
    rows
        Below the header.
    decimal
        Sign of the fraction.
    line
        When the rows were.
    time_text
        Cells of the first row's time.
    series
        What would be imported.
    left_out
        Columns that would not, and why.
    questions
        What can be read in two ways; nothing is imported before they are settled.
    bad
        Cells that cannot be imported.
    repeats
        Rows that come twice.
    remarks
        What was read otherwise than as it stands, or was no row: totals, dates of merged cells.
    """

    source: Source
    mapping: Mapping
    rows: int
    decimal: Decimal
    line: Timeline
    time_text: str
    series: list[FileSeries]
    left_out: dict[str, Words]
    questions: list[Question]
    bad: BadCells
    repeats: Repeats = field(default_factory=Repeats)
    remarks: list[Words] = field(default_factory=list)

    @property
    def readings(self) -> int:
        """Values to be imported."""
        return sum(map(len, self.series))


def understand(
    path: Path,
    mapping: Mapping | None = None,
    columns: list[Column | str] | None = None,
    *,
    duplicates: Duplicates = "refuse",
    now: int | None = None,
    progress: Progress = lambda _done, _total: None,
) -> Understood:
    """Read a file and say what is in it. Nothing is written anywhere.

    Parameters
    ----------
    mapping
        What is known of it; the rest is found out.
    columns
        Columns as the command line says them; they go before the mapping's.
    duplicates
        Which of two values of one time counts.
    now
        Rows of a later time cannot be imported [ms UTC]; without it, none is too late.
    progress
        Told of rows read, twice over.

    Raises
    ------
    FileFormatError
        When it is no table.
    MappingError
        When the mapping does not fit it, or nothing in it is recognised.
    """
    given = mapping or Mapping()
    opened = open_source(path, encoding=given.encoding, delimiter=given.delimiter, header_line=given.header_line)
    table = rows_chosen(opened, given.only)
    source = upright(table)
    chosen = choose(source, given, columns or [])
    series = chosen.mapping.series
    if series is not None and given.device is not None:
        raise MappingError(f"{path}: column {series.device!r} says whose readings these are; leave --device out")
    numeric = [series.value] if series is not None else list(dict.fromkeys(each.header for each in chosen.columns))
    clocks = read_clocks(source, chosen.time, numeric, progress)
    if not clocks.rows:
        raise MappingError(f"{path}: no rows below the header")
    decimal = _decimal(source, chosen, clocks)
    keys = [] if series is None else [series.device, series.channel, *filter(None, (series.kind, series.unit))]
    numbers = read_numbers(source, numeric, keys, decimal, clocks, progress)
    said = [*(each for each in columns or () if isinstance(each, Column)), *(given.columns or ())]
    chosen.columns = leave_out_empty(chosen, said, numbers.trends, {cell.column for cell in numbers.bad.first})
    settled = settle_units(chosen.columns, numbers.trends, source.titles, chosen.questions)
    settle_meanings(_guessed(settled, columns, given), numbers.trends, chosen.questions)
    intervals = any(each.meaning in {"interval", "mean"} for each in settled)
    assert chosen.mapping.time.columns is not None
    line = lay_out(
        clocks, chosen.mapping.time, " ".join(chosen.time),
        intervals=intervals, repeats=series is not None, beside=beside(source, chosen.time, chosen.left_out), now=now,
    )  # fmt: skip
    if intervals and line.step_ms >= _MONTH_MS and chosen.mapping.time.interval is None:
        raise MappingError(
            f"{path}: rows lie {line.step_ms // 86_400_000} days apart, but months differ in length, so bills are no"
            " interval data; export 15-minute, hourly or daily values"
        )
    guessed = _guessed(settled, columns, given)
    rest = leave_out_peaks(guessed, line.step_ms, chosen.left_out)
    kept = [each for each in settled if each not in guessed or each in rest]
    if settled and not kept:
        peak = settled[0]
        raise MappingError(
            f"{path}: nothing to import: {peak.header!r} is {PEAK.en}; if it is a mean, say so with --column"
            f" '{peak.header}={peak.channel}:{peak.unit}:mean'",
            f"{path}: 가져올 것이 없습니다. {peak.header!r}: {PEAK.ko}. 평균이라면 --column"
            f" '{peak.header}={peak.channel}:{peak.unit}:mean'으로 지정하십시오.",
        )
    settled = kept
    rivals = {each.header for each in settled}
    chosen.questions[:0] = ask_which([each for each in chosen.columns if each.header in rivals])
    found, repeats, bad = _series(chosen, settled, numbers, line, duplicates)
    questions = [*chosen.questions, *line.questions]
    if series is None and repeats.same + repeats.other > clocks.rows / 4:
        meters = several_meters(table, [name for name in chosen.time if name in table.header], list(chosen.left_out))
        questions += [meters] if meters is not None else []
    if any(not each.device for each in found):
        text = Words("누구의 값인지 파일에 없음", "the file does not say which device's readings these are")
        questions.insert(0, Question(text, "--device main"))
    return Understood(
        source, _completed(chosen, source, decimal, line, settled), clocks.rows, decimal, line, clocks.text,
        found, chosen.left_out, questions, together(line.bad, numbers.bad, bad), repeats,
        [*clocks.leftovers.remarks, *line.remarks, *([_UNENDED] if opened.unended and not opened.cut else [])],
    )  # fmt: skip


def _guessed(settled: list[Column], said: list[Column | str] | None, given: Mapping) -> list[Column]:
    """Columns whose meaning nobody said."""
    known = [*(each for each in said or () if isinstance(each, Column)), *(given.columns or ())]
    agreed = {each.header for each in known if each.meaning is not None}
    return [each for each in settled if each.header not in agreed]


def _decimal(source: Source, chosen: Chosen, clocks: Clocks) -> Decimal:
    if chosen.mapping.decimal is not None:
        return chosen.mapping.decimal
    if not source.delimiter:
        return Decimal.POINT
    found = clocks.evidence.decide(source.delimiter)
    if found is None:
        shown = clocks.evidence.either_comma or clocks.evidence.either_point
        plain = shown.replace(",", "").replace(".", "")
        mark, other = (Decimal.POINT, Decimal.COMMA) if "," in shown else (Decimal.COMMA, Decimal.POINT)
        cut = shown.replace(",", ".")
        text = Words(f"{shown}은(는) {plain}일 수도 {cut}일 수도 있음", f"{shown} may be {plain} or {cut}")
        chosen.questions.append(Question(text, f"--decimal {mark} ({plain}) | --decimal {other} ({cut})"))
    return found or Decimal.POINT


def _series(
    chosen: Chosen, settled: list[Column], numbers: Numbers, line: Timeline, duplicates: Duplicates
) -> tuple[list[FileSeries], Repeats, BadCells]:
    mapping, repeats, bad = chosen.mapping, Repeats(), BadCells()
    laid = in_time(line.moments, numbers.values, numbers.key if mapping.series is not None else None, len(numbers.keys))
    found = [
            FileSeries(
                column.device or mapping.device or "", mapping.kind or DEFAULT_KIND, column.channel, column.header,
                str(column.unit), column.meant, duplicates, False, laid.moments,  # noqa: FBT003 - no store's export
                laid.values[column.header], laid.cuts[0], Totals(),
            )
        for column in settled
    ]  # fmt: skip
    if mapping.series is not None:
        for key, cuts in zip(numbers.keys, laid.cuts, strict=True):
            device, name, kind, unit = _key(mapping, key)
            meaning: Literal["register", "instant"] = "register" if channel(name).kind == "counter" else "instant"
            found.append(
                FileSeries(
                    device, kind, name, mapping.series.value, unit, meaning, duplicates, True, laid.moments,  # noqa: FBT003
                    laid.values[mapping.series.value], cuts, Totals(),
                )
            )  # fmt: skip
    for each in found:
        # A unit that cannot become the channel's is told before the values are looked at.
        conversion(each.unit, CHANNELS[each.channel].unit, each.header if mapping.series is None else each.channel)
        each.look(line.zone, repeats, bad)
    return found, repeats, bad


def _key(mapping: Mapping, key: tuple[str, ...]) -> tuple[str, str, str, str]:
    """Device, channel, kind and unit of a row of a file with one reading per row."""
    assert mapping.series is not None
    device, name, *rest = key
    kind = rest.pop(0) if mapping.series.kind else mapping.kind or DEFAULT_KIND
    unit = rest.pop(0) if mapping.series.unit else channel(name).unit
    check_name(device, f"column {mapping.series.device!r}: device")
    return device, channel(name).name, kind, unit


def _completed(chosen: Chosen, source: Source, decimal: Decimal, line: Timeline, settled: list[Column]) -> Mapping:
    """The mapping with all that was found out; what is open stays open, so that nobody agrees to it unasked."""
    open_ = " ".join(each.settled_by for each in chosen.questions)
    described: dict[str, str | int | None] = {}
    if source.delimiter:
        described = {
            "encoding": source.encoding or None, "delimiter": source.delimiter,
            "header_line": source.header_line or None,
        }  # fmt: skip
    time = msgspec.structs.replace(
        chosen.mapping.time,
        date_order=None if line.order_open else line.order,
        zone=line.zone_name,
        stamps=line.stamps_at or None,
    )
    return msgspec.structs.replace(
        chosen.mapping, **described, decimal=None if "--decimal" in open_ else decimal, time=time,
        columns=[_as_known(each, chosen, open_) for each in settled] or None,
        kind=chosen.mapping.kind or (None if chosen.mapping.series else DEFAULT_KIND),
    )  # fmt: skip


def _as_known(column: Column, chosen: Chosen, open_: str) -> Column:
    """A column without the unit or the meaning that is asked for."""
    given = next(each for each in chosen.columns if each.header == column.header)
    asked = f"--column '{column.header}={column.target}:"
    if asked not in open_:
        return column
    return msgspec.structs.replace(
        column,
        unit=given.unit,
        meaning=None
        if f"{asked}{column.unit}:interval" in open_ and f"{asked}{column.unit}:register" in open_
        else column.meaning,
    )
