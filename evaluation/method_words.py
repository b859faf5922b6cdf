"""How a saving was found, in one line: the model's family, what is projected, and how its band is made."""

from __future__ import annotations

from typing import Final

from evaluation.case import Case
from evaluation.fitted_model import ModelResult
from evaluation.reasons import FAMILIES
from evaluation.sums import PER_DAY
from evaluation.wording import Text

_BAND: Final = Text(
    "회피 에너지, 모의 교체(플라시보)로 보정한 신뢰구간(잡음은 AR(1)과 느린 성분, 제한최대우도 추정)",
    "avoided energy; placebo-calibrated band, noise AR(1) with a slow part by restricted likelihood",
)
_CHOSEN: Final = {
    "held_out": Text(", 시간 블록 교차검증으로 선택", ", chosen by time-blocked cross-validation"),
    "first": Text(", 데이터가 충분한 모형 가운데 계획에 먼저 적힌 것", ", first named that the data suffice for"),
}
_NONE: Final = Text("", "")


def method_text(case: Case, fitted: ModelResult | None) -> Text:
    """Say how an evaluation was done."""
    if fitted is None or case.model is None:
        return _BAND
    name, form = FAMILIES[fitted.family], f" {fitted.form}" if fitted.form else ""
    chosen = _CHOSEN[case.plan.selection.rule] if case.plan.candidates else _NONE
    days = Text(", 하루씩 더한 값으로 계산", " on sums of days") if case.plan.granularity in PER_DAY else _NONE
    return Text(
        f"기준모형 {name.ko}{form}(최소제곱법{chosen.ko}), {_BAND.ko}{days.ko}",
        f"{name.en}{form} baseline (OLS{chosen.en}); {_BAND.en}{days.en}",
    )
