"""Reception: a session of its own with the broker on which others publish.

What tells its own time is asked for at QoS 1 and acknowledged when it is committed, as gateways' batches are: however
often it comes, it is the same reading. What tells none has the time of its arrival, and is asked for at QoS 0: a broker
that kept it for later, or sent it again, would have it measured when it was not.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from collector.counters import Tally
from collector.foreign.mappings import Mappings
from collector.inbox import Delivery, Inbox
from collector.retained import Retained
from telemetry import Broker, Publish, Session

log = structlog.get_logger()

_LATER_S: Final = 5.0
_MOST_NAMED: Final = 100
"""Topics that are named once each in the log when no rule takes them."""


class Reception:
    """Receives what mappings ask for, and puts it in the collector's inbox.

    Parameters
    ----------
    broker, client_id
        Where others publish, and under which stable identity to listen.
    mappings
        What to ask for.
    subscription
        From a topic filter to the one to subscribe to (see `Settings.subscription`).
    expiry_s
        How long the broker keeps the session [s].
    inbox, tally
        Where messages go, and counts.
    clock
        Time now [ms since 1970-01-01 UTC].
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        mappings: Mappings,
        *,
        subscription: Callable[[str], str],
        expiry_s: int,
        inbox: Inbox,
        tally: Tally,
        clock: Callable[[], int],
    ) -> None:
        self._mappings = mappings
        self._inbox = inbox
        self._tally = tally
        self._clock = clock
        self._left = threading.Event()
        self._next_call = 0.0
        self._named: set[str] = set()
        self._retained = Retained()
        filters = [(subscription(each.filter), each.timed) for each in mappings.filters]
        self._session = Session(
            broker,
            client_id,
            subscription=filters[0][0],
            also=[wanted for wanted, _ in filters[1:]],
            at_most_once=[wanted for wanted, timed in filters if not timed],
            on_ready=lambda: None,
            on_messages=self._on_messages,
            manual_ack=True,
            expiry_s=expiry_s if any(timed for _, timed in filters) else 0,
        )

    @property
    def ready(self) -> bool:
        """Whether messages can arrive now."""
        return self._session.ready

    def start(self) -> None:
        """Begin to connect, in the background."""
        self._session.start()

    def stop(self, timeout_s: float) -> None:
        """Disconnect; what was not acknowledged the broker delivers again."""
        self._session.stop(timeout_s=timeout_s)

    def acknowledge(self, mids: list[int], connection: int) -> None:
        """Acknowledge messages that are safe."""
        self._session.acknowledge(mids, connection)

    def call_back(self) -> None:
        """Have the broker send again what found no room: it does so on a new connection only."""
        if self._left.is_set() and time.monotonic() >= self._next_call:
            self._left.clear()
            self._session.reconnect()

    def leave(self, deliveries: Sequence[Delivery]) -> None:
        """Have deliveries sent again a little later: the quarantine could not keep them."""
        if not self._left.is_set():
            self._next_call = time.monotonic() + _LATER_S
        self._keep_back(deliveries)

    def _keep_back(self, deliveries: Sequence[Delivery]) -> None:
        """Leave deliveries unacknowledged: the broker still has those that were asked for at QoS 1."""
        for delivery in deliveries:
            self._retained.forget(delivery.topic)
        if any(delivery.qos for delivery in deliveries):
            self._left.set()
        self._tally.add(
            deferred=sum(delivery.qos > 0 for delivery in deliveries),
            foreign_lost=sum(not delivery.qos for delivery in deliveries),
        )

    def _on_messages(self, messages: Sequence[Publish], connection: int) -> None:
        now = self._clock()
        wanted: list[Delivery] = []
        done: list[int] = []
        for each in messages:
            if self._taken(each):
                delivery = Delivery(each.topic, each.payload, now, each.mid, each.qos, connection, each.dup)
                wanted.append(delivery._replace(foreign=True, left_out=each.left_out))
            elif each.qos:
                done.append(each.mid)
        self._tally.add(foreign_messages=len(messages))
        if wanted:
            self._keep_back(self._inbox.put(wanted))
        self._session.acknowledge(done, connection)

    def _taken(self, message: Publish) -> bool:
        taken = self._mappings.route(message.topic)
        if taken is None:
            self._tally.add(foreign_unmatched=1)
            if message.topic not in self._named and len(self._named) < _MOST_NAMED:
                self._named.add(message.topic)
                log.warning(
                    "foreign_topic_unmatched", topic=message.topic,
                    advice="no rule takes it: add one, or a name; `wattproof collector try` shows which rule would",
                )  # fmt: skip
            return False
        if message.retain and self._retained.known(message):
            return False
        if not taken.route.timed and (message.retain or message.dup):
            # It was measured before now, and nobody knows when.
            self._tally.add(foreign_stale=1)
            return False
        return True
