"""Programmes of many machines: files of the plans folder that name plans, and the sums over them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import structlog

from api.errors import NotFoundError, PlanError
from api.models import ProgrammeSummary
from api.once import Once, Progress
from evaluation import (
    MachineResult,
    PortfolioResult,
    Programme,
    Reason,
    Text,
    Title,
    evaluate_programme,
    is_programme,
    load_programme,
    plan_files,
)
from storage import Store
from telemetry import DocumentError

log = structlog.get_logger(__name__)

ALL: Final = "all"
"""Every plan of the folder, summed although no programme names them."""
_TITLE: Final = Title(ko="등록된 모든 계획", en="All plans")
_SUFFIXES: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class _Found:
    """A programme and its plans, as they are on the disk now."""

    programme: Programme
    files: Sequence[Path]

    @property
    def digest(self) -> str:
        """Of everything that is evaluated: the programme, and its plans' files."""
        found = hashlib.sha256(msgspec.json.encode(self.programme))
        for file in self.files:
            found.update(str(file).encode())
            found.update(file.read_bytes() if file.is_file() else b"")
        return found.hexdigest()


class Programmes:
    """Finds programmes anew each time, evaluates one at a time, at most once per `cache_ms`. Thread-safe.

    Parameters
    ----------
    folder
        Where plans and programmes lie as YAML; None for none.
    store
        Where readings are.
    cache_ms
        How long a portfolio is used again at least [ms]; one whose files changed is made at once.
    clock
        Present time [ms UTC].
    in_korean
        The Korean of why a plan could not be evaluated, which rooms say in English.
    """

    def __init__(
        self,
        folder: Path | None,
        store: Store,
        cache_ms: int,
        clock: Callable[[], int],
        in_korean: Callable[[str], str] = str,
    ) -> None:
        self._folder = folder
        self._store = store
        self._in_korean = in_korean
        self._once: Once[PortfolioResult] = Once("portfolio", 1, cache_ms, clock)

    def summaries(self) -> list[ProgrammeSummary]:
        """Every programme of the folder, and all its plans together; one that cannot be used says why."""
        found = []
        for file in self._files():
            try:
                programme = load_programme(file)
                plans = len(plan_files(programme, file.parent))
            except DocumentError as error:
                log.warning("programme_unreadable", programme=str(file), problem=str(error))
                found.append(ProgrammeSummary(
                    programme=file.stem, title_ko="", title_en="", plans=0, problem=self._without_folder(str(error)),
                ))  # fmt: skip
                continue
            found.append(_summary(programme, plans))
        everything = self._everything()
        if everything is not None and all(one.programme != ALL for one in found):
            found.append(_summary(everything.programme, len(everything.files)))
        return found

    def portfolio(self, name: str, wait_s: float | None = None) -> PortfolioResult | None:
        """A programme's portfolio, or what was found a moment ago; None when that takes longer than `wait_s`.

        Raises
        ------
        NotFoundError
            When no programme of the folder has this id.
        PlanError
            When the programme's file cannot be used.
        """
        found = self._find(name)

        def make(progress: Progress) -> PortfolioResult:
            made = evaluate_programme(found.programme, found.files, self._store, progress)
            machines = [self._told(one) for one in made.machines]
            return msgspec.structs.replace(made, machines=machines)

        return self._once.get(name, found.digest, make, wait_s)

    def title(self, name: str) -> Text:
        """What a programme is called; raises as `portfolio` does."""
        programme = self._find(name).programme
        return Text(
            programme.title.ko or programme.title.en or programme.id,
            programme.title.en or programme.title.ko or programme.id,
        )

    def progress(self, name: str) -> Progress | None:
        """How far a portfolio is: plans evaluated and in all, and the file it is at; None when nobody asked for it."""
        return self._once.progress(name)

    def close(self) -> None:
        """Begin no more of them."""
        self._once.close()

    def _find(self, name: str) -> _Found:
        for file in self._files():
            asked = file.stem == name
            try:
                programme = load_programme(file)
                asked = programme.id == name
                if asked:
                    return _Found(programme, plan_files(programme, file.parent))
            except DocumentError as error:
                if asked:
                    raise PlanError(self._without_folder(str(error))) from error
        everything = self._everything() if name == ALL else None
        if everything is None:
            raise NotFoundError(f"there is no programme {name!r}; /api/programmes lists those that there are")
        return everything

    def _everything(self) -> _Found | None:
        if self._folder is None or not self._folder.is_dir():
            return None
        programme = Programme(id=ALL, title=_TITLE, plans=[str(self._folder.resolve())])
        try:
            return _Found(programme, plan_files(programme, self._folder))
        except DocumentError:  # the folder is empty
            return None

    def _files(self) -> list[Path]:
        if self._folder is None or not self._folder.is_dir():
            return []
        return sorted(file for file in self._folder.iterdir() if file.suffix in _SUFFIXES and is_programme(file))

    def _told(self, machine: MachineResult) -> MachineResult:
        """A machine as a visitor is told of it: where the server keeps its files is no visitor's business."""
        reasons = [
            Reason(
                one.code,
                Text(self._in_korean(self._without_folder(one.text.ko)), self._without_folder(one.text.en)),
                one.cure,
                one.doubt,
            )
            for one in machine.reasons
        ]
        return msgspec.structs.replace(machine, source=Path(machine.source).name, reasons=reasons)

    def _without_folder(self, text: str) -> str:
        folder = Path() if self._folder is None else self._folder
        return text.replace(f"{folder.resolve()}/", "").replace(f"{folder}/", "")


def _summary(programme: Programme, plans: int) -> ProgrammeSummary:
    return ProgrammeSummary(
        programme=programme.id,
        title_ko=programme.title.ko or programme.title.en or programme.id,
        title_en=programme.title.en or programme.title.ko or programme.id,
        plans=plans,
        problem="",
    )
