"""``wattproof edge run`` with a witness in it: every reading is written down when it is made, and when it is committed.

``python -m chaos.agent JOURNAL OUTBOX_BYTES edge run site.yaml …``: `JOURNAL` is the file to write to, `OUTBOX_BYTES` a
limit on the outbox below the smallest that a site file may give.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from chaos.journal import Entry, Event, Journal
from edge import Outbox, OutboxError
from edge.device_health import DeviceHealth
from edge.flushing import CLOCK_STEPPED, Flusher
from edge.rows import Row
from telemetry import Gap, Quality, Table
from wattproof.__main__ import main


def witness(journal: Journal, most_bytes: int) -> None:
    """Write down what is read and what is refused, and what every outbox of this process is given and lets go."""
    begin, put, acknowledge = Outbox.__init__, Outbox.put, Outbox.acknowledge
    add_row, lose, count_error = Flusher.add_row, Flusher.lose, DeviceHealth.count
    count = 0

    def adding(
        self: Flusher, device: str, kind: str, channels: tuple[str, ...], time_ms: int, values: Sequence[float | None]
    ) -> None:
        columns = {channel: [value] for channel, value in zip(channels, values, strict=True)}
        journal.write(Entry("read", 0, time.time(), [Table.of(device, kind, [time_ms], columns)]))
        add_row(self, device, kind, channels, time_ms, values)

    def losing(self: Flusher, device: str, kind: str, channels: Iterable[str], time_ms: int) -> None:
        journal.write(Entry("refused", 0, time.time(), device=device, reason=CLOCK_STEPPED))
        lose(self, device, kind, channels, time_ms)

    def counting(self: DeviceHealth, reason: Quality) -> None:
        journal.write(Entry("refused", 0, time.time(), device=self.device, reason=reason.value))
        count_error(self, reason)

    def beginning(self: Outbox, *args: Any, max_bytes: int, **more: Any) -> None:
        begin(self, *args, max_bytes=min(max_bytes, most_bytes), **more)

    def putting(self: Outbox, tables: Sequence[Table | Row], gaps: Sequence[Gap] = ()) -> int:
        nonlocal count
        count += 1
        number = count

        def note(event: Event, **more: Any) -> None:
            journal.write(Entry(event, number, time.time(), **more))

        whole = [each if isinstance(each, Table) else each.table() for each in tables]
        note("put", tables=whole, gaps=list(gaps))
        try:
            seq = put(self, tables, gaps)
        except OutboxError as error:
            note("failed", reason=str(error))
            raise
        note("done")
        return seq

    def acknowledging(self: Outbox, epoch: str, stored: Iterable[Any], quarantined: Iterable[Any] = ()) -> int:
        released = acknowledge(self, epoch, stored, quarantined)
        if released:
            journal.write(Entry("acked", released, time.time()))
        return released

    for owner, name, method in (
        (Outbox, "__init__", beginning),
        (Outbox, "put", putting),
        (Outbox, "acknowledge", acknowledging),
        (Flusher, "add_row", adding),
        (Flusher, "lose", losing),
        (DeviceHealth, "count", counting),
    ):
        setattr(owner, name, method)


if __name__ == "__main__":
    path, most, *command = sys.argv[1:]
    witness(Journal(Path(path)), int(most))
    sys.argv = ["wattproof", *command]
    main()
