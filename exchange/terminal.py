"""What a file was understood to hold, for the terminal, in Korean or English."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from exchange.cells import BadCell
from exchange.history import Joined
from exchange.loading import Loaded
from exchange.summary import ColumnSummary, Summary
from exchange.words import Language, Words

_SHOWN_BAD = 10
_BESIDE = 4
_WORDS = {
    "file": Words("파일", "File"),
    "format": Words("형식", "Format"),
    "header": Words("머리행", "Header"),
    "line": Words("{0}행", "line {0}"),
    "no_header": Words("없음 (열 번호로 부름)", "none (columns are numbered)"),
    "titles": Words("위의 제목", "Titles above"),
    "semicolon": Words("세미콜론", "semicolon"),
    "tab": Words("탭", "tab"),
    "bar": Words("세로줄", "bar"),
    "rows": Words("행", "Rows"),
    "period": Words("기간", "Period"),
    "time": Words("시각", "Time"),
    "step": Words("간격", "Interval"),
    "stamps": Words("시각의 뜻", "Stamps are"),
    "start": Words("구간 시작", "interval starts"),
    "end": Words("구간 끝", "interval ends"),
    "": Words("모름", "not known"),
    "decimal": Words("소수점", "Decimal"),
    "point": Words("점", "point"),
    "comma": Words("쉼표", "comma"),
    "column": Words("열", "Column"),
    "becomes": Words("장치 / 채널", "Device / channel"),
    "unit": Words("단위", "Unit"),
    "meaning": Words("뜻", "Meaning"),
    "first": Words("첫 값", "First values"),
    "values": Words("개수", "Values"),
    "gaps": Words("공백", "Gaps"),
    "interval": Words("구간 사용량", "of interval"),
    "register": Words("누적 지침", "register"),
    "mean": Words("구간 평균", "mean"),
    "instant": Words("순시값", "instant"),
    "month": Words("월", "Month"),
    "total": Words("합계", "Total"),
    "compare": Words("월별 합계 (고지서와 비교)", "Sums by month, to compare with a bill"),
    "left_out": Words("가져오지 않는 열", "Not imported"),
    "same": Words("중복 {0:,}건은 값이 같아 한 번만 셈", "Values that come twice, counted once: {0:,}"),
    "other": Words(
        "같은 시각에 값이 다른 중복 {0:,}건 (--duplicates first | last)",
        "Values that come again with another value: {0:,} (--duplicates first | last)",
    ),
    "clash": Words("{0} {1}: {2}행 {3:g}, {4}행 {5:g}", "{0} {1}: line {2} {3:g}, line {4} {5:g}"),
    "bad": Words("읽을 수 없는 칸 {0:,}개 (--skip-bad)", "Cells that cannot be read: {0:,} (--skip-bad)"),
    "more": Words("… 그 밖에 {0:,}개", "… and {0:,} more"),
    "question": Words("정해야 할 것", "To be settled"),
    "clear": Words("모호한 점 없음: 가져올 수 있음", "Nothing is open: it can be imported"),
}


def render(summary: Summary, language: Language = "ko") -> RenderableType:
    """A summary as rich shows it: the file, its columns, sums by month, and what is open."""
    parts: list[RenderableType] = [_facts(summary, language), _columns(summary, language)]
    if any(column.meaning in {"interval", "register"} and column.months for column in summary.columns):
        parts += [Text(_say("compare", language), style="bold"), *_months(summary, language)]
    parts += _remarks(summary, language)
    return Group(*parts)


def said(loaded: Loaded, file: str, language: Language) -> str:
    """What became of an import, in one sentence."""
    if not loaded.stored and loaded.finished:
        words = Words(
            f"{file}: 이미 모두 가져온 파일이므로 바뀐 것이 없음 (값 {loaded.already:,}개; 다시 쓰려면 --no-resume)",
            f"{file}: all of it was imported before, so nothing was changed ({loaded.already:,} values;"
            " --no-resume writes it again)",
        )
    elif not loaded.finished:
        left = loaded.readings - loaded.stored - loaded.already
        words = Words(
            f"{file}: 중단됨. 측정값 {loaded.readings:,}개 중 {left:,}개가 남음; 같은 명령을 실행하면 이어서 가져옴",
            f"{file}: stopped. {left:,} of {loaded.readings:,} readings are left; the same command goes on from here",
        )
    else:
        ko = f" (앞서 저장된 {loaded.already:,}개에 더해)" if loaded.already else ""
        en = f" (after {loaded.already:,} stored earlier)" if loaded.already else ""
        words = Words(
            f"{file}: 측정값 {loaded.stored:,}개 저장{ko}, 15분 집계 {loaded.rolled:,}개 계산",
            f"{file}: {loaded.stored:,} readings stored{en}, {loaded.rolled:,} quarter-hours rolled up",
        )
    refused = "".join(
        Words(f"; 저장소가 {count:,}개 거부: {reason}", f"; the store refused {count:,}: {reason}").said(language)
        for reason, count in loaded.rejected.items()
    )
    return "\n".join([words.said(language) + refused, *(joined_text(each, language) for each in loaded.joined)])


def joined_text(joined: Joined, language: Language) -> str:
    """How history and a meter's own readings fit together."""
    name = f"{joined.device} / {joined.channel}"
    lines = [
        Words(
            f"  {name}: {joined.at}의 계량기 첫 측정값 {joined.first_reading:,.6g} {joined.unit} 앞에 구간"
            f" {joined.intervals:,}개를 거꾸로 이어 붙임",
            f"  {name}: {joined.intervals:,} intervals counted back from the meter's own first reading,"
            f" {joined.first_reading:,.6g} {joined.unit} at {joined.at}",
        )
    ]
    if joined.unknown_ms > 1:
        length = _length(joined.unknown_ms, language)
        ko = f"  {name}: 마지막 구간과 첫 측정값 사이 {length}의 사용량은 알 수 없음"
        lines.append(Words(ko, f"  {name}: what was used in the {length} between is not known"))
    if joined.left_out:
        lines.append(
            Words(
                f"  {name}: 계량기 측정값이 있는 구간 {joined.left_out:,}개는 가져오지 않음",
                f"  {name}: {joined.left_out:,} intervals left out, because the meter's own readings cover them",
            )
        )
    if joined.compared:
        sums = f"{joined.file_total:,.6g} {joined.unit}", f"{joined.meter_total:,.6g} {joined.unit}"
        lines.append(
            Words(
                f"  {name}: 양쪽에 다 있는 구간 {joined.compared:,}개의 합은 파일 {sums[0]}, 계량기 {sums[1]}",
                f"  {name}: in the {joined.compared:,} intervals that both tell, the file has {sums[0]} and the meter"
                f" {sums[1]}",
            )
        )
    return "\n".join(each.said(language) for each in lines)


