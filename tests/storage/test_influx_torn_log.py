"""InfluxDB 1.x with half an entry at the end of its log: what it loses then, and that the documented way out helps."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from storage import InfluxStore, Series
from telemetry import Batch, Table
from tests.parts import free_port, influxd, influxd_command, wait_until

MAIN = Series("site-1", "power_meter", "main", "active_power_w")
START = 1_700_000_000_000


def batch(first: int) -> Batch:
    times = [START + 1000 * (first + row) for row in range(10)]
    return Batch(
        "site-1", "gw-1", "e" * 16, first + 1, [Table.of("main", "power_meter", times, {"active_power_w": [1.0] * 10})]
    )


def stored_then_killed(folder: Path, port: int, rpc: int, first: int) -> int:
    """Write ten readings more; how many are there then."""
    with influxd(folder, port, rpc) as database:
        store = InfluxStore(database.url)
        assert store.write([batch(first)]).stored == 10
        count = len(store.read(MAIN, START, START + 60_000)[0])
        store.close()
        database.process.kill()
        database.process.wait()
        return count


def test_a_start_without_its_port_keeps_what_influxdb_confirms_after_a_torn_log(tmp_path: Path) -> None:
    kept = {}
    for without_port in (False, True):
        folder, port, rpc = tmp_path / str(without_port), free_port(), free_port()
        folder.mkdir()
        assert stored_then_killed(folder, port, rpc, 0) == 10
        for log in folder.rglob("raw/*/_00001.wal"):
            with log.open("ab") as file:
                file.write(b"\x01\x00\x00\x10\x00half an entry")
        if without_port:
            start_without_port(folder, port, rpc)
        assert stored_then_killed(folder, port, rpc, 10) == 20
        kept[without_port] = stored_then_killed(folder, port, rpc, 20) - 10
    assert kept[True] == 20
    # Should a later InfluxDB lose nothing, the page that tells of it needs no such way out any more.
    assert kept[False] == 10


def start_without_port(folder: Path, port: int, rpc: int) -> None:
    """What docs/influxdb.md says to do."""
    said = folder / "without-port.log"
    environment = {**os.environ, "INFLUXDB_HTTP_ENABLED": "false"}
    with said.open("wb") as output:
        command = influxd_command(folder, port, rpc)
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        wait_until(lambda: b"Listening for signals" in said.read_bytes(), "the log is open")
        assert b"File corrupt" in said.read_bytes()
    finally:
        process.terminate()
        process.wait(60)
