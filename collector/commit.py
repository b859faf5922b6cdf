"""Committing: deliveries into store and quarantine, with patience for their outages and none for poison."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar

import msgspec
import structlog

from collector.admission import Rules, admit
from collector.counters import Tally
from collector.doubts import Doubts
from collector.errors import ClockError, QuarantineError
from collector.inbox import Delivery
from collector.intake import Intake, Reason, Refusal, Sender, part_content
from collector.quarantine import Quarantine, Refused
from collector.wholesale import judge
from storage import Rejected, Store, StoreError, StoreRefusedError, StoreUnavailableError, Written
from telemetry import BATCH, AlarmKind, Batch, topic

log = structlog.get_logger()
T = TypeVar("T")

_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 2.0
"""A store that refuses although it is well is tried again within it [s]."""
_PROBE_S: Final = 0.25
"""How often a store that does not answer is asked meanwhile, which costs less than a try: what is read when it is back
must not be old when it is stored [s]."""


_CLOCK_FROM: Final = 1_735_689_600_000
"""2025-01-01 UTC: this program is younger. A clock before it would find every sound reading to be of the future, and
bury the quarantine under what need not be there [ms since 1970-01-01 UTC]."""
_SUSPECT_AFTER: Final = 3
"""Tries after which an error that is no outage, of a store that is well, is taken for the batches' own."""


class Interrupted(Exception):  # noqa: N818 - no error: the collector is being stopped
    """Stopped while store or quarantine were failing; nothing of this may be acknowledged."""


class _SuspectError(Exception):
    """A store that is well fails again and again over what it is given."""


class Outcome(NamedTuple):
    """Where a delivery is safe now: in the store (at least in part), or wholly in quarantine."""

    sender: Sender | None
    stored: bool
    batch: Batch | None


class _Failed(NamedTuple):
    batch: Batch
    error: Exception


