"""What the data are held against before a verdict, each with what there is and what is asked for."""

from __future__ import annotations

from analytics import place
from evaluation import rules
from evaluation.case import Case
from evaluation.coverage import unknown_terms
from evaluation.findings import Check, CounterCheck
from evaluation.fitted_model import ModelResult
from evaluation.fitting import needed
from evaluation.reasons import UNITS
from evaluation.saving import Detectable
from evaluation.sums import row_unit
from evaluation.windows import WindowResult
from evaluation.wording import Text, number

_NOTHING = Text("–", "–")


def checks(
    case: Case,
    windows: list[WindowResult],
    model: ModelResult | None,
    detectable: Detectable | None,
    counter: CounterCheck | None,
) -> list[Check]:
    """Sufficiency of the data, in the order of `evaluation.rules`."""
    found = [
        _usable(case, "baseline_usable", Text("기준기간 데이터", "Baseline data"), windows[0]),
        _usable(case, "reporting_usable", Text("보고기간 데이터", "Reporting data"), windows[2]),
    ]
    if case.model is not None and case.before is not None and model is not None:
        found += [_length(case), _placebos(case), _effect(case)]
        found += [_fit(case, model), _effective(case, model), _compared(case)]
    if detectable is not None and detectable.pct is not None:
        found.append(_detectable(case, detectable.pct))
    if counter is not None and counter.ratio is not None:
        found.append(_counter(counter, counter.ratio))
    return found


def _usable(case: Case, code: str, name: Text, window: WindowResult) -> Check:
    limit, unit = rules.usable_limit(case.plan, window), UNITS[case.plan.granularity]
    return Check(
        code,
        name,
        Text(
            f"{window.intervals:,}{unit.ko} 중 {window.usable:,}{unit.ko}",
            f"{window.usable:,} of {window.intervals:,} {unit.en}",
        ),
        _least(limit, unit),
        window.usable >= limit,
    )


def _length(case: Case) -> Check:
    assert case.model is not None
    assert case.before is not None
    limit, unit = needed(case.plan.models[case.choice.name]), UNITS[row_unit(case.plan.granularity)]
    there = len(case.before.energy)
    name = Text("모형에 필요한 기준기간", "Baseline the model needs")
    return Check("model_length", name, _amount(there, unit), _least(limit, unit), there >= limit)


def _placebos(case: Case) -> Check:
    assert case.model is not None
    assert case.before is not None
    calibration = case.avoided.calibration if case.avoided else None
    if calibration is not None:
        count = len(calibration.z)
    else:
        rows, parameters = case.before, case.model.linear.parameters
        count = len(place(rows.positions, gap=case.gap, length=max(case.planned, 1), parameters=parameters).baseline)
    name = Text("모의 교체 시험", "Placebo replacements")
    return Check("placebos", name, Text(f"{count:,}회", f"{count:,}"), Text("1회 이상", "1 or more"), count > 0)


def _effect(case: Case) -> Check:
    name = Text("겪어 보지 못한 조건", "Conditions never met")
    found = unknown_terms(case)
    none = Text("없음", "none")
    if not case.reporting.usable.any():
        return Check("unknown_effect", name, _NOTHING, none, None)
    shown = Text(f"{len(found):,}개", f"{len(found):,}") if found else none
    return Check("unknown_effect", name, shown, none, not found)


def _fit(case: Case, model: ModelResult) -> Check:
    limit = rules.cv_rmse_limit(case.plan)
    shown = "–" if model.cv_rmse_pct is None else f"{model.cv_rmse_pct:.1f}%"
    passed = model.cv_rmse_pct is not None and model.cv_rmse_pct <= limit
    most = Text(f"{limit:.0f}% 이하", f"at most {limit:.0f}%")
    return Check("cv_rmse", Text("모형 오차 CV(RMSE)", "Model error, CV(RMSE)"), Text(shown, shown), most, passed)


def _effective(case: Case, model: ModelResult) -> Check:
    assert case.model is not None
    limit = case.model.linear.parameters
    shown = number(model.n_effective, "", 1)
    more = Text(f"계수 {limit:,}개보다 많음", f"more than {limit:,} coefficient{'' if limit == 1 else 's'}")
    name = Text("유효 표본", "Effective sample")
    return Check("effective_sample", name, Text(shown, shown), more, model.n_effective > limit)


def _compared(case: Case) -> Check:
    """Nothing is asked of it: but a band takes its model as right, and only other models show what that leaves open."""
    count = len(case.plan.models) - len(case.choice.refused)
    return Check(
        "models_compared",
        Text("견주어 본 모형", "Models compared"),
        Text(f"{count:,}개", f"{count:,}"),
        Text("2개 이상이면 모형 선택의 영향이 보임", "2 or more show what the choice of the model is worth"),
        None if count < 2 else True,
    )


def _detectable(case: Case, pct: float) -> Check:
    name = Text("검출 가능한 최소 절감", "Minimum detectable saving")
    expected, shown = case.plan.claim.expected_saving_pct, Text(f"{pct:.1f}%", f"{pct:.1f}%")
    if expected is None:
        return Check("detectable", name, shown, Text("기대 절감률 미기재", "no expected saving named"), None)
    most = Text(f"기대 절감 {expected:.1f}% 이하", f"at most the expected {expected:.1f}%")
    return Check("detectable", name, shown, most, pct <= expected)


def _counter(counter: CounterCheck, ratio: float) -> Check:
    name = Text("적산 전력량 ÷ 전력 적분", "Counter ÷ integrated power")
    low, high = 100 * (1 - counter.tolerance), 100 * (1 + counter.tolerance)
    shown = f"{100 * ratio:.1f}%"
    limit = f"{low:.0f} ~ {high:.0f}%"
    return Check("counter_power", name, Text(shown, shown), Text(limit, limit), counter.agrees)


def _amount(count: int, unit: Text) -> Text:
    return Text(f"{count:,}{unit.ko}", f"{count:,} {unit.en}")


def _least(count: int, unit: Text) -> Text:
    return Text(f"{count:,}{unit.ko} 이상", f"{count:,} {unit.en} or more")
