"""Committing: deliveries into store and quarantine, with patience for their outages and none for poison."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Final, NamedTuple

import structlog

from collector.admission import Rules, admit
from collector.counters import Tally
from collector.doubts import Doubts
from collector.errors import ClockError
from collector.inbox import Delivery
from collector.intake import Intake, Sender, cut_off
from collector.own_clock import WITNESSES, OwnClock
from collector.patience import Interrupted, Patience
from collector.refusals import Reason, Refusal, newest_of_the_future
from collector.refusing import filed, rejected
from collector.setting_aside import SettingAside
from collector.wholesale import judge
from storage import Prepared, Store, StoreError, StoreUnavailableError, Written
from telemetry import Batch

log = structlog.get_logger()
_Key = tuple[str, bytes, int]

_CLOCK_FROM: Final = 1_735_689_600_000
"""2025-01-01 UTC: this program is younger. A clock before it would find every sound reading to be of the future, and
bury the quarantine under what need not be there [ms since 1970-01-01 UTC]."""


class Outcome(NamedTuple):
    """Where a delivery is safe now: in the store (at least in part), or wholly in quarantine.

    With `left`, it is not: the quarantine fails that was to keep it, and whoever sent it must send it again.
    """

    sender: Sender | None
    stored: bool
    batch: Batch | None
    left: bool = False


class Judged(NamedTuple):
    """Deliveries of one commit, and which of them may be stored as they are.

    Attributes
    ----------
    deliveries, keys
        What came, and for each what makes it another; shape (deliveries,).
    first
        One delivery for each key, in the order they came.
    now
        When they were judged [ms since 1970-01-01 UTC].
    passed, prepared
        See `collector.wholesale.judge`; of `first`.
    """

    deliveries: Sequence[Delivery]
    keys: list[_Key]
    first: dict[_Key, Delivery]
    now: int
    passed: list[Batch | None]
    prepared: Prepared | None


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
        self._setting_aside = setting_aside
        self._tally = tally
        self._patience = patience
        self._doubts = Doubts()
        self._rules = rules
        self._clock = clock
        self._own_clock = own_clock

    def judge(self, deliveries: Sequence[Delivery]) -> Judged:
        """Look at deliveries before they are committed; pure but for the clock."""
        now = self._clock()
        keys = [_key(delivery) for delivery in deliveries]
        first: dict[_Key, Delivery] = {}
        for key, delivery in zip(keys, deliveries, strict=True):
            first.setdefault(key, delivery)
        passed, prepared = judge([(each.topic, each.payload) for each in first.values()], now, self._rules)
        return Judged(deliveries, keys, first, now, passed, prepared)

    def commit(self, judged: Judged) -> list[Outcome]:
        """Store or set aside every delivery, once this computer knows the time; leave what the quarantine cannot keep.

        Returns
        -------
        list[Outcome]
            One per delivery, in their order.

        Raises
        ------
        Interrupted
            When the collector is stopped before everything is safe.
        """
        if judged.now < _CLOCK_FROM:
            self._patience.try_until_done(self._know_the_time)
            judged = self.judge(judged.deliveries)
        _, keys, first, _, _, prepared = judged
        intakes = self._taken_apart(judged)
        # What is beyond every doubt, and laid out, has nothing to set aside.
        left = self._set_aside(first, intakes) if prepared is None else set[int]()
        owners = {id(batch): first[key] for key, intake in intakes.items() if (batch := intake.batch) is not None}
        batches = [batch for intake in intakes.values() if (batch := intake.batch) is not None]
        failed = self._write(prepared or batches, owners, left)
        outcomes = {key: _outcome(intake, failed, left) for key, intake in intakes.items()}
        if prepared is None or left:
            self._count(intakes, outcomes)
        return [outcomes[key] for key in keys]

    def _taken_apart(self, judged: Judged) -> dict[_Key, Intake]:
        now = judged.now
        intakes = {
            key: self._admitted(each, now)
            if batch is None
            else Intake(Sender(batch.site, batch.gateway, batch.epoch, batch.seq), batch, [])
            for (key, each), batch in zip(judged.first.items(), judged.passed, strict=True)
        }
        newest = list(islice(reversed(intakes.values()), 2 * WITNESSES))
        self._hear_clocks(reversed(newest), now)
        for key, batch in zip(judged.first, judged.passed, strict=True) if judged.prepared is None else ():
            if batch is None:
                intakes[key] = self._settled(judged.first[key], intakes[key])
        return intakes

    def _set_aside(self, first: dict[_Key, Delivery], intakes: dict[_Key, Intake]) -> set[int]:
        """Set aside what is refused; where that fails, take it out of `intakes`, and tell what there is instead."""
        left: set[int] = set()
        refused = [each for key, intake in intakes.items() for each in filed(first[key], intake)]
        if not self._setting_aside.keep(refused):
            for key in [key for key, intake in intakes.items() if intake.refusals]:
                intakes[key] = Intake(None, None, [])
                left.add(id(intakes[key]))
        return left

    def _count(self, intakes: dict[_Key, Intake], outcomes: dict[_Key, Outcome]) -> None:
        """Count what came to nothing: left with its gateway, or of others and without anything that is mapped."""
        nothing = [key for key, intake in intakes.items() if intake.batch is None and not intake.refusals]
        empty = sum(key[2] > 0 and not outcomes[key].left for key in nothing)
        left = sum(outcome.left and key[2] == 0 for key, outcome in outcomes.items())
        if empty or left:
            self._tally.add(foreign_empty=empty, deferred=left)

    def _know_the_time(self) -> None:
        now = self._clock()
        if now < _CLOCK_FROM:
            told = dt.datetime.fromtimestamp(now / 1000, dt.UTC)
            raise ClockError(
                f"this computer's clock says {told:%Y-%m-%d %H:%M} UTC: set it, or let a time server do it"
            )

    def _hear_clocks(self, intakes: Iterable[Intake], now: int) -> None:
        """Note what gateways' newest readings say of our clock."""
        for sender, batch, refusals, _, _ in intakes:
            if sender is None:
                continue
            if batch is not None and not refusals and batch.tables and (times := batch.tables[0].times):
                self._own_clock.heard(sender.site, sender.gateway, times[-1], now, future=False)
                continue
            newest = newest_of_the_future(refusals)
            if newest:
                self._own_clock.heard(sender.site, sender.gateway, newest, now, future=True)

    def _admitted(self, delivery: Delivery, now: int) -> Intake:
        if delivery.left_out:
            return cut_off(delivery.topic, delivery.payload, delivery.left_out)
        return admit(delivery.topic, delivery.payload, now, self._rules, delivery.received)

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

    def _write(self, batches: Sequence[Batch], owners: dict[int, Delivery], left: set[int]) -> set[int]:
        """Write batches; those that the store cannot take for a reason of their own are set aside and returned.

        What cannot be set aside is added to `left`.
        """
        if not batches:
            return set()
        try:
            written = self._patience.try_until_done(lambda: self._written(batches))
        except Interrupted:
            raise
        except Exception as error:
            if len(batches) == 1:
                log.exception("batch_unprocessable", gateway=batches[0].gateway, seq=batches[0].seq)
                refusal = Refusal(Reason.UNPROCESSABLE, repr(error), readings=batches[0].readings)
                if not self._setting_aside.keep([(owners[id(batches[0])], [refusal])]):
                    left.add(id(batches[0]))
                return {id(batches[0])}
            half = len(batches) // 2
            return self._write(batches[:half], owners, left) | self._write(batches[half:], owners, left)
        if not self._setting_aside.keep([rejected(owners[id(each.batch)], each) for each in written.rejected]):
            left.update(id(each.batch) for each in written.rejected)
        gap_readings = sum(gap.readings for batch in batches for gap in batch.gaps)
        self._tally.add(batches=len(batches), written=written.stored, gaps=written.gaps, gap_readings=gap_readings)
        return set()

    def _written(self, batches: Sequence[Batch]) -> Written:
        try:
            return self._store.write(batches)
        except StoreError:
            raise
        except Exception as error:
            health = self._store.health()
            if health.ok:
                raise
            # An error nobody foresaw, from a store that is not well: the batches are not to blame.
            raise StoreUnavailableError(f"{health.engine}: {health.detail} ({error!r})") from error


def _key(delivery: Delivery) -> _Key:
    """What makes a delivery another: of gateways its bytes alone, of others also when it came."""
    return delivery.topic, delivery.payload, delivery.received if delivery.foreign else 0


def _outcome(intake: Intake, failed: set[int], left: set[int]) -> Outcome:
    if left and (id(intake) in left or id(intake.batch) in left):
        return Outcome(None, stored=False, batch=None, left=True)
    stored = intake.batch is not None and id(intake.batch) not in failed
    return Outcome(intake.sender, stored, intake.batch if stored else None)
