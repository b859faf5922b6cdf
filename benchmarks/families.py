"""Every family of models a plan may name: how far off injected savings come back, and how often the band holds them.

Machines made of arrays (`families_stand.replacements`), eight weeks before and four after, noise that lasts for days
(AR(1), ρ 0.4, 2 % of the energy); 5, 10 and 20 % are saved. In each case the model has the machine's own form; in the
last, six candidates of mixed families are named and one is chosen by time-blocked cross-validation.

``python -m benchmarks.families [--seeds 60] [--json]``
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace

import numpy as np

from benchmarks.families_stand.replacements import OUTDOOR, PARTS, RUNNING, Candidates, Replacement
from benchmarks.frame import Figure, at_most, report
from evaluation.models import ChangePoint, Levels, Linear, Machine, TimeOfWeek

SAVED = (0.05, 0.10, 0.20)
SIX: Candidates = {
    "mean": [],
    "linear": ["parts", "outdoor"],
    "crossed": Linear(["parts", "outdoor"], [("parts", "outdoor")]),
    "weekdays": Levels(["weekday"], ["parts"]),
    "3PC": ChangePoint("3PC", "outdoor", ["parts"]),
    "5P": ChangePoint("5P", "outdoor", ["parts"]),
}
CASES: dict[str, tuple[Replacement, Candidates]] = {
    "3PC": (Replacement(), {"model": ChangePoint("3PC", "outdoor", ["parts"])}),
    "5P": (Replacement(heating=5.0, cooling_above=18.0), {"model": ChangePoint("5P", "outdoor", ["parts"])}),
    "levels": (Replacement(cooling=0.0), {"model": Levels(["weekday"], ["parts"])}),
    "interactions": (
        Replacement(cooling=0.0),
        {"model": Linear(["parts", "outdoor"], [("parts", "outdoor")])},
    ),
    "machine": (
        Replacement(cooling=0.0, per_hour_run=4.0, drivers=(PARTS, RUNNING)),
        {"model": Machine(["parts"], ["running"])},
    ),
    "TOWT, hours": (
        Replacement(granularity="hour", busy_mornings=True, drivers=(PARTS, OUTDOOR)),
        {"model": TimeOfWeek("outdoor", ["parts"])},
    ),
    "TOWT, quarter hours": (
        Replacement(granularity="quarter_hour", busy_mornings=True),
        {"model": TimeOfWeek("outdoor", ["parts"])},
    ),
    "chosen of six": (Replacement(), SIX),
}


def figures(name: str, seeds: int) -> list[Figure]:
    """Bias, coverage and width of one case [% of the old machine's energy]."""
    machine, candidates = CASES[name]
    found = []
    for saved in SAVED:
        errors, held, halves = [], 0, []
        for seed in range(seeds):
            evaluation, truth = replace(machine, saved=saved, seed=seed).judged(candidates)
            saving = evaluation.saving
            assert saving is not None
            percent = 100.0 / saving.adjusted_kwh
            errors.append((saving.kwh - truth) * percent)
            halves.append((saving.high - saving.low) / 2 * percent)
            held += saving.low <= truth <= saving.high
        case = f"{name}, {saved:.0%} saved"
        bias = float(np.mean(errors))
        found.append(at_most(f"{case}: bias, amount", abs(bias), "points", 1.0))
        found.append(Figure(f"{case}: bias", bias, "points"))
        found.append(Figure(f"{case}: sd of the error", float(np.std(errors)), "points"))
        found.append(Figure(f"{case}: coverage of the 90 % band", 100.0 * held / seeds, "%"))
        found.append(Figure(f"{case}: mean half width", float(np.mean(halves)), "points"))
    return found


def main() -> int:
    """Run every case."""
    parser = argparse.ArgumentParser(description="Injected savings, with every family of models.")
    parser.add_argument("--seeds", type=int, default=60, help="Machines per case and saving.")
    parser.add_argument("--json", action="store_true", help="One JSON object.")
    options = parser.parse_args()
    if options.seeds < 2:
        parser.error("--seeds must be at least 2")
    started = time.perf_counter()
    found: list[Figure] = []
    for name in CASES:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{name:<24}")
        found += figures(name, options.seeds)
    facts = {"seeds": f"0 to {options.seeds - 1}", "seconds": round(time.perf_counter() - started, 1)}
    return report("families", found, as_json=options.json, facts=facts)


if __name__ == "__main__":
    raise SystemExit(main())
