"""A city's gateways on one socket: they send as fast as told and hear the acknowledgements.

``python -m benchmarks.collector_stand.gateways PORT METERS GATEWAYS``; then lines on standard input: ``burst COUNT``
sends at full speed, ``pace RATE SECONDS`` [1/s, s] so many a second, stamped with their time; each is answered by a
line when the broker has them all, and by another when a collector has acknowledged them all. What a collector declines
is not sent again here: then there is nothing more to measure, and this ends.
"""

from __future__ import annotations

import itertools
import socket
import sys
import threading
import time

from benchmarks.collector_stand.messages import Meters
from telemetry import ACK, Ack, decode, topic
from telemetry.packets import split


class Gateways:
    """One raw MQTT connection."""

    def __init__(self, port: int, meters: int, gateways: int) -> None:
        self._count = meters
        self._meters = Meters(meters, gateways)
        self._mids = itertools.cycle(range(1, 65_536))
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(b"\x10\x14\x00\x04MQTT\x04\x02\x00\x00\x00\x08gateways")
        wanted = topic("+", "+", ACK).encode()
        self._socket.sendall(bytes([0x82, len(wanted) + 5, 0, 1, 0, len(wanted)]) + wanted + b"\x00")
        self.taken = self.acknowledged = self.declined = 0
        self.changed = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def burst(self, count: int) -> None:
        """Send at full speed; what a meter sends again is read a millisecond later."""
        now = time.time_ns() // 1_000_000
        for first in range(0, count, 500):
            packets = (
                self._meters.next(now + number // self._count, next(self._mids))
                for number in range(first, min(first + 500, count))
            )
            self._socket.sendall(b"".join(packets))

    def pace(self, rate: int, seconds: float) -> int:
        """Send evenly, a few every millisecond; returns how many."""
        count = round(rate * seconds)
        began, sent = time.monotonic(), 0
        while sent < count:
            due = min(count, int((time.monotonic() - began) * rate) + 1)
            if due > sent:
                now = time.time_ns() // 1_000_000
                self._socket.sendall(b"".join(self._meters.next(now, next(self._mids)) for _ in range(due - sent)))
                sent = due
            time.sleep(0.001)
        return count

    def wait(self, what: str, count: int) -> None:
        """Wait until so many messages are `taken` by the broker, or `acknowledged` by a collector."""
        with self.changed:
            self.changed.wait_for(lambda: self.declined or getattr(self, what) >= count)
        if self.declined:
            raise SystemExit(
                f"gateways: the collector declined {self.declined} messages, for its store was slower than they came;"
                " let fewer wait (--backlog), or measure when the machine has less else to do"
            )

    def _listen(self) -> None:
        data = b""
        while part := self._socket.recv(1 << 18):
            data += part
            taken = acknowledged = declined = 0
            found = None
            while found is None or found.others:
                found = split(data, properties=False)
                data = data[found.used :]
                taken += len(found.confirmed)
                for message in found.messages:
                    ack = decode(message.payload, Ack)
                    acknowledged += sum(last - first + 1 for first, last in (*ack.stored, *ack.quarantined))
                    declined += sum(last - first + 1 for first, last in ack.declined)
            with self.changed:
                self.taken += taken
                self.acknowledged += acknowledged
                self.declined += declined
                self.changed.notify_all()


def say(line: str) -> None:
    """Tell the benchmark."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Do what standard input says until it ends."""
    gateways = Gateways(*map(int, sys.argv[1:4]))
    total = 0
    say("ready")
    for line in sys.stdin:
        order, *numbers = line.split()
        if order == "burst":
            gateways.burst(int(numbers[0]))
            total += int(numbers[0])
        else:
            total += gateways.pace(int(numbers[0]), float(numbers[1]))
        gateways.wait("taken", total)
        say("sent")
        gateways.wait("acknowledged", total)
        say(f"{time.time()}")


if __name__ == "__main__":
    main()
