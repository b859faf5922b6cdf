"""The reckoning on a plant that nothing struck: what it must find, whoever is at fault, and what is no fault."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chaos.course import Course
from chaos.journal import Entry, Journal
from chaos.ledger import Ledger, account
from chaos.meters import Meters
from chaos.parts import Part
from chaos.plant import CHANNEL, GATEWAYS, KIND, SITE, Plant, device
from edge import Outbox
from storage import Settings, open_store
from telemetry import Batch, Gap, Table, decode

LARGE, SMALL = GATEWAYS


@dataclass
class Quiet:
    """A plant of gateways that this test plays, with real outboxes and a real store."""

    plant: Plant
    outboxes: dict[str, Outbox]
    journals: dict[str, Journal] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)

    def live(self, gateway: str) -> None:
        """Begin a life of a gateway."""
        self.journals[gateway] = Journal(self.plant.journal(gateway))

    def read(self, gateway: str, number: int) -> Table:
        """Read a number, and write it down."""
        table = Table.of(device(gateway, 1), KIND, [number], {CHANNEL: [float(number)]})
        self.journals[gateway].write(Entry("read", 0, time.time(), [table]))
        return table

    def put(self, gateway: str, table: Table) -> None:
        """Commit a reading to the outbox, and write that down."""
        self.journals[gateway].write(Entry("put", table.times[0], time.time(), [table]))
        outbox = self.outboxes[gateway]
        outbox.put([table])
        self.journals[gateway].write(Entry("done", table.times[0], time.time()))
        self.batches.append(decode(outbox.after(outbox.last_seq - 1)[0].payload, Batch))
        outbox.acknowledge(outbox.epoch, [(outbox.last_seq, outbox.last_seq)])

    def reckoned(self) -> Ledger:
        """Store what is in `batches`, end everything, and reckon."""
        for outbox in self.outboxes.values():
            outbox.close()
        with closing(open_store(self.plant.store)) as store:
            store.write(self.batches)
        return account(self.plant, Course(), 1, 0.0)


@contextmanager
def _quiet(folder: Path) -> Iterator[Quiet]:
    for name in (*GATEWAYS, "server"):
        (folder / name).mkdir()
    processes = {name: Part(name, [], folder / "log") for name in GATEWAYS}
    meters = {name: Meters() for name in GATEWAYS}
    store = Settings(path=str(folder / "server" / "readings.duckdb"))
    plant = Plant("duck", folder, processes, {}, {}, meters, store, "")
    quiet = Quiet(plant, {name: Outbox(plant.outbox(name), SITE, name) for name in GATEWAYS})
    for name in GATEWAYS:
        quiet.live(name)
    yield quiet


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Quiet]:
    with _quiet(tmp_path) as found:
        for number in (1, 2, 3):
            for name in GATEWAYS:
                found.put(name, found.read(name, number))
        yield found


def gap(gateway: str) -> Gap:
    return Gap(device(gateway, 1), KIND, CHANNEL, 1, 3, "outbox_full", 1)


def test_what_is_where_it_must_be_is_a_clean_run(quiet: Quiet) -> None:
    ledger = quiet.reckoned()
    assert ledger.violations == ()
    assert (ledger.read, ledger.stored) == (6, 6)


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_what_was_acknowledged_and_is_not_in_the_store_is_lost_and_the_word_of_it_unfounded(
    quiet: Quiet, gateway: str
) -> None:
    quiet.batches = [each for each in quiet.batches if (each.gateway, each.seq) != (gateway, 2)]
    ledger = quiet.reckoned()
    assert set(ledger.violations) == {"lost", "unbalanced", "unfounded"}
    assert (ledger.lost, ledger.unfounded) == (1, 1)
    assert ledger.findings == [f"lost: {KIND}/{device(gateway, 1)}/{CHANNEL} at 2, read as 2.0"]


@pytest.mark.parametrize(("gateway", "lost"), [(LARGE, 1), (SMALL, 0)])
def test_a_gap_excuses_what_an_outbox_dropped_only_where_an_outbox_can_be_full(
    quiet: Quiet, gateway: str, lost: int
) -> None:
    quiet.batches = [each for each in quiet.batches if (each.gateway, each.seq) != (gateway, 2)]
    quiet.batches.append(Batch(SITE, gateway, "0123456789abcdef", 9, [], [gap(gateway)]))
    ledger = quiet.reckoned()
    assert (ledger.lost, ledger.gaps) == (lost, 1 - lost)
    assert ledger.unfounded == 1  # yet this outbox was told that it is stored


def test_a_value_that_changed_between_the_meter_and_the_outbox_is_altered_though_the_store_has_what_it_was_given(
    quiet: Quiet,
) -> None:
    quiet.read(LARGE, 4)
    quiet.put(LARGE, Table.of(device(LARGE, 1), KIND, [4], {CHANNEL: [5.0]}))
    ledger = quiet.reckoned()
    assert ledger.violations == ("altered",)
    assert ledger.findings == [f"altered: {KIND}/{device(LARGE, 1)}/{CHANNEL} at 4, an outbox was given 5.0"]


@pytest.mark.parametrize("killed", [True, False])
def test_only_a_kill_excuses_what_a_gateway_had_read_and_not_committed(quiet: Quiet, killed: bool) -> None:
    quiet.read(LARGE, 4)
    if killed:
        quiet.plant.processes[LARGE].killed_at.append(time.time())
    quiet.live(LARGE)
    ledger = quiet.reckoned()
    assert (ledger.uncommitted, ledger.lost) == ((1, 0) if killed else (0, 1))
    assert ledger.clean == killed


def test_what_a_kill_left_in_doubt_excuses_nothing_that_is_lost_for_certain(quiet: Quiet) -> None:
    quiet.journals[SMALL].write(Entry("put", 4, time.time(), [quiet.read(SMALL, 4)]))
    quiet.plant.processes[SMALL].killed_at.append(time.time())
    quiet.live(SMALL)
    beside = Gap(device(SMALL, 1), KIND, CHANNEL, 4, 4, "outbox_full", 1)
    quiet.batches.append(Batch(SITE, SMALL, "0123456789abcdef", 9, [], [beside]))
    quiet.batches = [each for each in quiet.batches if (each.gateway, each.seq) != (LARGE, 2)]
    ledger = quiet.reckoned()
    assert (ledger.lost, ledger.unbalanced) == (1, 1)
