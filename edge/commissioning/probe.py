"""Reading one unit now: its channels by a profile, or the bare registers around an address."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from edge.blocks import plan_blocks
from edge.commissioning.asking import Asking
from edge.commissioning.candidates import Candidate, Region, rank
from edge.commissioning.errors import FoundNothingError
from edge.commissioning.failures import failure_of
from edge.commissioning.phrases import Phrase
from edge.commissioning.watching import Watch
from edge.errors import ConnectError, LinkError
from edge.links import Link, Read
from edge.profiles import FunctionCode, Profile, decode, discover_async
from edge.site import Site, profile_of
from telemetry import Quality

MOST_REGISTERS: Final = 120


@dataclass(frozen=True)
class Live:
    """What one reading of a unit brought.

    Parameters
    ----------
    values
        By channel, in the profile's order: the value [the channel's unit], or why there is none.
    errors
        Sentences about reads that failed.
    reads, failed
        How many questions were asked, and how many of them brought nothing.
    """

    values: dict[str, float | Quality]
    errors: list[Phrase] = field(default_factory=list)
    reads: int = 0
    failed: int = 0

    @property
    def good(self) -> dict[str, float]:
        """The values, without what is none."""
        return {name: value for name, value in self.values.items() if not isinstance(value, Quality)}


async def read_profile(link: Link, unit: int, profile: Profile) -> Live:
    """Read every channel of a profile once.

    Raises
    ------
    ConnectError
        When the way to the unit is closed.
    """
    registers: dict[tuple[int, int], int] = {}
    missing: dict[str, Quality] = {}
    errors: list[Phrase] = []
    blocks = plan_blocks(profile)
    for block in blocks:
        try:
            words = await link.read(block.read(unit))
        except ConnectError:
            raise
        except LinkError as error:
            errors.append(failure_of(error))
            missing.update(dict.fromkeys(block.channels, error.quality))
            continue
        registers.update({(block.function, block.address + offset): word for offset, word in enumerate(words)})
    decoded = decode(profile, registers) | missing
    values = {name: decoded[name] for name in profile.channels if name in decoded}
    return Live(values, errors, len(blocks), len(errors))


@dataclass(frozen=True)
class Described:
    """A part of a device that describes itself: the profile worked out, the same as YAML, and its values now."""

    profile: Profile
    text: str
    live: Live


async def read_sunspec(link: Link, unit: int) -> list[Described]:
    """Walk a SunSpec device's chain of models and read what it measures.

    Raises
    ------
    FoundNothingError
        When it speaks no SunSpec, or its chain has no meter and no inverter that is known.
    ConnectError
        When the way to the unit is closed.
    """
    asking = Asking(link, unit)
    try:
        device = await discover_async(asking.registers_of)
        if device is None:
            raise FoundNothingError(
                f"unit {unit} of {link.address} does not describe itself: no SunSpec marker at 40000, 50000 or 0"
            )
        if not device.profiles:
            chain = ", ".join(str(model.number) for model in device.models)
            raise FoundNothingError(
                f"unit {unit} of {link.address} speaks SunSpec, but none of its models ({chain}) is a meter "
                "(201-204, 211-214) or an inverter (101-103, 111-113)"
            )
        return [
            Described(profile, text, await read_profile(asking.link, unit, profile))
            for profile, text in zip(device.profiles, device.texts, strict=True)
        ]
    finally:
        asking.close()


@dataclass(frozen=True)
class Raw:
    """Registers read twice, and what they most likely mean.

    Parameters
    ----------
    region
        First reading.
    later
        Second reading of the same registers, `apart_s` [s] later.
    apart_s
        Time between the two [s].
    ranked
        Readings of the registers, the likeliest first.
    """

    region: Region
    later: Region
    apart_s: float
    ranked: list[Candidate]


async def read_raw(
    link: Link, unit: int, address: int, count: int, *, function: FunctionCode = 3, apart_s: float = 1.0
) -> Raw:
    """Read registers around an address twice and rank what they may mean.

    Parameters
    ----------
    link, unit
        Whom.
    address
        As the manual says it; one below and one above are looked at too, because manuals count from 0 or from 1.
    count
        How many registers, at most `MOST_REGISTERS`.
    function
        3 holding registers, 4 input registers.
    apart_s
        Time between the two readings, in which counters rise [s].

    Raises
    ------
    LinkError
        When the unit gives none of them.
    """
    first = await _around(link, unit, address, count, function)
    await asyncio.sleep(apart_s)
    words = await link.read(Read(unit, function, first.address, len(first.words)))
    later = Region(function, first.address, words)
    return Raw(first, later, apart_s, rank(first, later, wanted=address))


async def _around(link: Link, unit: int, address: int, count: int, function: FunctionCode) -> Region:
    """With a neighbour on both sides where the unit gives it."""
    low, high = max(0, address - 1), min(0x1_0000, address + count + 1)
    spans = [(low, high), (address, high), (low, address + count), (address, min(0x1_0000, address + count))]
    refusal: LinkError | None = None
    for start, end in dict.fromkeys(spans):
        try:
            return Region(function, start, await link.read(Read(unit, function, start, end - start)))
        except ConnectError:
            raise
        except LinkError as error:
            refusal = error
    assert refusal is not None
    raise refusal


async def read_site(site: Site, watch: Watch) -> dict[str, Live | Phrase]:
    """Read every device of a site once, one after another.

    Returns
    -------
    dict
        By device id: what it said, or a sentence about why its bus cannot be reached.
    """
    total = sum(len(bus.devices) for bus in site.buses)
    results: dict[str, Live | Phrase] = {}
    for bus in site.buses:
        link = Link.from_url(bus.url, bus.timeout_ms / 1000)
        try:
            for device in bus.devices:
                try:
                    results[device.id] = await read_profile(link, device.unit, profile_of(device))
                except ConnectError as error:
                    results[device.id] = failure_of(error)
                watch.progress("devices", len(results), total)
        finally:
            link.close()
    return results
