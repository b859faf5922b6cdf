"""The watch: looks once a second at what the collector sees, and tells alarms to whoever shows them."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import structlog

from collector.alarms import Board
from collector.identity import WINDOW_MS, Identities
from collector.limits import Shortfall
from collector.namesake import Namesake
from collector.own_clock import OwnClock
from collector.quarantine import Quarantine
from collector.quarantine_entry import names
from collector.reason_words import in_words
from collector.refusals import Refusal
from collector.registry import Registry
from collector.unheard import Unheard
from telemetry import BIRTH, STATE, AlarmKind, Alarms, Batch, Birth, State, TelemetryError, decode, parse_topic

log = structlog.get_logger()

_OFFLINE_AFTER_MS: Final = 30_000
"""A connection that is back within this was none to worry about [ms]."""
_RETURN_MS: Final = 60_000
"""So long may a gateway take to come back after its broker: it tries every 30 s at least [ms]."""
_FREE_RUNNING_MS: Final = 600_000
"""So long may a clock run on its own, as after a start, before somebody is told; and so long is what a gateway said of
it believed [ms]."""
_EVENT_MS: Final = 3_600_000
"""How long something that happened once is shown as lasting [ms]."""
_STORE_ALARMS: Final[tuple[AlarmKind, ...]] = (
    "store_unavailable", "store_refused", "quarantine_unusable", "clock_not_set",
)  # fmt: skip
_MOST_SET_ASIDE: Final = 10_000
_GAPS_KNOWN: Final = 128
"""Batches with gaps of a gateway that are known again when they are sent again."""
_HOSTS: Final = 4
"""Births whose machines are named when two speak under one name."""

Gateway = tuple[str, str]
"""Site and gateway."""


class Trouble(NamedTuple):
    """What fails, and which alarm that is; an empty text while it works."""

    kind: AlarmKind
    text: str


class _Event(NamedTuple):
    at: int
    reason: str
    number: int


class _FreeRun(NamedTuple):
    since: int
    heard: int


class Watch:
    """Notes what is heard of gateways and of the collector itself, and keeps the board of alarms by it.

    Thread-safe: the connection's, the writer's and the ticking thread all tell it things.

    Parameters
    ----------
    board
        Where alarms are raised.
    quarantine
        Whose room is watched.
    registry
        Told of births.
    troubles
        Asked what fails.
    own_clock
        What gateways say of our clock.
    clock
        Any clock that nobody sets [ms]: all that is told here is told after a while, or for one.
    shared
        Whether other collectors see a part of what comes.
    """

    def __init__(
        self,
        board: Board,
        quarantine: Quarantine,
        registry: Registry,
        troubles: Callable[[], Sequence[Trouble]],
        own_clock: OwnClock,
        clock: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000,
        *,
        shared: bool = False,
    ) -> None:
        self._shared = shared
        self.board = board
        self._quarantine = quarantine
        self._registry = registry
        self._troubles = troubles
        self._own_clock = own_clock
        self._clock = clock
        self._lock = threading.Lock()
        self._instances = Identities()
        self._births = Identities()
        self._unheard = Unheard()
        self._namesake = Namesake()
        self._hosts: dict[Gateway, deque[str]] = defaultdict(lambda: deque(maxlen=_HOSTS))
        self._online: dict[Gateway, str] = {}
        self._said: dict[Gateway, State] = {}
        self._offline: dict[Gateway, int] = {}
        self._there: set[Gateway] = set()
        self._awaited: set[Gateway] = set()
        self._presumed: set[Gateway] = set()
        self._free_running: dict[Gateway, _FreeRun] = {}
        self._stepped: dict[Gateway, int] = {}
        self._gaps: dict[Gateway, _Event] = {}
        self._gaps_known: dict[Gateway, deque[int]] = defaultdict(lambda: deque(maxlen=_GAPS_KNOWN))
        self._set_aside: dict[Gateway, deque[_Event]] = defaultdict(lambda: deque(maxlen=_MOST_SET_ASIDE))

    @property
    def twice(self) -> set[Gateway]:
        """Gateways whose name two machines use."""
        with self._lock:
            now = self._clock()
            return self._instances.twice(now) | self._births.twice(now)

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Take in a birth or a state."""
        try:
            address = parse_topic(topic)
            key = (address.site, address.gateway)
            if address.kind == STATE:
                self._state(key, decode(payload, State) if payload else None, retained=retained)
            elif address.kind == BIRTH and payload:
                birth = decode(payload, Birth)
                self._registry.born(birth)
                if not retained:
                    with self._lock:
                        self._births.heard(*key, birth.epoch, self._clock(), self._clock())
                        if birth.host:
                            self._hosts[key].append(birth.host)
        except TelemetryError as error:
            log.warning("message_ignored", topic=topic, reason=str(error))

    def cut_off(self, reason: str) -> None:
        """Take in that the broker is away, and why: of a gateway that goes meanwhile there is no last will."""
        with self._lock:
            self._namesake.cut_off(reason, self._clock())
            for key in self._presumed:
                self._offline.pop(key, None)
            self._presumed.clear()
            self._awaited = self._there.copy()

    def connected(self) -> None:
        """Take in that the broker is back: gateways that were there are gone unless they, or it, say otherwise."""
        with self._lock:
            for key in self._awaited:
                self._offline[key] = self._clock() + _RETURN_MS - _OFFLINE_AFTER_MS
                self._presumed.add(key)
            self._awaited.clear()

    def committed(self, batches: Sequence[Batch]) -> None:
        """Take in what the store has."""
        now = self._clock()
        with self._lock:
            for batch in batches:
                key = (batch.site, batch.gateway)
                newest = 0
                for table in batch.tables:
                    if table.times:
                        newest = max(newest, table.times[-1])
                self._instances.heard(*key, batch.epoch, newest, now)
                self._unheard.stored(*key, batch.epoch, batch.seq, now)
                if batch.gaps:
                    self._lost(key, batch, now)
                if batch.tables and batch.tables[0].clock:
                    self._clock_state(key, batch.tables[0].clock, now)

    def set_aside(self, topic: str, refusals: Sequence[Refusal]) -> None:
        """Take in what is new in quarantine."""
        site, gateway, _ = names(topic, "")
        with self._lock:
            events = self._set_aside[site, gateway]
            events.extend(_Event(self._clock(), refusal.reason.value, 1) for refusal in refusals)

    def limits(self, found: Sequence[Shortfall]) -> None:
        """Take in what the broker's limits lack."""
        for shortfall in found:
            log.warning("broker_limit", limit=shortfall.limit, says=shortfall.en)
        told_ko, told_en = ("; ".join(texts) for texts in ([s.ko for s in found], [s.en for s in found]))
        self.board.tell("broker_limits", on=bool(found), problems_ko=told_ko, problems_en=told_en)

    def look(self) -> Alarms | None:
        """Bring the board up to date; return it when there is news."""
        now = self._clock()
        failing = {trouble.kind: trouble.text for trouble in self._troubles() if trouble.text}
        for kind in _STORE_ALARMS:
            self.board.tell(kind, on=kind in failing, detail=failing.get(kind, ""))
        self.board.tell("quarantine_full", on=self._quarantine.full)
        behind = self._own_clock.behind_ms
        self.board.tell("clock_behind", on=behind > 0, minutes=f"{max(1, round(behind / 60_000)):,}")
        twice = self.twice
        with self._lock:
            offline = {key for key, since in self._offline.items() if now - since >= _OFFLINE_AFTER_MS}
            self._free_running = {
                key: run for key, run in self._free_running.items() if now - run.heard <= _FREE_RUNNING_MS
            }
            drifting = {key for key, run in self._free_running.items() if now - run.since >= _FREE_RUNNING_MS}
            stepped = {key for key, at in self._stepped.items() if now - at < _EVENT_MS}
            gaps = {key: event for key, event in self._gaps.items() if now - event.at < _EVENT_MS}
            unheard = self._unheard.gateways(now)
            namesake = self._namesake.seen(now)
            growing = {key: told for key in list(self._set_aside) if (told := self._recent(key, now))}
        self.board.tell("collector_id_twice", on=namesake)
        for site, gateway in twice:
            with self._lock:
                hosts = ", ".join(sorted(set(self._hosts[site, gateway])))
            self.board.tell("gateway_id_twice", on=True, site=site, gateway=gateway, hosts=hosts or "?")
        self.board.keep("gateway_id_twice", twice)
        self._plain("gateway_offline", offline)
        self._plain("acks_unheard", unheard)
        self._plain("clock_not_synchronised", drifting)
        self._plain("clock_stepped", stepped)
        for (site, gateway), event in gaps.items():
            ko, en = in_words(event.reason)
            self.board.tell(
                "gap_declared", on=True, site=site, gateway=gateway, **self._number(event.number),
                reason_ko=ko, reason_en=en,
            )  # fmt: skip
        self.board.keep("gap_declared", set(gaps))
        for (site, gateway), (entries, reason) in growing.items():
            ko, en = in_words(reason)
            self.board.tell(
                "quarantine_growing", on=True, site=site, gateway=gateway, **self._number(entries),
                reason_ko=ko, reason_en=en,
            )  # fmt: skip
        self.board.keep("quarantine_growing", set(growing))
        return self.board.news()

    def _number(self, number: int) -> dict[str, str]:
        """A number as it is told: where others share the work, they have seen more."""
        said = f"{number:,}"
        return {
            "at_least": "at least " if self._shared else "",
            "number": said,
            "or_more": " 이상" if self._shared else "",
        }

    def _plain(self, kind: AlarmKind, gateways: set[Gateway]) -> None:
        for site, gateway in gateways:
            self.board.tell(kind, on=True, site=site, gateway=gateway)
        self.board.keep(kind, gateways)

    def _recent(self, key: Gateway, now: int) -> tuple[int, str] | None:
        """How much was set aside of late and mostly why; None for nothing."""
        events = self._set_aside[key]
        while events and now - events[0].at > WINDOW_MS:
            events.popleft()
        if not events:
            del self._set_aside[key]
            return None
        return len(events), Counter(event.reason for event in events).most_common(1)[0][0]

    def _state(self, key: Gateway, state: State | None, *, retained: bool) -> None:
        with self._lock:
            if retained and state is not None and key not in self._there and state.repeats(self._said.get(key)):
                return  # a broker that was killed knows what it had saved, and not that the gateway went since
            if state is None or state.online or state.at:  # a gateway that signs off does so by somebody's hand
                self._offline.pop(key, None)
                self._online[key] = state.epoch if state is not None else ""
            elif self._online.get(key) in (None, "", state.epoch):  # not the will of a start that another has replaced
                self._offline.setdefault(key, self._clock())
            for known in (self._there, self._awaited, self._presumed):
                known.discard(key)
            if state is not None and state.online:
                self._there.add(key)
                self._said[key] = state

    def _lost(self, key: Gateway, batch: Batch, now: int) -> None:
        number = hash((batch.epoch, batch.seq))
        if number in self._gaps_known[key]:
            return  # sent again, for its acknowledgement was lost
        self._gaps_known[key].append(number)
        known = self._gaps.get(key)
        before = known.number if known and now - known.at < _EVENT_MS else 0
        self._gaps[key] = _Event(now, batch.gaps[-1].reason, before + sum(gap.readings for gap in batch.gaps))

    def _clock_state(self, key: Gateway, clock: str, now: int) -> None:
        if clock == "stepped":
            self._stepped[key] = now
        if clock == "free_running":
            known = self._free_running.get(key)
            self._free_running[key] = _FreeRun(known.since if known else now, now)
        elif clock == "synchronised":
            self._free_running.pop(key, None)
