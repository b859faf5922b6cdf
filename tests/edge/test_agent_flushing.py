"""From readings to batches: one commit per flush, and a declared gap where the disk takes nothing."""

import asyncio
from collections.abc import Sequence

from structlog.testing import capture_logs

from edge.errors import OutboxError, OutboxFullError
from edge.flushing import Flusher
from edge.rows import Row
from telemetry import ClockState, Gap, Table


class Disk:
    """An outbox on a disk that fills up: a fault that cannot be made on a real one without filling it."""

    def __init__(self) -> None:
        self.error: OutboxError | None = None
        self.batches: list[tuple[list[Table], list[Gap]]] = []

    def put(self, tables: Sequence[Table | Row], gaps: Sequence[Gap] = ()) -> int:
        if self.error is not None:
            raise self.error
        self.batches.append(([each.table() if isinstance(each, Row) else each for each in tables], list(gaps)))
        return len(self.batches)


def test_readings_of_one_flush_become_one_batch_and_what_is_read_together_one_table_with_times_rising() -> None:
    disk, sent = Disk(), []
    flusher = Flusher(disk, lambda: sent.append(1))
    flusher.add("main", "power_meter", 2000, {"active_power_w": 2.0})
    flusher.add("plc-1", "plc", 1500, {"run_state": 3.0})
    flusher.add("main", "power_meter", 1000, {"active_power_w": 1.0})
    flusher.add("main", "power_meter", 1000, {"energy_import_wh": 10.0})
    flusher.add("main", "link", 2000, {"errors_timeout_count": 0.0})
    asyncio.run(flusher.flush())
    assert disk.batches == [
        (
            [
                Table.of("main", "power_meter", [1000, 2000], {"active_power_w": [1.0, 2.0]}),
                Table.of("main", "power_meter", [1000], {"energy_import_wh": [10.0]}),
                Table.of("plc-1", "plc", [1500], {"run_state": [3.0]}),
                Table.of("main", "link", [2000], {"errors_timeout_count": [0.0]}),
            ],
            [],
        )
    ]
    assert sent == [1]


def test_a_channel_read_in_two_ways_is_in_one_table_all_the_same() -> None:
    disk = Disk()
    flusher = Flusher(disk, lambda: None)
    flusher.add("main", "power_meter", 1000, {"active_power_w": 1.0, "energy_import_wh": 10.0})
    flusher.add("main", "power_meter", 2000, {"active_power_w": 2.0})
    asyncio.run(flusher.flush())
    columns: dict[str, list[float | None]] = {"active_power_w": [1.0, 2.0], "energy_import_wh": [10.0, None]}
    assert disk.batches == [([Table.of("main", "power_meter", [1000, 2000], columns)], [])]


def test_holes_in_a_row_stay_holes_and_a_column_of_holes_is_left_out() -> None:
    disk = Disk()
    flusher = Flusher(disk, lambda: None)
    names = ("active_power_w", "frequency_hz", "power_factor")
    flusher.add_row("main", "power_meter", names, 1000, [1.0, None, None])
    flusher.add_row("main", "power_meter", names, 2000, [None, 60.0, None])
    asyncio.run(flusher.flush())
    columns: dict[str, list[float | None]] = {"active_power_w": [1.0, None], "frequency_hz": [None, 60.0]}
    assert disk.batches == [([Table.of("main", "power_meter", [1000, 2000], columns)], [])]


def test_readings_say_what_the_clock_was_worth_and_one_batch_has_one_clock() -> None:
    told: tuple[ClockState, ...] = ("free_running", "stepped", "stepped")
    disk, states = Disk(), iter(told)
    flusher = Flusher(disk, lambda: None, lambda: next(states))
    for at in (1000, 2000, 3000):
        flusher.add("main", "power_meter", at, {"active_power_w": 1.0})
    asyncio.run(flusher.flush())
    assert [[(table.clock, table.times) for table in tables] for tables, _ in disk.batches] == [
        [("free_running", [1000])],
        [("stepped", [2000, 3000])],
    ]


def test_what_the_clock_could_not_stamp_is_declared_as_one_gap_per_channel() -> None:
    disk = Disk()
    flusher = Flusher(disk, lambda: None)
    for at in (5000, 6000):
        flusher.lose("main", "power_meter", ["active_power_w"], at)
    flusher.add("plc-1", "plc", 6000, {"run_state": 3.0})
    asyncio.run(flusher.flush())
    gap = Gap("main", "power_meter", "active_power_w", 5000, 6000, "clock_stepped", 2)
    assert disk.batches == [([Table.of("plc-1", "plc", [6000], {"run_state": [3.0]})], [gap])]
    assert flusher.undeclared == 0


def test_nothing_read_is_no_batch() -> None:
    disk = Disk()
    flusher = Flusher(disk, lambda: None)
    asyncio.run(flusher.flush())
    assert disk.batches == []


def test_what_a_full_disk_does_not_take_becomes_one_gap_per_series_said_once_and_declared_as_soon_as_it_can_be() -> (
    None
):
    disk, sent = Disk(), []
    flusher = Flusher(disk, lambda: sent.append(1))
    disk.error = OutboxFullError("outbox: the disk is full. Make room.")
    with capture_logs() as logs:
        for at in (1000, 2000, 3000):
            flusher.add("main", "power_meter", at, {"active_power_w": 1.0, "frequency_hz": 60.0})
            asyncio.run(flusher.flush())
        assert flusher.undeclared == 6
        disk.error = None
        flusher.add("main", "power_meter", 4000, {"active_power_w": 4.0})
        asyncio.run(flusher.flush())
    assert disk.batches == [
        (
            [Table.of("main", "power_meter", [4000], {"active_power_w": [4.0]})],
            [
                Gap("main", "power_meter", "active_power_w", 1000, 3000, "outbox_full", 3),
                Gap("main", "power_meter", "frequency_hz", 1000, 3000, "outbox_full", 3),
            ],
        )
    ]
    assert flusher.undeclared == 0
    assert [entry["event"] for entry in logs] == ["readings_lost", "outbox_recovered"]
    assert sent == [1]


def test_a_gap_is_declared_even_when_nothing_more_is_read() -> None:
    disk = Disk()
    flusher = Flusher(disk, lambda: None)
    flusher.add("main", "power_meter", 1000, {"active_power_w": 1.0})
    disk.error = OutboxError("outbox: the disk fails")
    asyncio.run(flusher.flush())
    disk.error = None
    asyncio.run(flusher.flush())
    assert disk.batches == [([], [Gap("main", "power_meter", "active_power_w", 1000, 1000, "outbox_damaged", 1)])]


def test_stopping_flushes_what_was_read_last() -> None:
    async def run() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(flusher.run(3600.0, stop))
        flusher.add("main", "power_meter", 1000, {"active_power_w": 1.0})
        stop.set()
        await task

    disk = Disk()
    flusher = Flusher(disk, lambda: None)
    asyncio.run(run())
    assert [table.readings for tables, _ in disk.batches for table in tables] == [1]
