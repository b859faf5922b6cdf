"""Gateways with the real outbox and publisher, and how old the newest reading is that has left each for the store."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from edge.outbox import Outbox
from edge.publisher import Publisher
from telemetry import Birth, Broker, Table

SITE: Final = "site-1"
DEVICES: Final = ("main", "press-1", "press-2")
CHANNELS: Final = {"active_power_w": 3e4, "reactive_power_var": 4e3, "power_factor": 0.9, "frequency_hz": 60.0} | {
    f"{what}_l{phase}_{unit}": value
    for phase in (1, 2, 3)
    for what, unit, value in (("current", "a", 45.0), ("voltage", "v", 220.0))
}
"""Of each of three meters: 30 values in a batch."""

_LOOK_S: Final = 0.02


class Gateway:
    """One gateway: its outbox, its publisher, and which of its readings of now are not stored yet."""

    def __init__(self, folder: Path, broker: Broker, name: str) -> None:
        self.outbox = Outbox(folder / f"{name}.sqlite", SITE, name)
        self.publisher = Publisher(self.outbox, broker, Birth(SITE, name, "", 0, "0", SITE, "Asia/Seoul", []))
        self._name = name
        self._under_way: dict[int, float] = {}
        self.newest = 0.0

    def put(self, at: float) -> int:
        """Put a batch with readings of a time [s since 1970-01-01 UTC]; returns its number."""
        return self.outbox.put(
            [
                Table.of(
                    f"{self._name}-{device}",
                    "power_meter",
                    [round(at * 1000)],
                    {name: [value + round(at * 1000) % 60 / 1000] for name, value in CHANNELS.items()},
                )
                for device in DEVICES
            ]
        )

    def measure(self) -> None:
        """Put a batch of now, and send it."""
        at = time.time()
        self._under_way[self.put(at)] = at
        self.publisher.wake()

    def forget(self) -> None:
        """Count only what is measured from here on."""
        self._under_way.clear()
        self.newest = 0.0

    def look(self) -> None:
        """See which readings of now the collector has acknowledged: they are durable."""
        for number, at in list(self._under_way.items()):
            if self.outbox.payload(number) is None:
                del self._under_way[number]
                self.newest = max(self.newest, at)


@contextlib.contextmanager
def gateways(folder: Path, broker: Broker, number: int) -> Iterator[list[Gateway]]:
    """So many gateways at work."""
    with contextlib.ExitStack() as ends:
        made = []
        for index in range(number):
            one = Gateway(folder, broker, f"gw-{index}")
            ends.callback(one.outbox.close)
            ends.callback(one.publisher.stop)
            one.publisher.start()
            made.append(one)
        yield made


def put_many(made: Sequence[Gateway], batches: int, start: float, seconds: float) -> None:
    """Let every gateway put batches as fast as its disk takes them, of times evenly over a stretch [s]."""

    def fill(one: Gateway) -> None:
        for number in range(batches):
            one.put(start + number * seconds / batches)

    threads = [threading.Thread(target=fill, args=(one,)) for one in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Live:
    """How a site's readings of now fare.

    Attributes
    ----------
    again_s
        After what time every gateway had a reading of now in the store [s]; infinite until then.
    oldest_s
        How old the newest stored reading of a gateway ever was from then on, beyond the time between two [s].
    """

    def __init__(self, made: Sequence[Gateway], rate: float) -> None:
        self._gateways = made
        self._pause = 1 / rate
        for one in made:
            one.forget()
        self._began = time.monotonic()
        self._due = time.monotonic()
        self.again_s = float("inf")
        self.oldest_s = 0.0

    def go_on(self, until: Callable[[], bool]) -> float:
        """Measure at the live rate until a condition holds; returns how long it took since the beginning [s]."""
        while not until():
            if time.monotonic() >= self._due:
                self._due += self._pause
                for one in self._gateways:
                    one.measure()
            for one in self._gateways:
                one.look()
            stale = time.time() - min(one.newest for one in self._gateways) - self._pause
            if self.again_s != float("inf"):
                self.oldest_s = max(self.oldest_s, stale)
            elif all(one.newest for one in self._gateways):
                self.again_s = time.monotonic() - self._began
            time.sleep(_LOOK_S)
        return time.monotonic() - self._began
