"""What a site's files say to its reviews: its own settings, and its evaluation plans' counters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from evaluation import Evaluation, EvaluationError, Plan, Text, evaluate, load_plan
from review.errors import ReviewError
from review.products import COUNTED
from review.settings import Product, Settings
from storage import Store
from telemetry import TelemetryError, decode_yaml


def site_settings(folder: Path, site: str) -> Settings:
    """The settings of ``<site>.yaml`` in a folder; those of a site without a file otherwise.

    Raises
    ------
    telemetry.DocumentError
        When the file says what settings do not know.
    OSError, UnicodeDecodeError
        When it cannot be read.
    """
    file = folder / f"{site}.yaml"
    return decode_yaml(file.read_text(encoding="utf-8"), Settings, file.name) if file.is_file() else Settings()


def products_of_plans(folder: Path, site: str) -> dict[str, tuple[Product, ...]]:
    """By meter, the counters that plans (``*.yaml``) name as drivers of its energy.

    A plan that cannot be read names none: a review is not what tells of it.
    """
    found: dict[str, tuple[Product, ...]] = {}
    for plan in _plans(folder):
        drivers = [one for one in plan.drivers if one.aggregate == "difference" and one.channel in COUNTED]
        counters = {Product(one.device, one.channel): None for one in drivers}
        if plan.site == site and counters:
            found[plan.device] = tuple(counters)
    return found


def evaluations(folder: Path | None, store: Store) -> Callable[[str], Evaluation | Text]:
    """What finds a plan in a folder by its id and evaluates it; why not, where its data do not let it be evaluated.

    It raises `ReviewError` where the folder has no such plan, and `storage.StoreError` when the store cannot be read.
    """

    def evaluated(name: str) -> Evaluation | Text:
        plans = {plan.id: plan for plan in _plans(folder)} if folder is not None else {}
        if name not in plans:
            there = ", ".join(sorted(plans)) or "none"
            raise ReviewError(f"no evaluation plan {name!r} in the plans folder; there are: {there}")
        try:
            return evaluate(plans[name], store)
        except EvaluationError as error:
            return Text(
                f"평가 계획 {name}을(를) 평가할 수 없습니다: {error}", f"Plan {name} cannot be evaluated: {error}."
            )

    return evaluated


def _plans(folder: Path) -> Iterator[Plan]:
    """Plans of a folder that can be read."""
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else []:
        try:
            yield load_plan(path)
        except (TelemetryError, OSError):
            continue
