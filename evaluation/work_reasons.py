"""What is said of work that no model of the plan knows: rule 11, and the doubts beside it, in Korean and English."""

from __future__ import annotations

from evaluation.findings import WorkResult
from evaluation.saving import Saving
from evaluation.verdict import Reason
from evaluation.wording import Text, number

_NAME_IT = Text(
    "이 계측값을 설명변수로 하는 모형을 계획에 넣어 다시 평가하십시오.",
    "Evaluate again with a model in the plan that has it as a driver.",
)
_OR_SAY_WHY = Text(
    " 사용량이 작업량과 상관없는 기계라면 그 이유를 계획의 independent_of_output에 적으십시오.",
    " Where the machine's energy has nothing to do with what it makes, say why in the plan's independent_of_output.",
)


def measure_name(work: WorkResult) -> Text:
    """The measure as people are told of it."""
    name = f"{work.device}.{work.channel}"
    if work.state is None:
        return Text(name, name)
    return Text(f"{name} = {work.state}인 시간", f"the time of {name} = {work.state}")


def changed_share(work: WorkResult) -> str:
    """By how much there was more or less of it than its own course in the baseline says."""
    return number(work.change_pct, "%", 1, signed=True)


def apart(work: WorkResult, saving: Saving, *, known: bool) -> Reason:
    """Rule 11: with the work among the drivers the band is another one altogether."""
    ours, theirs = _band(saving.low, saving.high), _band(work.low, work.high)
    return Reason(
        "work_changed",
        Text(
            f"{_changed(work).ko} 이를 설명변수로 넣으면 절감량은 {number(work.kwh, 'kWh')}({theirs.ko})로, "
            f"계획의 모형이 낸 신뢰구간({ours.ko})과 겹치지 않습니다. 이 절감량을 쓸 수 없습니다.",
            f"{_changed(work).en} With it among the drivers the saving is {number(work.kwh, 'kWh')} ({theirs.en}), and "
            f"that has nothing in common with the band of the plan's model ({ours.en}): its saving is of no use.",
        ),
        _cure(known=known),
    )


def not_surviving(work: WorkResult, claim_pct: float, *, known: bool) -> Reason:
    """Rule 11: the proof would rest on the work having stayed the same, and it did not."""
    theirs = _band(work.low, work.high)
    return Reason(
        "work_changed",
        Text(
            f"{_changed(work).ko} 이를 설명변수로 넣으면 절감량은 {number(work.kwh, 'kWh')}({theirs.ko})로, 아래 끝이 "
            f"요구 수준({claim_pct:g}%)을 넘지 못합니다.",
            f"{_changed(work).en} With it among the drivers the saving is {number(work.kwh, 'kWh')} ({theirs.en}), "
            f"whose lower end is not above the required {claim_pct:g}%.",
        ),
        _cure(known=known),
    )


def effect_unknown(work: WorkResult, claim_pct: float, at_stake_kwh: float) -> Reason:
    """Rule 11: the work changed, and the baseline does not tell what that is worth."""
    name = measure_name(work)
    return Reason(
        "work_unknown",
        Text(
            f"계획의 어느 모형도 모르는 {name.ko}{_subject(work)} 기준기간의 흐름보다 {_off(work).ko}, 그것이 사용량을 "
            f"얼마나 바꾸는지 기준기간으로는 알 수 없습니다. 사용량이 이에 비례한다면 {number(at_stake_kwh, 'kWh')}에 "
            f"해당하고, 그만큼을 빼면 요구 수준({claim_pct:g}%)을 넘지 못합니다.",
            f"{_capital(name.en)}, which no model of the plan knows, was {_off(work).en} its own course in the "
            f"baseline, and the baseline does not tell what that does to the energy. In proportion it would be "
            f"{number(at_stake_kwh, 'kWh')}; less that, the saving is not above the required {claim_pct:g}%.",
        ),
        Text(
            f"작업량이 달랐던 날을 포함하도록 기준기간을 늘리고 이 계측값을 설명변수로 넣으십시오.{_OR_SAY_WHY.ko}",
            "Extend the baseline window to days on which the work was otherwise, and name this measure as a driver."
            f"{_OR_SAY_WHY.en}",
        ),
    )


def in_doubt(work: WorkResult, saving: Saving, *, known: bool) -> Reason:
    """The claim holds, or falls, either way, and the figure is another one."""
    inside = saving.low <= work.kwh <= saving.high
    where = Text(
        "신뢰구간 안이지만 차이가 작지 않습니다" if inside else "계획의 모형이 낸 신뢰구간을 벗어납니다",
        "within the band, and yet no small difference" if inside else "outside the band of the plan's model",
    )
    theirs = _band(work.low, work.high)
    return Reason(
        "work_in_doubt",
        Text(
            f"{_changed(work).ko} 이를 설명변수로 넣으면 절감량은 {number(work.kwh, 'kWh')}({theirs.ko})로, "
            f"{where.ko}.",
            f"{_changed(work).en} With it among the drivers the saving is {number(work.kwh, 'kWh')} ({theirs.en}), "
            f"{where.en}.",
        ),
        _cure(known=known),
        doubt=True,
    )


