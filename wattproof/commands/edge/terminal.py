"""What the technician's commands share on the terminal: language, tables, progress, refusals."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from edge.commissioning import Lang, Watch

T = TypeVar("T")

_WIDE = 132
_ROOMY = 112


class Language(StrEnum):
    """Languages the technician's commands speak."""

    EN = "en"
    KO = "ko"


Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
LangOption = Annotated[
    Language | None,
    typer.Option("--lang", help="Language of what is shown; by default that of LANG.", show_default=False),
]


def chosen(language: Language | None) -> Lang:
    """The language asked for, or the terminal's."""
    from edge.commissioning import language_of

    if language is None:
        return language_of(os.environ.get("LC_ALL") or os.environ.get("LANG") or "")
    return language.value


def console() -> Console:
    """Standard output; wide where nobody says how wide it is."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)


def narrow() -> bool:
    """Whether tables must do without what can be left out: the 80 columns of a service laptop."""
    return console().width < _ROOMY


def show(*things: RenderableType) -> None:
    """Print tables and sentences."""
    screen = console()
    for thing in things:
        screen.print(thing)


def say_json(message: object) -> None:
    """Print one JSON object."""
    sys.stdout.write(msgspec.json.encode(message).decode() + "\n")


def tell(sentence: str) -> None:
    """A sentence beside the result: to standard error."""
    sys.stderr.write(sentence + "\n")


def save(path: Path, message: object) -> None:
    """Keep a result as a JSON file."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(message), indent=2) + b"\n")


@contextlib.contextmanager
def watched(lang: Lang) -> Iterator[Watch]:
    """Progress bars on standard error, one for each stage, if that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from edge.commissioning import say

    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )
    tasks = {}

    class Bars:
        def progress(self, stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(say(lang, f"stage_{stage}"), total=total)
            bars.update(tasks[stage], completed=done, total=total)

    with bars:
        yield Bars()


def working(work: Callable[[], Awaitable[T]], lang: Lang) -> T:
    """Run asynchronous work until it ends or Ctrl-C; what goes wrong becomes one sentence and an exit code.

    Raises
    ------
    BadInputError
        The target is none, is too large, or a file cannot be used.
    UnavailableError
        A line or a network cannot be reached.
    StoppedError
        Ctrl-C.
    """
    import asyncio

    from edge import EdgeError, LinkError, UnknownProfileError
    from edge.commissioning import FoundNothingError, RecordError, ScanRefusedError, failure_of, say
    from wattproof.errors import BadInputError, StoppedError, UnavailableError

    async def run() -> T:
        return await work()

    try:
        return asyncio.run(run())
    except (ScanRefusedError, RecordError, UnknownProfileError) as error:
        raise BadInputError(str(error)) from error
    except LinkError as error:
        raise UnavailableError(failure_of(error).text(lang)) from error
    except (FoundNothingError, EdgeError) as error:
        raise UnavailableError(str(error)) from error
    except KeyboardInterrupt:
        raise StoppedError(say(lang, "stopped")) from None
