"""Rounds: what a collector looks after once a second beside taking batches in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import structlog

from collector.answering import Answering
from collector.errors import QuarantineError
from collector.foreign.births import Births
from collector.patience import Patience
from collector.quarantine_upkeep import QuarantineUpkeep
from collector.watch import Watch
from storage import StoreError
from telemetry import Alarms, Session, encode

log = structlog.get_logger()

_EVERY_S: Final = 1.0


class Rounds:
    """Goes round until it is stopped: alarms and births are published, the quarantine is looked after and replayed.

    Parameters
    ----------
    session, alarms_topic
        Where alarms are published, and under which topic.
    watch, births, upkeep
        What is looked after.
    patience
        Whether the store is well: only then is anything asked for or replayed.
    answering
        Tells what waits to be told, and asks for what was declined.
    replay
        Replays what of the quarantine is asked for.
    stopping
        Ends it.
    """

    def __init__(
        self,
        session: Session,
        alarms_topic: str,
        *,
        watch: Watch,
        births: Births | None,
        upkeep: QuarantineUpkeep,
        patience: Patience,
        answering: Answering,
        replay: Callable[[], object],
        stopping: threading.Event,
    ) -> None:
        self._session = session
        self._alarms_topic = alarms_topic
        self._watch = watch
        self._births = births
        self._upkeep = upkeep
        self._patience = patience
        self._answering = answering
        self._replay = replay
        self._stopping = stopping

    def publish_anew(self) -> None:
        """Publish all alarms, now that the session is ready: the broker may have lost them, or have our last will."""
        self._publish(self._watch.board.alarms())

    def run(self) -> None:
        """Go round until the collector stops."""
        while not self._stopping.wait(_EVERY_S):
            try:
                self._look()
            except (StoreError, QuarantineError) as error:
                log.warning("watch_hindered", reason=str(error))
            except Exception:
                log.exception("watch_failed")

    def _look(self) -> None:
        self._answering.look()
        self._tell_alarms()
        if self._births is not None and self._session.ready:
            self._births.look()
        self._upkeep.look()
        if not self._patience.trouble:
            self._replay()

    def _tell_alarms(self) -> None:
        news = self._watch.look()
        if news is not None and self._session.ready:  # else all of them are published once it is
            self._publish(news)

    def _publish(self, alarms: Alarms) -> None:
        self._session.publish(self._alarms_topic, encode(alarms), retain=True)
