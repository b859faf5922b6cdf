"""One run: strike the plant again and again, let it come to rest, and account for every reading."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from chaos.course import Course, Holding
from chaos.faults import Fault, Struck, can_strike, schedule, strike, targets
from chaos.journal import happened
from chaos.ledger import Ledger, account
from chaos.parts import DRAIN_S
from chaos.plant import COLLECTORS, GATEWAYS, Engine, Plant, plant

_BREATHE_EVERY: Final = 25
"""Faults between two moments of peace, in which every gateway must deliver something new."""
_RECOVERY_S: Final = 300.0
"""A machine may be slow; a part that does not come back is not back in five minutes either [s]."""
_ENDS_S: Final = 60.0
"""How long a gateway may take beyond its drain [s]."""
_AT_WORK_S: Final = 15.0
"""How long a fault waits for what it strikes to be there, and at work [s]."""
_TICK_S: Final = 0.02


class StuckError(RuntimeError):
    """The plant was left in peace and did not come back to work."""


def run(
    folder: Path,
    engine: Engine,
    faults: int,
    seed: int,
    *,
    on_fault: Callable[[int, Fault], None] = lambda *_: None,
    on_rest: Callable[[Plant], None] = lambda _: None,
    stop: threading.Event | None = None,
    influxd: str = "",
) -> Ledger:
    """Strike a plant built in an empty folder.

    Parameters
    ----------
    folder
        Where everything of the run is left.
    engine, faults, seed
        Which store, how many faults, and which: the same seed gives the same faults in the same order. What they meet
        depends on the moment, so that no two runs are the same.
    on_fault
        Told of each fault when it begins, and its number from 0.
    on_rest
        Given the plant when all is delivered and ended, before the reckoning.
    stop
        When set, no further fault begins; what was read until then is accounted for.
    influxd
        The InfluxDB program of ``influx``, 1.x or 2.x; Debian's where it is empty.

    Raises
    ------
    StuckError
        When something no longer works although nothing strikes it.
    """
    began = time.monotonic()
    with plant(folder, engine, seed, influxd) as found:
        course = Course()
        for part in found.processes.values():
            part.start()
        _peace(found, course)
        course.recoveries.clear()  # the first start is none
        disks = [name for name, disk in found.disks.items() if disk.real]
        pairs = targets(list(found.processes), list(found.lines), disks)
        planned = schedule(pairs, faults, seed)
        for first in range(0, len(planned), _BREATHE_EVERY):
            if stop is None or not stop.is_set():
                struck = _strike_all(found, planned[first : first + _BREATHE_EVERY], first, on_fault, stop)
                _peace(found, course)
                course.judge(struck)
        _rest(found)
        on_rest(found)
        return account(found, course, seed, time.monotonic() - began)


def _strike_all(
    found: Plant,
    faults: list[Fault],
    first: int,
    on_fault: Callable[[int, Fault], None],
    stop: threading.Event | None,
) -> list[tuple[Fault, Struck]]:
    """Begin each fault in its time, and end it in its time, whatever others hold meanwhile; what was begun."""
    begun: list[tuple[Fault, Struck]] = []
    holding = Holding()

    def tend() -> None:
        holding.end_due()
        _see_to_all(found)
        time.sleep(_TICK_S)

    with contextlib.ExitStack() as stack:
        stack.callback(holding.end_all)
        for number, fault in enumerate(faults, first):
            begin = time.monotonic() + fault.after_s
            while (now := time.monotonic()) < begin or (now < begin + _AT_WORK_S and not can_strike(found, fault)):
                tend()
            if stop is not None and stop.is_set():
                break
            on_fault(number, fault)
            struck = strike(found, fault)
            begun.append((fault, struck))
            holding.add(fault, struck)
        while holding:
            tend()
    return begun


def _peace(found: Plant, course: Course) -> None:
    """Wait until the store has confirmed something new of every gateway."""
    at, began = time.time(), time.monotonic()
    while missing := [gateway for gateway in GATEWAYS if not happened(found.journal(gateway), "acked", at)]:
        _see_to_all(found)
        if time.monotonic() - began > _RECOVERY_S:
            ended = [
                f"{name} ended {part.ended_itself} times" for name, part in found.processes.items() if part.ended_itself
            ]
            told = ", ".join([f"nothing of {', '.join(missing)} was confirmed for {_RECOVERY_S:.0f} s", *ended])
            raise StuckError(f"{told}; logs are in {found.folder}")
        time.sleep(_TICK_S)
    course.recoveries.append(time.monotonic() - began)


def _see_to_all(found: Plant) -> None:
    for part in found.processes.values():
        part.see_to()


def _rest(found: Plant) -> None:
    """Let the gateways deliver what they have and end, then the collectors; a database goes on for the reckoning."""
    for gateway in GATEWAYS:
        found.processes[gateway].stop(DRAIN_S + _ENDS_S)
    for collector in COLLECTORS[found.engine]:
        found.processes[collector].stop()
