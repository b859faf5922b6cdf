"""What a column's values do from row to row, by which a register is told from amounts of intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_LEAST = 24
"""Steps below which values tell nothing."""


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
        """Whether values only rise, or in a file whose newest rows come first only fall."""
        return self.steps >= _LEAST and not (self.up and self.down) and self.up + self.down > 12

    @property
    def as_amounts(self) -> bool:
        """Whether values fall too often for a register, which falls when it is reset."""
        return self.steps >= _LEAST and self.down > max(3, 0.02 * self.steps)
