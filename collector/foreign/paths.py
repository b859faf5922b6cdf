"""JSON paths: ``ENERGY.Power[0]``, ``switch:0.apower``, ``fields['active.power']``; ``$`` is the whole document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

Path = tuple[str | int, ...]

ABSENT: Final = object()
"""Stands for what is not there; JSON's null is."""

_STEP = re.compile(r"\.?(?P<name>[^.\[\]'$\s][^.\[\]']*)|\[(?P<index>\d{1,6})\]|\['(?P<quoted>(?:[^'\\]|\\.)*)'\]")
_PLAIN = re.compile(r"[^.\[\]'$\s][^.\[\]']*")


def parse_path(text: str) -> Path:
    """Take a path apart.

    Raises
    ------
    ValueError
        When it is none; the text shows where.
    """
    rest = text.removeprefix("$")
    steps: list[str | int] = []
    at = 0
    while at < len(rest):
        match = _STEP.match(rest, at)
        dotted = rest[at] == "."
        if match is None or (match["name"] is not None and bool(steps or rest != text) != dotted):
            raise ValueError(
                f"JSON path {text!r} cannot be read from {rest[at:]!r} on; write ENERGY.Power[0], or ['a.b'] for a name"
                " with a dot"
            )
        if match["index"] is not None:
            steps.append(int(match["index"]))
        elif match["quoted"] is not None:
            steps.append(re.sub(r"\\(.)", r"\1", match["quoted"], flags=re.DOTALL))
        else:
            steps.append(match["name"])
        at = match.end()
    if not text:
        raise ValueError("JSON path is empty; $ is the whole payload")
    return tuple(steps)


def path_text(path: Path) -> str:
    """A path as it is written."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN.fullmatch(step):
            text += f".{step}" if text else step
        else:
            escaped = step.replace("\\", "\\\\").replace("'", "\\'")
            text += f"['{escaped}']"
    return text or "$"


def look_up(document: Any, path: Path) -> Any:
    """What stands at a path; `ABSENT` where nothing does."""
    found = document
    for step in path:
        if isinstance(step, int):
            if not isinstance(found, list) or step >= len(found):
                return ABSENT
            found = found[step]
        else:
            if not isinstance(found, dict) or step not in found:
                return ABSENT
            found = found[step]
    return found


def leaves(document: Any, most: int, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The first `most` values of a document that are neither objects nor lists, with their paths."""
    stack: list[tuple[Path, Any]] = [(path, document)]
    while stack and most > 0:
        here, value = stack.pop()
        if isinstance(value, dict):
            stack.extend(((*here, key), value[key]) for key in reversed(value))
        elif isinstance(value, list):
            stack.extend(((*here, index), value[index]) for index in reversed(range(len(value))))
        else:
            most -= 1
            yield here, value
