"""How an evaluation is drawn: bands, answers and placebos as places on an axis, in per mille of its width."""

from __future__ import annotations

from dataclasses import dataclass

from api.axis import Axis
from api.formats import Clock
from api.texts import Speaker
from evaluation import CandidateResult, Coefficient, Evaluation, EventResult

_EVENTS_SHOWN = 8
_ROOM = 1.5
"""Widths of the band that the candidates' axis reaches beyond it."""


@dataclass(frozen=True, slots=True)
class Band:
    """Where things stand on the picture's axis, 0-1000 from left to right; `claim` is None without a claim rule."""

    zero: float
    claim: float | None
    low: float
    point: float
    high: float


@dataclass(frozen=True, slots=True)
class Answer:
    """One candidate and where its saving stands: `at` is None without one, an end of the axis when it is `beyond`."""

    candidate: CandidateResult
    at: float | None
    difference: float | None
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """Every candidate on one axis with the chosen model's band."""

    rows: list[Answer]
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Strip:
    """Placebos on one axis with the saving's band: what the method finds where nothing was saved."""

    zero: float
    dots: list[float]
    low: float
    point: float
    high: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """One event as a line of a list."""

    event: EventResult
    when: str


def band(evaluation: Evaluation) -> Band | None:
    """Place the saving, its band, zero and the claim rule on one axis; None without a saving."""
    saving = evaluation.saving
    if saving is None:
        return None
    claim = saving.adjusted_kwh * evaluation.claim_minimum_pct / 100 if evaluation.claim_minimum_pct > 0 else None
    axis = Axis([0.0, saving.low, saving.high, saving.kwh, *([claim] if claim is not None else [])])
    return Band(
        axis.place(0.0),
        None if claim is None else axis.place(claim),
        axis.place(saving.low),
        axis.place(saving.kwh),
        axis.place(saving.high),
    )


def answers(evaluation: Evaluation) -> Answers | None:
    """Place every candidate's saving beside the band; None for a plan that names no candidates."""
    saving, found = evaluation.saving, evaluation.candidates
    if not found:
        return None
    if saving is None:
        return Answers([Answer(one, None, None) for one in found], 0.0, 0.0)
    # A model that is far off would leave the others no room: the axis reaches a band's width beyond the band.
    width = saving.high - saving.low
    left, right = saving.low - _ROOM * width, saving.high + _ROOM * width
    held = [min(max(one.saving_kwh, left), right) for one in found if one.saving_kwh is not None]
    axis = Axis([saving.low, saving.high, *held])
    rows = []
    for one in found:
        kwh = one.saving_kwh
        if kwh is None:
            rows.append(Answer(one, None, None))
            continue
        beyond = not left <= kwh <= right
        at = (0.0 if kwh < left else 1000.0) if beyond else axis.place(kwh)
        rows.append(Answer(one, at, None if one.chosen else kwh - saving.kwh, beyond))
    return Answers(rows, axis.place(saving.low), axis.place(saving.high))


def strip(evaluation: Evaluation) -> Strip | None:
    """Place the placebos' false savings and the saving on one axis of percent; None without placebos."""
    placebos, saving = evaluation.placebos, evaluation.saving
    if placebos is None or saving is None or saving.pct is None or saving.pct_low is None or saving.pct_high is None:
        return None
    shares = [share for share in placebos.share_pct if share is not None]
    if not shares:
        return None
    axis = Axis([0.0, *shares, saving.pct_low, saving.pct_high])
    return Strip(
        axis.place(0.0),
        [axis.place(share) for share in shares],
        axis.place(saving.pct_low),
        axis.place(saving.pct),
        axis.place(saving.pct_high),
    )


def proposals(evaluation: Evaluation, clock: Clock) -> list[Proposal]:
    """The strongest events, in order of time."""
    strongest = sorted(evaluation.events, key=lambda event: -abs(event.strength))[:_EVENTS_SHOWN]
    found = []
    for event in sorted(strongest, key=lambda event: event.start_ms):
        first, last = clock.date(event.start_ms), clock.date(event.end_ms - 1)
        found.append(Proposal(event, first if first == last else f"{first} ~ {last}"))
    return found


def term_name(term: Coefficient, speak: Speaker) -> str:
    """A coefficient's name as people read it: drivers in their language, parts and products of them beside."""
    if term.name == "intercept":
        name = speak("model.intercept")
        return f"{name} ({term.part.said(speak.language)})" if term.part else name
    if term.driver:
        name = speak.known(f"driver.{term.driver}", term.driver)
        return f"{name} {term.part.said(speak.language)}" if term.part else name
    if term.part:
        return term.part.said(speak.language)
    return " × ".join(speak.known(f"driver.{name}", name) for name in term.name.split("×"))
