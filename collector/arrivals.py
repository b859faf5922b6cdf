"""Arrivals: what the broker brings, parted into batches, which wait for the store, and words about gateways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from collector.answering import Answering
from collector.counters import Tally
from collector.declined import Declined
from collector.foreign.births import Births
from collector.inbox import Delivery, Inbox
from collector.retained import Retained
from collector.watch import Watch
from telemetry import BATCH, Publish

_BATCHES: Final = f"/{BATCH}"


class Arrivals:
    """Takes messages from the session's thread; nothing here waits for the store.

    Parameters
    ----------
    inbox, declined
        Where batches wait, and where those for which there is no room are noted.
    answering
        Tells the broker that what is declined, or no batch, need not be sent again.
    watch, births
        Told of births and states.
    tally
        Counts.
    clock
        Time now [ms since 1970-01-01 UTC].
    """

    def __init__(
        self,
        inbox: Inbox,
        declined: Declined,
        answering: Answering,
        watch: Watch,
        births: Births | None,
        tally: Tally,
        clock: Callable[[], int],
    ) -> None:
        self._inbox = inbox
        self._declined = declined
        self._answering = answering
        self._watch = watch
        self._births = births
        self._tally = tally
        self._clock = clock
        self._retained = Retained()

    def take(self, messages: Sequence[Publish], connection: int) -> None:
        """Take messages that came together over a connection."""
        now = self._clock()
        batches: list[Delivery] = []
        words: list[Publish] = []
        known: list[Publish] = []
        for each in messages:
            if each.retain and each.topic.endswith(_BATCHES) and self._retained.known(each):
                known.append(each)
            elif each.topic.endswith(_BATCHES):
                delivery = Delivery(each.topic, each.payload, now, each.mid, each.qos, connection, each.dup)
                batches.append(delivery._replace(left_out=each.left_out) if each.left_out else delivery)
            else:
                words.append(each)
        if batches:
            self._put(batches)
        for word in words:
            self._hear(word)
        self._answering.heard([each.mid for each in (*known, *words) if each.qos], connection)

    def _put(self, batches: list[Delivery]) -> None:
        self._tally.add(messages=len(batches))
        if declined := self._inbox.put(batches):
            self._tally.add(deferred=len(declined))
            self._declined.note(declined)
            self._answering.release(declined)
            for each in declined:
                self._retained.forget(each.topic)

    def _hear(self, message: Publish) -> None:
        if self._births is None or not self._births.heard(message.topic, message.payload):
            self._watch.heard(message.topic, message.payload, retained=message.retain)
