"""A bill for the terminal, in Korean or English."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from analytics.billing import Bill, DemandReason, LoadBand, OptionCost, PowerFactorCharge, Season
from analytics.billing import Line as BillLine
from evaluation.billing import MonthBill
from evaluation.terminal import Language
from evaluation.wording import Text, number

_SEASONS = {
    Season.SUMMER: Text("여름", "summer"),
    Season.SPRING_FALL: Text("봄·가을", "spring, autumn"),
    Season.WINTER: Text("겨울", "winter"),
}
_BANDS = {
    LoadBand.LIGHT: Text("경부하", "light load"),
    LoadBand.MID: Text("중간부하", "mid load"),
    LoadBand.PEAK: Text("최대부하", "peak load"),
}
_LINES = {
    "base": Text("기본요금", "Base charge"),
    "excess": Text("초과사용부가금", "Demand above contract power"),
    "power_factor_lagging": Text("역률 (지상, 주간)", "Power factor, lagging, by day"),
    "power_factor_leading": Text("역률 (진상, 야간)", "Power factor, leading, by night"),
    "energy": Text("전력량요금", "Energy"),
}
_WORDS = {
    "item": Text("항목", "Item"),
    "quantity": Text("수량", "Quantity"),
    "price": Text("단가 [원]", "Price [won]"),
    "share": Text("적용", "Share"),
    "amount": Text("금액 [원]", "Amount [won]"),
    "charge": Text("전기요금 계", "Electricity charge"),
    "dropped": Text("10원 미만 절사", "Under 10 won, dropped"),
    "total": Text("청구금액", "Total"),
    "unverified": Text(
        "* 확인된 날짜가 지난 단가입니다. 요금제 파일에서 지금 단가로 고쳐 쓰십시오.",
        "* A price past the last day it was known to hold; put today's into the tariff file.",
    ),
    "option": Text("요금제", "Option"),
    "difference": Text("차이 [원]", "Difference [won]"),
}


def render_bill(month: MonthBill, language: Language = "ko") -> RenderableType:
    """The bill line by line, how billing demand came about, and what is not certain."""
    found = month.bill
    table = Table(title=f"{month.contract.said(language)} · {found.first} – {found.last}", title_justify="left")
    for word in ("item", "quantity", "price", "share", "amount"):
        table.add_column(
            Line(_WORDS[word].said(language)), justify="left" if word == "item" else "right", overflow="fold"
        )
    for line, won in zip(found.lines, month.amounts, strict=True):
        table.add_row(*_row(line, won, month.labels, language))
    table.add_section()
    sums = [("charge", found.charge), ("vat", found.vat), ("fund", found.fund)]
    sums += [("dropped", -month.dropped)] if month.dropped else []
    for word, won in (*sums, ("total", found.total)):
        label = _WORDS[word] if word in _WORDS else month.labels[word]
        bold = "bold" if word == "total" else ""
        table.add_row(Line(label.said(language), style=bold), "", "", "", Line(number(won), style=bold))
    return Group(table, *_notes(found, language))


def render_options(costs: Sequence[OptionCost], labels: Mapping[str, Text], language: Language = "ko") -> Table:
    """Options, cheapest first, and what each costs more than the cheapest."""
    table = Table()
    for word in ("option", "amount", "difference"):
        table.add_column(
            Line(_WORDS[word].said(language)), justify="left" if word == "option" else "right", overflow="fold"
        )
    for cost in costs:
        more = cost.total - costs[0].total
        table.add_row(labels[cost.option].said(language), number(cost.total), number(more, signed=True) if more else "")
    return table


def _row(line: BillLine, won: int, labels: Mapping[str, Text], language: Language) -> tuple[str, ...]:
    label = _LINES.get(line.code) or labels.get(line.code) or Text(line.code, line.code)
    name = label.said(language)
    if line.season is not None and line.band is not None:
        name = f"{name} · {_SEASONS[line.season].said(language)} {_BANDS[line.band].said(language)}"
    if line.days is not None:
        name += f" ({line.days[0]:%m-%d} – {line.days[1]:%m-%d})"
    # Quantity times price must give the amount: a tenth of a kW is worth hundreds of won.
    quantity = f"{_decimals(line.quantity)} {line.unit}" if line.unit else ""
    mark = "" if line.verified else "*"
    share = "" if line.share == 1 else number(100 * line.share, "%", 2, signed=not line.unit)
    return name, quantity, f"{number(line.price, digits=1)}{mark}", share, number(won)


def _decimals(value: float) -> str:
    """With one to three decimals."""
    whole, _, part = f"{value:,.3f}".partition(".")
    return f"{whole}.{part.rstrip('0') or '0'}"


def _notes(found: Bill, language: Language) -> list[Line]:
    notes = [Line(_demand(found).said(language))]
    if found.power_factor is not None:
        notes.append(Line(_power_factor(found.power_factor).said(language)))
    if found.missing:
        share = 100 * found.missing / (96 * ((found.last - found.first).days + 1))
        notes.append(Line(Text(
            f"계측되지 않은 15분이 {found.missing:,}개({share:.1f}%) 있어, 실제 요금은 이보다 많습니다.",
            f"{found.missing:,} quarter hours ({share:.1f}%) were not metered; the real bill is higher.",
        ).said(language), style="yellow"))  # fmt: skip
    if not found.verified:
        notes.append(Line(_WORDS["unverified"].said(language), style="dim"))
    return notes


def _power_factor(charge: PowerFactorCharge) -> Text:
    def pct(value: float) -> str:
        return number(None if math.isnan(value) else value, "%", 1)

    return Text(
        f"평균 역률: 지상(주간) {pct(charge.lagging)}, 진상(야간) {pct(charge.leading)}",
        f"Mean power factor: lagging by day {pct(charge.lagging)}, leading by night {pct(charge.leading)}",
    )


def _demand(found: Bill) -> Text:
    demand = found.demand
    kw, at = f"{demand.kw:,.1f} kW", demand.peak.at if demand.peak else None
    when = f" ({at:%Y-%m-%d %H:%M})" if at else ""
    return {
        DemandReason.THIS_MONTH: Text(
            f"요금적용전력 {kw}: 이번 달의 최대수요{when}", f"Billing demand {kw}: this month's highest{when}"
        ),
        DemandReason.EARLIER_MONTH: Text(
            f"요금적용전력 {kw}: 지난 12개월 안의 최대수요{when}",
            f"Billing demand {kw}: the highest within twelve months{when}",
        ),
        DemandReason.FLOOR: Text(
            f"요금적용전력 {kw}: 계약전력의 하한이 적용되었습니다.",
            f"Billing demand {kw}: the floor, a share of the contract power",
        ),
        DemandReason.CONTRACT: Text(
            f"요금적용전력 {kw}: 계약전력 (최대수요 계량 없음)",
            f"Billing demand {kw}: the contract power, for demand is not metered",
        ),
    }[demand.reason]
