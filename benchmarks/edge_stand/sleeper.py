"""How late this machine wakes a process that only sleeps: ``python -m benchmarks.edge_stand.sleeper TASKS SECONDS``.

As many tasks as there are buses, each asleep to its own point of the second and doing nothing then. What they are late
by is the machine's, and no agent can be more punctual. Prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import uvloop

from edge.lateness import Lateness

_PHASE_S = 0.002


async def measure(tasks: int, seconds: float) -> dict[str, float]:
    """Sleep and count."""
    lateness = Lateness()
    end = time.monotonic() + seconds

    async def sleep_for_ever(phase_s: float) -> None:
        due = time.monotonic() + phase_s
        while due < end:
            await asyncio.sleep(due - time.monotonic())
            lateness.record(time.monotonic() - due)
            due += 1.0

    await asyncio.gather(*(sleep_for_ever(_PHASE_S * number) for number in range(tasks)))
    return {"lateness_p99_ms": lateness.quantile_ms(0.99), "lateness_p50_ms": lateness.quantile_ms(0.5)}


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(measure(int(sys.argv[1]), float(sys.argv[2])))
    sys.stdout.write(json.dumps(result) + "\n")
