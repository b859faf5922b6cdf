"""The outbox's ledger, whatever happens in whatever order, and after a kill at any moment."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge.outbox import Outbox
from telemetry import Batch, Gap, Table, decode


class Ledger(RuleBasedStateMachine):
    """Any order of puts, acknowledgements, overflows and restarts, against a model of what became of each reading."""

    @initialize(max_bytes=st.integers(200, 3000))
    def begin(self, max_bytes: int) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.max_bytes = max_bytes
        self.outbox = self.opened()
        self.clock = 0
        self.read = 0
        self.told: Counter[str] = Counter()
        self.lost_before = 0

    def opened(self) -> Outbox:
        return Outbox(self.folder / "outbox.sqlite", "site-1", "gw-1", max_bytes=self.max_bytes)

    @rule(rows=st.integers(0, 5), holes=st.booleans(), lost=st.integers(0, 3))
    def put(self, rows: int, holes: bool, lost: int) -> None:
        times = [self.clock + row for row in range(rows)]
        self.clock += 10
        columns: dict[str, list[float | None]] = {"active_power_w": [1.0] * rows}
        if holes:
            columns["frequency_hz"] = [60.0 if row % 2 else None for row in range(rows)]
        tables = [Table.of("main", "power_meter", times, columns)] if rows else []
        gaps = [Gap("main", "power_meter", "frequency_hz", self.clock, self.clock, "bus", lost)] if lost else []
        before = self.outbox.last_seq
        after = self.outbox.put(tables, gaps)
        assert after in (before, before + 1)
        self.read += sum(table.readings for table in tables) + lost

    @rule(pick=st.floats(0, 1), length=st.integers(0, 3), stored=st.booleans())
    def acknowledge(self, pick: float, length: int, stored: bool) -> None:
        first = 1 + int(pick * self.outbox.last_seq)
        span = [(first, first + length)]
        covered = self.outbox.after(first - 1, upto=first + length, limit=length + 1)
        epoch = decode(covered[0].payload, Batch).epoch if covered else self.outbox.epoch
        covered = [pending for pending in covered if decode(pending.payload, Batch).epoch == epoch]
        valid = epoch != self.outbox.epoch or self.outbox.own(epoch, span) == span
        released = self.outbox.acknowledge(epoch, span if stored else [], [] if stored else span)
        assert released == (len(covered) if valid else 0)
        if valid:
            for pending in covered:
                batch = decode(pending.payload, Batch)
                self.told["stored" if stored else "quarantined"] += batch.readings
                self.told["gap"] += sum(gap.readings for gap in batch.gaps)

    @rule()
    def restart(self) -> None:
        before = (self.outbox.last_seq, self.outbox.counters)
        self.outbox.close()
        self.outbox = self.opened()
        assert (self.outbox.last_seq, self.outbox.counters) == before

    @invariant()
    def the_ledger_says_what_became_of_every_reading(self) -> None:
        if not hasattr(self, "outbox"):
            return
        counters = self.outbox.counters
        waiting = [decode(pending.payload, Batch) for pending in self.outbox.after(0, limit=10_000)]
        assert counters.read == self.read
        assert counters.read == counters.stored + counters.quarantined + counters.pending + counters.gap
        assert (counters.stored, counters.quarantined) == (self.told["stored"], self.told["quarantined"])
        assert counters.pending == sum(batch.readings for batch in waiting)
        assert counters.batches == len(waiting)
        assert counters.bytes == sum(len(pending.payload) for pending in self.outbox.after(0, limit=10_000))
        (undeclared,) = self.outbox._file.connection.execute(
            "SELECT coalesce(sum(readings), 0) FROM undeclared"
        ).fetchone()
        declared = sum(gap.readings for batch in waiting for gap in batch.gaps)
        assert counters.gap == self.told["gap"] + declared + undeclared
        assert counters.bytes <= self.max_bytes or counters.batches == 1

    def teardown(self) -> None:
        if hasattr(self, "outbox"):
            self.outbox.close()
            shutil.rmtree(self.folder)


TestLedger = Ledger.TestCase
TestLedger.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

_CHILD = """
import sys
from pathlib import Path
from edge.outbox import Outbox
from telemetry import Table

outbox = Outbox(Path(sys.argv[1]), "site-1", "gw-1", max_bytes=4000)
time = before = 0
while True:
    time += 1000
    seq = outbox.put([Table.of("main", "power_meter", [time, time + 1], {"active_power_w": [1.0, 2.0]})])
    if seq % 3 == 0 and before:  # of this start's epoch
        outbox.acknowledge(outbox.epoch, [(before, before)])
    before = seq
    print(seq, flush=True)
"""


def test_after_a_kill_in_the_middle_of_puts_numbers_go_on_and_the_ledger_balances(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    told = read = 0
    epoch = ""
    for _ in range(3):
        began = told
        with subprocess.Popen([sys.executable, "-c", _CHILD, str(path)], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            lines = [child.stdout.readline() for _ in range(60)]
            child.send_signal(signal.SIGKILL)
            lines += child.stdout.readlines()
        seqs = [int(line) for line in lines if line.endswith(b"\n")]
        assert seqs[0] > told
        told = seqs[-1]
        outbox = Outbox(path, "site-1", "gw-1", max_bytes=4000)
        counters = outbox.counters
        assert outbox.last_seq >= told  # what was confirmed is there; one more may have been committed unheard
        written = outbox.last_seq - began  # no number is left out
        assert counters.read == read + 2 * written
        read = counters.read
        assert counters.read == counters.stored + counters.pending + counters.gap
        assert counters.pending == 2 * len(outbox.after(0, limit=1000))
        assert outbox.epoch != epoch
        epoch = outbox.epoch
        told = outbox.last_seq
        outbox.close()
