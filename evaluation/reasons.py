"""Every reason for which nothing may be judged, in Korean and English, with what would cure it."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.findings import Family
from evaluation.flag_words import marks
from evaluation.verdict import Reason
from evaluation.windows import WindowResult
from evaluation.wording import Text, number, short
from storage import Series

_WINDOWS = {
    "baseline": Text("기준기간", "baseline window"),
    "reporting": Text("보고기간", "reporting window"),
}
UNITS = {
    "quarter_hour": Text("구간", "quarter hours"),
    "hour": Text("시간", "hours"),
    "day": Text("일", "days"),
    "week": Text("주", "weeks"),
}

_LISTED = 6
FAMILIES = {
    Family.MEAN: Text("평균", "mean"),
    Family.LINEAR: Text("선형회귀", "linear"),
    Family.LEVELS: Text("요일·시간대 수준", "levels of the week"),
    Family.CHANGE_POINT: Text("온도 변곡점", "change point"),
    Family.TIME_OF_WEEK: Text("주간 시간대·온도(TOWT)", "time of week and temperature"),
    Family.MACHINE: Text("운전 상태", "machine states"),
}


def no_readings(series: Series) -> Reason:
    """A series of the plan that the store does not hold at all."""
    name = f"{series.device}.{series.channel}"
    return Reason(
        "no_readings",
        Text(f"{name}의 계측값이 저장소에 하나도 없습니다.", f"The store holds no reading of {name}."),
        Text(
            f"게이트웨이가 {name}을(를) 보내는지 확인하거나 계획의 채널 이름을 고치십시오.",
            f"Check that a gateway sends {name}, or correct the channel in the plan.",
        ),
    )


def coverage(
    name: str, window: WindowResult, needed: int, granularity: str, max_power_kw: float | None = None
) -> Reason:
    """Rule 1: too few usable intervals in a window; rises beyond the plan's power may be the plan's mistake."""
    what, unit, missing = _WINDOWS[name], UNITS[granularity], needed - window.usable
    marked = marks(window.flags)
    noted = Text(f" ({marked.ko})", f" ({marked.en})") if window.flags else Text("", "")
    # What is to come cannot be told from what was lost.
    wait = Text("", "")
    if name == "reporting":
        wait = Text("아직 끝나지 않은 기간이라면 기다리고, 아니라면 ", "wait where the window is not over, else ")
    jumps = window.flags.get("jump", 0) if max_power_kw is not None else 0
    power = Text(
        f" {jumps:,}개 구간에서 적산 전력량이 max_power_kw({max_power_kw:,g} kW)로 쓸 수 있는 양보다 빨리 늘었습니다."
        " 이 값도 확인하십시오.",
        f" In {jumps:,} of them the counter rose faster than max_power_kw ({max_power_kw:,g} kW) allows: check that"
        " figure too.",
    ) if jumps else Text("", "")  # fmt: skip
    return Reason(
        f"{name}_coverage",
        Text(
            f"{what.ko} {window.intervals:,}{unit.ko} 중 {window.usable:,}{unit.ko}만 쓸 수 있습니다. "
            f"{needed:,}{unit.ko}이 필요합니다{noted.ko}.",
            f"Of {window.intervals:,} {unit.en} in the {what.en} only {window.usable:,} are usable; "
            f"{needed:,} are needed{noted.en}.",
        ),
        Text(
            f"쓸 수 있는 데이터가 {missing:,}{unit.ko} 더 필요합니다. "
            f"{wait.ko}빠진 계측값을 보내거나 기간을 옮기십시오.{power.ko}",
            f"{missing:,} more usable {unit.en}: {wait.en}deliver the missing readings, or move the window.{power.en}",
        ),
    )


def too_short(usable: int, needed: int, granularity: str) -> Reason:
    """Rule 2: not enough baseline intervals for the model."""
    unit = UNITS[granularity]
    # Hours are judged by their days: finer than those is no cure.
    finer = Text("분석 간격을 하루로 줄이거나, ", "use days for intervals, ") if granularity == "week" else Text("", "")
    return Reason(
        "baseline_too_short",
        Text(
            f"기준기간의 쓸 수 있는 데이터가 {usable:,}{unit.ko}뿐이라 모형을 정할 수 없습니다. "
            f"{needed:,}{unit.ko} 이상이어야 합니다.",
            f"{usable:,} usable {unit.en} in the baseline window do not determine the model; {needed:,} are needed.",
        ),
        Text(
            f"기준기간을 늘리거나, {finer.ko}설명변수가 적은 모형을 쓰십시오.",
            f"Lengthen the baseline window, {finer.en}or use a model with fewer drivers.",
        ),
    )


def family_too_short(family: Family, usable: int, needed: int, granularity: str) -> Text:
    """Why a candidate is not fitted: the family asks for more than there is."""
    unit, name = UNITS[granularity], FAMILIES[family]
    return Text(
        f"데이터가 짧습니다. {name.ko} 모형에는 기준기간 {needed:,}{unit.ko} 이상이 필요한데 "
        f"쓸 수 있는 것은 {usable:,}{unit.ko}입니다.",
        f"Too little data: a model of {name.en} needs {needed:,} usable {unit.en} of baseline; there are {usable:,}.",
    )


def family_not_determined() -> Text:
    """Why a candidate is not judged: parts of the baseline have conditions that the rest of it never had."""
    return Text(
        "기준기간 일부의 조건이 나머지 기간에는 나타나지 않아 교차검증을 할 수 없습니다.",
        "Parts of the baseline have conditions that the rest of it never had, so it cannot be cross-validated.",
    )


def no_placebo() -> Reason:
    """Rule 3: nothing to check the band against."""
    return Reason(
        "no_placebo",
        Text(
            "기준기간 안에 모의 교체(플라시보)를 한 번도 둘 수 없어, 신뢰구간이 이 기계에 맞는지 확인하지 못했습니다.",
            "No placebo replacement fits into the baseline window, so the band could not be checked on this machine.",
        ),
        Text(
            "기준기간을 늘리거나, 설명변수를 줄이거나, 기준기간 전체에 걸쳐 변하는 설명변수를 쓰십시오.",
            "Lengthen the baseline window, use fewer drivers, or drivers that vary throughout it.",
        ),
    )


def unknown_effect(names: Sequence[str]) -> Reason:
    """Rule 4: conditions that the baseline says nothing about."""
    listed = ", ".join(names[:_LISTED]) + (f", … ({len(names):,})" if len(names) > _LISTED else "")
    return Reason(
        "driver_unknown",
        Text(
            f"기준기간에는 변하지 않았거나 나타나지 않은 조건({listed})이 보고기간에 나타나, 그 영향을 알 수 없습니다.",
            f"Conditions that never varied or never occurred in the baseline do in the reporting window ({listed}); "
            "their effect is unknown.",
        ),
        Text(
            "그 조건이 나타나는 날을 포함하도록 기준기간을 늘리십시오.",
            "Extend the baseline window to days on which they occur.",
        ),
    )


def model_too_loose(cv_rmse_pct: float | None, limit: float) -> Reason:
    """Rule 5: the model does not follow the energy closely enough."""
    is_ko = "정의되지 않습니다" if cv_rmse_pct is None else f"{cv_rmse_pct:.1f}%입니다"
    is_en = "undefined" if cv_rmse_pct is None else f"{cv_rmse_pct:.1f}%"
    return Reason(
        "model_too_loose",
        Text(
            f"기준 모형의 CV(RMSE)가 {is_ko}. 한도는 {limit:.0f}%입니다.",
            f"CV(RMSE) of the baseline model is {is_en}; the limit is {limit:.0f}%.",
        ),
        Text(
            "에너지를 좌우하는 변수(생산량, 가동 여부, 온도)를 설명변수에 더하십시오.",
            "Add drivers that the energy follows: production, whether it operates, temperature.",
        ),
    )


def too_exact(cv_rmse_pct: float) -> Reason:
    """Rule 9: the baseline is too good to have been metered."""
    return Reason(
        "too_exact",
        Text(
            f"기준 모형이 기준기간의 사용량과 오차 없이 일치합니다(CV(RMSE) {short(cv_rmse_pct, 1)}%). 실제로"
            " 계측한 값에서는 나올 수 없는 결과입니다.",
            f"The baseline model follows the energy without any error (CV(RMSE) {short(cv_rmse_pct, 1)}%), as nothing"
            " that is metered does.",
        ),
        Text(
            "기준기간의 자료가 계산하거나 복사한 값, 또는 멈춘 계량기의 값이 아닌지 확인하십시오.",
            "Look whether the baseline's readings were computed or copied, or come from a meter that stands still.",
        ),
    )


def too_dependent(n_effective: float, rho: float, parameters: int) -> Reason:
    """Rule 6: autocorrelation leaves too little information."""
    return Reason(
        "too_dependent",
        Text(
            f"잔차의 자기상관(ρ = {number(rho, '', 2)}) 때문에 유효 표본이 {n_effective:.1f}개뿐입니다. "
            f"계수는 {parameters}개입니다.",
            f"Autocorrelation of the residuals (ρ = {number(rho, '', 2)}) leaves {n_effective:.1f} effective intervals "
            f"for {parameters} coefficients.",
        ),
        Text(
            "기준기간을 늘리거나, 느리게 변하는 빠진 설명변수를 찾으십시오.",
            "Lengthen the baseline window, or find the slowly changing driver that is missing.",
        ),
    )


def outlook(detectable_pct: float, expected_pct: float | None, intervals: int | None, granularity: str) -> Reason:
    """Before the replacement: what the baseline will be able to show, and for how long the reporting must run."""
    unit = UNITS[granularity]
    least = Text(
        "아직 보고기간의 계측값이 없습니다. 지금의 기준기간과 계획으로는 "
        f"{detectable_pct:.1f}% 이상의 절감을 보일 수 있습니다",
        "Nothing of the reporting window is metered yet. This baseline and plan can show a saving of "
        f"{detectable_pct:.1f}% or more",
    )
    if expected_pct is None:
        end, cure = Text(".", "."), Text(
            "기대 절감률(claim.expected_saving_pct)을 계획에 적으면 충분한지 판단합니다.",
            "Put the expected saving (claim.expected_saving_pct) into the plan to have it judged.",
        )  # fmt: skip
    elif intervals is None:
        end = Text(f". 기대 절감 {expected_pct:.1f}%에는 모자랍니다.", f"; the expected {expected_pct:.1f}% is less.")
        cure = Text(
            "기준기간을 늘리거나, 설명변수를 더해 모형을 개선하십시오. 보고기간만 늘려서는 부족합니다.",
            "Lengthen the baseline, or improve the model with further drivers; a longer reporting window will not do.",
        )
    else:
        end = Text(f". 기대 절감은 {expected_pct:.1f}%입니다.", f"; {expected_pct:.1f}% is expected.")
        cure = Text(
            f"보고기간을 {intervals:,}{unit.ko} 이상으로 두면 됩니다.",
            f"A reporting window of {intervals:,} {unit.en} will do.",
        )
    code = "outlook" if expected_pct is None or detectable_pct <= expected_pct else "outlook_short"
    return Reason(code, Text(least.ko + end.ko, least.en + end.en), cure)
