"""The same polling with pymodbus's own asyncio client: ``python -m benchmarks.edge_stand.peer WARMUP_S MEASURE_S``.

Ports come as JSON on its input. It reads the registers on the same grid and does nothing with them: no values, no
outbox, no MQTT. Where the machine cannot keep up it reads less often; what counts is the processor time of a read.
Prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import uvloop
from pymodbus.client import AsyncModbusTcpClient

from benchmarks.edge_stand.agent import cpu_s
from benchmarks.edge_stand.site import REGISTERS, UNITS

_END_S = 5.0
_TICK_S = 0.001
"""uvloop's timers ring up to so much too early, and who wakes before the point of the grid would poll twice [s]."""


class Peer:
    """All clients."""

    def __init__(self) -> None:
        self.reads = 0
        self.ended = False

    async def poll(self, port: int, phase_s: float) -> None:
        """Poll one device until all are told to end.

        They are told, not cancelled: what `asyncio.wait_for` of Python 3.11, which pymodbus waits with, is cancelled in
        as the answer comes, it does not pass on.
        """
        client = AsyncModbusTcpClient("127.0.0.1", port=port)
        await client.connect()
        while not self.ended:
            now = time.time()
            await asyncio.sleep(phase_s + (now - phase_s) // 1 + 1 - now + _TICK_S)
            for unit in range(1, UNITS + 1):
                answer = await client.read_holding_registers(0, count=REGISTERS, device_id=unit)
                self.reads += len(answer.registers) == REGISTERS
        client.close()


async def measure(ports: list[int], warmup_s: float, measure_s: float) -> dict[str, float]:
    """Poll and count."""
    peer = Peer()
    tasks = [asyncio.create_task(peer.poll(port, number / len(ports))) for number, port in enumerate(ports)]
    await asyncio.sleep(warmup_s)
    cpu, reads, begun = cpu_s(), peer.reads, time.monotonic()
    await asyncio.sleep(measure_s)
    took = time.monotonic() - begun
    found = {"cpu": (cpu_s() - cpu) / took, "reads_s": (peer.reads - reads) / took}
    peer.ended = True
    await asyncio.wait(tasks, timeout=_END_S)
    return found


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        listed = json.loads(sys.stdin.readline())
        result = runner.run(measure(listed, float(sys.argv[1]), float(sys.argv[2])))
    sys.stdout.write(json.dumps(result) + "\n")
