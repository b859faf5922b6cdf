"""What decided nothing and should still be weighed by whoever reads the verdict."""

from __future__ import annotations

import numpy as np

from analytics import AvoidedEnergy, given_slow_part
from evaluation.case import Case, used_adjustments
from evaluation.findings import CandidateResult, CounterCheck, Spread
from evaluation.fitted_model import ModelResult
from evaluation.metered import Metered
from evaluation.models import Machine
from evaluation.plan import Plan
from evaluation.saving import Saving
from evaluation.sums import PER_DAY
from evaluation.verdict import Reason, Verdict
from evaluation.wording import Text, number

_COUNTS = 0.01
"""Share of the mean energy below which a negative coefficient is noise."""


def spread_of(plan: Plan, candidates: list[CandidateResult], saving: Saving | None) -> Spread | None:
    """How far apart the candidates' answers lie; None for a plan that names none."""
    if not candidates:
        return None
    answers = [one.saving_kwh for one in candidates if one.saving_kwh is not None]
    low, high = (min(answers), max(answers)) if answers else (None, None)
    beyond = saving is not None and low is not None and high is not None and (low < saving.low or high > saving.high)
    return Spread(plan.selection.rule, plan.selection.folds, low, high, beyond)


def spread_reasons(
    plan: Plan, candidates: list[CandidateResult], spread: Spread | None, saving: Saving | None
) -> list[Reason]:
    """What the choice of the model leaves open: in the band or beyond it."""
    answers = [one for one in candidates if one.saving_kwh is not None]
    if spread is None or saving is None or spread.lowest_kwh is None or spread.highest_kwh is None or len(answers) < 2:
        return []
    below, above = spread.lowest_kwh - saving.kwh, spread.highest_kwh - saving.kwh
    ko = (
        f"후보 모형 {len(answers)}개의 절감량은 {number(spread.lowest_kwh)} ~ {number(spread.highest_kwh, 'kWh')}로, "
        f"선택된 모형과의 차이는 {number(below, signed=True)} ~ {number(above, 'kWh', signed=True)}입니다."
    )
    en = (
        f"The {len(answers)} candidates find {number(spread.lowest_kwh)} to {number(spread.highest_kwh, 'kWh')}, "
        f"{number(below, signed=True)} to {number(above, 'kWh', signed=True)} from the chosen model."
    )
    if not spread.beyond_band:
        return [
            Reason("candidates_agree", Text(f"{ko} 모두 신뢰구간 안에 있습니다.", f"{en} All lie within the band."))
        ]
    outside = [one for one in answers if not saving.low <= (one.saving_kwh or 0.0) <= saving.high]
    claim = max(saving.adjusted_kwh, 0.0) * plan.claim.minimum_saving_pct / 100.0
    kept = all((one.saving_kwh or 0.0) > claim for one in answers)
    # A model that predicts held-out stretches far worse is a weaker witness: its error is told beside its answer.
    named = ", ".join(_witness(one, candidates, "ko") for one in outside)
    named_en = ", ".join(_witness(one, candidates, "en") for one in outside)
    yet_ko = "모든 후보의 값은 요구 수준을 넘습니다." if kept else "요구 수준을 넘지 못하는 후보가 있습니다."
    yet_en = (
        "Every candidate's answer is above what is required."
        if kept
        else "Not every candidate reaches what is required."
    )
    text = Text(
        f"{ko} 신뢰구간에는 모형 선택의 불확실성이 들어 있지 않으며, "
        f"다음 후보의 값은 신뢰구간을 벗어납니다: {named}. {yet_ko}",
        f"{en} The band does not hold the choice of the model, and these lie outside it: {named_en}. {yet_en}",
    )
    cure = Text(
        "벗어난 후보의 교차검증 오차가 선택된 모형과 비슷하다면, 어느 모형이 기계에 맞는지 설명을 요구하십시오.",
        "Where such a candidate predicts about as well as the chosen one, ask which of them fits the machine and why.",
    )
    return [Reason("candidates_disagree", text, cure, doubt=True)]


def counter_reasons(check: CounterCheck | None) -> list[Reason]:
    """The counter and the meter's own power tell different energies."""
    if check is None or check.agrees or check.ratio is None:
        return []
    text = Text(
        f"적산 전력량이 같은 계량기의 전력을 적분한 값의 {100 * check.ratio:.1f}%입니다"
        f"(허용 ±{100 * check.tolerance:.0f}%). 절감량은 적산 전력량으로 계산했습니다.",
        f"The counter shows {100 * check.ratio:.1f}% of the same meter's integrated power "
        f"(±{100 * check.tolerance:.0f}% is allowed). The saving is the counter's.",
    )
    cure = Text(
        "변류비(CT)와 변성비, 레지스터 배율, 결선을 확인하십시오.",
        "Check the transformer ratios, the register's scale and the wiring.",
    )
    return [Reason("counter_power_disagree", text, cure, doubt=True)]


