"""The axis of a picture that is drawn with the page."""

from __future__ import annotations

from collections.abc import Iterable


class Axis:
    """From values to places, in per mille of the width, with a margin on either side."""

    def __init__(self, marks: Iterable[float]) -> None:
        found = list(marks)
        margin = (max(found) - min(found)) * 0.08 or 1.0
        self._left, self._right = min(found) - margin, max(found) + margin

    def place(self, value: float) -> float:
        """Where a value stands."""
        return round((value - self._left) / (self._right - self._left) * 1000, 1)
