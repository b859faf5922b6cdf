"""A programme's machines as a table for a spreadsheet: CSV or XLSX, one row each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Literal

from evaluation.machines import MachineResult
from evaluation.portfolio import PortfolioResult

TableFormat = Literal["csv", "xlsx"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_HEADS = {
    "ko": (
        "판정", "계획", "제목", "사업장", "설비", "보고기간 첫날", "보고기간 마지막 날", "절감량을 잰 일수",
        "절감량 [kWh]", "하한 [kWh]", "상한 [kWh]", "절감률 [%]", "하한 [%]", "상한 [%]", "신뢰수준 [%]",
        "조정 기준사용량 [kWh]", "실제 사용량 [kWh]", "기준기간 하루 사용량 [kWh/일]", "온실가스 감축량 [tCO₂eq]",
        "에너지 절감량 [toe]", "절감 요금 [원]", "보조금 [원]", "절감 1kWh당 보조금 [원/kWh]",
        "근거", "유의점", "계획 지문 (SHA-256)", "파일",
    ),
    "en": (
        "Verdict", "Plan", "Title", "Site", "Device", "Reporting from", "Reporting to", "Days measured",
        "Saving [kWh]", "Low [kWh]", "High [kWh]", "Saving [%]", "Low [%]", "High [%]", "Confidence [%]",
        "Adjusted baseline [kWh]", "Actual energy [kWh]", "Baseline energy a day [kWh/day]", "Avoided [tCO2eq]",
        "Saved [toe]", "Saved on the bill [won]", "Subsidy [won]", "Subsidy per kWh [won/kWh]",
        "Why", "Doubts", "Plan digest (SHA-256)", "File",
    ),
}  # fmt: skip

Cell = str | float | None


def portfolio_table(result: PortfolioResult, form: TableFormat, language: Literal["ko", "en"]) -> bytes:
    """The machines as a file's content; a machine without a saving has empty cells and its reason."""
    rows = [_row(one, language) for one in result.machines]
    if form == "xlsx":
        return _workbook(_HEADS[language], rows)
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(_HEADS[language])
    lines.writerows([_harmless(cell) for cell in row] for row in rows)
    # The byte order mark is how Excel knows Korean.
    return text.getvalue().encode("utf-8-sig")


def _row(one: MachineResult, language: Literal["ko", "en"]) -> list[Cell]:
    verdict = {"ko": "평가 못 함", "en": "not evaluated"}[language]
    if one.verdict is not None:
        verdict = one.verdict.ko if language == "ko" else one.verdict.en
    worth, saving = one.worth, one.saving
    days = [str(day) if day is not None else None for day in (one.reporting_first_day, one.reporting_last_day)]
    numbers: list[Cell] = [None] * 9
    if saving is not None:
        numbers = [saving.kwh, saving.low, saving.high, saving.pct, saving.pct_low, saving.pct_high,
                   100.0 * saving.confidence, saving.adjusted_kwh, saving.actual_kwh]  # fmt: skip
    return [
        verdict, one.plan_id, one.title.said(language), one.site, one.device, *days, one.days, *numbers,
        one.baseline_kwh_per_day,
        worth.avoided_tco2eq.value if worth else None,
        worth.avoided_toe.value if worth else None,
        worth.saved_won.value if worth and worth.saved_won else None,
        one.subsidy_won,
        worth.subsidy_won_per_kwh.value if worth and worth.subsidy_won_per_kwh else None,
        *(" ".join(each.text.said(language) for each in one.reasons if each.doubt is doubt) for doubt in (False, True)),
        one.plan_digest,
        one.source,
    ]  # fmt: skip


def _workbook(head: tuple[str, ...], rows: list[list[Cell]]) -> bytes:
    import xlsxwriter  # noqa: PLC0415 - only whoever asks for a workbook needs it

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet("WattProof")
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 2)
        for column, name in enumerate(head):
            sheet.write_string(0, column, name, bold)
        for row, column, cell in _cells(rows):
            if isinstance(cell, str):
                sheet.write_string(row, column, cell)
            else:
                sheet.write_number(row, column, cell)
        sheet.autofit()
    return content.getvalue()


def _cells(rows: list[list[Cell]]) -> Iterator[tuple[int, int, str | float]]:
    for row, cells in enumerate(rows, 1):
        for column, cell in enumerate(cells):
            if cell is not None:
                yield row, column, cell


def _harmless(cell: Cell) -> Cell:
    """A text that a spreadsheet would take for a formula, as a text: whoever writes a plan must not run one."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
