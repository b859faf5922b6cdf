"""Which columns of a file are imported as what: recognised by their names, or as a mapping says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from exchange.errors import MappingError
from exchange.headers import guess, split_unit, units_in_doubt, units_of
from exchange.mapping import Column, Mapping, SeriesColumns
from exchange.sources import Source
from exchange.time_columns import TIME_OF_DAY, time_columns, zone_of
from exchange.trends import Trend
from exchange.units import conversion, convertible, unit_named
from exchange.words import Question, Words
from telemetry import CHANNELS, units_for

LEFT_OUT = Words("지정에 따라 제외", "left out, as said")
NOT_NEEDED = Words("필요 없음", "not needed")
NOT_NAMED = Words("매핑에 없음", "not in the mapping")
UNKNOWN = Words("알 수 없는 항목", "not a quantity known by its name")
ANOTHER = Words("같은 채널에 다른 열이 지정됨", "another column was named for its channel")
TIME = Words("시각", "time")
EMPTY = Words("값이 하나도 없음", "no value in it")
PEAK = Words(
    "최대값은 구간의 평균이 아님 (15분 최대수요는 15분 자료에서만 평균과 같음)",
    "a maximum, not the mean of its interval; the two are the same only in 15-minute data",
)
_UNASKED: Final = frozenset({"1", "Hz", "B"})
"""Units of the registry in whose place files have no other."""
_PEAK: Final = re.compile(r"최대|피크|peak|max", re.IGNORECASE)
_FACTOR: Final = re.compile(r"배율|배수|multiplier|(?:ct|pt|vt)\s*(?:비|ratio)", re.IGNORECASE)
_TITLED: Final = re.compile(r"(?:단위|\bunits?)\s*[:：=]?\s*[(\[]?\s*([^\s()\[\]:,;]+)", re.IGNORECASE)
_DEMAND_MS: Final = 900_000


@dataclass(slots=True)
class Chosen:
    """Columns and what they are.

    Attributes
    ----------
    mapping
        With everything said or found out so far.
    time
        The time's columns.
    columns
        To be imported; empty in a file with one reading per row.
    left_out
        The others, and why.
    questions
        What their names leave open.
    """

    mapping: Mapping
    time: list[str]
    columns: list[Column]
    left_out: dict[str, Words]
    questions: list[Question] = field(default_factory=list)


def _few(names: Iterable[str]) -> str:
    """Names for a sentence: some of them when there are many."""
    shown = list(names)
    return ", ".join(shown[:12]) + (f", … ({len(shown)} in all)" if len(shown) > 12 else "")


def choose(source: Source, mapping: Mapping, said: list[Column | str]) -> Chosen:
    """Choose the columns to import.

    Parameters
    ----------
    mapping
        What is known.
    said
        Columns of the command line; they go before the mapping's.

    Raises
    ------
    MappingError
        When the mapping names a column that the file does not have, or nothing is recognised.
    """
    explicit = [each for each in said if isinstance(each, Column)]
    omitted = {each for each in said if isinstance(each, str)} | set(mapping.leave_out)
    time = mapping.time.columns or time_columns(source)
    if mapping.columns is not None:
        again = {each.header for each in explicit}
        explicit += [each for each in mapping.columns if each.header not in again]
    _check(source, [*time, *omitted, *(each.header for each in explicit)])
    if not time:
        raise MappingError(
            f"{source.path}: no column of dates and times found among {_few(source.header)}; name it with --time"
        )
    zone = mapping.time.zone or zone_of(source, time)
    mapping = msgspec.structs.replace(
        mapping, time=msgspec.structs.replace(mapping.time, columns=time, zone=zone or None)
    )
    unsettled = [_which_zone(time)] if zone == "" else []
    series = mapping.series or (None if explicit else _series_columns(source))
    if series is not None:
        named = [series.device, series.channel, series.value, *filter(None, (series.kind, series.unit))]
        _check(source, named)
        rest = {name: NOT_NEEDED for name in source.header if name not in {*named, *time}}
        return Chosen(msgspec.structs.replace(mapping, series=series), time, [], rest, unsettled)
    chosen = _by_names(source, mapping, time, explicit, omitted)
    chosen.questions += unsettled
    return chosen


def leave_out_empty(chosen: Chosen, said: Iterable[Column], trends: dict[str, Trend], bad: set[str]) -> list[Column]:
    """Columns without those that hold no value at all, unless somebody said what they are or all are empty.

    Parameters
    ----------
    said
        Columns that were named.
    bad
        Headers of columns with cells that cannot be read: these are told.
    """
    named = {each.header for each in said}
    empty = {each.header for each in chosen.columns if trends[each.header].empty} - named - bad
    kept = [each for each in chosen.columns if each.header not in empty]
    if not kept:
        return chosen.columns
    chosen.left_out.update(dict.fromkeys(empty, EMPTY))
    return kept


def ask_which(columns: Sequence[Column]) -> list[Question]:
    """Questions on columns of which any may be a channel's."""
    by_channel: dict[str, list[Column]] = {}
    for column in columns:
        by_channel.setdefault(column.target, []).append(column)
    return [_which(target, rivals) for target, rivals in by_channel.items() if len(rivals) > 1]