def _say(word: str, language: Language, *values: object) -> str:
    text = _WORDS[word].said(language)
    return text.format(*values) if values else text


def _facts(summary: Summary, language: Language) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")

    def row(word: str, text: str) -> None:
        table.add_row(_say(word, language), Text(text))

    row("file", f"{summary.file} ({summary.bytes:,} B, SHA-256 {summary.sha256[:12]}…)")
    row("format", ", ".join(_say(word, language) if word in _WORDS else word for word in summary.format.values()))
    if summary.titles:
        row("titles", " / ".join(filter(None, summary.titles)))
    if "delimiter" in summary.format:
        row(
            "header",
            _say("line", language, summary.header_line) if summary.header_line else _say("no_header", language),
        )
        row("decimal", _say(summary.decimal, language))
    row("rows", f"{summary.rows:,}")
    row("period", f"{summary.first} – {summary.last}")
    row("time", f"{summary.first_time_text!r}, {summary.date_order}, {summary.zone}")
    if summary.step_ms:
        row("step", _length(summary.step_ms, language))
    row("stamps", f"{_say(summary.stamps, language)} ({summary.stamps_why.said(language)})")
    return table


def _columns(summary: Summary, language: Language) -> Table:
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(Text(f"{_say('column', language)}\n→ {_say('becomes', language)}"), overflow="fold", ratio=1)
    table.add_column(Text(f"{_say('unit', language)}\n{_say('first', language)}"), overflow="fold")
    table.add_column(_say("meaning", language), overflow="fold")
    table.add_column(_say("values", language), justify="right", no_wrap=True)
    table.add_column(_say("gaps", language), justify="right", overflow="fold")
    for column in summary.columns:
        gaps = f"{column.gaps:,} ({_length(column.gap_ms, language)})" if column.gaps else "–"
        becomes = Text.assemble(column.column, "\n", (f"→ {column.device or '?'} / {column.channel}", "cyan"))
        first = ", ".join(f"{value:,.10g}" for value in column.first_values)
        table.add_row(
            becomes, Text(f"{_factor(column)}\n{first}"), _say(column.meaning, language), f"{column.values:,}", gaps
        )
    return table


