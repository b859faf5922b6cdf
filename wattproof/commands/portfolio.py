"""`wattproof portfolio`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console

from wattproof.in_korean import Language

if TYPE_CHECKING:
    from evaluation import PortfolioResult, Programme

_PATTERN = frozenset("*?[")
"""What makes of a name a pattern of names."""


def portfolio(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="PROGRAMME.yaml | PLAN.yaml … | FOLDER …",
            help="A programme's file, or plans and folders of plans (docs/plans.md).",
        ),
    ],
    confidence: Annotated[
        float | None,
        typer.Option(
            "--confidence", min=0.5, max=0.99, help="Of the sums' two-sided bands; by default the programme's, or 0.9."
        ),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option("--table", metavar="FILE", help="Write the machines to a .csv or .xlsx file, one row each."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing table.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    language: Annotated[
        Language | None,
        typer.Option("--lang", help="Language of the tables; by default the configuration's."),
    ] = None,
) -> None:
    """Evaluate a programme of many machines: each one's verdict, and the sums with what their errors share.

    Machines that are 판정불가 or could not be evaluated are listed with the reason and are in no sum. The exit code is
    1 when a plan could not be evaluated.
    """
    import evaluation
    from wattproof import services
    from wattproof.commands.portfolio_table import write_table
    from wattproof.config import find_file, load
    from wattproof.errors import BadInputError

    config = load(find_file(context.obj, os.environ), os.environ)
    shown = language or config.api.language
    if table is not None and table.suffix.lower() not in {".csv", ".xlsx"}:
        raise BadInputError(f"{table}: the name does not tell the format; end it in .csv or .xlsx")
    if table is not None and table.exists() and not force:
        raise BadInputError(f"{table} is there already; choose another name, or --force to replace it")
    programme, folder = _programme(files)
    if confidence is not None:
        programme = msgspec.structs.replace(programme, confidence=confidence)
    plans = evaluation.plan_files(programme, folder)
    store = services.open_store(config.store_settings)
    try:
        with _progress(shown=not as_json) as progress:
            result = _in_korean(evaluation.evaluate_programme(programme, plans, store, progress))
    finally:
        store.close()
    if table is not None:
        write_table(result, table, shown)
    if as_json:
        sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    else:
        Console().print(evaluation.render_portfolio(result, shown))
    _leave(result)


def _programme(files: list[Path]) -> tuple[Programme, Path]:
    """The programme and the folder that its plans are named from; of plans, one without a name of its own."""
    import evaluation
    from wattproof.errors import BadInputError

    for file in files:
        if not file.exists() and not set(str(file)) & _PATTERN:
            raise BadInputError(f"{file}: no such file; check the path")
    programmes = [file for file in files if file.is_file() and evaluation.is_programme(file)]
    if programmes and len(files) > 1:
        raise BadInputError(f"{programmes[0]} is a programme, which names its plans itself: give it alone")
    if programmes:
        return evaluation.load_programme(programmes[0]), programmes[0].parent
    name = files[0].resolve().name if len(files) == 1 else "portfolio"
    return evaluation.Programme(id=name, plans=[str(file) for file in files]), Path()


def _in_korean(result: PortfolioResult) -> PortfolioResult:
    """The result with the Korean of why plans could not be evaluated, which rooms say in English."""
    from wattproof.in_korean import in_korean

    replace = msgspec.structs.replace
    machines = [
        replace(one, reasons=[replace(why, text=replace(why.text, ko=in_korean(why.text.ko))) for why in one.reasons])
        for one in result.machines
    ]
    return replace(result, machines=machines)


def _leave(result: PortfolioResult) -> None:
    if result.not_evaluated:
        raise typer.Exit(1)


@contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[int, int, str], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not (shown and console.is_terminal)) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, name: bar.update(task, description=name, completed=done, total=total)
