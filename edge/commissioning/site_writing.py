"""From a scan to a commented site file that a technician can go on with. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from edge.blocks import plan_blocks
from edge.bus_time import TURNAROUND_MS, bus_time
from edge.commissioning.errors import FoundNothingError
from edge.commissioning.found import Found, FoundUnit, Match
from edge.commissioning.phrases import Lang, label_of, say, shown
from edge.commissioning.targets import TURNAROUND_S
from edge.links import SerialAddress, parse_url
from edge.profiles import Profile, load_profile, parse_profile
from telemetry import Broker

_PACES_MS: Final = (1000, 2000, 5000, 10_000, 30_000, 60_000)
_BUSY: Final = 0.7
"""Share of its time a line may be asked for when a pace is chosen; the rest is for what goes wrong."""
_SHORT: Final = {"power_meter": "meter", "plc": "plc", "sensor": "sensor"}
_TIMEOUT_MS: Final = {True: 1000, False: 500}


_MORE: Final = {
    "file_rates": "rates: {fast_ms: 1000, slow_ms: 10000}",
    "file_outbox": "outbox: {max_mb: 512, max_days: 90}",
    "file_endpoint": "endpoint: {host: 127.0.0.1, port: 9108}",
}
"""What may stand in a site file besides, with the defaults, by the sentence that explains it."""


@dataclass(frozen=True, slots=True)
class Named:
    """A device of the site file to be.

    Parameters
    ----------
    id, label, unit
        As in the site file.
    match
        What it is.
    sure
        Whether that is more than a guess.
    shares_unit
        Whether its unit measures something else besides.
    others
        What else it may be.
    """

    id: str
    label: str
    unit: int
    match: Match
    sure: bool
    shares_unit: bool = False
    others: tuple[Match, ...] = ()

    @property
    def profile(self) -> str:
        """As in the site file: a built-in profile's name, or the file beside it that holds the device's own."""
        return f"{self.id}-{self.match.profile}.yaml" if self.match.text else self.match.profile


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
    serial = isinstance(address, SerialAddress)
    name = address.path.removeprefix("/dev/").replace("/", "-") if isinstance(address, SerialAddress) else str(address)
    devices = tuple(device for unit in units for device in _named(unit, counts))
    slowest = max(unit.latency_ms for unit in units)
    timeout_ms = max(_TIMEOUT_MS[serial], round(4 * slowest / 100) * 100)
    pace = pace_ms(url, [profile_of(device.match) for device in devices], slowest / 1000)
    return DraftBus(name, url, timeout_ms, pace, devices, tuple(unit for unit in units if unit.best is None))


def _named(unit: FoundUnit, counts: Counter[str]) -> Iterator[Named]:
    for match in [*unit.matches[:1], *unit.parts]:
        counts[match.kind] += 1
        number = counts[match.kind]
        label = f"{match.device} ({number})"
        device = f"{_SHORT.get(match.kind, 'device')}-{number}"
        others = tuple(unit.matches[1:]) if match is unit.best else ()
        yield Named(device, label, unit.unit, match, match.sure == "likely", bool(unit.parts), others)


def profile_of(match: Match) -> Profile:
    """The profile that a unit fits."""
    return parse_profile(match.text, match.profile) if match.text else load_profile(match.profile)


def pace_ms(url: str, profiles: Iterable[Profile], latency_s: float) -> int:
    """The shortest usual pace [ms] at which a line can ask all these devices with time to spare."""
    address = parse_url(url)
    blocks = [block for profile in profiles for block in plan_blocks(profile)]
    if isinstance(address, SerialAddress):
        asked = bus_time(address, 3, 1)
        thinking_s = max(TURNAROUND_S, latency_s - (asked.sent + asked.received) * address.character_s)
        costs = (bus_time(address, block.function, block.count, block.pause_ms).ms - TURNAROUND_MS for block in blocks)
        needed_s = sum(cost / 1000 + thinking_s for cost in costs)
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
        f"  # tls: {{ca: ca.pem, certificate: gateway.pem, key: gateway.key}} # {say(lang, 'file_tls')}",
        f"every_ms: 1000 # {say(lang, 'file_every')}",
        "buses:",
    ]
    for bus in buses:
        lines += _bus_lines(bus, lang)
    lines += [f"# {each} # {say(lang, key)}" for key, each in _MORE.items()]
    return "\n".join(lines) + "\n"


def profile_files(buses: Iterable[DraftBus], lang: Lang) -> dict[str, str]:
    """The profiles that stand beside the site file: text by name."""
    files = {}
    for bus in buses:
        for device in bus.devices:
            if device.match.text:
                command = f"wattproof edge probe {bus.url!r} {device.unit} --profile sunspec --save {device.profile}"
                files[device.profile] = f"# {say(lang, 'file_own', command=command)}\n{device.match.text}"
    return files


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
        more = "" if bus.every_ms == 1000 else f", every_ms: {bus.every_ms}"
        more += ", shares_unit: true" if device.shares_unit else ""
        lines.append(
            f"      - {{id: {device.id}, label: {_text(device.label)}, profile: {device.profile}, "
            f"unit: {device.unit}{more}}}"
        )
    return lines


def _live(match: Match, lang: Lang) -> str:
    return f"{label_of(match.live, lang)} {shown(match.live, match.values[match.live])}"


def _text(value: str) -> str:
    """A JSON string is a YAML string, whatever is in it."""
    return json.dumps(value, ensure_ascii=False)
