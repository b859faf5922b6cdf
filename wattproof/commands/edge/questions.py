"""What `wattproof edge init` asks, with defaults from the flags and from what was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import msgspec
import typer

from wattproof.commands.edge.terminal import tell

if TYPE_CHECKING:
    from edge.commissioning import Answers, DraftBus, Lang, Named

_NONE: Final = "-"


def ask_where(lang: Lang) -> tuple[list[str], list[str]]:
    """Ask what to scan, offering the serial ports this machine has: networks, lines."""
    from serial.tools import list_ports

    from edge.commissioning import say

    ports = sorted(port.device for port in list_ports.comports())
    tell(say(lang, "ask_ports", ports=", ".join(ports) or "-"))
    lines = str(typer.prompt(say(lang, "ask_serial"), default=ports[0] if ports else _NONE))
    networks = str(typer.prompt(say(lang, "ask_network"), default=_NONE))
    return [each for each in networks.split() if each != _NONE], [each for each in lines.split() if each != _NONE]


def ask_who(answers: Answers, lang: Lang) -> Answers:
    """Ask who and where, offering what the flags said."""
    from edge.commissioning import say

    def ask(key: str, default: str, check: Callable[[str], str] = str) -> str:
        return _asked(say(lang, key), default, check)

    host = ask("ask_broker", answers.broker.host)
    return replace(
        answers,
        site=ask("ask_site", answers.site, _named(lang)),
        site_name=ask("ask_site_name", answers.site_name),
        gateway=ask("ask_gateway", answers.gateway, _named(lang)),
        broker=msgspec.structs.replace(answers.broker, host=host),
    )


def ask_devices(buses: list[DraftBus], lang: Lang) -> list[DraftBus]:
    """Ask for every device's name, and which model it is where that is a guess."""
    taken: set[str] = set()
    return [
        replace(bus, devices=tuple(_ask_device(bus, device, taken, lang) for device in bus.devices)) for bus in buses
    ]


def _ask_device(bus: DraftBus, device: Named, taken: set[str], lang: Lang) -> Named:
    from edge.commissioning import label_of, say, shown

    match = device.match
    live = f"{label_of(match.live, lang)} {shown(match.live, match.values[match.live])}" if match.live else "-"
    tell(say(lang, "ask_device", where=bus.name, unit=device.unit, model=match.device, live=live))
    choices = [match, *device.others]
    if not device.sure and len(choices) > 1:
        names = [each.profile for each in choices]
        question = say(lang, "ask_profile", profiles=", ".join(names))
        said = _asked(question, names[0], _one_of(names, lang))
        match = choices[names.index(said)]
    name = _asked(say(lang, "ask_device_id"), device.id, _named(lang, taken))
    taken.add(name)
    label = str(typer.prompt(say(lang, "ask_label"), default=device.label))
    return replace(device, id=name, label=label, match=match)


def _asked(question: str, default: str, check: Callable[[str], str]) -> str:
    """Ask until the answer can be used; Typer's own way of asking again says "Error" in any language."""
    while True:
        try:
            return check(str(typer.prompt(question, default=default)))
        except ValueError as refused:
            tell(str(refused))


def _one_of(names: list[str], lang: Lang) -> Callable[[str], str]:
    """A check of a choice while it is asked for."""
    from edge.commissioning import say

    def check(text: str) -> str:
        if text not in names:
            raise ValueError(say(lang, "ask_one_of", names=", ".join(names)))
        return text

    return check


def _named(lang: Lang, taken: set[str] | None = None) -> Callable[[str], str]:
    """A check of an id while it is asked for: a bad one is asked for again."""
    from edge.commissioning import say
    from telemetry import InvalidNameError, check_name

    def check(text: str) -> str:
        try:
            check_name(text, "id")
        except InvalidNameError as error:
            raise ValueError(say(lang, "ask_bad_id")) from error
        if taken is not None and text in taken:
            raise ValueError(say(lang, "ask_taken_id", id=text))
        return text

    return check
