"""Why a claim that may be judged is proven or is not, in Korean and English, with what would cure it."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.saving import Saving
from evaluation.verdict import Reason
from evaluation.windows import DriverRange
from evaluation.wording import Text, number


def outside_range(drivers: Sequence[DriverRange], extrapolated_kwh: float) -> Reason:
    """Rule 7: the proof would rest on conditions the baseline never saw."""
    named_ko = ", ".join(f"{driver.name} {100 * (driver.outside or 0):.0f}%" for driver in drivers)
    return Reason(
        "driver_range",
        Text(
            f"보고기간의 조건이 기준기간에 없던 범위에 있습니다({named_ko}). "
            f"기준사용량 중 {number(extrapolated_kwh, 'kWh')}가 외삽에 기대고 있어, "
            "이를 빼면 절감이 입증되지 않습니다.",
            f"The reporting window's conditions lie outside the baseline's range ({named_ko}). "
            f"{number(extrapolated_kwh, 'kWh')} of the adjusted baseline rest on extrapolation; "
            "without them nothing is proven.",
        ),
        Text(
            "그 조건이 나타나는 날을 포함하도록 기준기간을 늘리거나 보고기간을 옮기십시오.",
            "Extend the baseline window to days with such conditions, or move the reporting window.",
        ),
    )


def not_detectable(detectable_pct: float, expected_pct: float) -> Reason:
    """Rule 8: these windows cannot show the saving that is expected."""
    return Reason(
        "not_detectable",
        Text(
            f"이 기간과 모형으로는 {detectable_pct:.1f}%보다 작은 절감을 보일 수 없는데, "
            f"기대 절감은 {expected_pct:.1f}%입니다.",
            f"These windows and this model cannot show a saving under {detectable_pct:.1f}%; "
            f"{expected_pct:.1f}% is expected.",
        ),
        Text(
            "보고기간과 기준기간을 늘리거나 설명변수를 더해 모형을 개선하십시오.",
            "Lengthen both windows, or improve the model with further drivers.",
        ),
    )


def far_outside(drivers: Sequence[DriverRange]) -> Reason:
    """Rule 10: most of the reporting period is one that the baseline never saw the like of."""

    def ranges(driver: DriverRange) -> str:
        seen = f"{number(driver.baseline_low, '', 1)} ~ {number(driver.baseline_high, '', 1)}"
        met = f"{number(driver.reporting_low, '', 1)} ~ {number(driver.reporting_high, '', 1)}"
        return f"{seen} → {met} {driver.unit if driver.unit != '1' else ''}".rstrip()

    named = ", ".join(f"{driver.name} {ranges(driver)}" for driver in drivers)
    return Reason(
        "driver_range",
        Text(
            f"보고기간의 대부분이 기준기간에 겪어 보지 못한 조건입니다({named}). "
            "그 조건에서 예전 기계가 얼마나 썼을지는 기준기간의 자료로 알 수 없습니다.",
            f"Most of the reporting window has conditions that the baseline never saw ({named}). What the old machine"
            " would have used under them the baseline does not tell.",
        ),
        Text(
            "기준기간과 같은 계절이나 운전 조건에서 보고기간을 잡거나, 그런 날을 포함하도록 기준기간을 늘리십시오.",
            "Choose a reporting window of the baseline's season and operation, or extend the baseline to such days.",
        ),
    )


def proven(saving: Saving, claim_pct: float) -> Reason:
    """The claim holds."""
    confidence = 100 * saving.confidence
    low = number(saving.low, "kWh") + ("" if saving.pct_low is None else f", {number(saving.pct_low, '%', 1)}")
    return Reason(
        "proven",
        Text(
            f"{confidence:.0f}% 신뢰구간의 아래 끝({low})이 요구 수준({claim_pct:g}%)보다 높습니다.",
            f"The lower end of the {confidence:.0f}% band ({low}) lies above the required {claim_pct:g}%.",
        ),
    )


def not_proven(saving: Saving, claim_pct: float, claim_kwh: float) -> Reason:
    """The claim does not hold on these data: more was used, less was saved than is required, or it is not certain."""
    confidence, low, high = 100 * saving.confidence, saving.low, saving.high
    pct = ""
    if saving.pct_low is not None:
        pct = f", {number(saving.pct_low, '', 1)} ~ {number(saving.pct_high, '%', 1)}"
    ends = f"{number(low)} ~ {number(high, 'kWh')}{pct}"
    band_ko = f"{confidence:.0f}% 신뢰구간({ends})"
    band_en = f"the {confidence:.0f}% band ({ends.replace(' ~ ', ' to ')})"
    if high < 0:
        return Reason(
            "increased",
            Text(
                f"사용량이 줄지 않고 늘었습니다. {band_ko} 전체가 0보다 작습니다.",
                f"More energy was used, not less: all of {band_en} lies below 0.",
            ),
            Text(
                "새 설비의 운전 조건과, 설명변수에 들지 않은 변화(함께 물린 부하, 제품, 가동 방식)를 확인하십시오.",
                "Look at how the new machine is run, and for changes that no driver tells: other loads on the meter,"
                " products, ways of working.",
            ),
        )
    if high <= claim_kwh:
        return Reason(
            "below_claim",
            Text(
                f"절감이 요구 수준({claim_pct:g}%)에 미치지 못합니다. {band_ko} 전체가 그 아래에 있습니다.",
                f"The saving falls short of the required {claim_pct:g}%: all of {band_en} lies below it.",
            ),
            Text(
                "계획한 절감과 다른 이유(설정, 운전 방식, 설비 용량)를 확인하십시오. 보고기간을 늘려도 같습니다.",
                "Look why it is not what was planned: settings, operation, size. A longer window will not change it.",
            ),
        )
    return Reason(
        "not_proven",
        Text(
            f"{band_ko}의 아래 끝이 요구 수준({claim_pct:g}%)을 넘지 못합니다.",
            f"The lower end of {band_en} is not above the required {claim_pct:g}%.",
        ),
        Text(
            "절감이 실제로 있다면 보고기간을 늘려 구간을 좁힐 수 있습니다.",
            "If there is a saving, a longer reporting window narrows the band.",
        ),
    )
