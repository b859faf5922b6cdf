"""A command written wrongly: how it is used, where more stands, and as the last line what is wrong."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import typer

from wattproof.in_korean import in_korean

if TYPE_CHECKING:
    from wattproof.in_korean import Language

EXIT_CODE: Final = 2


def _misuse() -> type[Exception]:
    """What the parser raises: click's in Typer's older versions, its own since, by no public name that is in both."""
    return next(each for each in typer.BadParameter.__mro__ if each.__name__ == "ClickException")


Misuse: Final = _misuse()
_WORDS: Final = {"usage": ("사용법", "Usage"), "help": ("도움말", "Help")}


def explain(error: Exception, language: Language) -> None:
    """Say on standard error what was wrong with a command; where it only lacked its words, its help has been shown."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return
    lines = [*_how(getattr(error, "ctx", None), language), f"wattproof: {_what(error, language)}"]
    sys.stderr.write("\n".join(lines) + "\n")


def _how(context: Any, language: Language) -> list[str]:
    if context is None:
        return []
    usage, help_ = (words[language == "en"] for words in _WORDS.values())
    written = " ".join(context.get_usage().removeprefix("Usage: ").split())
    return [f"{usage}: {written}", f"{help_}: {context.command_path} {context.help_option_names[-1]}"]


def _what(error: Any, language: Language) -> str:
    # pydantic names the kind of its error before its reason
    sentence = " ".join(error.format_message().split()).replace(": Value error, ", ": ")
    return in_korean(sentence) if language == "ko" else sentence
