"""Evaluation plans of the plans folder, and their evaluations, computed once for everyone who asks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from api.errors import NotFoundError, PlanError
from api.models import PlanSummary
from evaluation import Evaluation, EvaluationError, Plan, evaluate, is_programme, load_plan
from storage import Store
from telemetry import DocumentError

log = structlog.get_logger(__name__)


@dataclass(eq=False)
class _Slot:
    lock: threading.Lock = field(default_factory=threading.Lock)
    digest: str = ""
    until: int = 0
    result: Evaluation | None = None


class Plans:
    """Reads plans anew each time (they are small), evaluates each at most once per `cache_ms`. Thread-safe.

    Parameters
    ----------
    folder
        Where plans lie as ``*.yaml``; None for none.
    store
        Where their readings are.
    cache_ms
        How long an evaluation is used again [ms]; a plan whose digest changed is evaluated at once.
    clock
        Present time [ms UTC].
    """

    def __init__(self, folder: Path | None, store: Store, cache_ms: int, clock: Callable[[], int]) -> None:
        self._folder = folder
        self._store = store
        self._cache_ms = cache_ms
        self._clock = clock
        self._lock = threading.Lock()
        self._slots: dict[str, _Slot] = {}

    def summaries(self, site: str | None = None) -> list[PlanSummary]:
        """Every plan file, of one site or of all; one that cannot be used says why and is listed under every site."""
        found = []
        for path in self._files():
            try:
                plan = load_plan(path)
            except DocumentError as error:
                log.warning("plan_unreadable", plan=str(path), problem=str(error))
                # Without the folder: where the server keeps its files is no visitor's business.
                problem = str(error).replace(str(path), path.name)
                found.append(PlanSummary(plan=path.stem, title_ko="", title_en="", site="", device="", problem=problem))
                continue
            if site in (None, plan.site):
                found.append(
                    PlanSummary(
                        plan=plan.id,
                        title_ko=plan.title.ko or plan.title.en or plan.id,
                        title_en=plan.title.en or plan.title.ko or plan.id,
                        site=plan.site,
                        device=plan.device,
                        problem="",
                    )
                )
        return found

    def load(self, site: str, name: str) -> Plan:
        """Find a plan by its id.

        Raises
        ------
        NotFoundError
            When no readable plan of this site has the id.
        """
        for path in self._files():
            try:
                plan = load_plan(path)
            except DocumentError:
                continue  # `summaries` shows it with its problem
            if plan.id == name and plan.site == site:
                return plan
        raise NotFoundError(f"site {site!r} has no plan {name!r}; /api/sites/{site}/plans lists those that it has")

    def evaluation(self, site: str, name: str) -> Evaluation:
        """Evaluate a plan, or give what was found a moment ago. Takes up to seconds: call it in a worker thread.

        Raises
        ------
        NotFoundError
            As `load`.
        PlanError
            When the plan does not fit the store.
        StoreError
            When the store cannot be read.
        """
        plan = self.load(site, name)
        with self._lock:
            slot = self._slots.setdefault(f"{site}/{name}", _Slot())
        with slot.lock:  # whoever comes second waits for the first one's result
            if slot.result is None or slot.digest != plan.digest or self._clock() >= slot.until:
                try:
                    slot.result = evaluate(plan, self._store)
                except EvaluationError as error:
                    slot.result = None
                    raise PlanError(str(error)) from error
                slot.digest = plan.digest
                slot.until = self._clock() + self._cache_ms
            return slot.result

    def _files(self) -> list[Path]:
        if self._folder is None or not self._folder.is_dir():
            return []
        files = [*self._folder.glob("*.yaml"), *self._folder.glob("*.yml")]
        return sorted(file for file in files if not is_programme(file))
