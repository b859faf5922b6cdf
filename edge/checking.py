"""`edge check`: everything that is wrong with a site file, all at once, each problem with its line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import msgspec

from edge.site import Site, read_text
from edge.site_checks import problems_of
from telemetry import Document, DocumentError, parse_yaml

_MOST: Final = 200
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_MISSING = re.compile(r"missing key `([^`]+)`")


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong.

    Parameters
    ----------
    source
        The file: the site file, or a profile it names.
    line
        From 1; 0 when no line can be named.
    path
        The field, as in ``buses[0].devices[2].unit``.
    sentence
        What is wrong and what would be right.
    """

    source: str
    line: int
    path: str
    sentence: str


def check_site(path: Path | str) -> list[Problem]:
    """Find everything that is wrong with a site file; nothing when it can be used.

    A key that cannot be understood is reported and left out, so that what depends on the others is checked as well.
    """
    path = Path(path)
    try:
        document = parse_yaml(read_text(path), str(path))
    except DocumentError as error:
        return [_problem(error)]
    site, found, mended = _understood(document)
    if site is not None:
        for problem in problems_of(document, site, path.parent):
            if not _touches(problem.path, mended):
                found.append(problem)
    unique = {(each.source, each.line, each.path, each.problem): each for each in found}
    return sorted(map(_problem, unique.values()), key=lambda each: (each.source != str(path), each.line, each.path))


def _problem(error: DocumentError) -> Problem:
    return Problem(error.source, error.line, error.path, error.problem)


def _understood(document: Document) -> tuple[Site | None, list[DocumentError], set[str]]:
    """The site as far as it can be understood, what cannot, and the places where something else was put instead."""
    found: list[DocumentError] = []
    mended: set[str] = set()
    value = msgspec.json.decode(msgspec.json.encode(document.value)) if document.value is not None else {}
    for number in range(_MOST):
        try:
            return msgspec.convert(value, Site), found, mended
        except msgspec.ValidationError as error:
            problem = document.error(str(error))
            found.append(problem)
            missing = _MISSING.match(problem.problem)
            steps = _steps(problem.path) + ([missing[1]] if missing else [])
            mended.add(f"{problem.path}.{missing[1]}".removeprefix(".") if missing else problem.path)
            if not _mend(value, steps, number):
                break
    return None, found, mended


def _steps(path: str) -> list[str | int]:
    return [int(index) if index else name for name, index in _STEP.findall(path)]


def _mend(value: Any, steps: list[str | int], number: int) -> bool:
    """Put something usable where a value is not; False when that place cannot be found."""
    if not steps:
        return False
    for step in steps[:-1]:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return False
    last = steps[-1]
    stand_in = _stand_in(steps, number)
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


def _stand_in(steps: list[str | int], number: int) -> Any:
    """What stands for a required key that is missing or cannot be understood; None for one that can be left out."""
    device = {"id": f"unnamed-{number}", "profile": "generic-plc", "unit": 247 - number % 200}
    bus = {"name": f"unnamed-{number}", "url": f"tcp://unnamed-{number}.invalid", "devices": [device]}
    required: dict[str, Any] = {
        "site": {"id": "unnamed", "name": "unnamed"},
        "site.id": "unnamed",
        "site.name": "unnamed",
        "gateway": "unnamed",
        "buses": [bus],
        "buses[]": bus,
        **{f"buses[].{key}": value for key, value in bus.items()},
        "buses[].devices[]": device,
        **{f"buses[].devices[].{key}": value for key, value in device.items()},
    }
    place = "".join(f".{step}" if isinstance(step, str) else "[]" for step in steps)
    return required.get(place.removeprefix("."))


def _touches(path: str, mended: set[str]) -> bool:
    return any(path == place or path.startswith((f"{place}.", f"{place}[")) for place in mended if place)
