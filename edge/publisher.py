"""The publisher: sends what waits in the outbox, and lets go of it when the collector's word arrives.

What travels at QoS 1 is still only a copy: the outbox is the truth. A batch leaves it on an ``Ack`` from the collector,
never on the broker's PUBACK.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec
import structlog
from paho.mqtt.client import MQTTMessageInfo

from edge.errors import OutboxError
from edge.outbox import Outbox
from edge.oversize import Oversize
from edge.rival import Rival
from edge.window import Window
from telemetry import (
    ACK,
    BATCH,
    BIRTH,
    STATE,
    Ack,
    Birth,
    Broker,
    DecodeError,
    Publish,
    Retained,
    Session,
    State,
    decode,
    encode,
    topic,
)

log = structlog.get_logger()

_IDLE_S: Final = 1.0
"""Longest time between two looks at the outbox when nobody calls `Publisher.wake` [s]."""
_STOP_S: Final = 0.6


class _Carried(NamedTuple):
    info: MQTTMessageInfo
    size: int


class Publisher:
    """Sends one gateway's batches until it is stopped.

    Parameters
    ----------
    outbox
        Where the batches wait.
    broker
        Where they go. An unreachable broker, or one that refuses us, is logged once and tried again for ever.
    birth
        What the gateway tells of itself; its epoch is taken from the outbox.
    window
        Most batches sent and not yet acknowledged by the collector.
    resend_after_s
        How long an acknowledgement may take before the same bytes are sent again [s]; doubled with each try.
    live_first
        Send new batches before the backlog of an outage, which is drained beside them. Without it, all in order.
    clock
        Time now [ms since 1970-01-01 UTC], for the retained state.

    Attributes
    ----------
    rival
        Whether another client uses this gateway's id.
    published, acked
        Batches sent (again counts again), and let go on the collector's word, since start.

    Raises
    ------
    CertificateError
        When a certificate file is unusable.
    """

    def __init__(
        self,
        outbox: Outbox,
        broker: Broker,
        birth: Birth,
        *,
        window: int = 256,
        resend_after_s: float = 10.0,
        live_first: bool = True,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._outbox = outbox
        self._birth = birth
        self._clock = clock
        self._epoch = outbox.epoch
        self._window = Window(window, resend_after_s, live_first=live_first)
        self._carried: dict[int, _Carried] = {}
        self._oversize = Oversize(self._topic(BATCH))
        self._acks: queue.SimpleQueue[Ack] = queue.SimpleQueue()
        self._awake = threading.Event()
        self._moved = threading.Condition()
        self._greeted: int | None = None
        self._connection: int | None = None
        self._stopping = False
        self._complaint = ""
        self.published = 0
        self.acked = 0
        self._thread = threading.Thread(target=self._run, name=f"publisher-{outbox.gateway}", daemon=True)
        client_id = f"wattproof-{outbox.site}-{outbox.gateway}"
        self.rival = Rival(client_id)
        self._session = Session(
            broker,
            client_id,
            subscription=self._topic(ACK),
            on_ready=self._on_ready,
            on_messages=self._on_acks,
            on_cut_off=self._on_cut_off,
            will=Retained(self._topic(STATE), encode(State(online=False, at=0, epoch=outbox.epoch))),
        )

    @property
    def connected(self) -> bool:
        """Whether batches can leave now: logged in, and sure to hear acknowledgements."""
        return self._session.ready

    @property
    def held(self) -> int:
        """Batches that are larger than the broker takes, and wait until it does."""
        return self._window.held

    def start(self) -> None:
        """Begin to connect and to send, in the background."""
        self._thread.start()
        self._session.start()

    def wake(self) -> None:
        """Look at the outbox now: something was put."""
        self._awake.set()

    def drained(self, timeout_s: float) -> bool:
        """Wait until nothing waits in the outbox; False when that takes longer than `timeout_s` [s]."""
        self.wake()
        with self._moved:
            return self._moved.wait_for(lambda: self._outbox.counters.batches == 0, timeout_s)

    def stop(self) -> None:
        """Say that the gateway is offline, disconnect, end all threads; within 2 s. What waits stays in the outbox."""
        self._stopping = True
        self._awake.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)
        self._session.stop(Retained(self._topic(STATE), encode(self._state(online=False))), _STOP_S)

    def _state(self, *, online: bool) -> State:
        return State(online, self._clock(), self._outbox.epoch)

    def _topic(self, kind: str) -> str:
        return topic(self._outbox.site, self._outbox.gateway, kind)

    def _on_ready(self) -> None:
        connection = self._session.connection
        try:
            self._greet()
        finally:
            self._greeted = connection  # only now are batches sent over it, whatever became of the greeting
            self._awake.set()

    def _greet(self) -> None:
        self.rival.logged_in()
        self._oversize.connected(self._session.granted)
        birth = encode(msgspec.structs.replace(self._birth, epoch=self._outbox.epoch))
        if not self._oversize.holds(len(birth)):
            self._session.publish(self._topic(BIRTH), birth, retain=True)
        self._session.publish(self._topic(STATE), encode(self._state(online=True)), retain=True)

    def _on_cut_off(self, reason: str) -> None:
        if not self._oversize.cut_off(self._session.going, reason, time.monotonic()):
            self.rival.cut_off(reason)
        self._session.withdraw(self._oversize.holds)  # or the next connection would begin with it

    def _on_acks(self, messages: Sequence[Publish], _connection: int) -> None:
        for message in messages:
            if message.topic != self._topic(ACK):  # some brokers send a new session what others asked for
                continue
            try:
                self._acks.put(decode(message.payload, Ack))
            except DecodeError as error:
                log.warning("ack_unreadable", gateway=self._outbox.gateway, reason=str(error))
        self._awake.set()

    def _run(self) -> None:
        while not self._stopping:
            try:
                pause = self._turn()
                self._complaint = ""
            except OutboxError as error:
                pause = _IDLE_S
                if str(error) != self._complaint:
                    self._complaint = str(error)
                    log.error("outbox_failed", gateway=self._outbox.gateway, reason=str(error))  # noqa: TRY400 - expected
            except Exception:
                # A defect of ours: what waits is on the disk, and a gateway that no longer sends helps nobody.
                pause = _IDLE_S
                log.exception("publisher_failed", gateway=self._outbox.gateway)
            self._awake.wait(pause)
            self._awake.clear()

    def _turn(self) -> float:
        """Take in what was acknowledged, send what is due and what is new; return how long to rest [s]."""
        self._take_acks()
        connection = self._session.connection
        if not self._session.ready or self._greeted != connection:
            return _IDLE_S
        now = time.monotonic()
        if self._outbox.epoch != self._epoch:
            self._begin_anew()
        if self._connection != connection:
            self._connection = connection
            self._window.connected(self._outbox.last_seq)
            self._window.release()
            # What the connection had not yet handed over, paho sends again by itself.
            self._window.due_now([seq for seq, each in self._carried.items() if _handed_over(each.info)], now)
            for seq in [seq for seq, each in self._carried.items() if self._oversize.holds(each.size)]:
                self._hold(seq)
        if self._oversize.lifted(now):
            self._window.release()
        for seq in self._window.due(now):
            payload = self._outbox.payload(seq)
            if payload is None:
                self._window.forget(seq)
                self._carried.pop(seq, None)
            else:
                self._send(seq, payload, now)
        for seq, payload in self._window.fresh(self._outbox, now):
            self._send(seq, payload, now)
        due = self._window.next_due(now)
        return _IDLE_S if due is None else min(_IDLE_S, max(0.0, due - time.monotonic()))

    def _begin_anew(self) -> None:
        """Forget what was in flight: a damaged outbox has been replaced by one with a new epoch."""
        self._epoch = self._outbox.epoch
        for seq in self._carried:
            self._window.forget(seq)
        self._carried.clear()
        self._connection = None
        self._on_ready()

    def _hold(self, seq: int) -> None:
        self._window.hold(seq)
        self._carried.pop(seq, None)

    def _send(self, seq: int, payload: bytes, now: float) -> None:
        if self._oversize.holds(len(payload)):
            self._hold(seq)
            return
        self._carried[seq] = _Carried(self._session.publish(self._topic(BATCH), payload), len(payload))
        self._window.sent(seq, now, len(payload))
        self.published += 1

    def _take_acks(self) -> None:
        acks: list[Ack] = []
        while not self._acks.empty():
            acks.append(self._acks.get())
        landed: list[tuple[int, int]] = []
        for epoch in {ack.epoch for ack in acks}:
            stored = [span for ack in acks if ack.epoch == epoch for span in ack.stored]
            quarantined = [span for ack in acks if ack.epoch == epoch for span in ack.quarantined]
            declined = [span for ack in acks if ack.epoch == epoch for span in ack.declined]
            self._window.declined(self._outbox.own(epoch, declined), time.monotonic())
            if not stored and not quarantined:
                continue
            own = self._outbox.own(epoch, [*stored, *quarantined])
            if not own:
                log.info("ack_of_another_outbox", gateway=self._outbox.gateway, epoch=epoch)
                continue
            self.acked += self._outbox.acknowledge(epoch, stored, quarantined)
            landed += own
        if not landed:
            return
        for seq in self._window.landed(landed, time.monotonic()):
            if (carried := self._carried.pop(seq, None)) is not None:
                self._oversize.taken(carried.size)
        with self._moved:
            self._moved.notify_all()


def _handed_over(info: MQTTMessageInfo) -> bool:
    try:
        return info.is_published()
    except RuntimeError:  # published while there was no connection: paho still holds it
        return False
