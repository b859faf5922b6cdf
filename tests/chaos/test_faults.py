"""A fault that has met nothing is known for what it is, and holds until something comes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import chaos.course
import chaos.faults
from chaos.course import Course, Holding
from chaos.disk import Disk
from chaos.faults import Fault, can_strike, strike, targets
from chaos.journal import Entry, Journal
from chaos.meters import Meters
from chaos.parts import Part
from chaos.plant import Plant
from chaos.proxy import Proxy
from storage import Settings
from tests.chaos.parts import connected, echoed
from tests.parts import wait_until


@pytest.fixture
def plant(tmp_path: Path, line: Proxy) -> Iterator[Plant]:
    """One process that does nothing, one line, and a disk that is never really full."""
    part = Part("collector", ["/bin/sleep", "600"], tmp_path / "log")
    disks = {"server": Disk(tmp_path, real=False)}
    found = Plant("duck", tmp_path, {"collector": part}, {"line": line}, disks, {"gw-1": Meters()}, Settings(), "")
    yield found
    for each in found.processes.values():
        each.kill()


def fault(kind: str, target: str = "collector") -> Fault:
    return Fault(kind, target, hold_s=0.0, after_s=0.0)


@pytest.mark.parametrize("kind", ["kill", "stop", "freeze"])
def test_a_fault_of_a_process_meets_one_that_runs_and_no_other(plant: Plant, kind: str) -> None:
    assert not can_strike(plant, fault(kind))
    assert not strike(plant, fault(kind)).met()
    plant.processes["collector"].start()
    assert can_strike(plant, fault(kind))
    struck = strike(plant, fault(kind))
    assert struck.met()
    assert plant.processes["collector"].alive == (kind == "freeze")
    struck.end()
    assert plant.processes["collector"].alive
    assert len(plant.processes["collector"].killed_at) == (kind == "kill")


@pytest.mark.parametrize("kind", ["cut", "half_open", "delay", "throttle"])
def test_a_fault_of_a_line_has_met_something_when_somebody_came(plant: Plant, line: Proxy, kind: str) -> None:
    silent = strike(plant, fault(kind, "line"))
    silent.end()
    with connected(line) as connection:
        assert echoed(connection, b"alive") == b"alive"
    assert not silent.met()
    struck = strike(plant, fault(kind, "line"))
    with connected(line) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(b"is anybody there?")
    wait_until(struck.met, "it has met something")
    struck.end()
    assert struck.met()
    assert not silent.met()


def test_who_is_to_be_killed_at_work_is_awaited_there(plant: Plant) -> None:
    plant.processes["collector"].start()
    assert can_strike(plant, fault("kill"))
    assert not can_strike(plant, fault("kill_busy"))
    journal = Journal(plant.journal("gw-1"))
    journal.write(Entry("acked", 1, time.time() - 60))
    assert not can_strike(plant, fault("kill_busy"))
    journal.write(Entry("acked", 1, time.time() + 60))  # this machine may be slow
    journal.write(Entry("failed", 2, time.time()))
    assert can_strike(plant, fault("kill_busy"))
    assert can_strike(plant, fault("kill_stalled"))
    assert strike(plant, fault("kill_busy")).met()
    assert not can_strike(plant, fault("kill_busy"))


def test_a_gateway_has_met_a_full_disk_when_it_could_not_write(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Disk, "fill", lambda _: True)
    plant.disks["gw-1"] = plant.disks["server"]
    journal = Journal(plant.journal("gw-1"))
    journal.write(Entry("failed", 1, time.time() - 60))
    unfelt = strike(plant, fault("disk_full", "gw-1"))
    unfelt.end()
    assert not unfelt.met()
    felt = strike(plant, fault("disk_full", "gw-1"))
    journal.write(Entry("failed", 2, time.time() + 60))
    felt.end()
    assert felt.met()


def test_a_corruption_may_meet_what_comes_after_it(plant: Plant, line: Proxy) -> None:
    struck = strike(plant, fault("corrupt", "line"))
    struck.end()
    assert not struck.met()
    with connected(line) as connection:
        for _ in range(20):
            echoed(connection, b"alive")
    assert struck.met()


def test_a_silent_line_is_held_until_something_comes_and_no_longer_than_patience_lasts(
    plant: Plant, line: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    holding, course = Holding(), Course()
    faults = [fault("delay", "line"), fault("freeze")]
    struck = [strike(plant, each) for each in faults]
    for each, begun in zip(faults, struck, strict=True):
        holding.add(each, begun)
    holding.end_due()
    assert len(holding) == 1  # what cannot meet anything any more ends in its time
    with connected(line) as connection:
        echoed(connection, b"alive")
    monkeypatch.setattr(chaos.course, "_LOOK_S", 0.0)
    while holding:
        holding.end_due()
    assert struck[0].met()
    course.judge(list(zip(faults, struck, strict=True)))
    assert (course.struck, course.missed) == ({"delay": 1, "freeze": 1}, {"freeze": 1})
    monkeypatch.setattr(chaos.course, "_PATIENCE_S", 0.0)
    holding.add(faults[0], strike(plant, faults[0]))
    while holding:
        holding.end_due()


def test_who_waits_for_a_disk_or_a_database_is_killed_meanwhile(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    def stalled(processes: list[str], disks: list[str]) -> set[str]:
        return {name for kind, name in targets(processes, [], disks) if kind == "kill_stalled"}

    assert stalled(["broker", "collector", "gw-1"], ["gw-1", "server"]) == {"collector", "gw-1"}
    assert stalled(["broker", "collector", "gw-1"], []) == set()
    assert stalled(["broker", "database", "collector-1", "gw-1"], []) == {"collector-1"}
    for name in ("database", "broker"):
        plant.processes[name] = Part(name, ["/bin/sleep", "600"], plant.folder / "log")
    for part in plant.processes.values():
        part.start()
    struck = strike(plant, fault("kill_stalled"))
    assert struck.met()
    assert [part.alive for part in plant.processes.values()] == [False, False, False]
    struck.end()
    assert [part.alive for part in plant.processes.values()] == [True, True, True]
    Journal(plant.journal("gw-1")).write(Entry("acked", 1, time.time() + 60))  # as if the store went on
    monkeypatch.setattr(chaos.faults, "_STALL_S", 0.0)
    assert not strike(plant, fault("kill_stalled")).met()
