"""`wattproof quarantine`: what was set aside, why, and what becomes of it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wattproof.commands.quarantine_words import advice, say, sender, shown
from wattproof.in_korean import Language, detail_in_korean

if TYPE_CHECKING:
    from collector import Choice, Entry, Quarantine
    from wattproof.config import Config

app = typer.Typer(help="What was set aside, why, and what becomes of it.", no_args_is_help=True)

_ENTRIES = typer.Argument(metavar="[ID]…", help="Numbers of entries, as `list` shows them.")
_REASON = typer.Option("--reason", metavar="WORD", help="Only entries with this reason, e.g. future, unknown_channel.")
_SITE = typer.Option("--site", help="Only entries of this site.")
_GATEWAY = typer.Option("--gateway", help="Only entries of this gateway.")
_DEVICE = typer.Option("--device", help="Only readings of this device.")
_ALL = typer.Option("--all", help="Everything that is held; needed when nothing else is given.")
_JSON = typer.Option("--json", help="JSON instead of a table.")

_NAMES, _CONTENT = 100, 2000
"""Characters of what others wrote that are shown, in a row and of an entry."""
_ROOMY = 112
"""Columns from which times are told in full."""
_EXACT = "%Y-%m-%d %H:%M:%S"
_LANGUAGE = typer.Option("--lang", help="Language of the answer; by default the configuration's.")


@app.command("list")
def list_(
    context: typer.Context,
    reason: Annotated[str, _REASON] = "",
    site: Annotated[str, _SITE] = "",
    gateway: Annotated[str, _GATEWAY] = "",
    device: Annotated[str, _DEVICE] = "",
    everything: Annotated[bool, typer.Option("--all", help="Also what has been stored since, or dropped.")] = False,
    limit: Annotated[int, typer.Option(help="At most so many entries, newest first.", min=1)] = 50,
    as_json: Annotated[bool, _JSON] = False,
    language: Annotated[Language | None, _LANGUAGE] = None,
) -> None:
    """List what is held, superseded or only counted, newest first; with --all also what was stored since or dropped."""
    from collector import Choice

    choice = Choice(reason=_known(reason), site=site, gateway=gateway, device=device)
    if not everything:
        choice = msgspec.structs.replace(choice, states=("held", "asked", "summarised", "superseded"))
    with _opened(context) as (shelf, config):
        entries, counters = shelf.list(limit, choice), shelf.counters
    if as_json:
        sys.stdout.write(msgspec.json.encode([_plain(entry) for entry in entries]).decode() + "\n")
        return
    wanted, zone = language or config.api.language, ZoneInfo(config.api.timezone)
    if not entries and not counters.entries:
        sys.stdout.write(say("empty", wanted) + "\n")
        _tell_left(counters.left, wanted)
        return
    numbers = counters.entries, counters.readings, counters.bytes / 1e3, zone.key
    table = Table(title=say("title", wanted, *numbers), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    console = Console()
    narrow = console.width < _ROOMY
    for column in ("id", "received", "from", "part", "reason", "readings", "state"):
        table.add_column(
            say(column, wanted),
            overflow="fold",
            justify="right" if column in {"id", "readings"} else "left",
            no_wrap=column in {"id", "received", "reason"},
        )
    for entry in entries:
        state = say(entry.state, wanted)
        state = f"{state} ({entry.entries:,})" if entry.entries > 1 else state
        part = entry.part.partition("/")[2] or entry.part or say("whole", wanted)
        when = _time(entry.received, zone, "%m-%d %H:%M" if narrow else _EXACT)
        told = shown(sender(entry.topic), _NAMES), shown(part, _NAMES)
        row = str(entry.id), when, *told, entry.reason, f"{entry.readings:,}", state
        table.add_row(*map(Text, row))
    console.print(table)
    _tell_left(counters.left, wanted)


@app.command()
def summary(
    context: typer.Context,
    as_json: Annotated[bool, _JSON] = False,
    language: Annotated[Language | None, _LANGUAGE] = None,
) -> None:
    """Count what is and what ever was in quarantine, by state and reason: the trail when the entries have left."""
    with _opened(context) as (shelf, config):
        sums, counters = shelf.sums, shelf.counters
    if as_json:
        told = {"readings_not_stored": counters.readings, "readings_stored": counters.stored,
                "sums": [each._asdict() for each in sums]}  # fmt: skip
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        return
    wanted = language or config.api.language
    title = say("summary", wanted, counters.readings, counters.stored)
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("state", "reason", "entries", "readings", "left_entries", "left_readings"):
        table.add_column(
            say(column, wanted), overflow="fold", justify="left" if column in {"state", "reason"} else "right"
        )
    for state, *values in sums:
        table.add_row(say(state, wanted), str(values[0]), *(f"{value:,}" for value in values[1:]))
    Console().print(table)


@app.command()
def show(
    context: typer.Context,
    entry: Annotated[int, typer.Argument(metavar="ID", help="Number of the entry, as `list` shows it.")],
    as_json: Annotated[bool, _JSON] = False,
    language: Annotated[Language | None, _LANGUAGE] = None,
) -> None:
    """Show one entry: what came, why it is here, and what to do."""
    from collector import Choice, in_words

    with _opened(context) as (shelf, config):
        _must_be_there(shelf, [entry])
        found = shelf.list(1, Choice(ids=[entry]))
    wanted, zone = language or config.api.language, ZoneInfo(config.api.timezone)
    keep_ms = round(config.collector.quarantine_keep_days * 86_400_000)
    leaves = found[0].decided + keep_ms if keep_ms and found[0].closed else 0
    plain = _plain(found[0]) | {"leaves": leaves, "advice": advice(found[0], wanted)}
    if as_json:
        sys.stdout.write(msgspec.json.encode(plain).decode() + "\n")
        return
    for moment in ("received", "decided", "leaves"):
        plain[moment] = f"{_time(plain[moment], zone)} ({zone.key})" if plain[moment] else ""
    plain |= {name: shown(plain[name], _CONTENT) for name in ("topic", "detail", "part", "content", "note")}
    plain["content"] = plain["content"] or say("not kept", wanted)
    plain["state"] = say(found[0].state, wanted)
    plain["reason"] = in_words(found[0].reason)[wanted == "en"]
    if wanted == "ko":
        plain |= {name: detail_in_korean(plain[name]) for name in ("detail", "note")}
    for name, value in plain.items():
        if value not in ("", 0):
            sys.stdout.write(f"{say(name, wanted)}: {value}\n")


@app.command()
def replay(
    context: typer.Context,
    ids: Annotated[list[int] | None, _ENTRIES] = None,
    reason: Annotated[str, _REASON] = "",
    site: Annotated[str, _SITE] = "",
    gateway: Annotated[str, _GATEWAY] = "",
    device: Annotated[str, _DEVICE] = "",
    everything: Annotated[bool, _ALL] = False,
    trust_times: Annotated[
        bool, typer.Option("--trust-times", help="Judge times by now: the collector's own clock was wrong then.")
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite/--keep", help="Where the store has another value of that moment, replace it, or keep it."
        ),
    ] = False,
    wait_s: Annotated[
        float, typer.Option("--wait", metavar="SECONDS", help="Wait so long for the collector.", min=0)
    ] = 30.0,
    as_json: Annotated[bool, _JSON] = False,
    language: Annotated[Language | None, _LANGUAGE] = None,
) -> None:
    """Let the collector take in again what is held, once its cause is mended; exit 1 if something stays.

    Where the store has another value of a moment, it stays, and both are told, unless --overwrite is given. The
    collector at work in this data folder does it, within a second; without one it is done when one starts.
    """
    chosen = _choice(ids or (), reason, site, gateway, device, everything=everything)
    with _opened(context) as (shelf, config):
        _must_be_there(shelf, chosen.ids)
        before = shelf.counters
        asked = shelf.ask(chosen, trust_times=trust_times, overwrite=overwrite)
        until = time.monotonic() + wait_s
        waiting = msgspec.structs.replace(chosen, states=("asked",))
        while shelf.list(1, waiting) and time.monotonic() < until:
            time.sleep(0.2)
        left, after = shelf.count(waiting), shelf.counters
        refused = shelf.count(msgspec.structs.replace(chosen, states=("held",)))
        decided = shelf.count(msgspec.structs.replace(chosen, states=("superseded",)))
    kept_out = 0 if overwrite else after.superseded - before.superseded
    told = {
        "asked": asked, "waiting": left, "refused_again": refused, "readings_stored": after.stored - before.stored,
        "readings_superseded": kept_out, "readings_in_quarantine": after.readings, "entries_held": after.entries,
    }  # fmt: skip
    stays = bool(left or refused or kept_out)
    if as_json:
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        raise typer.Exit(int(stays))
    wanted = language or config.api.language
    sentence = (
        say("waiting", wanted, left, asked) if left
        else say("replayed", wanted, asked, told["readings_stored"], refused)
    )  # fmt: skip
    sys.stdout.write(sentence + "\n")
    if decided and not overwrite:
        sys.stdout.write(say("superseded_now", wanted, decided) + "\n")
    raise typer.Exit(int(stays))


@app.command()
def drop(
    context: typer.Context,
    ids: Annotated[list[int] | None, _ENTRIES] = None,
    reason: Annotated[str, _REASON] = "",
    site: Annotated[str, _SITE] = "",
    gateway: Annotated[str, _GATEWAY] = "",
    device: Annotated[str, _DEVICE] = "",
    everything: Annotated[bool, _ALL] = False,
    note: Annotated[str, typer.Option("--note", help="Why, for whoever asks later.")] = "",
    as_json: Annotated[bool, _JSON] = False,
    language: Annotated[Language | None, _LANGUAGE] = None,
) -> None:
    """Give up what is held: its content is deleted, its number stays in the ledger as not stored."""
    chosen = _choice(ids or (), reason, site, gateway, device, everything=everything)
    with _opened(context) as (shelf, config):
        _must_be_there(shelf, chosen.ids)
        dropped = shelf.drop(chosen, note)
        after = shelf.counters
    if as_json:
        told = {"dropped": dropped, "entries_held": after.entries, "readings_dropped": after.dropped}
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        return
    sys.stdout.write(say("given_up", language or config.api.language, dropped, after.entries) + "\n")


@contextmanager
def _opened(context: typer.Context) -> Iterator[tuple[Quarantine, Config]]:
    from wattproof import services
    from wattproof.config import find_file, load

    config = load(find_file(context.obj, os.environ), os.environ)
    with closing(services.open_quarantine(config.folder, config.collector)) as shelf:
        yield shelf, config


def _choice(
    ids: list[int] | tuple[()], reason: str, site: str, gateway: str, device: str, *, everything: bool
) -> Choice:
    from collector import Choice
    from wattproof.errors import BadInputError

    if not (ids or reason or site or gateway or device or everything):
        raise BadInputError("say which: numbers of entries, --reason, --site, --gateway, --device, or --all")
    return Choice(ids=ids, reason=_known(reason), site=site, gateway=gateway, device=device)


def _known(reason: str) -> str:
    """A reason there is, or none; a misspelt one would find nothing and look like an empty quarantine."""
    from collector import Reason
    from wattproof.errors import BadInputError

    reasons = [each.value for each in Reason]
    if reason and reason not in reasons:
        raise BadInputError(f"--reason {reason}: there is no such reason; there are {', '.join(reasons)}")
    return reason


def _must_be_there(shelf: Quarantine, ids: Sequence[int]) -> None:
    from collector import Choice
    from wattproof.errors import BadInputError

    for entry in ids:
        if not shelf.list(1, Choice(ids=[entry])):
            raise BadInputError(f"no entry {entry} in quarantine; `wattproof quarantine list --all` shows all")


def _tell_left(entries: int, language: Language) -> None:
    if entries:
        sys.stdout.write(say("left", language, entries) + "\n")


def _plain(entry: Entry) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.structs.asdict(entry)
    return plain | {"content": entry.content.decode("utf-8", "replace")}


def _time(ms: int, zone: ZoneInfo, form: str = _EXACT) -> str:
    return datetime.fromtimestamp(ms / 1000, zone).strftime(form)
