"""A programme's machines: each one's saving and verdict, or why it has none."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from evaluation.errors import EvaluationError
from evaluation.findings import Period
from evaluation.plan import Plan, load_plan
from evaluation.result import Evaluation
from evaluation.run import evaluate
from evaluation.saving import Saving
from evaluation.sections import plan_title
from evaluation.verdict import Reason, Verdict
from evaluation.wording import Text
from evaluation.worth import Worth
from storage import Store, StoreError
from telemetry import DocumentError

log = structlog.get_logger(__name__)

_DAY_MS = 86_400_000.0
_ORDER = {Verdict.PROVEN: 0, Verdict.NOT_PROVEN: 1, Verdict.NOT_PROVABLE: 2, None: 3}


class MachineResult(msgspec.Struct, frozen=True, kw_only=True):
    """One machine of a programme.

    Parameters
    ----------
    source
        The plan's file.
    plan_id, plan_digest, title, site, device
        As the plan says; empty where it could not be read.
    verdict
        ``None`` for a machine that could not be evaluated: `reasons` says why.
    reasons
        Of the verdict, or of there being none.
    saving
        Of a machine that is proven or not proven; ``None`` for any other, which is neither zero nor proven.
    days
        Days whose saving was measured.
    baseline_kwh_per_day
        What it used in the baseline window; ``None`` where nothing is known of that.
    subsidy_won, life_years
        As the plan says.
    worth
        What its saving is worth.
    """

    source: str
    plan_id: str = ""
    plan_digest: str = ""
    title: Text = Text("", "")
    site: str = ""
    device: str = ""
    reporting_first_day: dt.date | None = None
    reporting_last_day: dt.date | None = None
    verdict: Verdict | None = None
    reasons: list[Reason] = []
    saving: Saving | None = None
    days: float | None = None
    baseline_kwh_per_day: float | None = None
    subsidy_won: float | None = None
    life_years: int | None = None
    worth: Worth | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine with what a sum needs of it.

    Attributes
    ----------
    result
        What is told of it.
    plan
        None where it could not be read.
    per_unit
        What each mean driver's drift by one unit is worth [kWh per unit].
    """

    result: MachineResult
    plan: Plan | None = None
    per_unit: tuple[tuple[str, float], ...] = ()


def read_machines(
    files: Sequence[Path], store: Store, progress: Callable[[int, int, str], None] = lambda *_: None
) -> list[Machine]:
    """Evaluate every plan; one that fails does not stop the others.

    Parameters
    ----------
    progress
        Called before each plan with how many are done, how many there are, and the name of the next.
    """
    plans = [_read(file) for file in files]
    twice = _twice([plan for plan in plans if isinstance(plan, Plan)])
    found = []
    for index, (file, plan) in enumerate(zip(files, plans, strict=True)):
        progress(index, len(files), file.name)
        if isinstance(plan, Reason):
            found.append(Machine(MachineResult(source=str(file), reasons=[plan])))
        elif plan.id in twice:
            found.append(Machine(_about(file, plan, [twice[plan.id]]), plan))
        else:
            found.append(_evaluated(file, plan, store))
    progress(len(files), len(files), "")
    return sorted(found, key=_rank)


def _rank(machine: Machine) -> tuple[int, float, str, str]:
    one = machine.result
    return _ORDER[one.verdict], -(one.saving.kwh if one.saving else 0.0), one.plan_id, one.source


def _read(file: Path) -> Plan | Reason:
    try:
        return load_plan(file)
    except DocumentError as error:
        return _failure("plan_unreadable", str(error))


def _evaluated(file: Path, plan: Plan, store: Store) -> Machine:
    try:
        evaluation = evaluate(plan, store, beside=False)
    except (EvaluationError, StoreError) as error:
        return Machine(_about(file, plan, [_failure("not_evaluable", str(error))]), plan)
    except Exception as error:  # a mistake of ours over one machine must not lose the others of a programme
        log.exception("plan_failed", plan=plan.id)
        return Machine(_about(file, plan, [_failure("failed", f"{type(error).__name__}: {error}")]), plan)
    judged = evaluation.saving if evaluation.verdict is not Verdict.NOT_PROVABLE else None
    result = msgspec.structs.replace(
        _about(file, plan, evaluation.reasons),
        verdict=evaluation.verdict,
        saving=judged,
        days=evaluation.worth.days if evaluation.worth else None,
        baseline_kwh_per_day=_per_day(evaluation),
        worth=evaluation.worth,
    )
    drift = tuple((one.name, one.kwh_per_unit) for one in evaluation.drivers if one.kwh_per_unit is not None)
    return Machine(result, plan, drift)


def _about(file: Path, plan: Plan, reasons: list[Reason]) -> MachineResult:
    return MachineResult(
        source=str(file),
        plan_id=plan.id,
        plan_digest=plan.digest,
        title=plan_title(plan),
        site=plan.site,
        device=plan.device,
        reporting_first_day=plan.reporting.first_day,
        reporting_last_day=plan.reporting.last_day,
        reasons=reasons,
        subsidy_won=plan.worth.subsidy_won,
        life_years=plan.worth.life_years,
    )


def _per_day(evaluation: Evaluation) -> float | None:
    """Energy of a day in the baseline window [kWh], of the intervals whose energy is known."""
    intervals = evaluation.intervals
    columns = zip(intervals.period, intervals.actual_kwh, intervals.start_ms, intervals.end_ms, strict=True)
    known = [(kwh, end - start) for period, kwh, start, end in columns if period is Period.BASELINE and kwh is not None]
    return sum(kwh for kwh, _ in known) / (sum(length for _, length in known) / _DAY_MS) if known else None


def _twice(plans: Iterable[Plan]) -> dict[str, Reason]:
    """Plans that would be counted twice, by id: two of one id, or of one meter in the same days."""
    plans = list(plans)
    found = {
        name: _failure("duplicate_id", f"{count} plans have the id {name!r}; each must have its own",
                       f"아이디가 {name!r}인 계획이 {count}개입니다. 계획마다 달라야 합니다.")
        for name, count in Counter(plan.id for plan in plans).items() if count > 1
    }  # fmt: skip
    for one in plans:
        for other in plans:
            if one.id == other.id or not _overlap(one, other):
                continue
            found[one.id] = _failure(
                "double_counted",
                f"{other.id} counts the same meter's saving in some of the same days; only one of them may be in a sum",
                f"{other.id}도 같은 계량기의 같은 날 절감량을 셉니다. 합계에는 둘 가운데 하나만 넣을 수 있습니다.",
            )
    return found


def _overlap(one: Plan, other: Plan) -> bool:
    same = (one.site, one.kind, one.device, one.energy) == (other.site, other.kind, other.device, other.energy)
    return same and (
        one.reporting.first_day <= other.reporting.last_day and other.reporting.first_day <= one.reporting.last_day
    )


def _failure(code: str, en: str, ko: str = "") -> Reason:
    return Reason(code, Text(ko or en, en))
