"""The manager's energy review: where a site's energy goes, what stands by, what is unusual, what to replace.

``review(store, site, devices, first, last, settings) -> Review``; the structures are those of `review.result`.
"""

from review.result import (
    Anomaly,
    Baseline,
    Candidate,
    Figure,
    Finding,
    Idle,
    Load,
    LoadDuration,
    MeterReview,
    Missing,
    PeakDay,
    Price,
    Profile,
    Review,
    ShiftUse,
    SiteTotal,
    SpecificEnergy,
)
from review.settings import Product, Replacement, Settings

__all__ = [
    "Anomaly",
    "Baseline",
    "Candidate",
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
    "Settings",
    "ShiftUse",
    "SiteTotal",
    "SpecificEnergy",
]
