"""Replay: what is in quarantine and has been asked for goes through the intake again, and from there into the store."""

from __future__ import annotations

import time
from typing import Final, NamedTuple

import structlog

from collector.admission import Rules
from collector.conflicts import Conflict, Superseded, find_conflicts, replaced, superseded, without
from collector.counters import Tally
from collector.errors import QuarantineError
from collector.intake import Intake
from collector.quarantine import Asked, Quarantine
from collector.refusals import Reason, Refusal
from collector.refusing import refused_by_store
from collector.replay_joining import join, taken_apart
from storage import Store, StoreError, StoreRefusedError, StoreUnavailableError
from telemetry import Batch

log = structlog.get_logger()

_AT_ONCE_S: Final = 3.0
"""About how long is replayed at once [s]; whoever calls this looks after other things as well."""


class _Became(NamedTuple):
    """Readings that the store took, what is refused again, and what is superseded by what the store has."""

    stored: int
    refusals: list[Refusal]
    superseded: list[Superseded]


def replay(store: Store, quarantine: Quarantine, rules: Rules, tally: Tally, now: int) -> int:
    """Replay what has been asked for; what is refused again stays in quarantine, with its new reason.

    So does what the store has other values for, unless it is asked for to overwrite them: then those are kept instead.
    It goes on for a few seconds; what is left is replayed when this is called again.

    Returns
    -------
    int
        Readings that are in the store now and were not before.

    Raises
    ------
    StoreError
        When the store is away; what is left is replayed when this is called again.
    QuarantineError
        When the quarantine fails.
    """
    brought = 0
    until = time.monotonic() + _AT_ONCE_S
    while time.monotonic() < until and (waiting := quarantine.asked()):
        together = join(waiting, now, rules)
        if together is not None and _stored_together(store, together.batch):
            settled = [(each.entry, together.readings[each.entry.id]) for each in waiting[: len(together.readings)]]
            stored = quarantine.settle_stored(settled)
            tally.add(replayed=stored)
            brought += stored
            log.info("replayed_together", entries=len(settled), stored=stored)
            continue
        for asked in waiting[: len(together.readings) if together is not None else 1]:
            brought += _one(store, quarantine, asked, rules, tally, now)
            if time.monotonic() > until:
                break
    return brought


def _stored_together(store: Store, batch: Batch) -> bool:
    """Store what nobody doubts in one go; False where something is in the way, which each entry finds by itself."""
    try:
        return not find_conflicts(store, batch) and not store.write([batch]).rejected
    except StoreUnavailableError:
        raise
    except Exception:
        log.debug("not_replayed_together", exc_info=True)
        return False


def _one(store: Store, quarantine: Quarantine, asked: Asked, rules: Rules, tally: Tally, now: int) -> int:
    entry = asked.entry
    became = _replayed(store, quarantine, asked, taken_apart(entry, asked.at or now, rules))
    stored = quarantine.settle(entry, *became)
    tally.add(replayed=stored)
    log.info(
        "replayed", entry=entry.id, stored=stored, refused=[refusal.reason.value for refusal in became.refusals],
        superseded=sum(each.readings for each in became.superseded), overwrite=asked.overwrite,
    )  # fmt: skip
    return stored


def _replayed(store: Store, quarantine: Quarantine, asked: Asked, intake: Intake) -> _Became:
    entry, refusals = asked.entry, list(intake.refusals)
    if intake.batch is None:
        if not refusals:
            told = "no rule of a mapping takes it now (collector.foreign)"
            refusals = [Refusal(Reason(entry.reason), told, entry.part, entry.readings, entry.content)]
        return _Became(0, refusals, [])
    conflicts: list[Conflict] = []
    try:
        conflicts = find_conflicts(store, intake.batch)
    except StoreRefusedError as error:
        if not store.health().ok:
            raise
        told = f"what the store has of that time cannot be compared: {error}"
        return _Became(0, [Refusal(Reason.STORE, told, entry.part, entry.readings, entry.content)], [])
    try:
        if asked.overwrite:
            # First on our own disk: whatever ends this between the two, what the store had is not lost.
            quarantine.replacing(entry, [replaced(each, entry.id) for each in conflicts])
            stored, rejected = _written(store, intake.batch)
            quarantine.not_replaced(entry, [refusal.part for refusal in rejected])
            return _Became(stored, [*refusals, *rejected], [])
        batch = without(intake.batch, conflicts)
        stored, rejected = _written(store, batch) if batch is not None else (0, [])
        return _Became(stored, [*refusals, *rejected], [superseded(each) for each in conflicts])
    except (StoreUnavailableError, StoreRefusedError, QuarantineError):
        raise
    except Exception as error:
        if isinstance(error, StoreError) and not store.health().ok:
            raise
        log.exception("replay_unprocessable", entry=entry.id)
        quarantine.not_replaced(entry, [each.part for each in conflicts])
        return _Became(0, [Refusal(Reason.UNPROCESSABLE, repr(error), entry.part, entry.readings, entry.content)], [])


def _written(store: Store, batch: Batch) -> tuple[int, list[Refusal]]:
    rejected = [refused_by_store(each) for each in store.write([batch]).rejected]
    return batch.readings - sum(refusal.readings for refusal in rejected), rejected
