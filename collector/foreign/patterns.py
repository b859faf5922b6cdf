"""Topic patterns with named parts: which topics they take, and which filter asks a broker for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from telemetry import BATCH, topic

_PART = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_OURS: Final = topic("+", "+", BATCH).split("/")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A topic pattern.

    Attributes
    ----------
    text
        As it is written.
    filter
        What a broker is asked for.
    parts
        Names of its parts.
    """

    text: str
    filter: str
    parts: tuple[str, ...]
    _expression: re.Pattern[str]

    def match(self, topic_: str) -> dict[str, str] | None:
        """Parts of a topic by name; None when it is none of these."""
        found = self._expression.fullmatch(topic_)
        return found.groupdict() if found else None


def parse_pattern(text: str) -> Pattern:
    """Take a pattern apart.

    Raises
    ------
    ValueError
        When it is none, a name comes twice, or it would take what gateways send.
    """
    levels, wanted, expressions = text.split("/"), list[str](), list[str]()
    parts: list[str] = []
    for number, level in enumerate(levels):
        last = number == len(levels) - 1
        named = _PART.findall(level)
        if level == "+" or named:
            if named and any(sign in _PART.sub("", level) for sign in "{}+#"):
                raise ValueError(f"topic level {level!r}: beside parts like {{device}}, no braces, + or #")
            wanted.append("+")
        elif level == "#" and last:
            wanted.append("#")
        elif set(level) & set("+#{}"):
            raise ValueError(f"topic level {level!r}: a part is {{name}} in a-z, 0-9, _; + stands alone, # at the end")
        else:
            wanted.append(level)
        parts += named
        expressions.append(".*" if level == "#" and last else "[^/]*" if level == "+" else _level(level))
    if len(set(parts)) < len(parts):
        raise ValueError(f"topic {text!r} has two parts of one name")
    found = "/".join(wanted)
    if _overlap(found.split("/"), _OURS):
        raise ValueError(f"topic {text!r} would take what WattProof's own gateways send")
    return Pattern(text, found, tuple(parts), re.compile("/".join(expressions), re.DOTALL))


def _level(level: str) -> str:
    pieces = _PART.split(level)
    return "".join(f"(?P<{piece}>[^/]+)" if odd % 2 else re.escape(piece) for odd, piece in enumerate(pieces))


def _overlap(one: list[str], other: list[str]) -> bool:
    """Whether two filters, in levels, have topics in common."""
    for left, right in zip(one, other, strict=False):
        if "#" in (left, right):
            return True
        if "+" not in (left, right) and left != right:
            return False
    return len(one) == len(other)


def covers(wide: str, narrow: str) -> bool:
    """Whether one filter takes every topic that another takes."""
    broad, slim = wide.split("/"), narrow.split("/")
    for number, wanted in enumerate(broad):
        if wanted == "#":
            return True
        if number >= len(slim) or slim[number] == "#" or (wanted != "+" and wanted != slim[number]):
            return False
    return len(broad) == len(slim)


def fill(template: str, parts: Mapping[str, str]) -> str:
    """Put parts into a text that names them."""
    if "{" not in template:
        return template
    return _PART.sub(lambda match: parts[match[1]], template)


def named_in(template: str) -> list[str]:
    """Parts that a text names."""
    return _PART.findall(template)
