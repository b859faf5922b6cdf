"""What a programme's sums have to be told with, in Korean and English."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.machines import MachineResult
from evaluation.portfolio_sums import Summed
from evaluation.programme import CommonModel, FactorError, MeterScale, PriceError, Programme, SensorDrift, Shared
from evaluation.wording import Text

FIGURES = {
    "yearly_kwh": (Text("연간 절감 전력량", "Saving a year"), Text("kWh/년", "kWh/yr"), 0),
    "tco2eq": (Text("온실가스 감축량", "Emissions avoided"), Text("tCO₂eq", "tCO₂eq"), 2),
    "yearly_tco2eq": (Text("연간 온실가스 감축량", "Emissions avoided a year"), Text("tCO₂eq/년", "tCO₂eq/yr"), 2),
    "toe": (Text("에너지 절감량(석유환산)", "Oil equivalent saved"), Text("toe", "toe"), 2),
    "yearly_toe": (Text("연간 에너지 절감량(석유환산)", "Oil equivalent saved a year"), Text("toe/년", "toe/yr"), 2),
    "saved_won": (Text("평가 기간 절감 요금", "Saved on the bill"), Text("원", "won"), 0),
    "yearly_won": (Text("연간 절감 요금", "Saved on the bill a year"), Text("원/년", "won/yr"), 0),
}
"""Name, unit and digits worth showing of a sum's figures, by code."""

_LISTED = 6

SELECTED = Text(
    "입증된 기계만 더한 값은 우연히 크게 나온 기계가 더 많이 뽑히므로 실제보다 커지기 쉽습니다."
    " 사업의 성과로는 판정한 기계 전체의 값을 쓰십시오.",
    "The sum over the proven alone leans upwards, for chance had a part in which they are; a programme's result is the"
    " sum over all that were judged.",
)
YEAR = Text(
    "연간 값은 기계마다 절감량을 잰 기간의 추세가 1년 이어진다고 본 값이며, 그 기간에 없던 계절은 반영되지 않습니다.",
    "A year's figures are those of each machine's measured days at their pace: seasons they lack are not in them.",
)


def shared_name(source: Shared) -> Text:
    """What is shared, for people."""
    called = f" ({source.name})" if source.name else ""
    match source:
        case MeterScale():
            found = Text(
                f"계량기 공통 오차 ±{source.limit_pct:g}%", f"meters off by the same share, ±{source.limit_pct:g}%"
            )
        case SensorDrift():
            found = Text(
                f"{source.driver} 센서의 변화 (표준오차 {source.error:g})",
                f"drift of the sensor of {source.driver}, standard error {source.error:g}",
            )
        case CommonModel():
            found = Text("같은 방향으로 틀리는 모형", "models that err together")
        case PriceError():
            found = Text(f"전기 단가 ±{source.error_pct:g}%", f"price of a kWh, ±{source.error_pct:g}%")
        case FactorError():
            found = Text(f"배출계수 ±{source.error_pct:g}%", f"emission factor, ±{source.error_pct:g}%")
    return Text(found.ko + called, found.en + called)


def warnings(
    programme: Programme, machines: Sequence[MachineResult], sources: Sequence[Shared], judged: Sequence[Summed]
) -> list[Text]:
    """What a reader of the sums has to know, the weightiest first."""
    found: list[Text | None] = []
    if programme.shared is None and judged:
        found.append(_assumed(sources))
    elif not sources:
        found.append(
            Text(
                "사업 파일이 공통 오차가 없다고 신고했습니다(shared: [])."
                " 합계의 신뢰구간은 기계마다 따로 틀린다고 본 값입니다.",
                "The programme declares that nothing is shared (shared: []):"
                " the bands of the sums take every machine to err by itself.",
            )
        )
    known = {one.plan_id for one in machines}
    strangers = sorted({name for source in sources for name in source.plans} - known)
    if strangers:
        listed = ", ".join(strangers)
        found.append(
            Text(
                f"공통 오차(shared)에 적힌 계획 가운데 이 사업에 없는 것이 있습니다: {listed}",
                f"What is declared as shared names plans that are not here: {listed}",
            )
        )
    found += [_no_sensor(source, judged) for source in sources if isinstance(source, SensorDrift)]
    unpaid = [one for one in machines if one.plan_id and one.subsidy_won is None]
    if programme.subsidy_won is None and 0 < len(unpaid) < len(machines):
        found.append(
            Text(
                f"보조금이 적히지 않은 계획이 {len(unpaid)}개 있어, 보조금 합계에는 나머지만 들어 있습니다.",
                f"{len(unpaid)} plans name no subsidy: the subsidies are those of the others.",
            )
        )
    found.append(_doubted([one for one in machines if one.saving is not None]))
    return [each for each in found if each is not None]


def _doubted(judged: Sequence[MachineResult]) -> Text | None:
    """Which machines of the sums have a verdict with doubts beside it."""
    doubted = [one.plan_id for one in judged if any(reason.doubt for reason in one.reasons)]
    if not doubted:
        return None
    listed = ", ".join(doubted[:_LISTED]) + (", …" if len(doubted) > _LISTED else "")
    return Text(
        f"합계에 든 기계 {len(judged):,}대 가운데 {len(doubted):,}대의 판정에 유의점이 있습니다: {listed}."
        " 내용은 --table의 유의점 열이나 wattproof evaluate에 나옵니다.",
        f"Of the {len(judged):,} machines in the sums {len(doubted):,} have doubts beside their verdict: {listed}."
        " The column of doubts in --table and wattproof evaluate say which.",
    )


def _assumed(sources: Sequence[Shared]) -> Text:
    sites = [f"{source.name}({len(source.plans)})" for source in sources if isinstance(source, CommonModel)]
    scale = next(source.limit_pct for source in sources if isinstance(source, MeterScale))
    ko = f"공통 오차가 신고되지 않아, 모든 계량기가 같은 방향으로 ±{scale:g}%(1.0급) 안에서 틀린다고 가정했습니다."
    en = f"No shared error is declared: all meters are taken to be off the same way within ±{scale:g}% (class 1)."
    if sites:
        ko += f" 같은 사업장의 기계는 모형이 함께 틀린다고 보고 신뢰구간을 그대로 더했습니다: {', '.join(sites)}."
        en += f" Machines of one site are taken to err together, their bands added as they are: {', '.join(sites)}."
    ko += " 다르면 사업 파일의 shared에 적으십시오."
    en += " Where it is otherwise, say so in the programme's shared."
    return Text(ko, en)


def _no_sensor(source: SensorDrift, judged: Sequence[Summed]) -> Text | None:
    lacking = [
        one.result.plan_id
        for one in judged
        if one.result.plan_id in source.plans and source.driver not in dict(one.machine.per_unit)
    ]
    if source.plans and not lacking:
        return None
    if not source.plans and any(source.driver in dict(one.machine.per_unit) for one in judged):
        return None
    listed = ", ".join(lacking) or "–"
    return Text(
        f"센서 변화를 신고한 설명변수 {source.driver}(평균값)가 계획에 없습니다: {listed}",
        f"A drift is declared of {source.driver}, which is no mean driver of: {listed}",
    )
