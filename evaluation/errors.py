"""What can be wrong with an evaluation.

EvaluationError              the plan names something the store does not know, or cannot be computed at all
(telemetry.DocumentError     a plan that is unreadable or contradicts itself; raised by `load_plan`)

Too little data is no error: it is the verdict "not provable", with its reasons.
"""

from __future__ import annotations


class EvaluationError(Exception):
    """A plan that does not fit the store it is evaluated on; the text lists what exists."""
