"""Device ids made of parts of the topic (``{device}``) and of the message (``{.tags.meter}``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from collector.foreign.paths import Path, look_up, parse_path
from collector.foreign.patterns import Pattern

_FIELD = re.compile(r"\{([^{}]*)\}")

Template = tuple[str | tuple[str, Path], ...]
"""Literal text, and (part of the topic, path) pairs of which one is empty."""


def parse_template(text: str, pattern: Pattern) -> Template:
    """Take a template apart.

    Raises
    ------
    ValueError
        When it names something that is no part of the topic, or no path.
    """
    pieces: list[str | tuple[str, Path]] = []
    for odd, piece in enumerate(_FIELD.split(text)):
        if odd % 2 == 0:
            if set(piece) & set("{}"):
                raise ValueError(f"{text!r} has a brace that no other closes")
            pieces.append(piece)
        elif piece.startswith("."):
            pieces.append(("", parse_path(piece[1:])))
        elif piece in pattern.parts:
            pieces.append((piece, ()))
        else:
            raise ValueError(
                f"{{{piece}}} is no part of topic {pattern.text!r}; write {{.{piece}}} for a field of the message"
            )
    return tuple(pieces)


def fill_template(template: Template, parts: Mapping[str, str], document: Any) -> str | None:
    """The text; None when the message lacks a field of it, or has no plain text or whole number there."""
    filled = ""
    for piece in template:
        if isinstance(piece, str):
            filled += piece
            continue
        part, path = piece
        value = parts[part] if part else look_up(document, path)
        if isinstance(value, bool) or not isinstance(value, str | int):
            return None
        filled += str(value)
    return filled
