"""How an evaluation is drawn: the saving's band as a picture, positions in per mille of its width."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation import Evaluation


@dataclass(frozen=True, slots=True)
class Band:
    """Where things stand on the picture's axis, 0-1000 from left to right; `claim` is None without a claim rule."""

    zero: float
    claim: float | None
    low: float
    point: float
    high: float


def band(evaluation: Evaluation) -> Band | None:
    """Place the saving, its band, zero and the claim rule on one axis; None without a saving."""
    saving = evaluation.saving
    if saving is None:
        return None
    claim = saving.adjusted_kwh * evaluation.claim_minimum_pct / 100 if evaluation.claim_minimum_pct > 0 else None
    marks = [0.0, saving.low, saving.high, saving.kwh, *([claim] if claim is not None else [])]
    margin = (max(marks) - min(marks)) * 0.08 or 1.0
    left, right = min(marks) - margin, max(marks) + margin

    def place(value: float) -> float:
        return round((value - left) / (right - left) * 1000, 1)

    return Band(
        place(0.0), None if claim is None else place(claim), place(saving.low), place(saving.kwh), place(saving.high)
    )
