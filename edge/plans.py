"""The plan of a site: every read of every device, what it costs on the wire, and how busy that makes each bus."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import msgspec

from edge.blocks import Wall, shared_blocks
from edge.bus_time import bus_time
from edge.links import Address
from edge.profiles import Profile, Rate
from edge.rates import Pace
from edge.splits import Splits


class PlannedRead(msgspec.Struct, frozen=True):
    """One read that is done again and again.

    Parameters
    ----------
    device, unit
        Whom it asks.
    rate, every_ms
        How often [ms]; `every_ms` is None for what is read once.
    function, address, count
        What it asks for: registers, or bits for functions 1 and 2.
    channels
        What it delivers.
    sent_bytes, received_bytes
        On the wire.
    bus_ms
        How long the bus is busy with it [ms].
    """

    device: str
    unit: int
    rate: str
    every_ms: int | None
    function: int
    address: int
    count: int
    channels: list[str]
    sent_bytes: int
    received_bytes: int
    bus_ms: float

    @property
    def load(self) -> float:
        """Share of the bus it takes; 0 for what is read once."""
        return self.bus_ms / self.every_ms if self.every_ms else 0.0


class DevicePlan(msgspec.Struct, frozen=True):
    """The reads of one device, and where they were cut because it refused longer ones (function, address)."""

    device: str
    profile: str
    reads: list[PlannedRead]
    walls: list[tuple[int, int]]

    @property
    def load(self) -> float:
        """Share of its bus it takes."""
        return sum(read.load for read in self.reads)


class BusPlan(msgspec.Struct, frozen=True):
    """The reads of one bus."""

    bus: str
    url: str
    devices: list[DevicePlan]

    @property
    def load(self) -> float:
        """Share of its time the bus is busy; above 1 the plan cannot be kept."""
        return sum(device.load for device in self.devices)


class Plan(msgspec.Struct, frozen=True):
    """Everything a gateway reads."""

    site: str
    gateway: str
    buses: list[BusPlan]

    def reads(self) -> Iterator[PlannedRead]:
        """All reads, bus by bus."""
        return (read for bus in self.buses for device in bus.devices for read in device.reads)


def device_plan(
    device: str, unit: int, address: Address, profile: Profile, pace: Pace, splits: Splits | None = None
) -> DevicePlan:
    """Plan one device, each rate by itself.

    Rates that are due together share reads where they can, so the bus is at most as busy as this says.
    """
    walls: frozenset[Wall] = splits.walls(device, profile.digest) if splits is not None else frozenset()
    reads = []
    for rate in Rate:
        every_ms = pace.every_ms(rate)
        for block in shared_blocks(profile, (rate,), walls):
            cost = bus_time(address, block.function, block.count, block.pause_ms)
            reads.append(
                PlannedRead(
                    device=device,
                    unit=unit,
                    rate=rate.value,
                    every_ms=every_ms,
                    function=block.function,
                    address=block.address,
                    count=block.count,
                    channels=list(block.channels),
                    sent_bytes=cost.sent,
                    received_bytes=cost.received,
                    bus_ms=cost.ms,
                )
            )
    return DevicePlan(device, profile.name, reads, sorted(walls))


def impossible(bus: BusPlan) -> dict[str, str]:
    """Why a bus cannot keep its plan: the arithmetic, for the sentence about its cycle; empty when it can."""
    if bus.load <= 1:
        return {}
    reads = [read for device in bus.devices for read in device.reads if read.every_ms]
    fastest_ms = min(read.every_ms or 0 for read in reads)
    worst = max(reads, key=lambda read: read.load)
    devices = "1 device" if len(bus.devices) == 1 else f"{len(bus.devices)} devices"
    return {
        "reads": f"1 read of {devices} needs" if len(reads) == 1 else f"{len(reads)} reads of {devices} need",
        "reads_n": str(len(reads)),
        "devices_n": str(len(bus.devices)),
        "needed": f"{bus.load * fastest_ms:,.0f}",
        "fastest": f"{fastest_ms:,}",
        "load": f"{100 * bus.load:.0f}",
        "count": str(worst.count),
        "worst": worst.device,
        "bus_ms": f"{worst.bus_ms:.1f}",
        "every": f"{worst.every_ms:,}",
        "sent": str(worst.sent_bytes),
        "received": str(worst.received_bytes),
        "times": f"{math.ceil(10 * bus.load) / 10:.1f}",
    }


def splits_in(data_dir: Path | None) -> Splits | None:
    """What devices have refused, from an agent's data folder."""
    return None if data_dir is None else Splits(data_dir)
