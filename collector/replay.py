"""Replay: what is in quarantine and has been asked for goes through the intake again, and from there into the store."""

from __future__ import annotations

import msgspec
import structlog

from collector.admission import Rules, admit
from collector.commit import refused_by_store
from collector.counters import Tally
from collector.intake import Intake, Reason, Refusal
from collector.quarantine import Quarantine
from collector.quarantine_entry import Entry, names
from storage import Store, StoreError, StoreRefusedError, StoreUnavailableError
from telemetry import Batch, Gap, Table, encode

log = structlog.get_logger()

_EPOCH = "replay"
"""Under which no gateway is acknowledged anything: it was, when the readings were set aside."""


class _Part(msgspec.Struct):
    device: str
    kind: str
    channel: str
    times: list[int]
    values: list[float]


def replay(store: Store, quarantine: Quarantine, rules: Rules, tally: Tally, now: int) -> int:
    """Replay what has been asked for; what is refused again stays in quarantine, with its new reason.

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
    for entry, at in quarantine.asked():
        intake = _taken_apart(entry, at or now, rules)
        refusals, batch = list(intake.refusals), intake.batch
        if batch is None and not refusals:
            told = "no rule of a mapping takes it now (collector.foreign)"
            refusals = [Refusal(Reason(entry.reason), told, entry.part, entry.readings, entry.content)]
        if batch is not None:
            try:
                written = store.write([batch])
            except (StoreUnavailableError, StoreRefusedError):
                raise
            except Exception as error:
                if isinstance(error, StoreError) and not store.health().ok:
                    raise
                log.exception("replay_unprocessable", entry=entry.id)
                refusals = [Refusal(Reason.UNPROCESSABLE, repr(error), entry.part, entry.readings, entry.content)]
                batch = None
            else:
                refusals += [refused_by_store(rejected) for rejected in written.rejected]
        stored = quarantine.settle(entry, batch.readings if batch is not None else 0, refusals)
        tally.add(replayed=stored)
        brought += stored
        log.info("replayed", entry=entry.id, stored=stored, refused=[refusal.reason.value for refusal in refusals])
    return brought


def _taken_apart(entry: Entry, at: int, rules: Rules) -> Intake:
    if not entry.part:
        return admit(entry.topic, entry.content, at, rules, entry.received)
    site, gateway, _ = names(entry.topic, entry.part)
    try:
        if entry.part.startswith("gap "):
            batch = Batch(site, gateway, _EPOCH, 1, [], [msgspec.json.decode(entry.content, type=Gap)])
        else:
            part = msgspec.json.decode(entry.content, type=_Part)
            table = Table.of(part.device, part.kind, part.times, {part.channel: list(part.values)})
            batch = Batch(site, gateway, _EPOCH, 1, [table])
        return admit(entry.topic, encode(batch), at, rules)
    except (msgspec.DecodeError, ValueError):
        # What is no number does not become one; the reason it is here for still holds.
        return Intake(
            None, None, [Refusal(Reason(entry.reason), entry.detail, entry.part, entry.readings, entry.content)]
        )
