"""A programme's evaluation: every machine, the sums over them, and what these rest on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import structlog

from evaluation.machines import Machine, MachineResult, read_machines
from evaluation.portfolio_sums import Summed, SumResult, response, shared_sources, sum_of, summable
from evaluation.portfolio_words import shared_name, warnings
from evaluation.programme import CommonModel, Programme, Shared
from evaluation.verdict import Verdict
from evaluation.wording import Text
from storage import Store

log = structlog.get_logger(__name__)


class SharedResult(msgspec.Struct, frozen=True):
    """What several machines err by together.

    Parameters
    ----------
    kind, name
        As the programme says; a name for people where it gives none.
    plans
        Machines of the sum that it is of.
    error_kwh
        Standard error of their sum by it [kWh]; of ``models`` that of their own bands added as they are; ``None`` for
        what errs in money or carbon only.
    assumed
        Whether nobody declared it.
    """

    kind: str
    name: Text
    plans: list[str]
    error_kwh: float | None
    assumed: bool


class PortfolioResult(msgspec.Struct, frozen=True, kw_only=True):
    """Everything said of a programme.

    Parameters
    ----------
    id, title, confidence
        As the programme says.
    machines
        Every plan, evaluated or not: proven first, then not proven, not provable, not evaluated; the largest saving
        first in each.
    proven, not_proven, not_provable, not_evaluated
        How many there are of each.
    judged
        The sum over all machines that are proven or not proven; ``None`` without any. No other machine is in a sum.
    proven_only
        The sum over the proven ones, which leans upwards: chance had a part in which they are.
    baseline_unknown
        Machines whose baseline energy is not known: they are missing from the shares of the baseline.
    shared
        What the sums' bands take as shared.
    warnings
        What a reader of the sums has to know.
    """

    id: str
    title: Text
    confidence: float
    machines: list[MachineResult]
    proven: int
    not_proven: int
    not_provable: int
    not_evaluated: int
    judged: SumResult | None
    proven_only: SumResult | None
    baseline_unknown: int
    shared: list[SharedResult]
    warnings: list[Text]


def evaluate_programme(
    programme: Programme,
    files: Sequence[Path],
    store: Store,
    progress: Callable[[int, int, str], None] = lambda *_: None,
) -> PortfolioResult:
    """Evaluate a programme's plans on stored readings and sum them.

    Parameters
    ----------
    programme
        What it pays and what its machines share.
    files
        Its plans, from `evaluation.programme.plan_files`.
    progress
        Called before each plan with how many are done, how many there are, and the name of the next.
    """
    machines = read_machines(files, store, progress)
    result = portfolio_of(programme, machines)
    log.info(
        "programme_evaluated", programme=programme.id, proven=result.proven, not_proven=result.not_proven,
        not_provable=result.not_provable, not_evaluated=result.not_evaluated,
    )  # fmt: skip
    return result


def portfolio_of(programme: Programme, machines: Sequence[Machine]) -> PortfolioResult:
    """Sum machines that are evaluated already."""
    judged = summable(machines)
    proven = [one for one in judged if one.result.verdict is Verdict.PROVEN]
    sources = shared_sources(programme, judged)
    results = [one.result for one in machines]
    verdicts = [one.verdict for one in results]
    baseline = sum(one.baseline_kwh_per_day or 0.0 for one in results)
    subsidy = programme.subsidy_won or sum(one.subsidy_won or 0.0 for one in results)
    title = Text(
        programme.title.ko or programme.title.en or programme.id,
        programme.title.en or programme.title.ko or programme.id,
    )
    return PortfolioResult(
        id=programme.id,
        title=title,
        confidence=programme.confidence,
        machines=results,
        proven=verdicts.count(Verdict.PROVEN),
        not_proven=verdicts.count(Verdict.NOT_PROVEN),
        not_provable=verdicts.count(Verdict.NOT_PROVABLE),
        not_evaluated=verdicts.count(None),
        judged=sum_of(programme, judged, sources, baseline, subsidy) if judged else None,
        proven_only=sum_of(programme, proven, sources, baseline, subsidy) if proven else None,
        baseline_unknown=sum(one.baseline_kwh_per_day is None for one in results),
        shared=[_shared(source, judged, assumed=programme.shared is None) for source in sources],
        warnings=warnings(programme, results, sources, judged),
    )


def _shared(source: Shared, judged: Sequence[Summed], *, assumed: bool) -> SharedResult:
    of = [one for one in judged if not source.plans or one.result.plan_id in source.plans]
    if isinstance(source, CommonModel):
        error: float | None = sum(one.saving.error_kwh for one in of)
    else:
        of = [one for one in of if any(response(source, one, each) for each in ("energy", "won", "carbon"))]
        energy = [response(source, one) for one in of]
        error = abs(sum(energy)) if any(energy) else None
    kind = str(source.__struct_config__.tag)
    return SharedResult(kind, shared_name(source), [one.result.plan_id for one in of], error, assumed)
