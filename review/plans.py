"""What a site's evaluation plans already say: which counter counts what a meter's machine makes."""

from __future__ import annotations

from pathlib import Path

from evaluation import load_plan
from review.settings import Product
from telemetry import TelemetryError


def products_of_plans(folder: Path, site: str) -> dict[str, tuple[Product, ...]]:
    """By meter, the counters that plans (``*.yaml``) name as drivers of its energy.

    A plan that cannot be read names none: a review is not what tells of it.
    """
    found: dict[str, tuple[Product, ...]] = {}
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else []:
        try:
            plan = load_plan(path)
        except (TelemetryError, OSError):
            continue
        counters = {Product(one.device, one.channel): None for one in plan.drivers if one.aggregate == "difference"}
        if plan.site == site and counters:
            found[plan.device] = tuple(counters)
    return found
