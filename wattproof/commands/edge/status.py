"""`wattproof edge status`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wattproof.commands.edge.run import DATA_DIR
from wattproof.commands.edge.terminal import Json, LangOption, chosen, console, say_json

if TYPE_CHECKING:
    from rich.console import Group

    from edge.commissioning import Lang
    from edge.status import DeviceStatus, Status

_OLD_MS = 5000


def status(
    data_dir: Annotated[Path, typer.Option(help="The agent's data folder.")] = DATA_DIR,
    once: Annotated[bool, typer.Option("--once", help="Show it once instead of following it.")] = False,
    as_json: Json = False,
    lang: LangOption = None,
) -> None:
    """Show how the agent on this machine fares: last values, their age, errors, lateness, outbox.

    Exit code 1 when what was shown is older than five seconds: the agent does not run.
    """
    from rich.live import Live

    from edge.commissioning import say
    from edge.status import FILE, StatusError, read_status
    from wattproof.errors import UnavailableError

    language = chosen(lang)
    try:
        now = read_status(data_dir)
        if as_json:
            say_json(now)
        elif once or not sys.stdout.isatty():
            console().print(status_table(now, language, _now_ms()))
        else:
            with Live(status_table(now, language, _now_ms()), console=console(), auto_refresh=False) as live:
                while True:
                    now = read_status(data_dir)
                    live.update(status_table(now, language, _now_ms()), refresh=True)
                    time.sleep(1)
    except StatusError as error:
        there = (data_dir / FILE).exists()
        raise UnavailableError(
            str(error) if there else say(language, "status_none", path=str(data_dir / FILE))
        ) from error
    except KeyboardInterrupt:
        return
    if _now_ms() - now.at > _OLD_MS:
        raise typer.Exit(1)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def status_table(status: Status, lang: Lang, now_ms: int) -> Group:
    """A sentence about the gateway, and one row per device."""
    from rich.console import Group
    from rich.table import Table

    from edge.commissioning import say

    old = now_ms - status.at > _OLD_MS
    title = say(
        lang,
        "status_title",
        site=status.site,
        gateway=status.gateway,
        broker=say(lang, "status_connected" if status.connected else "status_disconnected"),
        late=f"{status.lateness_p99_ms:.1f}",
        batches=status.outbox_batches,
        kilobytes=f"{status.outbox_bytes / 1000:,.0f}",
        readings=f"{status.readings:,}",
        stored=f"{status.stored:,}",
    )
    if status.lost:
        title += "\n" + say(lang, "status_lost", lost=f"{status.lost:,}")
    if status.id_twice:
        title += "\n" + say(lang, "status_id_twice", gateway=status.gateway)
    if old:
        title += "\n" + say(lang, "status_old", seconds=f"{(now_ms - status.at) / 1000:.0f}")
    rows = Table()
    for key in ("column_device", "column_live_value", "column_age", "column_errors", "column_state"):
        rows.add_column(say(lang, key), overflow="fold")
    for device in status.devices:
        rows.add_row(*_cells(device, lang, now_ms))
    return Group(title, rows, *([] if old else _advice(status, lang, now_ms)))


def _advice(status: Status, lang: Lang, now_ms: int) -> list[str]:
    """What to do about what does not work, devices that fare alike together."""
    from edge.commissioning import say

    alike: dict[str, list[str]] = {}
    for device in status.devices:
        if device.trouble and (device.failing or _quiet(device, now_ms)):
            alike.setdefault(device.trouble, []).append(device.device)
    said = [] if status.connected else [say(lang, "status_away")]
    for trouble, devices in alike.items():
        facts = {"reason": say(lang, f"reason_{trouble}"), "advice": say(lang, f"advice_{trouble}")}
        said.append(say(lang, "status_advice", devices=", ".join(devices), **facts))
    return said


def _quiet(device: DeviceStatus, now_ms: int) -> bool:
    """Whether the value that is shown is older than it should be; no value at all is as old as can be."""
    from edge.commissioning import live_channel

    name = live_channel(device.values)
    newest = device.values[name].at if name else 0
    return now_ms - newest > 3 * device.every_ms + 1000


def _cells(device: DeviceStatus, lang: Lang, now_ms: int) -> tuple[str, str, str, str, str]:
    from edge.commissioning import label_of, live_channel, say, shown

    name = live_channel(device.values)
    errors = ", ".join(f"{say(lang, f'reason_{reason}')} {count:,}" for reason, count in device.errors.items()) or "-"
    if not name:
        return device.device, "-", "-", errors, say(lang, "state_no_value")
    last = device.values[name]
    age_ms = max(0, now_ms - last.at)
    state = "state_failing" if device.failing else "state_late" if _quiet(device, now_ms) else "state_fine"
    value = f"{label_of(name, lang)} {shown(name, last.value)}"
    return device.device, value, f"{age_ms / 1000:.1f} s", errors, say(lang, state)
