"""The collector: MQTT in, store out, and only then the word that a gateway may let go."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import structlog

from collector.admission import DAY_MS, Rules
from collector.alarms import Board
from collector.answering import Answering
from collector.arrivals import Arrivals
from collector.commit import Committer
from collector.counters import Counters, Latency, Tally
from collector.declined import Declined
from collector.foreign.batch import EPOCH as FOREIGN
from collector.foreign.births import Births
from collector.foreign.loader import load_mappings
from collector.foreign.reception import Reception
from collector.inbox import Inbox
from collector.limits import shortfalls
from collector.line import Line
from collector.own_clock import OwnClock
from collector.patience import Patience
from collector.quarantine import Quarantine
from collector.quarantine_upkeep import QuarantineUpkeep
from collector.registry import Registry
from collector.replay import replay
from collector.rounds import Rounds
from collector.setting_aside import SettingAside
from collector.settings import Settings
from collector.watch import Trouble, Watch
from storage import Store
from telemetry import (
    BATCH,
    BIRTH,
    STATE,
    Alarm,
    Batch,
    Birth,
    Broker,
    Publish,
    Retained,
    Session,
    alarms_topic,
    encode,
    topic,
)

log = structlog.get_logger()

_STOP_S: Final = 0.8
_COLLECT_EVERY: Final = 100_000
"""Objects more than there were, before Python looks for cycles among the young ones."""


class Collector:
    """Takes batches from the broker into the store until it is stopped. It holds no state of its own.

    A batch is acknowledged, to its gateway and then to the broker, when the store has committed it or the quarantine
    has it on disk; never before. While the store is away nothing is acknowledged, and the batches stay with their
    gateways.

    Parameters
    ----------
    store
        Where readings go.
    broker
        Where they come from.
    quarantine
        Where what cannot be stored is kept.
    client_id
        Stable identity at the broker; the settings' unless given.
    settings
        How it works.
    clock
        Time now [ms since 1970-01-01 UTC].

    Attributes
    ----------
    listeners
        Called with the batches of each commit, on the writer's thread: be quick.

    Raises
    ------
    DocumentError
        When a mapping of `settings.foreign` cannot be used.
    OSError, ssl.SSLError
        When a certificate file is unusable.
    """

    def __init__(
        self,
        store: Store,
        broker: Broker,
        quarantine: Quarantine,
        *,
        client_id: str = "",
        settings: Settings | None = None,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        settings = settings or Settings()
        self.quarantine = quarantine
        self.listeners: list[Callable[[Sequence[Batch]], None]] = []
        self._clock = clock
        self._tally = Tally()
        self._stopping = threading.Event()
        self._inbox = Inbox(settings.max_waiting_messages, settings.max_waiting_bytes)
        name = client_id or settings.identity
        registry = Registry(settings.devices)
        mappings = load_mappings(settings.foreign.maps) if settings.foreign.maps else None
        self._rules = Rules(
            round(settings.oldest_days * DAY_MS),
            registry if settings.unknown_devices == "quarantine" else None,
            mappings,
        )
        self._reception = None if mappings is None else Reception(
            settings.foreign.broker or broker, f"{name}-foreign", mappings, subscription=settings.subscription,
            expiry_s=settings.session_expiry_s, inbox=self._inbox, tally=self._tally, clock=clock,
        )  # fmt: skip
        self._births = None if mappings is None else Births(mappings, self._born)
        own_clock = OwnClock()
        self._shared = bool(settings.workers_group)
        self._watch = Watch(Board(name, clock), quarantine, registry, self._failing, own_clock, shared=self._shared)
        self._setting_aside = SettingAside(quarantine, self._tally, self._watch.set_aside)
        self._patience = Patience(store, self._tally, self._stopping)
        self._committer = Committer(
            store, self._setting_aside, self._tally, self._patience, self._rules, clock, own_clock
        )
        self._store = store
        self._alarms_topic = alarms_topic(name)
        self._expiry_s = settings.session_expiry_s
        self._tells_limits = broker.protocol == "5"
        self._session = Session(
            broker,
            name,
            subscription=settings.subscription(topic("+", "+", BATCH)),
            also=[topic("+", "+", BIRTH), topic("+", "+", STATE)],
            on_ready=self._on_ready,
            on_messages=self._take,
            on_cut_off=lambda reason: self._watch.cut_off(reason),  # noqa: PLW0108 - as below
            on_confirmed=lambda mids: self._answering.confirmed(mids),  # noqa: PLW0108 - it is made of this session
            will=Retained(self._alarms_topic, encode(self._watch.board.farewell())),
            manual_ack=True,
            expiry_s=self._expiry_s,
        )
        declined = Declined()
        self._answering = Answering(self._session, self._reception, self._patience, self._inbox, declined)
        self._arrivals = Arrivals(self._inbox, declined, self._answering, self._watch, self._births, self._tally, clock)
        self._rounds = Rounds(
            self._session, self._alarms_topic, watch=self._watch, births=self._births,
            upkeep=QuarantineUpkeep(quarantine, settings.quarantine_keep_days, clock), patience=self._patience,
            answering=self._answering, replay=self._replay, stopping=self._stopping,
        )  # fmt: skip
        self._watching = threading.Thread(target=self._rounds.run, name="collector-watch", daemon=True)
        line = Line(self._inbox, self._committer, self._answering, settings.max_batch_messages, self._tell)
        self._thread = threading.Thread(target=line.run, name="collector-writer", daemon=True)

    @property
    def connected(self) -> bool:
        """Whether batches can arrive now."""
        return self._session.ready

    @property
    def foreign_connected(self) -> bool:
        """Whether messages of others can arrive now, or none are wanted."""
        return self._reception is None or self._reception.ready

    @property
    def counters(self) -> Counters:
        """What it has done so far."""
        return self._tally.counters

    @property
    def waiting(self) -> int:
        """Messages received that are not committed yet and not being written."""
        return len(self._inbox)

    @property
    def alive(self) -> bool:
        """Whether its threads are at work."""
        return self._thread.is_alive() and self._watching.is_alive()

    @property
    def alarms(self) -> list[Alarm]:
        """What is not as it should be, and what lately was not."""
        return self._watch.board.alarms().alarms

    @property
    def twice(self) -> int:
        """Gateways whose name two machines use."""
        return len(self._watch.twice)

    @property
    def waiting_bytes(self) -> int:
        """What they take [bytes]."""
        return self._inbox.bytes

    @property
    def trouble(self) -> str:
        """What store or quarantine said last, while they fail; empty while all is well."""
        return self._patience.trouble or self._setting_aside.trouble

    def latency(self, gateway: str | None = None, *, exclude: Collection[str] = ()) -> Latency:
        """Time from reading the register to the commit, of one gateway or of all but some."""
        return self._tally.latency(gateway, exclude=exclude)

    def start(self) -> None:
        """Begin to connect and to write, in the background."""
        # What is taken apart here holds no cycles: looking for some among the tens of thousands of small objects of a
        # commit makes decoding four times as slow.
        gc.set_threshold(_COLLECT_EVERY)
        self._thread.start()
        self._watching.start()
        self._session.start()
        if self._reception is not None:
            self._reception.start()

    def stop(self) -> None:
        """End the writer and disconnect, within 2 s; what is not committed is delivered again later."""
        self._stopping.set()
        self._inbox.close()
        if self._watching.is_alive():
            self._watching.join(_STOP_S / 2)
        if self._thread.is_alive():
            self._thread.join(_STOP_S)
            if self._thread.is_alive():
                log.warning("collector_still_writing", advice="the commit under way ends by itself")
        if self._reception is not None:
            self._reception.stop(_STOP_S / 4)
        self._answering.finish()
        # A collector that ends in good order leaves no alarms behind.
        self._session.stop(Retained(self._alarms_topic, b""), timeout_s=_STOP_S / 2)

    def look_at_limits(self, granted: Mapping[str, Any] | None = None) -> None:
        """Warn of a broker's limits that are too tight: those it has granted, or those found out otherwise."""
        granted = self._session.granted if granted is None else granted
        self._watch.limits(shortfalls(granted, shared=self._shared, expiry_s=self._expiry_s))

    def _born(self, birth: Birth) -> None:
        self._session.publish(topic(birth.site, birth.gateway, BIRTH), encode(birth), retain=True)

    def _failing(self) -> list[Trouble]:
        return [
            Trouble(self._patience.trouble_kind, self._patience.trouble),
            Trouble("quarantine_unusable", self._setting_aside.trouble),
        ]

    def _on_ready(self) -> None:
        if self._tells_limits:
            self.look_at_limits()
        self._watch.connected()
        self._rounds.publish_anew()

    def _take(self, messages: Sequence[Publish], connection: int) -> None:
        self._arrivals.take(messages, connection)

    def _replay(self) -> None:
        replay(self._store, self.quarantine, self._rules, self._tally, self._clock())

    def _tell(self, batches: Sequence[Batch]) -> None:
        now = self._clock()
        self._tally.observe(
            [
                (batch.gateway, now - read)
                for batch in batches
                if batch.epoch != FOREIGN  # whose clock, and how fine, nobody knows
                for table in batch.tables
                for read in table.times
            ]
        )
        self._watch.committed(batches)
        if self._births is not None:
            self._births.committed(batches)
        for listener in self.listeners if batches else ():
            try:
                listener(batches)
            except Exception:
                log.exception("listener_failed", batches=len(batches))
