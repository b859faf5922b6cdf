"""The faults: what can be struck, in which order, and for how long."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Final, NamedTuple, get_args

import msgspec

from chaos.disk import Disk
from chaos.parts import Part
from chaos.plant import COLLECTORS, DATABASE, GATEWAYS, SERVER, Plant
from chaos.proxy import Kind as LineFault
from chaos.proxy import Proxy

KILL: Final = "kill"
KILL_STALLED: Final = "kill_stalled"
FREEZE: Final = "freeze"
STOP: Final = "stop"
DISK_FULL: Final = "disk_full"
_HOLD_S: Final = {
    KILL: (0.0, 0.6), KILL_STALLED: (0.0, 0.6), STOP: (0.3, 2.0), FREEZE: (0.3, 3.0), DISK_FULL: (0.3, 1.5),
    "cut": (0.05, 1.5), "half_open": (0.2, 2.0), "corrupt": (0.3, 2.0),
    "delay": (0.3, 2.0), "throttle": (0.3, 2.0),
}  # fmt: skip
_PAUSE_S: Final = (0.0, 0.4)
_STALL_S: Final = 0.5
"""How long what a part waits for has failed when it is killed [s]: it holds what it could not make safe by then."""


class Fault(msgspec.Struct, frozen=True):
    """One fault: what happens to what, how long it lasts, and how long after the one before it begins [s]."""

    kind: str
    target: str
    hold_s: float
    after_s: float


class Struck(NamedTuple):
    """A fault that has begun.

    Attributes
    ----------
    end
        Ends it.
    met
        Whether it has met anything. A process may have been dead already, a line may be silent.
    lasting
        Whether it may still meet something that comes while it lasts.
    """

    end: Callable[[], None]
    met: Callable[[], bool]
    lasting: bool = False


def targets(processes: list[str], lines: list[str], disks: list[str]) -> list[tuple[str, str]]:
    """Every pair of a fault and what it can strike.

    Kills matter most, and are in the list twice. A DuckDB file has no server: it dies, freezes and stops with its
    collector. Who waits for a disk that is full, or a database that does not answer, is killed in the midst of it, too.
    """
    server = [name for name in processes if name not in GATEWAYS]
    own_disk = {*GATEWAYS, *(() if DATABASE in processes else COLLECTORS["duck"])}
    stalled = [name for name in processes if name in own_disk and disks]
    stalled += [name for name in processes if name in COLLECTORS["influx"]]
    return [
        *((KILL, name) for name in processes * 2),
        *((KILL_STALLED, name) for name in stalled),
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


def can_strike(plant: Plant, fault: Fault) -> bool:
    """Whether there is anything to strike: a process that another fault has ended is not there yet."""
    part = plant.processes.get(fault.target)
    return fault.kind == DISK_FULL or part is None or part.alive


def strike(plant: Plant, fault: Fault) -> Struck:
    """Begin a fault."""
    if fault.kind in get_args(LineFault):
        return _on_line(plant.lines[fault.target], fault.kind)  # type: ignore[arg-type]
    if fault.kind == DISK_FULL:
        return _full(plant.disks[fault.target], plant.processes[DATABASE] if fault.target == DATABASE else None)
    part = plant.processes[fault.target]
    if fault.kind == FREEZE:
        return _struck(part.thaw, met=part.freeze())
    if fault.kind == STOP:
        return _struck(part.start, met=part.stop())
    if fault.kind == KILL:
        return _struck(part.start, met=part.kill())
    cause = _stalling(plant, fault.target)
    time.sleep(_STALL_S)
    killed = part.kill()

    def end() -> None:
        cause.end()
        part.start()

    return Struck(end, lambda: killed and cause.met())


def _struck(end: Callable[[], None], *, met: bool) -> Struck:
    return Struck(end, lambda: met)


def _full(disk: Disk, database: Part | None = None) -> Struck:
    """Fill a disk; InfluxDB 1.x refuses writes until it is started anew, though there be room again."""

    def end() -> None:
        disk.clear()
        if database is not None:
            database.kill()
            database.start()

    return _struck(end, met=disk.fill())


def _stalling(plant: Plant, name: str) -> Struck:
    """Take away what a part waits for: the room on its disk, or an answer of the database."""
    if name in GATEWAYS:
        return _full(plant.disks[name])
    database = plant.processes.get(DATABASE)
    return _full(plant.disks[SERVER]) if database is None else _struck(database.thaw, met=database.freeze())


def _on_line(line: Proxy, kind: LineFault) -> Struck:
    before = line.met[kind]
    after: list[int] = []

    def end() -> None:
        line.end(kind)
        after.append(line.met[kind])

    def met() -> bool:
        # A corruption that nothing passed strikes what comes next.
        return (after[0] if after and kind != "corrupt" else line.met[kind]) > before

    line.begin(kind)
    return Struck(end, met, lasting=kind != "corrupt")
