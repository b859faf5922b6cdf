"""What share of a machine's energy a new one is expected to save: as promised, as measured elsewhere, or as it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.special

from analytics import Ranged
from evaluation import Evaluation, Text, Verdict
from review.day_drivers import Days
from review.held_against import LEAST_DAYS, MachineDays, held_against
from review.period import Floats
from review.result import Basis
from review.settings import Replacement
from review.words import percent, span

CONFIDENCE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine's days, those before the period among them.

    Attributes
    ----------
    device
        Its meter.
    kwh
        Energy of each day known whole, else NaN, shape (days,).
    made
        By counter, its channel and what it counted each day, shape (days,).
    """

    device: str
    kwh: Floats
    made: Sequence[tuple[str, Floats]]

    def days(self, days: Days) -> MachineDays:
        """All of them, as they are held against others."""
        return MachineDays(self.kwh, [counted for _, counted in self.made], days.kind, days.temperature)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a new machine is expected to save.

    Attributes
    ----------
    basis
        What it rests on.
    share
        Of the old machine's energy, 0-1, with the band at `CONFIDENCE`.
    found, assumes
        How it was found, and what it takes for granted.
    """

    basis: Basis
    share: Ranged
    found: Text
    assumes: Text


def expected_share(
    machine: Machine,
    told: Replacement | None,
    days: Days,
    likes: Mapping[str, Machine],
    evaluated: Callable[[str], Evaluation | Text],
    searched: int,
) -> Expected | Text:
    """What replacing a machine is expected to save; or why nothing can be said.

    Parameters
    ----------
    told
        What is known of its replacement; None for nothing.
    likes
        By meter, machines that replacements name as like them.
    evaluated
        The evaluation of a plan, by its id; or why there is none.
    searched
        How many machines are held against their own past, unasked.
    """
    if told is not None and told.low_pct is not None and told.high_pct is not None:
        return _promised(told.low_pct / 100.0, told.high_pct / 100.0)
    if told is not None and told.plan:
        return _as_evaluated(told.plan, evaluated(told.plan))
    if told is not None and told.like:
        return _as_another(machine, likes[told.like], days)
    return _as_it_was(machine, days, searched)


def _promised(low: float, high: float) -> Expected:
    share = Ranged((low + high) / 2.0, low, high)
    told = span(100.0 * low, 100.0 * high, 0)
    return Expected(
        "promised",
        share,
        Text(f"입력한 예상 절감률 {told}%.", f"An expected saving of {told}%, as given."),
        Text("계측으로 확인된 값이 아닙니다.", "It is a promise: nothing here measured it."),
    )


def _as_evaluated(plan: str, found: Evaluation | Text) -> Expected | Text:
    if isinstance(found, Text):
        return found
    saving = found.saving
    if saving is None or found.verdict is Verdict.NOT_PROVABLE or saving.adjusted_kwh <= 0:
        return Text(
            f"평가 계획 {plan}의 절감이 판정불가여서, 이 설비에 적용할 수 없습니다.",
            f"What the replacement of plan {plan} saved is not provable, so nothing follows for this machine.",
        )
    t = scipy.special.stdtrit(saving.freedom or math.inf, (1.0 + CONFIDENCE) / 2.0)
    half = float(t) * saving.error_kwh / saving.adjusted_kwh
    value = saving.kwh / saving.adjusted_kwh
    share = Ranged(value, value - half, value + half)
    verdict = found.verdict
    return Expected(
        "plan",
        share,
        Text(
            f"평가 계획 {plan}의 교체가 전력량을 {percent(100 * value)} 줄였습니다 "
            f"({_band(share, 'ko')}, {verdict.ko}).",
            f"The replacement of plan {plan} saved {percent(100 * value)} ({_band(share, 'en')}, {verdict.en}).",
        ),
        Text(
            "이 설비의 교체도 같은 비율로 줄인다고 봅니다. 설비끼리의 차이는 범위에 들어 있지 않습니다.",
            "This replacement is taken to save the same share: how machines differ is not in the band.",
        ),
    )


def _as_another(machine: Machine, like: Machine, days: Days) -> Expected | Text:
    own, other = ([channel for channel, _ in one.made] for one in (machine, like))
    if own != other:
        return Text(
            f"{like.device}와 같은 것을 세는 카운터가 없어 견줄 수 없습니다.",
            f"It has no counters of the same kind as {like.device}, so the two cannot be compared.",
        )
    period = slice(days.begin, None)
    # Of the same days where they suffice: the other machine may have become what it is only lately.
    reference = like.days(days).part(period)
    reference = reference if reference.known >= LEAST_DAYS else like.days(days)
    found = held_against(reference, machine.days(days).part(period), CONFIDENCE)
    if isinstance(found, Text):
        return Text(
            f"{like.device} 기준으로 말할 수 없습니다. {found.ko}", f"Not told by {like.device}: {_lower(found.en)}"
        )
    share = found.share
    told, less = percent(100 * abs(share.value)), share.value > 0
    return Expected(
        "like",
        share,
        Text(
            f"같은 것을 만드는 {like.device}의 {found.days}일로 만든 모형은 이 설비가 한 생산에 {told} "
            f"{'적은' if less else '많은'} 전력량을 예상합니다 (절감 {_band(share, 'ko')}).",
            f"By {like.device} (model of {found.days} days), what this machine made would have taken {told} "
            f"{'less' if less else 'more'} (saving: {_band(share, 'en')}).",
        ),
        Text(
            f"두 카운터가 같은 것을 세고, 새 설비가 {like.device}만큼 쓴다고 봅니다.",
            f"Both counters count the same, and the new machine is taken to draw what {like.device} does.",
        ),
    )


def _as_it_was(machine: Machine, days: Days, searched: int) -> Expected | Text:
    whole = machine.days(days)
    before, own = whole.part(slice(days.begin)), whole.part(slice(days.begin, None))
    found = held_against(before, own, CONFIDENCE, searched)
    if isinstance(found, Text):
        return Text(
            f"새 설비의 예상 절감률을 입력하지 않았고, 이전 기간과도 견줄 수 없습니다. {found.ko}",
            f"No saving of a new machine was given, and its own past does not tell: {_lower(found.en)}",
        )
    first, last = _known_span(before, days)
    share = found.share
    if not found.low_of_many > 0:
        return _no_more_than_before(share, first, last)
    return Expected(
        "past",
        share,
        Text(
            f"사용량의 {percent(100 * share.value)}는 같은 생산·요일·기온에서 {first} ~ {last}보다 더 쓴 양입니다 "
            f"({_band(share, 'ko')}).",
            f"{percent(100 * share.value)} of its energy is more than {first} to {last} took for the same output, "
            f"weekdays and weather ({_band(share, 'en')}).",
        ),
        Text(
            "정비나 교체로 그때만큼 쓰게 된다고 봅니다. 왜 늘었는지는 현장에서 확인하십시오.",
            "A repair or a new machine is taken to bring it back to that; why it rose, people must say.",
        ),
    )


def _known_span(before: MachineDays, days: Days) -> tuple[str, str]:
    known = np.flatnonzero(np.isfinite(before.kwh))
    return str(days.dates[int(known[0])]), str(days.dates[int(known[-1])])


def _no_more_than_before(share: Ranged, first: str, last: str) -> Text:
    told = percent(100 * share.value, signed=True)
    return Text(
        f"새 설비의 예상 절감률을 입력하지 않았고, {first} ~ {last}보다 더 쓴다고도 할 수 없습니다 "
        f"(차이 {told}, {_band(share, 'ko')}).",
        f"No saving of a new machine was given, and it does not plainly use more than {first} to {last} "
        f"({told}, {_band(share, 'en')}).",
    )


def _band(share: Ranged, language: str) -> str:
    word = "범위" if language == "ko" else "band"
    return f"{CONFIDENCE:.0%} {word} {span(100 * share.low, 100 * share.high, 1)}%"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
