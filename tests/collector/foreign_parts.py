"""A meter of others that publishes over a real broker."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from paho.mqtt.client import Client

from telemetry import Broker, new_client


@contextlib.contextmanager
def sender(broker: Broker) -> Iterator[Client]:
    """A meter of others."""
    client = new_client(broker, "meter", clean=True)
    client.connect(broker.host, broker.port)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def publish(client: Client, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
    client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(20)
