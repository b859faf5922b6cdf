"""What a saving is worth, line by line as people read it, the same on the terminal and on the page."""

from __future__ import annotations

from typing import NamedTuple

from evaluation.wording import Text
from evaluation.worth import Figure, Worth

NEVER = Text("불가", "never")
"""Instead of a number that is never reached, such as the payback of no saving."""


class WorthLine(NamedTuple):
    """One figure: its name, unit and digits worth showing."""

    name: Text
    figure: Figure
    unit: Text
    digits: int = 0


def worth_lines(worth: Worth) -> list[WorthLine]:
    """The figures there are, the year's first, then money, then what a programme asks."""
    won, won_per_kwh = Text("원", "won"), Text("원/kWh", "won/kWh")
    carbon_a_year = Text("tCO₂eq/년", "tCO₂eq/yr")
    per = {
        "subsidy": Text("보조금 백만 원당", "per million won of subsidy"),
        "investment": Text("투자비 백만 원당", "per million won invested"),
        "": Text("", ""),
    }[worth.per]
    known: list[tuple[Text, Figure | None, Text, int]] = [
        (Text("온실가스 감축량", "Emissions avoided"), worth.avoided_tco2eq, _same("tCO₂eq"), 2),
        (Text("에너지 절감량(석유환산)", "Oil equivalent saved"), worth.avoided_toe, _same("toe"), 2),
        (Text("연간 절감 전력량", "Saving a year"), worth.yearly_kwh, Text("kWh/년", "kWh/yr"), 0),
        (Text("연간 온실가스 감축량", "Emissions avoided a year"), worth.yearly_tco2eq, carbon_a_year, 2),
        (Text("평가 기간 절감 요금", "Saved on the bill"), worth.saved_won, won, 0),
        (Text("연간 절감 요금", "Saved on the bill a year"), worth.yearly_won, Text("원/년", "won/yr"), 0),
        (Text("단순 회수 기간", "Simple payback"), worth.payback_years, Text("년", "years"), 1),
        (Text("순현재가치(NPV)", "Net present value"), worth.npv_won, won, 0),
        (Text("내부수익률(IRR)", "Internal rate of return"), worth.irr_pct, Text("%/년", "%/yr"), 1),
        (Text("1kWh 절감 비용(CCE)", "Cost of conserved energy"), worth.won_per_conserved_kwh, won_per_kwh, 1),
        (Text("절감 1kWh당 보조금", "Subsidy per kWh saved"), worth.subsidy_won_per_kwh, won_per_kwh, 1),
        (
            Text(f"{per.ko} 연간 감축량", f"Emissions avoided a year {per.en}"),
            worth.tco2eq_per_million_won, carbon_a_year, 3,
        ),
        (
            Text(f"{per.ko} 연간 절감량", f"Oil equivalent saved a year {per.en}"),
            worth.toe_per_million_won, Text("toe/년", "toe/yr"), 3,
        ),
    ]  # fmt: skip
    return [WorthLine(name, figure, unit, digits) for name, figure, unit, digits in known if figure is not None]


def worth_note(worth: Worth) -> Text:
    """What a year means here, and where the factors are from."""
    return Text(
        f"연간 값은 절감량을 잰 {worth.days:,.0f}일의 추세가 1년 이어진다고 본 값이며,"
        " 이 기간에 없던 계절은 반영되지 않습니다."
        f" 배출계수 {worth.emission_tco2eq_per_mwh:g} tCO₂eq/MWh({worth.emission_basis.ko}),"
        f" 발열량 {worth.heat_mj_per_kwh:g} MJ/kWh({worth.heat_basis.ko}).",
        f"A year's figures are those of the {worth.days:,.0f} days measured, at their pace:"
        " seasons they lack are not in them."
        f" {worth.emission_tco2eq_per_mwh:g} tCO₂eq/MWh ({worth.emission_basis.en}),"
        f" {worth.heat_mj_per_kwh:g} MJ/kWh ({worth.heat_basis.en}).",
    )


def _same(text: str) -> Text:
    return Text(text, text)
