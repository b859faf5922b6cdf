"""Scanning a network or a line: find units, name them, read a value that can be compared with the display."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

from edge.commissioning.found import Found, FoundUnit, merged, ranked
from edge.commissioning.identify import identify
from edge.commissioning.phrases import Phrase, phrase
from edge.commissioning.sweep import PATIENCE_S, Answer, ask, open_endpoints, sweep_line
from edge.commissioning.targets import TURNAROUND_S, TcpTargets, place_of, url_of
from edge.commissioning.watching import Watch
from edge.errors import ConnectError
from edge.links import Link, RtuTcpAddress, SerialAddress, parse_url
from edge.profiles import Profile

HOSTS_AT_ONCE: Final = 8
"""Hosts whose units are asked at the same time; each host one question at a time."""
_TELLTALE_UNIT: Final = 213
"""Asked where units cannot be told apart: what answers even to this number says nothing about any other."""


async def scan_serial(
    settings: Sequence[SerialAddress],
    units: Sequence[int],
    watch: Watch,
    *,
    profiles: Sequence[Profile] | None = None,
    turnaround_s: float = TURNAROUND_S,
) -> Found:
    """Scan a line with one setting after another, until one has answers: a line has one speed.

    Parameters
    ----------
    settings
        From `line_settings`.
    units
        Whom to ask.
    watch
        Told how it comes on.
    profiles
        What units may be; by default everything built in.
    turnaround_s
        How long a unit may think [s].

    Raises
    ------
    ConnectError
        When the line cannot be opened.
    """
    found: list[Found] = []
    for address in settings:
        found.append(await _scan_line(address, units, watch, profiles, turnaround_s))
        if found[-1].units:
            break
    return merged(found)


async def _scan_line(
    address: SerialAddress,
    units: Sequence[int],
    watch: Watch,
    profiles: Sequence[Profile] | None,
    turnaround_s: float,
) -> Found:
    loop = asyncio.get_running_loop()
    began = loop.time()
    heard = await sweep_line(address, units, lambda done, total: watch.progress("units", done, total), turnaround_s)
    swept = loop.time() - began
    suspects = sorted(heard.answered | heard.unclear)
    notes = [phrase("scan_swept", line=str(address), units=len(units), seconds=f"{swept:.1f}")]
    found: list[FoundUnit] = []
    link = Link.from_url(url_of(address), PATIENCE_S)
    nobody: Answer | None = None
    try:
        for done, unit in enumerate(suspects, 1):
            answer = await ask(link, unit)
            if answer.doubt and (nobody := nobody or await ask(link, _TELLTALE_UNIT)).doubt == answer.doubt:
                continue
            if answer.there:
                matches, parts = await identify(link, unit, profiles)
                latency_ms = round(answer.latency_s * 1000, 1)
                found.append(FoundUnit(url_of(address), unit, latency_ms, matches, parts=parts))
            elif answer.trouble:
                notes.append(phrase("scan_unclear", unit=unit, line=str(address), says=answer.trouble))
            watch.progress("models", done, len(suspects))
    finally:
        link.close()
    return Found(ranked(found), len(units), round(loop.time() - began, 2), notes)


async def scan_tcp(
    targets: TcpTargets,
    watch: Watch,
    *,
    profiles: Sequence[Profile] | None = None,
    timeout_s: float = PATIENCE_S,
) -> Found:
    """Scan a network: which hosts take a connection, which units answer behind them, what they are.

    Parameters
    ----------
    targets
        From `tcp_targets`.
    watch
        Told how it comes on.
    profiles
        What units may be; by default everything built in.
    timeout_s
        How long a unit may take to answer [s]; a gateway waits for a serial line behind it.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    reachable = await open_endpoints(targets.endpoints, lambda done, total: watch.progress("hosts", done, total))
    total, done = len(reachable) * len(targets.units), 0
    seats = asyncio.Semaphore(HOSTS_AT_ONCE)

    def tick(count: int = 1) -> None:
        nonlocal done
        done += count
        watch.progress("units", done, total)

    async def behind(host: str, port: int) -> Found:
        nonlocal total
        tried: list[Found] = []
        ways = targets.ways(host, port)
        async with seats:
            for way in ways:
                total += len(targets.units) if tried else 0
                tried.append(await _Server(way, timeout_s, profiles).scan(targets.units, tick))
                if tried[-1].units:
                    return _by(way, tried)
        silent = phrase("scan_silent", where=place_of(ways[0]), units=len(targets.units), ways=_spoken(ways))
        return merged([*tried, Found([], 0, 0.0, [silent])])

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(behind(*endpoint)) for endpoint in reachable]
    opened = phrase("scan_opened", hosts=len(targets.endpoints), opened=len(reachable))
    parts = merged([task.result() for task in tasks])
    return Found(parts.units, parts.asked, round(loop.time() - began, 2), [opened, *parts.notes])


