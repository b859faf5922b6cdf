"""A meter on a paced pseudo-terminal, and the agent's poller beside it: how much of the line's time is used.

``python -m benchmarks.edge_stand.line BAUD SECONDS`` prints one JSON object. The pseudo-terminal itself has no speed,
so the meter (a process of its own) lets every byte take its time: the question's before it answers, the answer's as it
sends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import subprocess
import sys
import time
import tty

import uvloop
from pymodbus.framer import FramerRTU

from edge.links import RtuAddress
from edge.polled_device import PolledDevice
from edge.polling import BusPoller
from edge.profiles import Field, Profile, RegisterType
from edge.rates import Pace

REGISTERS = 80
_CHUNK_S = 0.004


def meter(descriptor: int, baud: int) -> None:
    """Answer questions at the line's pace until it closes."""
    character_s, silence_s = timing(baud)
    answered = 0
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        question = b""
        while len(question) < 8:
            more = os.read(descriptor, 64)
            if not more:
                return
            if not question:
                begun = time.monotonic()
            question += more
        answered += 1  # no two answers of a live meter are the same, and the link knows that
        body = bytes([question[0], question[1], 2 * REGISTERS]) + answered.to_bytes(2, "big") * REGISTERS
        answer = body + FramerRTU.compute_CRC(body).to_bytes(2, "big")
        start = begun + len(question) * character_s + silence_s
        sent = 0
        while sent < len(answer):
            now = time.monotonic()
            due = min(len(answer), int((now - start) / character_s))
            if due > sent:
                os.write(descriptor, answer[sent:due])
                sent = due
            time.sleep(min(_CHUNK_S, max(0.0, start + (sent + 1) * character_s - now)))


def timing(baud: int) -> tuple[float, float]:
    """A character and the silence between frames [s]."""
    address = RtuAddress("", baud)
    return address.character_s, address.silence_s


class Count:
    """A sink that counts reads."""

    def __init__(self) -> None:
        self.reads = 0
        self._more = asyncio.Event()

    async def reached(self, reads: int, within_s: float) -> None:
        """Wait for so many reads, but not longer than `within_s` [s]."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self.reads < reads:
                    self._more.clear()
                    await self._more.wait()

    def add_row(self, device: str, kind: str, channels: object, time_ms: int, values: object) -> None:  # noqa: ARG002
        """One read."""
        self.reads += 1
        self._more.set()

    def lose(self, device: str, kind: str, channels: object, time_ms: int) -> None:
        """One read, while the clock could not stamp it."""
        self.add_row(device, kind, channels, time_ms, ())


async def used(path: str, baud: int, seconds: float) -> dict[str, float]:
    """Share of the theoretical bus time that polling without a pause uses."""
    fields = [Field(f"voltage_l{n}_v", 3, (n - 1) * 39, RegisterType.UINT16) for n in (1, 2, 3)]
    fields.append(Field("current_n_a", 3, REGISTERS - 1, RegisterType.UINT16))
    profile = Profile(
        "m", "", "", "power_meter", "", verified=False, address_base=0, fields=fields, goldens=[], max_gap=40, digest=""
    )
    sink = Count()
    device = PolledDevice("m", 1, profile, Pace(1, 1))  # always due: the line is what there is to wait for
    poller = BusPoller("line", RtuAddress(path, baud), 2.0, [device], sink)
    task = asyncio.create_task(poller.run())
    await sink.reached(2, 20)
    begun, before = time.monotonic(), sink.reads
    ideal_s = _ideal_s(baud)
    await sink.reached(before + int(seconds / ideal_s), 2 * seconds)
    took, reads = time.monotonic() - begun, sink.reads - before
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    errors = sum(device.health.errors.values())
    return {"share": reads * ideal_s / took, "reads": reads, "ideal_ms": 1000 * ideal_s, "errors": errors}


def _ideal_s(baud: int) -> float:
    """Bus time of one read: both frames, and a silence behind each [s]."""
    character_s, silence_s = timing(baud)
    return (8 + 5 + 2 * REGISTERS) * character_s + 2 * silence_s


def main(baud: int, seconds: float) -> dict[str, float]:
    """Run meter and poller."""
    far, near = pty.openpty()
    tty.setraw(far)
    tty.setraw(near)
    command = [sys.executable, "-m", "benchmarks.edge_stand.line", "--meter", str(far), str(baud)]
    with subprocess.Popen(command, pass_fds=[far], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                return runner.run(used(os.ttyname(near), baud, seconds))
        finally:
            process.kill()


if __name__ == "__main__":
    if sys.argv[1] == "--meter":
        meter(int(sys.argv[2]), int(sys.argv[3]))
    else:
        sys.stdout.write(json.dumps(main(int(sys.argv[1]), float(sys.argv[2]))) + "\n")
