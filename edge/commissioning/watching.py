"""Who looks on while commissioning takes its time."""

from __future__ import annotations

from typing import Protocol


class Watch(Protocol):
    """Told how work comes on."""

    def progress(self, stage: str, done: int, total: int) -> None:
        """`done` of `total` of one stage (``hosts``, ``units``, ``models``, ``devices``) are behind us."""
        ...


class Unwatched:
    """Nobody looks."""

    def progress(self, stage: str, done: int, total: int) -> None:
        """Take no notice."""
