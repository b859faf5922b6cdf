"""Committing: deliveries into store and quarantine, with patience for their outages and none for poison."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import structlog

from collector.admission import Rules, admit
from collector.counters import Tally
from collector.doubts import Doubts
from collector.errors import ClockError
from collector.inbox import Delivery
from collector.intake import Intake, Sender, cut_off, glance
from collector.own_clock import WITNESSES, OwnClock
from collector.patience import Patience
from collector.refusals import Reason, Refusal
from collector.refusing import filed, rejected
from collector.setting_aside import SettingAside
from collector.wholesale import apart, judge
from collector.writing import Unprocessable, Writer
from storage import Prepared, Rejected, Store
from telemetry import Batch

log = structlog.get_logger()
_Key = tuple[str, bytes, int]

_CLOCK_FROM: Final = 1_735_689_600_000
"""2025-01-01 UTC: this program is younger. A clock before it would find every sound reading to be of the future, and
bury the quarantine under what need not be there [ms since 1970-01-01 UTC]."""


class Committed(NamedTuple):
    """Where deliveries are safe now.

    Attributes
    ----------
    batches
        What the store has, at least in part; each once.
    stored, quarantined
        Whom to tell that it does, and whom that the quarantine has all of it.
    left
        What is safe nowhere, for the quarantine fails that was to keep it: whoever sent it must send it again.
    """

    batches: Sequence[Batch]
    stored: Sequence[Sender | Batch]
    quarantined: Sequence[Sender]
    left: Sequence[Delivery]


class Judged(NamedTuple):
    """Deliveries of one commit, and which of them may be stored as they are.

    Attributes
    ----------
    deliveries
        What came.
    first
        One delivery for each key (what makes it another), in the order they came.
    now
        When they were judged [ms since 1970-01-01 UTC].
    passed, prepared
        See `collector.wholesale.judge`; of `first`.
    """

    deliveries: Sequence[Delivery]
    first: dict[_Key, Delivery]
    now: int
    passed: list[Batch | None]
    prepared: Prepared


class Committer:
    """Makes deliveries safe; when `commit` returns, all of them may be acknowledged.

    What was judged while another commit is under way may be committed after it: judging changes nothing.

    Parameters
    ----------
    store, setting_aside
        Where readings go, and what is refused.
    tally
        Counts.
    patience
        Waits for the store while it fails.
    rules
        What this collector takes.
    clock
        Time now [ms since 1970-01-01 UTC].
    own_clock
        Whether the gateways' clocks agree with it.
    """

    def __init__(
        self,
        store: Store,
        setting_aside: SettingAside,
        tally: Tally,
        patience: Patience,
        rules: Rules,
        clock: Callable[[], int],
        own_clock: OwnClock,
    ) -> None:
        self._store = store
        self._writer = Writer(store, tally, patience)
        self._setting_aside = setting_aside
        self._tally = tally
        self._patience = patience
        self._doubts = Doubts()
        self._rules = rules
        self._clock = clock
        self._own_clock = own_clock

    def judge(self, deliveries: Sequence[Delivery]) -> Judged:
        """Look at deliveries before they are committed, and prepare those that pass; nothing is changed by it."""
        now = self._clock()
        first: dict[_Key, Delivery] = {}
        for delivery in deliveries:
            first.setdefault(_key(delivery), delivery)
        passed: list[Batch | None] = [None] * len(first)
        prepared = Prepared([], [])
        try:
            passed, prepared = judge([(each.topic, each.payload) for each in first.values()], now, self._rules)
        except Exception:
            # The commit looks at each by itself, and finds out which of them it is.
            log.exception("not_judged_together", messages=len(first))
        if prepared:
            self._prepare(prepared)
        return Judged(deliveries, first, now, passed, prepared)

    def _prepare(self, prepared: Prepared) -> None:
        try:
            self._store.prepare(prepared)
        except Exception:
            # The commit will meet it again, and find out which of them it is.
            log.exception("not_prepared", messages=len(prepared))

    def commit(self, judged: Judged) -> Committed:
        """Store or set aside every delivery, once this computer knows the time; leave what the quarantine cannot keep.

        Raises
        ------
        Interrupted
            When the collector is stopped before everything is safe.
        """
        if judged.now < _CLOCK_FROM:
            self._patience.try_until_done(self._know_the_time)
            judged = self.judge(judged.deliveries)
        doubtful = self._taken_apart(judged)
        left = self._set_aside(judged.first, doubtful)
        refused = self._write(judged, doubtful)
        if not doubtful and not refused:
            return Committed(judged.prepared, judged.prepared, (), ())
        self._set_aside_refused(judged, doubtful, refused, left)
        failed = {id(each.batch) for each in refused if isinstance(each, Unprocessable)}
        return self._accounted(judged, doubtful, failed, left)

    def give_up(self, delivery: Delivery, error: Exception) -> Committed:
        """Set aside a delivery that no commit succeeds with; leave it when the quarantine cannot keep it.

        Whether its checksum fits is not known, so its gateway is told only of what it means to send.
        """
        if not self._setting_aside.keep([(delivery, [Refusal(Reason.UNPROCESSABLE, repr(error))])]):
            return Committed((), (), (), [delivery])
        meant = not delivery.foreign and self._doubts.sent_so(delivery)
        sender = glance(delivery.topic, delivery.payload) if meant else None
        return Committed((), (), [sender] if sender is not None else [], ())

    def _taken_apart(self, judged: Judged) -> dict[_Key, Intake]:
        """Look at what did not pass; and hear of all what it says of our clock."""
        now = judged.now
        keys = [*judged.first] if len(judged.prepared) < len(judged.first) else []
        doubtful = {
            key: self._admitted(judged.first[key], now)
            for key, batch in zip(keys, judged.passed, strict=False)
            if batch is None
        }
        newest = range(max(0, len(judged.passed) - 2 * WITNESSES), len(judged.passed))
        self._own_clock.heard_all(
            (doubtful[keys[nth]] if (batch := judged.passed[nth]) is None else _whole(batch) for nth in newest), now
        )
        return {key: self._settled(judged.first[key], intake) for key, intake in doubtful.items()}

    def _write(self, judged: Judged, doubtful: dict[_Key, Intake]) -> list[Rejected | Unprocessable]:
        """Write what was laid out as it is, and the rest behind it; all as it came where their order may matter."""
        rest = [intake.batch for intake in doubtful.values() if intake.batch is not None]
        if apart(judged.prepared, rest):
            return [*self._writer.write(judged.prepared), *self._writer.write(rest)]
        taken = zip(judged.first, judged.passed, strict=True)
        found = [doubtful[key].batch if batch is None else batch for key, batch in taken]
        return self._writer.write([batch for batch in found if batch is not None])

    def _set_aside(self, first: dict[_Key, Delivery], intakes: dict[_Key, Intake]) -> set[int]:
        """Set aside what is refused; where that fails, take it out of `intakes`, and tell what there is instead."""
        left: set[int] = set()
        refused = [each for key, intake in intakes.items() for each in filed(first[key], intake)]
        if not self._setting_aside.keep(refused):
            for key in [key for key, intake in intakes.items() if intake.refusals]:
                intakes[key] = Intake(None, None, [])
                left.add(id(intakes[key]))
        return left

    def _set_aside_refused(
        self,
        judged: Judged,
        doubtful: dict[_Key, Intake],
        refused: Sequence[Rejected | Unprocessable],
        left: set[int],
    ) -> None:
        """Set aside what the store refused; what cannot be set aside is added to `left`."""
        if not refused:
            return
        taken = zip(judged.first.items(), judged.passed, strict=True)
        owners = {id(doubtful[key].batch if batch is None else batch): each for (key, each), batch in taken}
        found = [
            rejected(owners[id(each.batch)], each)
            if isinstance(each, Rejected)
            else (owners[id(each.batch)], [each.refusal])
            for each in refused
        ]
        if not self._setting_aside.keep(found):
            left.update(id(each.batch) for each in refused)

    def _accounted(self, judged: Judged, doubtful: dict[_Key, Intake], failed: set[int], left: set[int]) -> Committed:
        """Say what became of each delivery, and count those that came to nothing.

        These are left with their gateway, or of others and without anything that is mapped.
        """
        batches: list[Batch] = []
        stored: list[Sender | Batch] = []
        quarantined: list[Sender] = []
        left_out: set[_Key] = set()
        empty = 0
        odd = failed | left
        for key, batch in zip(judged.first, judged.passed, strict=True):
            if batch is not None and id(batch) not in odd:
                batches.append(batch)
                stored.append(batch)
                continue
            intake = doubtful[key] if batch is None else _whole(batch)
            if id(intake) in left or id(intake.batch) in left:
                left_out.add(key)
                continue
            in_store = intake.batch is not None and id(intake.batch) not in failed
            if intake.batch is not None and in_store:
                batches.append(intake.batch)
            empty += key[2] > 0 and intake.batch is None and not intake.refusals
            if intake.sender is not None:
                (stored if in_store else quarantined).append(intake.sender)
        deferred = sum(key[2] == 0 for key in left_out)
        if empty or deferred:
            self._tally.add(foreign_empty=empty, deferred=deferred)
        remaining = [each for each in judged.deliveries if _key(each) in left_out] if left_out else []
        return Committed(batches, stored, quarantined, remaining)

    def _know_the_time(self) -> None:
        now = self._clock()
        if now < _CLOCK_FROM:
            told = dt.datetime.fromtimestamp(now / 1000, dt.UTC)
            raise ClockError(
                f"this computer's clock says {told:%Y-%m-%d %H:%M} UTC: set it, or let a time server do it"
            )

    def _admitted(self, delivery: Delivery, now: int) -> Intake:
        if delivery.left_out:
            return cut_off(delivery.topic, delivery.payload, delivery.left_out)
        try:
            return admit(delivery.topic, delivery.payload, now, self._rules, delivery.received)
        except Exception as error:
            log.exception("message_unprocessable", topic=delivery.topic, bytes=len(delivery.payload))
            refusal = Refusal(Reason.UNPROCESSABLE, repr(error))
            if delivery.foreign:
                return Intake(None, None, [refusal])
            # Whether its checksum fits is not known: perhaps its number is another's.
            return Intake(glance(delivery.topic, delivery.payload), None, [refusal], doubtful=True)

    def _settled(self, delivery: Delivery, intake: Intake) -> Intake:
        """Leave what was damaged on its way unanswered, so that its gateway sends it again.

        What bears no checksum at all is kept to be looked at, whoever sent it. What is of the future only because our
        clock is behind is left with its gateway as well.
        """
        if (
            intake.sender
            and self._own_clock.behind_ms
            and any(each.reason is Reason.FUTURE for each in intake.refusals)
        ):
            self._tally.add(untimely=1)
            return Intake(None, None, [])
        if not intake.doubtful or self._doubts.sent_so(delivery):
            return intake
        self._tally.add(damaged=1)
        (refusal,) = intake.refusals
        log.warning("message_damaged", topic=delivery.topic, bytes=len(delivery.payload), reason=refusal.detail)
        return Intake(None, None, [] if refusal.reason is Reason.DAMAGED else [refusal])


def _key(delivery: Delivery) -> _Key:
    """What makes a delivery another: of gateways its bytes alone, of others also when it came."""
    return delivery.topic, delivery.payload, delivery.received if delivery.foreign else 0


def _whole(batch: Batch) -> Intake:
    """A batch that may be stored as it is."""
    return Intake(Sender(batch.site, batch.gateway, batch.epoch, batch.seq), batch, [])