def contradicted(work: WorkResult, why: str) -> Reason:
    """The plan says that the energy has nothing to do with the output, and the baseline says otherwise."""
    theirs = _band(work.low, work.high)
    return Reason(
        "independence_contradicted",
        Text(
            f"계획은 사용량이 작업량과 상관없다고 하지만({why}), 기준기간의 값은 그렇지 않습니다. {_changed(work).ko} "
            f"이를 설명변수로 넣으면 절감량은 {number(work.kwh, 'kWh')}({theirs.ko})입니다.",
            f"The plan says that the energy does not depend on the output ({why}), and the baseline says otherwise. "
            f"{_changed(work).en} With it among the drivers the saving is {number(work.kwh, 'kWh')} ({theirs.en}).",
        ),
        Text(
            "계획에 적힌 이유가 이 기계에 맞는지 확인하십시오.",
            "Look whether what the plan gives as its reason is true of this machine.",
        ),
        doubt=True,
    )


def independent(why: str) -> Reason:
    """The plan declares, with its reason, that the energy does not depend on what the machine makes."""
    return Reason(
        "independent_of_output",
        Text(
            f"계획의 신고: 이 기계의 사용량은 작업량과 상관없습니다. 이유: {why}",
            f"Declared in the plan: this machine's energy does not depend on its output. Reason: {why}",
        ),
    )


def looked_at(work: WorkResult) -> Reason:
    """A measure that no model has, and whose change is worth little."""
    name, off = measure_name(work), _off(work)
    each = number(work.kwh_per_pct, "kWh", 1, signed=True)
    worth = number(work.kwh_per_pct * work.change_pct, "kWh", signed=True)
    what = Text(
        f"기준기간의 사용량은 이를 따라 변하지 않았습니다(1%당 {each}).",
        f"the baseline's energy did not follow it ({each} per 1%).",
    )
    if work.follows:
        what = Text(f"이는 {worth}로 신뢰구간에 비해 작습니다.", f"that is {worth}, little beside the band.")
    return Reason(
        "work_alike",
        Text(
            f"모형에 없는 {name.ko}{_subject(work)} 기준기간의 흐름보다 {off.ko}, {what.ko}",
            f"{_capital(name.en)}, which no model knows, was {off.en} its own course in the baseline; {what.en}",
        ),
    )


def unmetered(adjusted_kwh: float, least_pct: float | None) -> Reason:
    """Nothing tells whether the machine did as much in both windows.

    Parameters
    ----------
    adjusted_kwh
        The reporting period's adjusted baseline, or what it will be.
    least_pct
        From how much less work on a proven claim would not be one [%]; None where nothing is proven.
    """
    each = number(adjusted_kwh / 100.0, "kWh", 1 if adjusted_kwh < 10_000 else 0)
    ends = Text("", "")
    if least_pct is not None:
        share = number(least_pct, "%", 1)
        ends = Text(
            f" 보고기간에 {share} 넘게 덜 일했다면 절감은 입증되지 않습니다.",
            f" Had it done more than {share} less in the reporting window, nothing would be proven.",
        )
    return Reason(
        "work_unmetered",
        Text(
            "계획의 모형은 기계가 두 기간에 같은 만큼 일했다고 보지만, 이를 확인할 이 기계의 생산량이나 운전 상태 "
            f"계측값이 저장소에 없습니다. 사용량이 작업량에 비례한다면 1% 차이가 {each}입니다.{ends.ko}",
            "The plan's model takes the machine to have done as much in both windows, and the store holds no count and "
            f"no run state that can be taken for this machine's. If the energy goes with the work, 1% of it is "
            f"{each}.{ends.en}",
        ),
        Text(
            "생산량이나 운전 시간을 계측해 설명변수로 넣거나, 두 기간의 작업량을 장부로 확인해 차이를 사유와 함께 "
            f"adjustments에 신고하십시오.{_OR_SAY_WHY.ko}",
            "Meter the production or the run time and name it as a driver; or compare both windows' books and declare "
            f"the difference in adjustments, with its reason.{_OR_SAY_WHY.en}",
        ),
        doubt=True,
    )


def _changed(work: WorkResult) -> Text:
    """How the measure changed, and that the energy follows it."""
    name, off = measure_name(work), _off(work)
    span = f"{number(work.change_low_pct, '', 1)} ~ {number(work.change_high_pct, '%', 1)}"
    each = number(work.kwh_per_pct, "kWh", 1, signed=True)
    whose = Text("", "") if work.bound else Text("사업장의 ", " of the site")
    return Text(
        f"계획의 어느 모형도 모르는 {whose.ko}{name.ko}{_subject(work)} 기준기간의 흐름보다 {off.ko}({span}), "
        f"기준기간의 사용량은 이를 따라 변했습니다(1%당 {each}).",
        f"{_capital(name.en)}{whose.en}, which no model of the plan knows, was {off.en} its own course in the baseline "
        f"({span.replace(' ~ ', ' to ')}), and the baseline's energy followed it ({each} per 1%).",
    )


def _off(work: WorkResult) -> Text:
    share = number(abs(work.change_pct), "%", 1)
    more = work.change_pct > 0
    return Text(f"{share} {'많았고' if more else '적었고'}", f"{share} {'above' if more else 'below'}")


def _subject(work: WorkResult) -> str:
    """The Korean particle: the names of channels end in a vowel, 시간 does not."""
    return "가" if work.state is None else "이"


def _cure(*, known: bool) -> Text:
    return _NAME_IT if known else Text(_NAME_IT.ko + _OR_SAY_WHY.ko, _NAME_IT.en + _OR_SAY_WHY.en)


def _band(low: float, high: float) -> Text:
    first, last = number(low), number(high, "kWh")
    return Text(f"{first} ~ {last}", f"{first} to {last}")


def _capital(name: str) -> str:
    # A device's id is written as it is.
    return "T" + name[1:] if name.startswith("the ") else name
