"""`wattproof demo`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from wattproof.demo_words import say
from wattproof.in_korean import Language, configured


class Watcher:
    """Shows the demo's course on standard error: sentences, and a progress bar for the past."""

    def __init__(self, console: Console, language: Language) -> None:
        self._console = console
        self._language = language
        self._bar = Progress(
            TextColumn(say("history", language)),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(say("readings", language)),
            TimeElapsedColumn(),
            console=console,
        )
        self._task = self._bar.add_task("history", total=None)

    def say(self, word: str, *values: object) -> None:
        """Print one sentence."""
        name, sentence = say("demo", self._language), say(word, self._language, *values)
        self._console.print(f"[bold]{name}[/bold] {sentence}", highlight=False, soft_wrap=True)

    def progress(self, done: int, total: int) -> None:
        """Move the bar; it appears with the first call and ends when all is done."""
        if not self._bar.live.is_started and not self._bar.finished:
            self._bar.start()
        self._bar.update(self._task, completed=done, total=total or None)
        if total and done >= total:
            self._bar.stop()

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._bar.stop()


def demo(
    context: typer.Context,
    seconds: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="End after so many seconds of live measurement.", min=1)
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="At the end, one JSON object: ledger, latency, verdict.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of the pages; 0 takes any free one.", min=0, max=65535)] = 8000,
    seed: Annotated[int | None, typer.Option(help="Seed of the virtual factory; by default its file's.")] = None,
    store: Annotated[str, typer.Option(metavar="duck|influx", help="Where readings go.")] = "duck",
    influx_url: Annotated[str, typer.Option(metavar="URL", help="The InfluxDB, with --store influx.")] = "",
    influx_database: Annotated[str, typer.Option(help="Its database; made if absent.")] = "wattproof",
    influx_token: Annotated[
        str, typer.Option(help="Its token, for InfluxDB 2 and 3.", envvar="WATTPROOF_STORE_INFLUX_TOKEN")
    ] = "",
    influx_org: Annotated[
        str, typer.Option(help="Its organisation, for InfluxDB 2.", envvar="WATTPROOF_STORE_INFLUX_ORG")
    ] = "",
    data_dir: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Keep everything here; by default it is gone at the end.")
    ] = None,
    language: Annotated[
        Language | None,
        typer.Option("--lang", help="Language of what is said and of the pages; by default the configuration's."),
    ] = None,
) -> None:
    """Run a virtual factory and all of WattProof, and open its pages at http://127.0.0.1:8000.

    Twelve weeks of the factory's past are sent first, then it goes on live. Ctrl-C ends it and prints the ledger.
    """
    from wattproof.errors import BadInputError

    if store not in {"duck", "influx"}:
        raise BadInputError(f"--store {store}: use duck or influx")
    if (store == "influx") != bool(influx_url):
        raise BadInputError("--store influx and --influx-url URL belong together; give both or neither")

    import storage
    from wattproof import demo as show
    from wattproof.stopping import stop_event

    chosen = None
    if store == "influx":
        chosen = storage.Settings(
            engine="influx",
            influx_url=influx_url,
            influx_database=influx_database,
            influx_token=influx_token,
            influx_org=influx_org,
        )
    wanted = language or configured(context.obj, os.environ)
    watcher = Watcher(Console(stderr=True), wanted)
    options = show.Options(seconds=seconds, port=port, seed=seed, store=chosen, data_dir=data_dir, language=wanted)
    try:
        with stop_event() as stop:
            ledger = show.run(options, watcher, stop)
    finally:
        watcher.close()
    if as_json:
        sys.stdout.write(msgspec.json.encode(ledger).decode() + "\n")
    else:
        Console().print(show.table(ledger, wanted))
    raise typer.Exit(0 if ledger.ok else 1)