def settle_units(
    columns: list[Column], trends: dict[str, Trend], titles: Sequence[str], questions: list[Question]
) -> list[Column]:
    """Columns with every unit known, by a line above the table (``단위: kWh``) or by their values where these tell.

    What nothing tells becomes a question.
    """
    settled = []
    named = (unit_named(match[1]) for title in titles for match in _TITLED.finditer(title))
    titled = {unit for unit in named if unit is not None}
    for column in columns:
        unit = column.unit
        above = titled & set(convertible(CHANNELS[column.channel].unit))
        if unit is None and len(above) == 1:
            (unit,) = above
        elif unit is None and column.channel.startswith("power_factor"):
            unit = "%" if trends[column.header].most > 1.0 else "ratio"
        elif unit is None and CHANNELS[column.channel].unit in _UNASKED:
            unit = CHANNELS[column.channel].unit
        elif unit is None:
            doubt = units_in_doubt(column.header)
            first, second, *_ = doubt or units_of(column.channel)
            ko, en = ("의 단위가 불분명함", "a unit in doubt") if doubt else ("에 단위가 없음", "no unit")
            text = Words(
                f"열 '{column.header}'{ko}: {first}일 수도 {second}일 수도 있음",
                f"column {column.header!r} has {en}: it may be {first} or {second}",
            )
            options = (f"--column '{column.header}={column.target}:{each}'" for each in (first, second))
            questions.append(Question(text, " | ".join(options)))
            unit = first
        conversion(unit, CHANNELS[column.channel].unit, f"column {column.header!r}")
        settled.append(msgspec.structs.replace(column, unit=unit, meaning=column.meant))
    return settled


def leave_out_peaks(columns: list[Column], step_ms: int, left_out: dict[str, Words]) -> list[Column]:
    """Columns without the peaks of intervals that are longer than the quarter-hour over which demand is a mean."""
    if step_ms <= _DEMAND_MS:
        return columns
    peaks = {each.header for each in columns if each.meaning == "mean" and _PEAK.search(each.header)}
    left_out.update(dict.fromkeys(peaks, PEAK))
    return [each for each in columns if each.header not in peaks]


def settle_meanings(columns: list[Column], trends: dict[str, Trend], questions: list[Question]) -> None:
    """Ask where values contradict a meaning that was guessed: a column that only rises is no energy of intervals."""
    for column in columns:
        if column.meaning not in {"interval", "register"}:
            continue
        rises, falls = trends[column.header].as_register, trends[column.header].as_amounts
        if (column.meaning == "interval" and rises) or (column.meaning == "register" and falls):
            seems = Words("누적 지침", "a register") if rises else Words("구간 사용량", "amounts of intervals")
            text = Words(
                f"열 '{column.header}'은(는) 이름과 달리 값이 {seems.ko}처럼 보임",
                f"column {column.header!r}: its values look like {seems.en}, unlike its name",
            )
            options = (
                f"--column '{column.header}={column.target}:{column.unit}:{each}'" for each in ("interval", "register")
            )
            questions.append(Question(text, " | ".join(options)))


