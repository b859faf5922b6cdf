"""What a site's files say to its reviews: its own settings, and its evaluation plans' counters."""

from __future__ import annotations

from pathlib import Path

from evaluation import load_plan
from review.settings import Product, Settings
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
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else []:
        try:
            plan = load_plan(path)
        except (TelemetryError, OSError):
            continue
        counters = {Product(one.device, one.channel): None for one in plan.drivers if one.aggregate == "difference"}
        if plan.site == site and counters:
            found[plan.device] = tuple(counters)
    return found
