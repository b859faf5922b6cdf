"""Answering: what a gateway and the broker are told once a commit is done, or put off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from collector.acks import Acks, Outbox, Safe
from collector.commit import Committed
from collector.declined import Declined
from collector.foreign.reception import Reception
from collector.inbox import Delivery, Inbox
from collector.patience import Patience
from telemetry import ACK, Ack, Session, encode, topic


class Answering:
    """The way back: acknowledgements to gateways and to the broker, and the word that there is room again.

    Parameters
    ----------
    session, reception
        Where batches of gateways came from, and messages of others.
    patience, inbox
        Whether the store is well, and what room there is.
    declined
        What there was no room for.
    """

    def __init__(
        self,
        session: Session,
        reception: Reception | None,
        patience: Patience,
        inbox: Inbox,
        declined: Declined,
    ) -> None:
        self._session = session
        self._acks = Acks(session.publish_all)
        self._reception = reception
        self._patience = patience
        self._inbox = inbox
        self._declined = declined

    def answer(self, committed: Committed) -> None:
        """Tell gateways what is safe."""
        safe: dict[Outbox, Safe] = defaultdict(lambda: Safe([], []))
        for sender in committed.stored:
            safe[Outbox(sender.site, sender.gateway, sender.epoch)].stored.append(sender.seq)
        for sender in committed.quarantined:
            safe[Outbox(sender.site, sender.gateway, sender.epoch)].quarantined.append(sender.seq)
        self._acks.tell(safe.items())

    def release(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge deliveries to the broker, which then may deliver others; to a gateway this says nothing."""
        of_connection: dict[tuple[bool, int], list[int]] = defaultdict(list)
        for delivery in deliveries:
            if delivery.qos:
                of_connection[delivery.foreign, delivery.connection].append(delivery.mid)
        for (foreign, connection), mids in of_connection.items():
            if foreign and self._reception is not None:
                self._reception.acknowledge(mids, connection)
            else:
                self._session.acknowledge(mids, connection)

    def leave(self, deliveries: Sequence[Delivery]) -> None:
        """Have sent again what could not be kept: gateways do so by themselves, of others the broker still has it."""
        self.release([each for each in deliveries if not each.foreign])
        foreign = [each for each in deliveries if each.foreign]
        if foreign and self._reception is not None:
            self._reception.leave(foreign)

    def confirmed(self, mids: list[int]) -> None:
        """Hear which messages of ours the broker has."""
        self._acks.confirmed(mids)

    def finish(self) -> None:
        """Tell what waits to be told: the session is about to end."""
        self._acks.finish()

    def heard(self, mids: list[int], connection: int) -> None:
        """Acknowledge to the broker what is no batch: nobody waits for it."""
        self._session.acknowledge(mids, connection)

    def look(self) -> None:
        """Once a second: acks that wait for a confirmation that does not come are sent, and there may be room."""
        self._acks.look()
        self.call_back()

    def call_back(self) -> None:
        """Ask for what was declined, as much as there is room for: its gateways would wait out a long back-off."""
        if self._patience.trouble or self._inbox.room < self._inbox.most // 2:
            return
        if self._reception is not None:
            self._reception.call_back()
        if self._declined:
            for (site, gateway, epoch), span in self._declined.take(self._inbox.room).items():
                self._session.publish(topic(site, gateway, ACK), encode(Ack(epoch, declined=[span])))
