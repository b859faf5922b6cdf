"""`wattproof evaluate`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from wattproof.in_korean import Language


def evaluate(
    context: typer.Context,
    plan: Annotated[
        Path,
        typer.Argument(
            metavar="PLAN.yaml",
            help="The plan: site, device, drivers, windows, candidate models, claim (docs/plans.md).",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    language: Annotated[
        Language | None,
        typer.Option("--lang", help="Language of the table; by default the configuration's."),
    ] = None,
) -> None:
    """Evaluate a machine replacement: the saving, its band, every candidate model's answer, and the verdict.

    The verdict is 입증 · 미입증 · 판정불가. What the data propose to look at is shown, and never applied.
    """
    import evaluation
    import storage
    from wattproof import services
    from wattproof.config import find_file, load
    from wattproof.errors import BadInputError, UnavailableError

    config = load(find_file(context.obj, os.environ), os.environ)
    wanted = evaluation.load_plan(plan)
    store = services.open_store(config.store_settings)
    try:
        result = evaluation.evaluate(wanted, store)
    except evaluation.EvaluationError as error:
        raise BadInputError(f"{plan}: {error}") from error
    except storage.StoreError as error:
        raise UnavailableError(str(error)) from error
    finally:
        store.close()
    if as_json:
        sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    else:
        Console().print(evaluation.render(result, language or config.api.language))
