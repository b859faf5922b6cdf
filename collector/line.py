"""The line: from the inbox through the store and back to who sent it, one commit after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from collector.answering import Answering
from collector.commit import Committer, Judged, Outcome
from collector.inbox import Delivery, Inbox
from collector.patience import Interrupted
from telemetry import Batch

log = structlog.get_logger()

_PLENTY: Final = 400
"""Messages that wait when a commit begins, from which on the next one is judged beside it; a city's wait is tens."""


class Line:
    """Takes deliveries from the inbox until it is closed.

    While many wait, the next commit is judged beside the one under way: what that waits for (a disk, a server) costs no
    time then. Commits keep their order, and are never two at once.

    Parameters
    ----------
    inbox, committer, answering
        Where deliveries come from, who makes them safe, and who says so.
    most
        Messages of one commit, at most.
    tell
        Given the batches of each commit, once it is answered.
    """

    def __init__(
        self, inbox: Inbox, committer: Committer, answering: Answering, most: int, tell: Callable[[list[Batch]], None]
    ) -> None:
        self._inbox = inbox
        self._committer = committer
        self._answering = answering
        self._most = most
        self._tell = tell

    def run(self) -> None:
        """Go on until the inbox is closed, or a commit is interrupted."""
        judged = self._next()
        while judged is not None:
            ahead = None
            if len(self._inbox) < _PLENTY:
                if not self._make_safe(judged):
                    return
            else:
                under_way = _UnderWay(self._make_safe, judged)
                ahead = self._next()
                if not under_way.ended():
                    return
            judged = ahead or self._next()

    def _next(self) -> Judged | None:
        """Wait for deliveries and judge them; None when the inbox is closed."""
        while deliveries := self._inbox.take(self._most):
            try:
                return self._committer.judge(deliveries)
            except Exception:
                log.exception("judging_failed", messages=len(deliveries))
                self._leave(deliveries)
        return None

    def _make_safe(self, judged: Judged) -> bool:
        """Commit, answer and tell; False when the collector was stopped before everything was safe."""
        outcomes: list[Outcome] = []
        deliveries = judged.deliveries
        try:
            outcomes = self._committer.commit(judged)
            if any(outcome.left for outcome in outcomes):
                left = [each for each, outcome in zip(deliveries, outcomes, strict=True) if outcome.left]
                deliveries = [each for each, outcome in zip(deliveries, outcomes, strict=True) if not outcome.left]
                self._answering.leave(left)
            self._answering.answer(outcomes)
        except Interrupted:
            return False
        except Exception:
            log.exception("commit_failed", messages=len(judged.deliveries))
        self._leave(deliveries)
        try:
            batches = [outcome.batch for outcome in outcomes if outcome.batch is not None]
            self._tell(list({id(batch): batch for batch in batches}.values()))
        except Exception:
            log.exception("telling_failed", messages=len(judged.deliveries))
        return True

    def _leave(self, deliveries: Sequence[Delivery]) -> None:
        """Be done with deliveries. Where a defect of ours kept them from the store, their gateways send them again."""
        try:
            self._answering.release(deliveries)
            self._answering.call_back()
        except Exception:
            log.exception("release_failed", messages=len(deliveries))


class _UnderWay:
    """A commit on a thread of its own, which no exit of the program waits for."""

    def __init__(self, make_safe: Callable[[Judged], bool], judged: Judged) -> None:
        self._safe = False
        self._thread = threading.Thread(target=self._run, args=(make_safe, judged), daemon=True)
        self._thread.start()

    def _run(self, make_safe: Callable[[Judged], bool], judged: Judged) -> None:
        self._safe = make_safe(judged)

    def ended(self) -> bool:
        """Wait for it; False when it was interrupted."""
        self._thread.join()
        return self._safe
