"""The board of alarms: which last, which are past, and since when."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec
import structlog

from collector.sentences import SENTENCES
from telemetry import Alarm, AlarmKind, Alarms

log = structlog.get_logger()

_MOST_LASTING: Final = 500
"""Alarms of gateways: with a whole city in the dark the board is full, and a message has its bounds."""
_MOST_PAST: Final = 50
_PAST_MS: Final = 86_400_000
"""How long an alarm that is over is still told [ms]."""


class _Key(NamedTuple):
    kind: AlarmKind
    site: str
    gateway: str
    device: str


class Board:
    """What is not as it should be, for one collector. Thread-safe.

    Parameters
    ----------
    source
        Name of the collector.
    clock
        Time now [ms since 1970-01-01 UTC].
    """

    def __init__(self, source: str, clock: Callable[[], int]) -> None:
        self._source = source
        self._clock = clock
        self._lock = threading.Lock()
        self._lasting: dict[_Key, Alarm] = {}
        self._of_kind: Counter[AlarmKind] = Counter()
        self._past: deque[Alarm] = deque(maxlen=_MOST_PAST)
        self._changed = True

    def __len__(self) -> int:
        return len(self._lasting)

    def tell(
        self, kind: AlarmKind, *, on: bool, site: str = "", gateway: str = "", device: str = "", **facts: object
    ) -> None:
        """Raise an alarm (or tell it anew, with other facts), or let it be over."""
        key = _Key(kind, site, gateway, device)
        with self._lock:
            known = self._lasting.get(key)
            if not on:
                if known is not None:
                    self._remove(key)
                    self._past.append(msgspec.structs.replace(known, until=self._clock()))
                    self._changed = True
                    log.info("alarm_over", kind=kind, site=site, gateway=gateway, device=device)
                return
            if known is None and not self._room_for(key):
                return
            since = known.since if known else self._clock()
            ko, en = (text.format(source=self._source, **facts) for text in SENTENCES[kind])
            told = Alarm(kind, since, ko, en, site=site, gateway=gateway, device=device)
            if told == known:
                return
            self._lasting[key] = told
            self._of_kind[kind] += known is None and bool(gateway)
            self._changed = True
        if known is None:
            log.warning("alarm", kind=kind, site=site, gateway=gateway, device=device, says=en)

    def _room_for(self, key: _Key) -> bool:
        """Whether there is room for one more, perhaps in place of one of the gateways' most abundant kind.

        What concerns everything always has room: it may be the very reason why the board is full.
        """
        if not key.gateway or self._of_kind.total() < _MOST_LASTING:
            return True
        kind, most = self._of_kind.most_common(1)[0]
        if self._of_kind[key.kind] + 1 >= most:
            return False
        self._remove(next(each for each in reversed(self._lasting) if each.kind == kind and each.gateway))
        return True

    def _remove(self, key: _Key) -> None:
        del self._lasting[key]
        self._of_kind[key.kind] -= bool(key.gateway)

    def keep(self, kind: AlarmKind, wanted: set[tuple[str, str]]) -> None:
        """Let the alarms of a kind be over whose (site, gateway) is not in `wanted`."""
        for key in list(self._lasting):
            if key.kind == kind and (key.site, key.gateway) not in wanted:
                self.tell(kind, on=False, site=key.site, gateway=key.gateway, device=key.device)

    def alarms(self) -> Alarms:
        """All of them, as they are published."""
        now = self._clock()
        with self._lock:
            while self._past and (self._past[0].until or 0) < now - _PAST_MS:
                self._past.popleft()
            return Alarms(self._source, now, [*self._lasting.values(), *self._past])

    def news(self) -> Alarms | None:
        """All of them when something has changed since this was asked last, else None."""
        with self._lock:
            changed, self._changed = self._changed, False
        return self.alarms() if changed else None

    def farewell(self) -> Alarms:
        """The last will: that this collector is gone."""
        ko, en = (text.format(source=self._source) for text in SENTENCES["collector_offline"])
        return Alarms(self._source, 0, [Alarm("collector_offline", 0, ko, en)])
