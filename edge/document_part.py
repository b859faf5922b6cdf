"""A part of a document, read like a document of its own."""

from __future__ import annotations

from typing import Any

from telemetry import Document, DocumentError


class Part(Document):
    """A part of a document, whose errors name the place in the whole.

    Parameters
    ----------
    whole
        The document.
    place
        Path of the part in it, such as ``buses[0].devices[1].profile``.
    value
        The part, as plain data.
    """

    def __init__(self, whole: Document, place: str, value: Any) -> None:
        super().__init__(whole.source, value, None)
        self._whole = whole
        self.place = place

    def error(self, problem: str, path: str = "") -> DocumentError:
        """Error about the field `path` of the part."""
        if path:
            return self._whole.error(problem, f"{self.place}.{path}")
        if "`$" in problem:
            return self._whole.error(problem.replace("`$", f"`$.{self.place}"))
        if problem.startswith("Object "):  # of the part itself msgspec names no place
            return self._whole.error(f"{problem} - at `$.{self.place}`")
        return self._whole.error(problem, self.place)


def place_of(document: Document) -> str:
    """Where a document stands in a larger one; empty when it is no part."""
    return document.place if isinstance(document, Part) else ""
