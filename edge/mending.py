"""Reading a document that has defects as far as it can be understood, so that all of them are told at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from edge.document_part import place_of
from edge.schema_words import explained
from telemetry import Document, DocumentError

T = TypeVar("T")

Step = str | int
StandIn = Callable[[list[Step], int], Any]
"""What stands for a required key that is missing or cannot be understood; none for one that can be left out."""

_MOST: Final = 200
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_MISSING = re.compile(r"missing key `([^`]+)`")


def understood(
    document: Document, value: Any, kind: type[T], stand_in: StandIn
) -> tuple[T | None, list[DocumentError], set[str]]:
    """Read a value as a `kind`, putting something else where it cannot be understood.

    Parameters
    ----------
    document
        What it stands in, for the lines of errors.
    value
        Plain data; changed in place.
    kind
        What it should be.
    stand_in
        What to put in the place of a required key.

    Returns
    -------
    tuple
        What it says (none if there is no help), its defects, and the places where something else was put.
    """
    found: list[DocumentError] = []
    mended: set[str] = set()
    for number in range(_MOST):
        try:
            return msgspec.convert(value, kind), found, mended
        except msgspec.ValidationError as error:
            problem = explained(document, error, kind)
            found.append(problem)
            missing = _MISSING.match(problem.problem)
            steps = steps_of(problem.path.removeprefix(place_of(document))) + ([missing[1]] if missing else [])
            mended.add(f"{problem.path}.{missing[1]}".removeprefix(".") if missing else problem.path)
            if not _mend(value, steps, stand_in(steps, number)):
                break
    return None, found, mended


def steps_of(path: str) -> list[Step]:
    """A field's path, taken apart: ``a[0].b`` is a, 0, b."""
    return [int(index) if index else name for name, index in _STEP.findall(path)]


def pattern_of(steps: list[Step]) -> str:
    """The path without its numbers: ``buses[].devices[].unit``."""
    place = "".join(f".{step}" if isinstance(step, str) else "[]" for step in steps)
    return place.removeprefix(".")


def touches(path: str, mended: set[str]) -> bool:
    """Whether a field lies where something else was put."""
    return any(path == place or path.startswith((f"{place}.", f"{place}[")) for place in mended if place)


def _mend(value: Any, steps: list[Step], stand_in: Any) -> bool:
    """Put something usable where a value is not; False when that place cannot be found."""
    if not steps:
        return False
    for step in steps[:-1]:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return False
    last = steps[-1]
    if isinstance(value, dict) and isinstance(last, str):
        if stand_in is None and last not in value:
            return False
        if stand_in is None:
            del value[last]
        else:
            value[last] = stand_in
        return True
    if isinstance(value, list) and isinstance(last, int) and last < len(value):
        value[last] = stand_in
        return stand_in is not None
    return False
