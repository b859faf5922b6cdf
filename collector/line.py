"""The line: from the inbox through the store and back to who sent it, one commit after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import structlog

from collector.answering import Answering
from collector.blame import Blame
from collector.commit import Committed, Committer, Judged
from collector.inbox import Delivery, Inbox
from collector.patience import Interrupted
from telemetry import Batch

log = structlog.get_logger()

_PLENTY: Final = 400
"""Messages that wait when a commit begins, from which on the next one is judged beside it; a city's wait is tens."""


class Line:
    """Takes deliveries from the inbox until it is closed.

    While many wait, the commit before the one under way is answered beside it, and the next one is judged: what that
    waits for (a disk, a server) costs no time then. Commits keep their order, and are never two at once.

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
        self,
        inbox: Inbox,
        committer: Committer,
        answering: Answering,
        most: int,
        tell: Callable[[Sequence[Batch]], None],
    ) -> None:
        self._inbox = inbox
        self._committer = committer
        self._answering = answering
        self._most = most
        self._tell = tell
        self._blame = Blame()

    def run(self) -> None:
        """Go on until the inbox is closed, or a commit is interrupted."""
        while deliveries := self._inbox.take(self._most):
            judged = self._judged(deliveries)
            if judged is None:
                continue
            plenty = len(self._inbox) >= _PLENTY
            safe = self._one_behind_the_other(judged) if plenty else self._made_safe(judged)
            if safe is None:
                return
            self._answer(safe)

    def _one_behind_the_other(self, judged: Judged | None) -> _Safe | None:
        """Commit while many wait; the last one, that is still to be answered, or None as `_made_safe`."""
        before: _Safe | None = None
        while judged is not None:
            under_way = _UnderWay(self._made_safe, judged)
            if before is not None:
                self._answer(before)
            judged = self._judged(self._inbox.take(self._most)) if len(self._inbox) >= _PLENTY else None
            before = under_way.ended()
            if before is None or self._inbox.closed:
                break  # what is judged and not committed is not answered either
        return before

    def _judged(self, deliveries: Sequence[Delivery]) -> Judged | None:
        """Judge deliveries; None when there are none, or a defect of ours kept us from it."""
        if not deliveries:
            return None
        try:
            return self._committer.judge(deliveries)
        except Exception:
            # Of none of them by itself: what a message can bring about is caught there. Whoever sent them sends again.
            log.exception("judging_failed", messages=len(deliveries))
            self._answer(_Safe(deliveries, Committed((), (), (), deliveries)))
            return None

    def _made_safe(self, judged: Judged) -> _Safe | None:
        """Commit; None when the collector was stopped before everything was safe."""
        try:
            committed = self._committer.commit(judged)
        except Interrupted:
            return None
        except Exception:
            log.exception("commit_failed", messages=len(judged.deliveries))
            return self._in_parts(judged.deliveries)
        self._blame.succeeded()
        return _Safe(judged.deliveries, committed)

    def _in_parts(self, deliveries: Sequence[Delivery]) -> _Safe | None:
        """Commit by halves what failed together for a defect of ours, down to the messages that it fails over.

        One that is to blame is set aside: it would come again for ever, and what comes with it as well. The others are
        left to whoever sent them. None as `_made_safe`.
        """
        done: list[Committed] = []
        stuck: list[tuple[Delivery, Exception]] = []
        waiting = _halves(deliveries)
        while waiting:
            part = waiting.pop()
            try:
                done.append(self._committer.commit(self._committer.judge(part)))
            except Interrupted:
                return None
            except Exception as error:
                if len(part) == 1:
                    stuck.append((part[0], error))
                else:
                    waiting += _halves(part)
        to_blame = self._blame.of([delivery for delivery, _ in stuck], others_succeeded=bool(done))
        done += [self._given_up(delivery, error) for delivery, error in stuck[:to_blame]]
        done.append(Committed((), (), (), [delivery for delivery, _ in stuck[to_blame:]]))
        return _Safe(deliveries, _joined(done))

    def _given_up(self, delivery: Delivery, error: Exception) -> Committed:
        log.error("message_unprocessable", topic=delivery.topic, bytes=len(delivery.payload), reason=repr(error))
        try:
            return self._committer.give_up(delivery, error)
        except Exception:
            log.exception("giving_up_failed", topic=delivery.topic)
            return Committed((), (), (), [delivery])

    def _answer(self, safe: _Safe) -> None:
        """Say what is safe, and tell."""
        deliveries, committed = safe
        try:
            if committed.left:
                left = set(map(id, committed.left))
                deliveries = [each for each in deliveries if id(each) not in left]
                self._answering.leave(committed.left)
            self._answering.answer(committed)
        except Exception:
            log.exception("answering_failed", messages=len(deliveries))
        try:
            self._answering.release(deliveries)
            self._answering.call_back()
        except Exception:
            log.exception("release_failed", messages=len(deliveries))
        try:
            self._tell(committed.batches)
        except Exception:
            log.exception("telling_failed", messages=len(deliveries))


class _Safe(NamedTuple):
    """Deliveries of a commit, and what became of them."""

    deliveries: Sequence[Delivery]
    committed: Committed


def _halves(deliveries: Sequence[Delivery]) -> list[Sequence[Delivery]]:
    """Both halves of deliveries, the first one last; of one, that one."""
    half = len(deliveries) // 2
    return [deliveries[half:], deliveries[:half]] if half else [deliveries]


def _joined(parts: Sequence[Committed]) -> Committed:
    """What became of deliveries that were committed in parts."""
    return Committed(
        [each for part in parts for each in part.batches],
        [each for part in parts for each in part.stored],
        [each for part in parts for each in part.quarantined],
        [each for part in parts for each in part.left],
    )


class _UnderWay:
    """A commit on a thread of its own, which no exit of the program waits for."""

    def __init__(self, make_safe: Callable[[Judged], _Safe | None], judged: Judged) -> None:
        self._safe: _Safe | None = None
        self._thread = threading.Thread(target=self._run, args=(make_safe, judged), daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            # The computer gives us no more threads: then this one takes its time.
            log.warning("commit_without_a_thread_of_its_own")
            self._run(make_safe, judged)

    def _run(self, make_safe: Callable[[Judged], _Safe | None], judged: Judged) -> None:
        self._safe = make_safe(judged)

    def ended(self) -> _Safe | None:
        """Wait for it."""
        if self._thread.is_alive():
            self._thread.join()
        return self._safe