def _by(way: str, tried: Sequence[Found]) -> Found:
    """What the last of several ways has found; what was said about the others does not count any more."""
    found = tried[-1]
    notes = [phrase("scan_transparent", where=way)] if isinstance(parse_url(way), RtuTcpAddress) else []
    return Found(found.units, sum(each.asked for each in tried), 0.0, [*notes, *found.notes])


def _spoken(ways: Sequence[str]) -> str:
    """What was tried, as a technician calls it."""
    names = {
        "tcp": "Modbus TCP", "rtu+tcp": "RTU over TCP", "ascii+tcp": "ASCII over TCP", "tls": "Modbus/TCP Security",
    }  # fmt: skip
    return ", ".join(names[way.partition(":")[0]] for way in ways)


class _Server:
    """One way to one server, and what answers behind it."""

    def __init__(self, url: str, timeout_s: float, profiles: Sequence[Profile] | None) -> None:
        self._url = url
        self._profiles = profiles
        self._link = Link.from_url(url, timeout_s)
        self._notes: list[Phrase] = []
        self._nobody: Answer | None = None

    async def scan(self, units: Sequence[int], tick: Tick) -> Found:
        """Ask every unit, and name those that answer."""
        answered: dict[int, float] = {}
        asked = 0
        possible = [unit for unit in units if unit in self._link.address.units]
        try:
            for unit in possible:
                asked += 1
                answer = await ask(self._link, unit)
                if answer.there and not (answer.doubt and (await self._telltale()).doubt == answer.doubt):
                    answered[unit] = answer.latency_s
                if answer.trouble:
                    self._notes.append(phrase("scan_trouble", where=self._url, unit=unit, says=answer.trouble))
                    if not answered and asked > 1:
                        break  # not once understood: whatever listens there does not speak Modbus
                tick()
            return Found(await self._name(answered, len(possible)), asked, 0.0, self._notes)
        except ConnectError as error:
            self._notes.append(phrase("scan_closed", where=self._url, says=str(error)))
            return Found([], asked, 0.0, self._notes)
        finally:
            self._link.close()
            tick(len(units) - asked)

    async def _telltale(self) -> Answer:
        """What a number says that no unit has."""
        if self._nobody is None:
            self._nobody = await ask(self._link, _TELLTALE_UNIT)
        return self._nobody

    async def _name(self, answered: dict[int, float], asked: int) -> list[FoundUnit]:
        nobody = await self._telltale() if asked > 1 and len(answered) == asked else Answer(there=False)
        everybody = nobody.there and not nobody.doubt
        if everybody:
            self._notes.append(phrase("scan_any_unit", where=self._url))
            answered = dict([min(answered.items())])
        named = []
        for unit, latency_s in answered.items():
            matches, parts = await identify(self._link, unit, self._profiles)
            latency_ms = round(latency_s * 1000, 1)
            named.append(FoundUnit(self._url, unit, latency_ms, matches, any_unit=everybody, parts=parts))
        return named


class Tick(Protocol):
    """Counts units that need not be asked any more."""

    def __call__(self, count: int = 1) -> None:
        """So many are done."""
        ...
