"""The faults: what can be struck, in which order, and for how long."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Final, NamedTuple, get_args

import msgspec

from chaos.journal import happened
from chaos.plant import BROKER, COLLECTORS, DATABASE, GATEWAYS, SERVER, Plant
from chaos.proxy import Kind as LineFault
from chaos.proxy import Proxy

KILL: Final = "kill"
KILL_BUSY: Final = "kill_busy"
KILL_STALLED: Final = "kill_stalled"
FREEZE: Final = "freeze"
STOP: Final = "stop"
DISK_FULL: Final = "disk_full"
_HOLD_S: Final = {
    KILL: (0.0, 0.6), KILL_BUSY: (0.0, 0.6), KILL_STALLED: (0.0, 0.6), STOP: (0.3, 2.0), FREEZE: (0.3, 3.0),
    DISK_FULL: (0.5, 4.0), "cut": (0.05, 1.5), "half_open": (0.2, 2.0), "corrupt": (0.3, 2.0), "delay": (0.3, 2.0),
    "throttle": (0.3, 2.0),
}  # fmt: skip
_PAUSE_S: Final = (0.0, 0.4)
_JUST_S: Final = 0.3
"""Who let go of something acknowledged so lately is at work, and so is all that it takes [s]."""
_SILENT_S: Final = 0.5
"""While the store fails, nothing has been acknowledged for at least so long [s]."""
_STALL_S: Final = 6.0
"""Longest wait until who is to be killed notices what fails: a file's last page takes some seconds' readings [s]."""
_LOOK_S: Final = 0.05


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

    Kills matter most: each process is killed whenever it may be, and when readings are surely on their way through it.
    Who waits for a disk that is full, or a database that does not answer, is killed in the midst of it, too. A DuckDB
    file has no server: it dies, freezes and stops with its collector.
    """
    server = [name for name in processes if name not in GATEWAYS]
    own_disk = {*GATEWAYS, *(() if DATABASE in processes else COLLECTORS["duck"])}
    stalled = [name for name in processes if name in own_disk and disks]
    stalled += [name for name in processes if name in COLLECTORS["influx"]]
    return [
        *((KILL, name) for name in processes),
        *((KILL_BUSY, name) for name in processes),
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
    """Whether there is anything to strike: a process that another fault has ended is not there, or not at work, yet."""
    part = plant.processes.get(fault.target)
    if fault.kind == DISK_FULL or part is None:
        return True
    return part.alive and (fault.kind not in {KILL_BUSY, KILL_STALLED} or _at_work(plant, fault.target))


def _at_work(plant: Plant, name: str) -> bool:
    gateways = [name] if name in GATEWAYS else GATEWAYS
    return any(happened(plant.journal(each), "acked", time.time() - _JUST_S) for each in gateways)


def strike(plant: Plant, fault: Fault) -> Struck:
    """Begin a fault."""
    if fault.kind in get_args(LineFault):
        return _on_line(plant.lines[fault.target], fault.kind)  # type: ignore[arg-type]
    if fault.kind == DISK_FULL:
        return _full(plant, fault.target)
    part = plant.processes[fault.target]
    if fault.kind == FREEZE:
        return _struck(part.thaw, met=part.freeze())
    if fault.kind == STOP:
        return _struck(part.start, met=part.stop())
    if fault.kind in {KILL, KILL_BUSY}:
        busy = fault.kind == KILL or _at_work(plant, fault.target)
        return _struck(part.start, met=part.kill() and busy)
    cause = _stalling(plant, fault.target)
    noticed = _noticed(plant, fault.target)
    until = time.monotonic() + _STALL_S
    while not noticed() and time.monotonic() < until:
        time.sleep(_LOOK_S)
    stalled = noticed()
    killed = part.kill()
    # What the broker would bring a collector again, it must not have needed.
    broker = None if fault.target in GATEWAYS else plant.processes[BROKER]
    if broker is not None:
        broker.kill()

    def end() -> None:
        cause.end()
        part.start()
        if broker is not None:
            broker.start()

    return Struck(end, lambda: killed and stalled)


def _struck(end: Callable[[], None], *, met: bool) -> Struck:
    return Struck(end, lambda: met)


def _full(plant: Plant, name: str) -> Struck:
    """Fill a disk."""
    full = plant.disks[name].fill()
    noticed = _noticed(plant, name)
    felt: list[bool] = []

    def end() -> None:
        felt.append(noticed())
        plant.disks[name].clear()

    holds_the_store = name == SERVER and DATABASE not in plant.processes
    return Struck(end, lambda: full and (felt[0] if felt else noticed()), lasting=holds_the_store)


def _noticed(plant: Plant, name: str) -> Callable[[], bool]:
    """Whether a fault that begins now has been felt: a gateway could not write, or a store let nothing be confirmed.

    An outbox may do for long with the room its file has, so nobody waits for the first.
    """
    began = time.time()
    if name in GATEWAYS:
        return lambda: happened(plant.journal(name), "failed", began)

    def silent() -> bool:
        since = time.time() - _SILENT_S
        return since > began and not any(happened(plant.journal(each), "acked", since) for each in GATEWAYS)

    return silent


def _stalling(plant: Plant, name: str) -> Struck:
    """Take away what a part waits for: the room on its disk, or its database."""
    if name in GATEWAYS:
        return _full(plant, name)
    database = plant.processes.get(DATABASE)
    return _full(plant, SERVER) if database is None else _struck(database.start, met=database.kill())


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
