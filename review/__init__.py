"""The manager's energy review: where a site's energy goes, what stands by, what is unusual, what to replace.

``review(store, site, devices, first, last, settings) -> Review``; the structures are those of `review.result`.
"""

from review.errors import ReviewError
from review.metered import find_meters, last_full_days
from review.result import Candidate, Figure, Finding, MeterReview, Missing, Price, Review, SiteTotal
from review.run import review
from review.sections import (
    Anomaly,
    Baseline,
    DayKind,
    Idle,
    Load,
    LoadDuration,
    PeakDay,
    Profile,
    ShiftDays,
    ShiftUse,
    SpecificEnergy,
)
from review.settings import Product, Replacement, Settings
from review.terminal import render
from review.told import products_of_plans, site_settings

__all__ = [
    "Anomaly",
    "Baseline",
    "Candidate",
    "DayKind",
    "Figure",
    "Finding",
    "Idle",
    "Load",
    "LoadDuration",
    "MeterReview",
    "Missing",
    "PeakDay",
    "Price",
    "Product",
    "Profile",
    "Replacement",
    "Review",
    "ReviewError",
    "Settings",
    "ShiftDays",
    "ShiftUse",
    "SiteTotal",
    "SpecificEnergy",
    "find_meters",
    "last_full_days",
    "products_of_plans",
    "render",
    "review",
    "site_settings",
]
