"""Failures told in Korean: the one door through which every command's last sentence leaves.

Rooms write their errors once, in English, where they know what is wrong. Those that people meet most stand beside their
Korean in `wattproof.korean_failures`, and what the command line's parser says in `wattproof.korean_usage`; what is
wrong with a field of a document stands in `wattproof.korean_documents`, and why readings were set aside in
`wattproof.korean_details`. The others stay as they are.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from wattproof.korean_details import DETAILS, PARTS
from wattproof.korean_documents import BUILT, PROBLEMS
from wattproof.korean_failures import FAILURES, REASONS
from wattproof.korean_usage import USAGE, WRONG_VALUES

Language = Literal["ko", "en"]

_NAME = re.compile(r"\{(\w+)\}")
_CONFIG = ("--config", "-c")
_WITH_VALUE = (*_CONFIG, "--log-level")
_BEFORE_A_PROBLEM = 3
"""How many parts stand before what is wrong, at most: the kind of document, file and line, field."""
_SYSTEM = "os"
"""A name in a sentence that stands for one of the system's reasons, and nothing else."""


def in_korean(sentence: str) -> str:
    """The Korean of a failure's sentence; the sentence itself where there is none."""
    told = _told(sentence, (*USAGE, *FAILURES))
    return told if told != sentence else _of_a_field(sentence)


def _of_a_field(sentence: str) -> str:
    """The Korean of a document's error, whose file, line and field stay; of a name or channel also without them."""
    for start in (0, *(found.end() for found in itertools.islice(re.finditer(": ", sentence), _BEFORE_A_PROBLEM))):
        told = _told(sentence[start:], (*PROBLEMS, *BUILT, *DETAILS))
        if told != sentence[start:]:
            return sentence[:start] + told
    return sentence


def detail_in_korean(detail: str) -> str:
    """The Korean of why something was set aside; the English itself where there is none."""
    return _told(detail, (*DETAILS, *PARTS))


def language_of(arguments: Sequence[str], environ: Mapping[str, str]) -> Language:
    """The language in which a command that failed would have answered.

    That is `--lang`, else the configuration's; a technician's commands (`edge`) go by the terminal's. A configuration
    that cannot be read is as if there were none. What a child says stands within its parent's sentence.
    """
    if "--child" in arguments:
        return "en"
    if _command(arguments) == "edge" or _asked(arguments) is not None:
        return language_of_help(arguments, environ)
    named = [Path(value) for option, value in itertools.pairwise(arguments) if option in _CONFIG]
    return configured(named[-1] if named else None, environ)


def language_of_help(arguments: Sequence[str], environ: Mapping[str, str]) -> Language:
    """The language of `--help`: that of `--lang`, else the terminal's, for who asks may have configured nothing yet."""
    terminal: Language = "ko" if (environ.get("LC_ALL") or environ.get("LANG") or "").startswith("ko") else "en"
    return _asked(arguments) or terminal


def _asked(arguments: Sequence[str]) -> Language | None:
    for place, argument in enumerate(arguments):
        told = argument.removeprefix("--lang=") if argument.startswith("--lang=") else ""
        told = arguments[place + 1] if argument == "--lang" and place + 1 < len(arguments) else told
        if told in ("ko", "en"):
            return "ko" if told == "ko" else "en"
    return None


def _command(arguments: Sequence[str]) -> str:
    before = ("", *arguments)
    own = (told for told, last in zip(arguments, before, strict=False) if last not in _WITH_VALUE)
    return next((told for told in own if not told.startswith("-")), "")


def configured(file: Path | None, environ: Mapping[str, str]) -> Language:
    """The configuration's language, `file` being its file if one was named; that of none where it cannot be read."""
    try:
        from wattproof.config import Config, find_file, load
    except ModuleNotFoundError:  # a gateway has no pages and so no language of theirs
        return "ko" if environ.get("LANG", "").startswith("ko") else "en"
    from telemetry import TelemetryError
    from wattproof.errors import CommandError

    with contextlib.suppress(CommandError, TelemetryError, OSError):
        return load(find_file(file, environ), environ).api.language
    return Config().api.language


def _told(sentence: str, catalogue: tuple[tuple[str, str], ...]) -> str:
    for pattern, korean in _patterns(catalogue):
        found = pattern.fullmatch(sentence)
        if found is not None:
            return korean.format(**{name: _part(value) for name, value in found.groupdict().items()})
    return sentence


@functools.cache
def _patterns(catalogue: tuple[tuple[str, str], ...]) -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(_pattern(english), re.DOTALL), korean) for english, korean in catalogue]


def _pattern(english: str) -> str:
    parts = _NAME.split(english)
    for place in range(1, len(parts), 2):
        name = parts[place]
        what = "|".join(map(re.escape, REASONS)) if name == _SYSTEM else ".+?"
        parts[place] = f"(?P<{name}>{what})"
    parts[::2] = map(re.escape, parts[::2])
    return "".join(parts)


def _part(value: str) -> str:
    process = re.fullmatch(r"process (\d+)", value)
    if process:
        return f"프로세스 {process[1]}"
    return REASONS.get(value) or _told(value, (*WRONG_VALUES, *BUILT, *DETAILS, *PARTS))


def said(sentence: str, arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> str:
    """A failure's sentence in the language of the command."""
    return in_korean(sentence) if language_of(arguments, environ) == "ko" else sentence