def _by_names(source: Source, mapping: Mapping, time: list[str], explicit: list[Column], omitted: set[str]) -> Chosen:
    named = {each.header for each in explicit}
    left_out = {name: LEFT_OUT for name in source.header if name in omitted} | dict.fromkeys(source.beside, NOT_NEEDED)
    columns: list[Column] = []
    # Where a channel's columns are said to be of devices, one that is not said is of none.
    taken = {(device, each.channel) for each in explicit for device in (each.device, None)}
    for header in source.header:
        if header in named or header in omitted or header in time:
            columns += [_by_its_name(each) for each in explicit if each.header == header]
            continue
        if mapping.columns is not None:
            left_out[header] = NOT_NAMED
            continue
        found = guess(header)
        if found is None:
            left_out[header] = UNKNOWN if not TIME_OF_DAY.search(header) else TIME
        elif (found.device, found.channel) in taken:
            left_out[header] = ANOTHER
        else:
            columns.append(Column(header, found.channel, found.unit, found.meaning, found.device))
    if not columns:
        # An example that can be meant: no column of times.
        example = next((name for name in reversed(source.header) if left_out.get(name) is UNKNOWN), source.header[-1])
        raise MappingError(
            f"{source.path}: no column recognised among {_few(source.header)}; say what one is, e.g. with"
            f" --column '{example}=energy_import_wh:kWh:interval'"
        )
    chosen = Chosen(mapping, time, columns, left_out)
    factors = (name for name, why in left_out.items() if why is UNKNOWN and _FACTOR.search(name))
    chosen.questions += [_multiplied(name) for name in factors]
    return chosen


def _which_zone(time: Sequence[str]) -> Question:
    """Ask for the time zone where the names of the time's columns speak of one, but not clearly."""
    names = ", ".join(f"'{name}'" for name in time)
    text = Words(f"{names}의 시간대가 불분명함", f"which time zone {names} is in cannot be told from the name")
    return Question(text, "--zone Asia/Seoul | --zone Europe/Berlin | --zone UTC")


def _multiplied(header: str) -> Question:
    """Ask whether values are multiplied already by the factor of a meter behind transformers."""
    text = Words(
        f"열 '{header}'은(는) 곱하지 않음: 값에 이미 곱해져 있으면 그 열을 빼고, 아니면 파일에서 곱한 뒤 가져올 것",
        f"column {header!r} is not multiplied by: leave it out if the values are so already; else multiply them in the"
        " file first",
    )
    return Question(text, f"--column '{header}=-'")


def _which(target: str, rivals: Sequence[Column]) -> Question:
    """Ask which of several columns is a channel's, or whose each of them is."""
    both = ", ".join(f"'{each.header}'" for each in rivals)
    units = [f":{each.unit}:{each.meant}" if each.unit else "" for each in rivals]
    own = f"--column '{rivals[0].header}=DEVICE/{rivals[0].channel}{units[0]}'"
    text = Words(
        f"{both} 중 어느 열이 {target}인지 알 수 없음: 서로 다른 설비의 열이면 열마다 장치를 적을 것, 예: {own}",
        f"any of {both} may be {target}; if they are of several devices, say whose each is, e.g. {own}",
    )
    options = (f"--column '{each.header}={target}{unit}'" for each, unit in zip(rivals, units, strict=True))
    return Question(text, " | ".join(options))


def _by_its_name(column: Column) -> Column:
    """A column with the unit and the meaning that its header tells, where nobody has said them."""
    _, unit, _ = split_unit(column.header)
    if column.unit is None and unit in units_for(CHANNELS[column.channel].unit):
        column = msgspec.structs.replace(column, unit=unit)
    found = guess(column.header)
    if column.meaning is None and found is not None and found.channel == column.channel:
        column = msgspec.structs.replace(column, meaning=found.meaning)
    return column


def _check(source: Source, names: list[str]) -> None:
    for name in names:
        if name not in source.header:
            raise MappingError(f"{source.path}: no column {name!r}; it has {_few(source.header)}")


def _series_columns(source: Source) -> SeriesColumns | None:
    names = set(source.header)
    if {"channel", "value", "aggregate"} <= names:
        raise MappingError(
            f"{source.path}: these are aggregates, not readings; export readings (without --every) and import those"
        )
    if not {"device", "channel", "value"} <= names:
        return None
    return SeriesColumns(
        "device", "channel", "value", "kind" if "kind" in names else None, "unit" if "unit" in names else None
    )
