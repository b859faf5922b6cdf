"""`wattproof quarantine`: what was set aside, why, and what becomes of it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.console import Console
from rich.table import Table

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

_ADVICE = {
    "topic": "the publisher uses a topic that is not wattproof/1/SITE/GATEWAY/batch: mend its topic",
    "oversized": "split it: a message has at most 1,000,000 bytes",
    "malformed": "the publisher writes something else than docs/wire.schema.json says: mend the publisher",
    "damaged": "its checksum is wrong each time it is sent: mend the publisher's checksum",
    "topic_mismatch": "a gateway speaks under another's topic: mend its site file or the broker's access list",
    "duplicate_table": "one channel of a device comes twice in a message: mend the publisher",
    "not_finite": "NaN or infinity is no value: let the publisher leave such a reading out",
    "wrong_type": "a number is sent as text: let the publisher send numbers",
    "unknown_device": "add the device to collector.devices or to its gateway's site file, then replay",
    "invalid_name": "rename the device: a-z, 0-9, '-' and '_'",
    "unknown_channel": "see docs/channels.md; after an update that knows the channel, replay",
    "future": "set the gateway's clock (NTP); if the collector's own was wrong: replay --trust-times",
    "past": "set the gateway's clock; or raise collector.oldest_days, then replay",
    "out_of_range": "a scale or a wiring is wrong: mend the profile; what was measured wrongly stays so",
    "invalid_gap": "a gap that ends before it begins: a defect of the publisher",
    "type_conflict": "the database holds this field as another type: mend it there, then replay",
    "store": "see what the database said, mend it there, then replay",
    "unprocessable": "a defect of this program: report it; after an update, replay",
}


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
) -> None:
    """List what is held, newest first; with --all also what has been stored since, dropped or only counted."""
    from collector import Choice

    choice = Choice(reason=reason, site=site, gateway=gateway, device=device)
    if not everything:
        choice = msgspec.structs.replace(choice, states=("held", "asked", "summarised"))
    with _opened(context) as (shelf, config):
        entries, counters = shelf.list(limit, choice), shelf.counters
    if as_json:
        sys.stdout.write(msgspec.json.encode([_plain(entry) for entry in entries]).decode() + "\n")
        return
    title = (
        f"Quarantine: {counters.entries:,} entries held, {counters.readings:,} readings not stored, "
        f"{counters.bytes / 1e6:,.1f} MB"
    )
    table = Table(title=title, title_justify="left")
    for column in ("id", "received", "topic", "part", "reason", "readings", "state"):
        table.add_column(column, overflow="fold", justify="right" if column in {"id", "readings"} else "left")
    zone = ZoneInfo(config.api.timezone)
    for entry in entries:
        state = f"{entry.state} ({entry.entries:,})" if entry.entries > 1 else entry.state
        row = (str(entry.id), _time(entry.received, zone), entry.topic, entry.part or "(whole message)", entry.reason)
        table.add_row(*row, f"{entry.readings:,}", state)
    Console().print(table)


@app.command()
def show(
    context: typer.Context,
    entry: Annotated[int, typer.Argument(metavar="ID", help="Number of the entry, as `list` shows it.")],
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Show one entry: what came, why it is here, and what to do."""
    from collector import Choice
    from wattproof.errors import BadInputError

    with _opened(context) as (shelf, config):
        found = shelf.list(1, Choice(ids=[entry]))
    if not found:
        raise BadInputError(f"no entry {entry} in quarantine; `wattproof quarantine list --all` shows all")
    plain = _plain(found[0]) | {"advice": _ADVICE.get(found[0].reason, "")}
    if as_json:
        sys.stdout.write(msgspec.json.encode(plain).decode() + "\n")
        return
    plain["received"] = _time(found[0].received, ZoneInfo(config.api.timezone))
    plain["content"] = plain["content"][:2000] or "(not kept)"
    for name, value in plain.items():
        if value not in ("", 0):
            sys.stdout.write(f"{name}: {value}\n")


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
    wait_s: Annotated[float, typer.Option("--wait", help="Wait so long for the collector [s].", min=0)] = 30.0,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Let the collector take in again what is held, once its cause is mended; exit 1 if something stays.

    The collector at work in this data folder does it, within a second; without one it is done when one starts.
    """
    chosen = _choice(ids or (), reason, site, gateway, device, everything=everything)
    with _opened(context) as (shelf, _):
        before = shelf.counters
        asked = shelf.ask(chosen, trust_times=trust_times)
        until = time.monotonic() + wait_s
        waiting = msgspec.structs.replace(chosen, states=("asked",))
        while shelf.list(1, waiting) and time.monotonic() < until:
            time.sleep(0.2)
        left, after = shelf.count(waiting), shelf.counters
        refused = shelf.count(msgspec.structs.replace(chosen, states=("held",)))
    told = {
        "asked": asked, "waiting": left, "refused_again": refused, "readings_stored": after.stored - before.stored,
        "readings_in_quarantine": after.readings, "entries_held": after.entries,
    }  # fmt: skip
    if as_json:
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
    elif left:
        sys.stdout.write(
            f"{left:,} of {asked:,} entries wait for a collector of this data folder: it replays them when it runs\n"
        )
    else:
        sys.stdout.write(
            f"{asked:,} entries replayed, {told['readings_stored']:,} readings stored, "
            f"{refused:,} entries refused again (`wattproof quarantine list` says why)\n"
        )
    raise typer.Exit(1 if left or refused else 0)


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
) -> None:
    """Give up what is held: its content is deleted, its number stays in the ledger as not stored."""
    with _opened(context) as (shelf, _):
        dropped = shelf.drop(_choice(ids or (), reason, site, gateway, device, everything=everything), note)
        after = shelf.counters
    if as_json:
        told = {"dropped": dropped, "entries_held": after.entries, "readings_dropped": after.dropped}
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        return
    sys.stdout.write(f"{dropped:,} entries dropped; {after.entries:,} are held\n")


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
    return Choice(ids=ids, reason=reason, site=site, gateway=gateway, device=device)


def _plain(entry: Entry) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.structs.asdict(entry)
    return plain | {"content": entry.content.decode("utf-8", "replace")}


def _time(ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(ms / 1000, zone).strftime("%Y-%m-%d %H:%M:%S")
