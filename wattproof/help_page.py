"""`--help` in Korean: what commands and options say, and the frame that Typer puts around it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from wattproof.in_korean import Language

_FRAME: Final = {
    "ARGUMENTS_PANEL_TITLE": "인자",
    "OPTIONS_PANEL_TITLE": "옵션",
    "COMMANDS_PANEL_TITLE": "명령",
    "DEFAULT_STRING": "[기본값: {}]",
    "ENVVAR_STRING": "[환경 변수: {}]",
    "REQUIRED_LONG_STRING": "[필수]",
}
"""Typer's own names for its words."""


def prepare(command: Any, language: Language) -> None:
    """Have `command` and all below it show their help in a language; nothing is loaded before help is asked for."""
    shown = command.format_help

    def format_help(context: Any, formatter: Any) -> None:
        if language == "ko":
            _translate(command, context)
        with _folding(), _framed(language):
            shown(context, formatter)

    command.format_help = format_help
    for below in getattr(command, "commands", {}).values():
        prepare(below, language)


@contextlib.contextmanager
def _folding() -> Iterator[None]:
    """Break what is too long for its column, where Typer has Rich shorten it to "…", as our own tables do.

    Shortened, an example to copy had no end; and Korean lost a letter: Rich counts a wide one as one when it drops the
    blank at the end of a line, and takes the blank that stays for too much.
    """
    from rich.text import Text

    wrap: Any = Text.wrap

    def folded(text: Text, *width: Any, **how: Any) -> Any:
        return wrap(text, *width, **how | {"overflow": "fold"})

    with _set(Text, {"wrap": folded}):
        yield


@contextlib.contextmanager
def _framed(language: Language) -> Iterator[None]:
    from typer import rich_utils

    with _set(rich_utils, _FRAME if language == "ko" else {}):
        yield


@contextlib.contextmanager
def _set(owner: Any, values: Mapping[str, object]) -> Iterator[None]:
    before = {name: getattr(owner, name) for name in values}
    try:
        for name, value in values.items():
            setattr(owner, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(owner, name, value)


def _translate(command: Any, context: Any) -> None:
    from wattproof.korean_help import HELP, PANELS

    usage = command.get_usage
    command.get_usage = lambda asked: usage(asked).replace("Usage:", "사용법:", 1)
    command.options_metavar = "[옵션]"
    if hasattr(command, "commands"):
        command.subcommand_metavar = "명령 [인자]..."
    below = getattr(command, "commands", {}).values()
    for told in (command, *below, *command.get_params(context)):
        said = getattr(told, "help", None)
        if said:
            told.help = HELP.get(said, said)
        panel = getattr(told, "rich_help_panel", None)
        if panel:
            told.rich_help_panel = PANELS.get(panel, panel)
