"""What a column's values do from row to row, by which a register is told from amounts of intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_LEAST = 24
"""Steps below which values tell nothing."""
_ONE_WAY = 12
"""A register goes one way so many times as often as back, though it begins anew every day; amounts do not."""


@dataclass(slots=True)
class Trend:
    """Steps from one value to the next, in the file's order; empty cells are passed over.

    Attributes
    ----------
    steps, up, down
        How many there are, and how many of them rise and fall.
    most
        The largest amount of a value.
    """

    steps: int = 0
    up: int = 0
    down: int = 0
    most: float = 0.0
    _newest: float | None = None

    def look(self, values: npt.NDArray[np.float64]) -> None:
        """Take further values into account, shape (rows,); NaN where there is none."""
        there = values[~np.isnan(values)]
        if not len(there):
            return
        self.most = max(self.most, float(np.abs(there).max()))
        steps = np.diff(there) if self._newest is None else np.diff(there, prepend=self._newest)
        self.steps += len(steps)
        self.up += int(np.count_nonzero(steps > 0))
        self.down += int(np.count_nonzero(steps < 0))
        self._newest = float(there[-1])

    @property
    def empty(self) -> bool:
        """Whether there was no value."""
        return self._newest is None

    @property
    def as_register(self) -> bool:
        """Whether values rise but for resets, or in a file whose newest rows come first fall."""
        changes = self.up + self.down
        return self.steps >= _LEAST and changes > 12 and _ONE_WAY * self._back <= changes

    @property
    def as_amounts(self) -> bool:
        """Whether values go back too often for a register, which does so when it is reset."""
        return self.steps >= _LEAST and not self.as_register and self._back > max(3, 0.02 * self.steps)

    @property
    def _back(self) -> int:
        """Steps against the way that most go."""
        return min(self.up, self.down)