class Committer:
    """Makes deliveries safe; when `commit` returns, all of them may be acknowledged.

    Parameters
    ----------
    store, quarantine
        Where readings go, and what is refused.
    tally
        Counts.
    stopping
        Ends the waiting for a store that is away.
    rules
        What this collector takes.
    on_set_aside
        Told of what is new in quarantine: its topic and why.

    Attributes
    ----------
    trouble
        What store or quarantine said last, while they fail.
    trouble_kind
        Which alarm that is.
    """

    def __init__(
        self,
        store: Store,
        quarantine: Quarantine,
        tally: Tally,
        stopping: threading.Event,
        rules: Rules,
        on_set_aside: Callable[[str, Sequence[Refusal]], None],
    ) -> None:
        self._store = store
        self._quarantine = quarantine
        self._tally = tally
        self._stopping = stopping
        self._doubts = Doubts()
        self._rules = rules
        self._on_set_aside = on_set_aside
        self.trouble = ""
        self.trouble_kind: AlarmKind = "store_unavailable"

    def time(self, clock: Callable[[], int]) -> int:
        """The time now [ms since 1970-01-01 UTC], once this computer knows it; nothing is acknowledged before.

        Raises
        ------
        Interrupted
            When the collector is stopped meanwhile.
        """
        return self._patiently(lambda: _known(clock()))

    def commit(self, deliveries: Sequence[Delivery], now: int) -> list[Outcome]:
        """Store or set aside every delivery.

        Returns
        -------
        list[Outcome]
            One per delivery, in their order.

        Raises
        ------
        Interrupted
            When the collector is stopped before everything is safe.
        """
        first: dict[tuple[str, bytes, int], Delivery] = {}
        for delivery in deliveries:
            first.setdefault(_key(delivery), delivery)
        passed, prepared = judge([(each.topic, each.payload) for each in first.values()], now, self._rules)
        intakes = {
            key: self._settled(each, admit(each.topic, each.payload, now, self._rules, each.received))
            if batch is None
            else Intake(Sender(batch.site, batch.gateway, batch.epoch, batch.seq), batch, [])
            for (key, each), batch in zip(first.items(), passed, strict=True)
        }
        self._set_aside([filed for key, intake in intakes.items() for filed in _filed(first[key], intake)])
        keys = [key for key, intake in intakes.items() if intake.batch is not None]
        owners = {id(intakes[key].batch): first[key] for key in keys}
        batches = [batch for key in keys if (batch := intakes[key].batch) is not None]
        failed = self._write(prepared or batches, owners)
        empty = sum(key[2] > 0 and not intake.refusals and intake.batch is None for key, intake in intakes.items())
        if empty:
            self._tally.add(foreign_empty=empty)
        return [_outcome(intakes[_key(delivery)], failed) for delivery in deliveries]

    def _settled(self, delivery: Delivery, intake: Intake) -> Intake:
        """Leave what was damaged on its way unanswered, so that its gateway sends it again.

        What bears no checksum at all is kept to be looked at, whoever sent it.
        """
        if not intake.doubtful or self._doubts.sent_so(delivery):
            return intake
        self._tally.add(damaged=1)
        (refusal,) = intake.refusals
        log.warning("message_damaged", topic=delivery.topic, bytes=len(delivery.payload), reason=refusal.detail)
        return Intake(None, None, [] if refusal.reason is Reason.DAMAGED else [refusal])

    def _write(self, batches: Sequence[Batch], owners: dict[int, Delivery]) -> set[int]:
        """Write batches; those that the store cannot take for a reason of their own are set aside and returned."""
        if not batches:
            return set()
        try:
            written = self._patiently(lambda: self._written(batches))
        except Interrupted:
            raise
        except Exception as error:
            if len(batches) == 1:
                log.exception("batch_unprocessable", gateway=batches[0].gateway, seq=batches[0].seq)
                refusal = Refusal(Reason.UNPROCESSABLE, repr(error), readings=batches[0].readings)
                self._set_aside([(owners[id(batches[0])], [refusal])])
                return {id(batches[0])}
            half = len(batches) // 2
            return self._write(batches[:half], owners) | self._write(batches[half:], owners)
        self._set_aside([_rejected(owners[id(each.batch)], each) for each in written.rejected])
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

    def _set_aside(self, found: Sequence[tuple[Delivery, Sequence[Refusal]]]) -> None:
        """Put refusals into quarantine, all of a commit in one transaction: each waits for the disk."""
        if not found:
            return
        refused = [Refused(each.topic, each.payload, each.received, refusals) for each, refusals in found]
        for (delivery, _), new in zip(found, self._patiently(lambda: self._quarantine.add_all(refused)), strict=True):
            if not new:
                continue
            readings = sum(refusal.readings for refusal in new)
            self._tally.add(
                quarantined_readings=readings, quarantined_messages=sum(not refusal.part for refusal in new)
            )
            self._on_set_aside(delivery.topic, new)
            log.warning(
                "quarantined", topic=delivery.topic, reasons=sorted({refusal.reason.value for refusal in new}),
                detail=new[0].detail, part=new[0].part, readings=readings,
            )  # fmt: skip

    def _patiently(self, work: Callable[[], T]) -> T:
        """Try until it works; outages are logged once, and again with every tenth try."""
        tries = 0
        while True:
            try:
                done = work()
            except (StoreError, QuarantineError, ClockError) as error:
                if type(error) is StoreError and tries >= _SUSPECT_AFTER and self._store.health().ok:
                    raise _SuspectError(str(error)) from error
                self._note_trouble(error, tries)
            else:
                if self.trouble:
                    log.info("store_recovered", tries=tries)
                    self.trouble = ""
                return done
            pause = min(_FIRST_PAUSE_S * 2**tries, _LONGEST_PAUSE_S) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
            tries += 1
            self._rest(pause)
            self._tally.add(retries=1)

    def _rest(self, pause: float) -> None:
        """Wait [s], but no longer than until a store that did not answer does."""
        until = time.monotonic() + pause
        away = False
        while (left := until - time.monotonic()) > 0:
            if self._stopping.wait(min(left, _PROBE_S)):
                raise Interrupted
            if self.trouble_kind != "store_unavailable":
                continue
            well = self._store.health().ok
            if well and away:
                return
            away = not well

    def _note_trouble(self, error: Exception, tries: int) -> None:
        self.trouble = str(error)
        match error:
            case StoreRefusedError():
                self.trouble_kind = "store_refused"
            case ClockError():
                self.trouble_kind = "clock_not_set"
            case QuarantineError():
                self.trouble_kind = "quarantine_unusable"
            case _:
                self.trouble_kind = "store_unavailable"
        if tries % 10:
            return
        if isinstance(error, StoreRefusedError):
            log.critical("store_refused", reason=str(error), advice="a person must act; nothing is lost meanwhile")
        elif isinstance(error, ClockError):
            log.critical("clock_not_set", reason=str(error), advice="gateways keep their readings meanwhile")
        elif isinstance(error, QuarantineError):
            log.critical("quarantine_failed", reason=str(error), advice="nothing is acknowledged until it works")
        else:
            log.error("store_unavailable", reason=str(error), advice="tried again; gateways keep their readings")


