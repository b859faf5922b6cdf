"""From a scan to a commented site file that a technician can go on with. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from edge.blocks import plan_blocks
from edge.commissioning.errors import FoundNothingError
from edge.commissioning.found import Found, FoundUnit, Match
from edge.commissioning.phrases import Lang, label_of, say, shown
from edge.commissioning.targets import QUESTION_BYTES, TURNAROUND_S, character_s
from edge.links import RtuAddress, parse_url
from edge.profiles import load_profile
from telemetry import Broker

_PACES_MS: Final = (1000, 2000, 5000, 10_000, 30_000, 60_000)
_BUSY: Final = 0.7
"""Share of its time a line may be asked for when a pace is chosen; the rest is for what goes wrong."""
_ANSWER_FRAME: Final = 5
_SHORT: Final = {"power_meter": "meter", "plc": "plc", "sensor": "sensor"}
_TIMEOUT_MS: Final = {True: 1000, False: 500}


@dataclass(frozen=True, slots=True)
class Named:
    """A device of the site file to be."""

    id: str
    label: str
    unit: int
    match: Match
    sure: bool


@dataclass(frozen=True, slots=True)
class DraftBus:
    """A bus of the site file to be.

    Parameters
    ----------
    name, url
        As in the site file.
    timeout_ms
        Longest wait for an answer [ms].
    every_ms
        A pace its line can keep [ms].
    devices
        What was found and named.
    unknown
        Units that answered and fit no profile.
    """

    name: str
    url: str
    timeout_ms: int
    every_ms: int
    devices: tuple[Named, ...]
    unknown: tuple[FoundUnit, ...]


def draft(found: Found) -> list[DraftBus]:
    """Name buses and devices: ``meter-1``, ``plc-1``, …, in the order of their places.

    Raises
    ------
    FoundNothingError
        When no unit fits a profile.
    """
    if not any(unit.best for unit in found.units):
        raise FoundNothingError(
            "no unit was found that fits a profile, so there is nothing to put into a site file. Check power, wiring, "
            "address and line settings; `wattproof edge probe` looks at a unit whose model is unknown"
        )
    counts: Counter[str] = Counter()
    places = sorted({unit.url for unit in found.units})
    return [_bus(url, sorted((u for u in found.units if u.url == url), key=lambda u: u.unit), counts) for url in places]


def _bus(url: str, units: list[FoundUnit], counts: Counter[str]) -> DraftBus:
    address = parse_url(url)
    serial = isinstance(address, RtuAddress)
    name = address.path.removeprefix("/dev/").replace("/", "-") if isinstance(address, RtuAddress) else str(address)
    devices = tuple(_named(unit, unit.best, counts) for unit in units if unit.best is not None)
    slowest = max(unit.latency_ms for unit in units)
    timeout_ms = max(_TIMEOUT_MS[serial], round(4 * slowest / 100) * 100)
    pace = pace_ms(url, [device.match.profile for device in devices], slowest / 1000)
    return DraftBus(name, url, timeout_ms, pace, devices, tuple(unit for unit in units if unit.best is None))


def _named(unit: FoundUnit, match: Match, counts: Counter[str]) -> Named:
    counts[match.kind] += 1
    number = counts[match.kind]
    label = f"{match.vendor} {match.model} ({number})"
    return Named(f"{_SHORT.get(match.kind, 'device')}-{number}", label, unit.unit, match, match.sure == "likely")


def pace_ms(url: str, profiles: Iterable[str], latency_s: float) -> int:
    """The shortest usual pace [ms] at which a line can ask all these devices with time to spare."""
    address = parse_url(url)
    blocks = [block for name in profiles for block in plan_blocks(load_profile(name))]
    if isinstance(address, RtuAddress):
        data = {1: 1 / 8, 2: 1 / 8}
        characters = [QUESTION_BYTES + _ANSWER_FRAME + data.get(block.function, 2) * block.count for block in blocks]
        thinking = max(TURNAROUND_S, latency_s - (QUESTION_BYTES + _ANSWER_FRAME) * character_s(address))
        needed_s = sum(count * character_s(address) + thinking + 2 * address.silence_s for count in characters)
    else:
        needed_s = len(blocks) * max(latency_s, 0.002)
    return next((pace for pace in _PACES_MS if needed_s <= _BUSY * pace / 1000), _PACES_MS[-1])


@dataclass(frozen=True, slots=True)
class Answers:
    """What the technician said, or left as it was."""

    site: str = "factory"
    site_name: str = "Factory"
    gateway: str = "gw-1"
    timezone: str = "Asia/Seoul"
    broker: Broker = field(default_factory=Broker)


def site_text(answers: Answers, buses: Iterable[DraftBus], lang: Lang, when: str) -> str:
    """Write the site file.

    Parameters
    ----------
    answers
        Who and where.
    buses
        From `draft`.
    lang
        Of the comments.
    when
        Date and time for the first line.
    """
    broker = answers.broker
    lines = [
        f"# {say(lang, 'file_written', when=when)}",
        f"# {say(lang, 'file_check')}",
        f"site: {{id: {answers.site}, name: {_text(answers.site_name)}, timezone: {answers.timezone}}}",
        f"gateway: {answers.gateway} # {say(lang, 'file_gateway')}",
        f"broker: # {say(lang, 'file_password')}",
        f"  host: {_text(broker.host)}",
        f"  port: {broker.port}",
        f"  username: {_text(broker.username)}",
        f"every_ms: 1000 # {say(lang, 'file_every')}",
        "buses:",
    ]
    for bus in buses:
        lines += _bus_lines(bus, lang)
    return "\n".join(lines) + "\n"


def _bus_lines(bus: DraftBus, lang: Lang) -> list[str]:
    note = [f"  # {say(lang, 'file_unknown', unit=unit.unit, url=bus.url)}" for unit in bus.unknown]
    if not bus.devices:
        return note
    lines = [
        *note,
        f"  - name: {_text(bus.name)}",
        f"    url: {_text(bus.url)}",
        f"    timeout_ms: {bus.timeout_ms}",
        "    devices:",
    ]
    for device in bus.devices:
        live = device.match.live
        if not device.sure:
            lines.append(f"      # {say(lang, 'file_unsure', profile=device.match.profile)}")
        if live:
            lines.append(f"      # {say(lang, 'file_live', live=_live(device.match, lang))}")
        pace = "" if bus.every_ms == 1000 else f", every_ms: {bus.every_ms}"
        lines.append(
            f"      - {{id: {device.id}, label: {_text(device.label)}, profile: {device.match.profile}, "
            f"unit: {device.unit}{pace}}}"
        )
    return lines


def _live(match: Match, lang: Lang) -> str:
    return f"{label_of(match.live, lang)} {shown(match.live, match.values[match.live])}"


def _text(value: str) -> str:
    """A JSON string is a YAML string, whatever is in it."""
    return json.dumps(value, ensure_ascii=False)
