"""The agent, measured from inside: ``python -m benchmarks.edge_stand.agent SITE.yaml DATA WARMUP_S MEASURE_S``.

Everything runs as in ``wattproof edge run``; what is counted begins after the warm-up. Prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from pathlib import Path

import uvloop

import edge
from edge.lateness import Lateness


def resident_mb() -> float:
    """Memory now [MB]."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_s() -> float:
    """CPU time of all threads so far [s]."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def measure(site: edge.Site, data: Path, warmup_s: float, measure_s: float) -> dict[str, float]:
    """Run the agent and count."""
    stop = asyncio.Event()
    started: asyncio.Future[edge.Agent] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(
        edge.run_agent(site, data_dir=data, stop=stop, drain_s=5.0, on_start=started.set_result)
    )
    agent = await started
    await asyncio.sleep(warmup_s)
    lateness = Lateness()
    for poller in agent.crew.pollers:
        poller.lateness = lateness
    cpu, polls, read = cpu_s(), sum(device.polls for device in agent.crew.devices), agent.outbox.counters.read
    begun = time.monotonic()
    await asyncio.sleep(measure_s)
    took = time.monotonic() - begun
    found = {
        "cpu": (cpu_s() - cpu) / took,
        "reads_s": (sum(device.polls for device in agent.crew.devices) - polls) / took,
        "values_s": (agent.outbox.counters.read - read) / took,
        "lateness_p50_ms": lateness.quantile_ms(0.5),
        "lateness_p99_ms": lateness.quantile_ms(0.99),
        "resident_mb": resident_mb(),
        "waiting": agent.outbox.counters.batches,
    }
    stop.set()
    summary = await running
    return found | {"errors": sum(summary.errors.values()), "left": summary.outbox}


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        loaded = edge.load_site(sys.argv[1])
        result = runner.run(measure(loaded, Path(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
    sys.stdout.write(json.dumps(result) + "\n")