def _known(now: int) -> int:
    if now < _CLOCK_FROM:
        told = dt.datetime.fromtimestamp(now / 1000, dt.UTC)
        raise ClockError(f"this computer's clock says {told:%Y-%m-%d %H:%M} UTC: set it, or let a time server do it")
    return now


def _key(delivery: Delivery) -> tuple[str, bytes, int]:
    """What makes a delivery another: of gateways its bytes alone, of others also when it came."""
    return delivery.topic, delivery.payload, delivery.received if delivery.foreign else 0


def _filed(delivery: Delivery, intake: Intake) -> list[tuple[Delivery, Sequence[Refusal]]]:
    """Refusals with the topic under which they are kept."""
    if not intake.filed or not intake.refusals:
        return [(delivery, intake.refusals)] if intake.refusals else []
    whole = [refusal for refusal in intake.refusals if not refusal.part]
    came = f" (came under {delivery.topic})"
    parts = [refusal._replace(detail=refusal.detail + came) for refusal in intake.refusals if refusal.part]
    sorted_ = [(delivery, whole), (delivery._replace(topic=intake.filed), parts)]
    return [(each, refusals) for each, refusals in sorted_ if refusals]


def _rejected(delivery: Delivery, rejected: Rejected) -> tuple[Delivery, Sequence[Refusal]]:
    batch = rejected.batch
    return delivery._replace(topic=topic(batch.site, batch.gateway, BATCH)), [refused_by_store(rejected)]


def refused_by_store(rejected: Rejected) -> Refusal:
    """Refuse what the store has rejected, with the readings (or the gap) as content."""
    series = rejected.series
    content = b""
    for table in rejected.batch.tables:
        if (table.kind, table.device) == (series.kind, series.device) and series.channel in table.names:
            column = table.columns[series.channel]
            found = [(time, value) for time, value in zip(table.times, column, strict=True) if value is not None]
            content = part_content(table.kind, table.device, series.channel, found)
    what = "" if rejected.readings else "gap "
    if what:
        for gap in rejected.batch.gaps:
            if (gap.kind, gap.device, gap.channel) == (series.kind, series.device, series.channel):
                content = msgspec.json.encode(gap)
    part = f"{what}{series.kind}/{series.device}/{series.channel}"
    reason = Reason.TYPE_CONFLICT if "type conflict" in rejected.reason.lower() else Reason.STORE
    return Refusal(reason, rejected.reason, part, rejected.readings, content)


def _outcome(intake: Intake, failed: set[int]) -> Outcome:
    stored = intake.batch is not None and id(intake.batch) not in failed
    return Outcome(intake.sender, stored, intake.batch if stored else None)
