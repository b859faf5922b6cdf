"""The faults: what can be struck, in which order, and for how long."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final, get_args

import msgspec

from chaos.plant import GATEWAYS, Plant
from chaos.proxy import Kind as LineFault

KILL: Final = "kill"
FREEZE: Final = "freeze"
STOP: Final = "stop"
DISK_FULL: Final = "disk_full"
_HOLD_S: Final = {
    KILL: (0.0, 0.6), STOP: (0.3, 2.0), FREEZE: (0.3, 3.0), DISK_FULL: (0.3, 1.5), "cut": (0.05, 1.5),
    "half_open": (0.2, 2.0), "corrupt": (0.3, 2.0), "delay": (0.3, 2.0), "throttle": (0.3, 2.0),
}  # fmt: skip
_PAUSE_S: Final = (0.0, 0.4)


class Fault(msgspec.Struct, frozen=True):
    """One fault: what happens to what, how long it lasts, and how long after the one before it begins [s]."""

    kind: str
    target: str
    hold_s: float
    after_s: float


def targets(processes: list[str], lines: list[str], disks: list[str]) -> list[tuple[str, str]]:
    """Every pair of a fault and what it can strike.

    Kills matter most, and are in the list twice. A DuckDB file has no server: it dies, freezes and stops with its
    collector.
    """
    server = [name for name in processes if name not in GATEWAYS]
    return [
        *((KILL, name) for name in processes * 2),
        *((FREEZE, name) for name in server),
        *((STOP, name) for name in server),
        *((fault, line) for fault in get_args(LineFault) for line in lines),
        *((DISK_FULL, name) for name in disks),
    ]


def schedule(pairs: list[tuple[str, str]], count: int, seed: int) -> list[Fault]:
    """Draw `count` faults: every pair once in random order, and again, so that none is left to luck."""
    draw = random.Random(seed)
    drawn: list[tuple[str, str]] = []
    while len(drawn) < count:
        drawn += draw.sample(pairs, len(pairs))
    return [
        Fault(kind, target, draw.uniform(*_HOLD_S[kind]), draw.uniform(*_PAUSE_S)) for kind, target in drawn[:count]
    ]


def strike(plant: Plant, fault: Fault) -> Callable[[], None]:
    """Begin a fault; what is returned ends it."""
    if fault.kind in get_args(LineFault):
        line = plant.lines[fault.target]
        kind: LineFault = fault.kind  # type: ignore[assignment]
        line.begin(kind)
        return lambda: line.end(kind)
    if fault.kind == DISK_FULL:
        plant.disks[fault.target].fill()
        return plant.disks[fault.target].clear
    part = plant.processes[fault.target]
    if fault.kind == FREEZE:
        part.freeze()
        return part.thaw
    if fault.kind == STOP:
        part.stop()
    else:
        part.kill()
    return part.start