def _factor(column: ColumnSummary) -> str:
    if column.factor == "× 1":
        return column.unit if column.unit != "1" else "–"
    return f"{column.unit} {column.factor}" + (f" → {column.stored_unit}" if column.stored_unit != "1" else "")


def _months(summary: Summary, language: Language) -> list[RenderableType]:
    """Sums by month, a few columns to a table: more would leave none of them the room of a letter."""
    summed = [column for column in summary.columns if column.meaning in {"interval", "register"} and column.months]
    return [_by_month(summed[at : at + _BESIDE], language) for at in range(0, len(summed), _BESIDE)]


def _by_month(summed: Sequence[ColumnSummary], language: Language) -> Table:
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(_say("month", language), no_wrap=True)
    for column in summed:
        name = Text(f"{column.column}\n{column.shown_unit}")
        table.add_column(name, justify="right", overflow="fold", max_width=24)
    for month in sorted({month for column in summed for month in column.months}):
        table.add_row(month, *(_sum(column.months.get(month)) for column in summed))
    table.add_section()
    table.add_row(_say("total", language), *(_sum(column.total) for column in summed))
    return table


def _sum(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f}"


def _remarks(summary: Summary, language: Language) -> list[RenderableType]:
    lines: list[RenderableType] = []
    if summary.left_out:
        by_reason: dict[str, list[str]] = {}
        for name, why in summary.left_out.items():
            by_reason.setdefault(why.said(language), []).append(name)
        names = "; ".join(f"{', '.join(each)} ({why})" for why, each in by_reason.items())
        lines.append(Text(f"{_say('left_out', language)}: {names}", style="dim"))
    gaps = {gap: None for column in summary.columns for gap in column.first_gaps}
    if gaps:
        missing = max(column.gaps for column in summary.columns) - len(gaps)
        more = f" {_say('more', language, missing)}" if missing > 0 else ""
        lines.append(Text(f"{_say('gaps', language)}: {'; '.join(gaps)}{more}"))
    lines += [Text(remark.said(language)) for remark in summary.remarks]
    if summary.duplicates_same:
        lines.append(Text(_say("same", language, summary.duplicates_same)))
    if summary.duplicates_other:
        lines.append(Text(_say("other", language, summary.duplicates_other), style="yellow"))
        lines += [
            Text("  " + _say("clash", language, d.column, d.time, d.first_line, d.first, d.second_line, d.second))
            for d in summary.duplicates[:_SHOWN_BAD]
        ]
    if summary.bad:
        lines.append(Text(_say("bad", language, summary.bad), style="yellow"))
        lines += _bad_cells(summary, language)
    if not summary.questions:
        if not summary.bad and not summary.duplicates_other:
            lines.append(Text(_say("clear", language), style="green"))
        return lines
    lines.append(Text(_say("question", language), style="bold yellow"))
    for question in summary.questions:
        lines.append(Text(f"  {question.text.said(language)}"))
        lines += [Text(f"    {option}", style="cyan") for option in question.settled_by.split(" | ")]
    return lines


def _bad_cells(summary: Summary, language: Language) -> list[Text]:
    """The first cells that cannot be read, those of one reason together; and how many more there are."""
    by_reason: dict[tuple[str, Words], list[BadCell]] = {}
    for cell in summary.bad_cells[:_SHOWN_BAD]:
        by_reason.setdefault((cell.column, cell.reason), []).append(cell)
    lines = []
    for (column, reason), cells in by_reason.items():
        first, *rest = cells
        if not rest:
            lines.append(Text(f"  {first.said(language)}"))
            continue
        where = ", ".join(f"{_say('line', language, cell.line)} {cell.text!r}" for cell in cells)
        lines += [Text(f"  {column!r}: {reason.said(language)}"), Text(f"    {where}")]
    if summary.bad > _SHOWN_BAD:
        lines.append(Text("  " + _say("more", language, summary.bad - _SHOWN_BAD)))
    return lines


def _length(ms: int, language: Language) -> str:
    names = {"ko": ("일", "시간", "분", "초"), "en": (" d", " h", " min", " s")}[language]
    for name, size in zip(names, (86_400_000, 3_600_000, 60_000, 1000), strict=True):
        if (ms % size == 0 and ms >= size) or ms >= 2 * size:
            return f"{ms / size:,.0f}{name}" if ms >= 1000 * size else f"{ms / size:.4g}{name}"
    return f"{ms:,} ms"
