"""A collector reduced to its word: every batch is acknowledged. ``python -m benchmarks.edge_stand.collector PORT``."""

from __future__ import annotations

import re
import sys
import threading
from typing import Any

from telemetry import ACK, BATCH, Ack, Broker, encode, new_client, topic

_HEAD = re.compile(rb'"epoch":"([0-9a-f]+)","seq":(\d+)')


def collect(port: int) -> None:
    """Acknowledge until the input ends."""
    client = new_client(Broker(port=port), "stub")
    client.max_inflight_messages_set(0)
    ready = threading.Event()

    def heard(_client: Any, _data: Any, message: Any) -> None:
        found = _HEAD.search(message.payload[:300])
        if found:
            seq = int(found[2])
            client.publish(topic("bench", "gw-1", ACK), encode(Ack(found[1].decode(), [(seq, seq)])), 1)

    def connected(*_: Any) -> None:
        client.subscribe(topic("bench", "gw-1", BATCH), 1)

    client.on_connect = connected
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = heard
    client.connect("127.0.0.1", port)
    client.loop_start()
    ready.wait(10)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
    client.disconnect()


if __name__ == "__main__":
    collect(int(sys.argv[1]))
