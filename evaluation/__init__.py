"""The evaluator's work: a plan, its run on stored readings, and the verdict."""

from evaluation.errors import EvaluationError
from evaluation.plan import Claim, Driver, Plan, Quality, Title, Window, load_plan, parse_plan
from evaluation.result import (
    Coefficient,
    Cumulative,
    Detectable,
    DriverRange,
    Evaluation,
    Intervals,
    ModelResult,
    Period,
    Placebos,
    Reason,
    Saving,
    Text,
    Verdict,
    WindowResult,
)
from evaluation.run import evaluate
from evaluation.terminal import render

__all__ = [
    "Claim",
    "Coefficient",
    "Cumulative",
    "Detectable",
    "Driver",
    "DriverRange",
    "Evaluation",
    "EvaluationError",
    "Intervals",
    "ModelResult",
    "Period",
    "Placebos",
    "Plan",
    "Quality",
    "Reason",
    "Saving",
    "Text",
    "Title",
    "Verdict",
    "Window",
    "WindowResult",
    "evaluate",
    "load_plan",
    "parse_plan",
    "render",
]