def slow_part_reasons(
    plan: Plan, verdict: Verdict, avoided: AvoidedEnergy | None, saving: Saving | None
) -> list[Reason]:
    """A claim that is proven by the band, but not if the noise has a slow part that the windows cannot exclude."""
    if verdict is not Verdict.PROVEN or avoided is None or saving is None:
        return []
    given = given_slow_part(avoided.band.whole, avoided.noise)
    if given is None:
        return []
    claim = max(saving.adjusted_kwh, 0.0) * plan.claim.minimum_saving_pct / 100.0
    half = float(given.half_width(plan.confidence)[0])
    low, high = saving.kwh - half, saving.kwh + half
    if low > claim:
        return []
    text = Text(
        "기준기간이 짧아, 영향변수로 설명되지 않고 몇 주에 걸쳐 느리게 변하는 부분이 설비의 변동에 있는지 확인할 수 "
        f"없습니다. 그런 부분이 있다고 보면 신뢰구간은 {number(low)} ~ {number(high, 'kWh')}이고, "
        f"하한이 요구 수준({number(claim, 'kWh')})을 넘지 못합니다.",
        "The windows are too short to show whether the machine's noise has a slow part, which wanders for weeks and "
        f"which no driver explains. Taking it to have one, the band is {number(low)} to {number(high, 'kWh')}, and its "
        f"lower end does not exceed what is required ({number(claim, 'kWh')}).",
    )
    cure = Text(
        "기준기간을 늘리면 확인됩니다. 두 기간에 서서히 바뀐 것(근무 형태, 금형·공구, 원료, 같은 계량기의 다른 부하)이 "
        "있는지 물어보고, 있으면 영향변수나 비일상 조정으로 계획에 넣으십시오.",
        "A longer baseline shows it. Ask what changed slowly in either window (shifts, tools, materials, other loads "
        "on the meter), and put it into the plan as a driver or an adjustment.",
    )
    return [Reason("slow_change_hidden", text, cure, doubt=True)]


def days_reasons(case: Case, saving: Saving | None) -> list[Reason]:
    """A model of parts of the day whose own terms, fitted to days, answer beyond the band that was made on days."""
    if case.plan.granularity not in PER_DAY or case.model is None or case.after is None or saving is None:
        return []
    expected = float(case.model.linear.predict(case.after.columns).sum())
    declared = sum(float(change.energy.sum()) for change in used_adjustments(case.plan, case.reporting))
    kwh = expected + declared - float(case.after.energy.sum())
    if saving.low <= kwh <= saving.high:
        return []
    text = Text(
        f"하루보다 짧은 간격에 맞춘 모형의 절감량은 {number(saving.kwh, 'kWh')}인데, 같은 항을 하루 합계에 맞추면 "
        f"{number(kwh, 'kWh')}로 신뢰구간을 벗어납니다. 하루 안에서와 날 사이에서 사용량이 다르게 움직인다는 뜻이며, "
        "날마다 다른 것(쉬는 날, 가동 여부)을 모형이 모를 수 있습니다.",
        f"Fitted to parts of the day the model finds {number(saving.kwh, 'kWh')}; the same terms fitted to days find "
        f"{number(kwh, 'kWh')}, outside the band. So the energy goes otherwise within a day than from day to day, and "
        "the model may not know what makes days differ: days off, whether the machine is on.",
    )
    cure = Text(
        "운전 시간이나 가동 여부를 설명변수로 넣거나, granularity: day로도 평가해 견주십시오.",
        "Name run time or whether it operates as a driver, or evaluate with granularity: day as well and compare.",
    )
    return [Reason("days_disagree", text, cure, doubt=True)]


def implausible_reasons(plan: Plan, name: str, model: ModelResult | None, baseline: Metered) -> list[Reason]:
    """A machine model with powers or energies per unit that no machine has."""
    declared = plan.models.get(name)
    if model is None or not isinstance(declared, Machine) or not baseline.usable.any():
        return []
    negative = _negative(declared, model, baseline, [driver.name for driver in plan.drivers])
    if not negative:
        return []
    listed = ", ".join(negative)
    text = Text(
        f"운전 상태 모형의 {listed} 값이 음수입니다. 데이터로는 이 항목들을 서로 구분하지 못합니다.",
        f"The machine model makes {listed} negative, which no machine is: the data do not tell these apart.",
    )
    return [Reason("implausible", text, doubt=True)]


def _negative(declared: Machine, model: ModelResult, baseline: Metered, drivers: list[str]) -> list[str]:
    """Base load, products and states with a power or energy below zero that counts: 1 % of the energy or more."""
    values = {term.name: term.value or 0.0 for term in model.coefficients if not term.dropped}
    base = values.get("intercept", 0.0)
    hours = float(np.diff(baseline.grid.edges_ms).mean()) / 3_600_000.0
    usual = np.abs(baseline.used_energy).mean()
    means = dict(zip(drivers, baseline.used_drivers.mean(axis=0).tolist(), strict=True))
    found = ["intercept"] if base < -_COUNTS * usual else []
    for name in [*declared.products, *declared.states]:
        # A state's coefficient is what it draws above the base load.
        whole = values.get(name, 0.0) + (base / hours if name in declared.states else 0.0)
        if name in values and whole * means[name] < -_COUNTS * usual:
            found.append(name)
    return found


def _witness(one: CandidateResult, candidates: list[CandidateResult], language: str) -> str:
    chosen = next((other.rmse_kwh for other in candidates if other.chosen), None)
    answer = f"{one.name} {number(one.saving_kwh, 'kWh')}"
    if not chosen or one.rmse_kwh is None:
        return answer
    times = one.rmse_kwh / chosen
    return f"{answer} ({f'오차 {times:.1f}배' if language == 'ko' else f'error ×{times:.1f}'})"
