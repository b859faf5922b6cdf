"""Admission: a message taken apart by what holds for everyone, then by what this collector has been told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from collector.foreign.mappings import Mappings, is_foreign
from collector.intake import Intake, find_sender, take_apart
from collector.refusals import Reason, Refusal, part_content
from collector.registry import Registry
from collector.rescue import rescue
from telemetry import Batch, Table

log = structlog.get_logger()

DAY_MS: Final = 86_400_000
_OUR_OWN: Final = frozenset({"gateway", "link"})
"""Kinds in which gateways tell of themselves."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What this collector has been told.

    Attributes
    ----------
    oldest_ms
        Oldest reading that is stored, before now [ms]; 0 for any since 2000.
    registry
        Which devices exist; None to store those of any.
    mappings
        How messages of others are read; None to take none.
    """

    oldest_ms: int = 0
    registry: Registry | None = None
    mappings: Mappings | None = None


def admit(topic: str, payload: bytes, now: int, rules: Rules, received: int | None = None) -> Intake:
    """Decide what of a message may be stored at `now` [ms since 1970-01-01 UTC]; no message makes this fail.

    When it came (`received`, now unless given) is the time of readings that tell none.
    """
    try:
        if rules.mappings is not None and is_foreign(topic):
            told = rules.mappings.take_apart(topic, payload, now if received is None else received, now)
            return _by_rules(told, now, rules)
        intake = take_apart(topic, payload, now)
        if intake.batch is None and not intake.doubtful and intake.refusals[0].reason is Reason.MALFORMED:
            intake = rescue(topic, payload, now) or intake
    except Exception as error:
        # Nobody foresaw this message, but it must not stop the line.
        log.exception("message_unprocessable", topic=topic)
        return Intake(find_sender(topic, payload), None, [Refusal(Reason.UNPROCESSABLE, repr(error))])
    return _by_rules(intake, now, rules)


def _by_rules(intake: Intake, now: int, rules: Rules) -> Intake:
    if intake.batch is None or (rules.registry is None and not rules.oldest_ms):
        return intake
    return _ruled(intake, intake.batch, now, rules)


def obeys(batch: Batch, now: int, rules: Rules) -> bool:
    """Whether all of a batch may be stored by what this collector has been told."""
    if rules.registry is None and not rules.oldest_ms:
        return True
    refusals: list[Refusal] = []
    return all(_kept(table, batch, now, rules, refusals) is table for table in batch.tables)


def _ruled(intake: Intake, batch: Batch, now: int, rules: Rules) -> Intake:
    refusals: list[Refusal] = []
    tables = [kept for table in batch.tables if (kept := _kept(table, batch, now, rules, refusals)) is not None]
    if not refusals:
        return intake
    left = msgspec.structs.replace(batch, tables=tables) if tables or batch.gaps else None
    return intake._replace(batch=left, refusals=[*intake.refusals, *refusals])


def _kept(table: Table, batch: Batch, now: int, rules: Rules, refusals: list[Refusal]) -> Table | None:
    registry = rules.registry
    if registry and table.kind not in _OUR_OWN and not registry.knows(batch.site, batch.gateway, table.device):
        told = (
            f"neither gateway {batch.gateway!r}'s birth nor the configuration (collector.devices) names a device "
            f"{table.device!r} at site {batch.site!r}"
        )
        refusals += _refused(table, range(len(table.times)), Reason.UNKNOWN_DEVICE, told)
        return None
    earliest = now - rules.oldest_ms
    if not rules.oldest_ms or not table.times or table.times[0] >= earliest:
        return table
    late = [row for row, time in enumerate(table.times) if time < earliest]
    told = f"older than {rules.oldest_ms / DAY_MS:g} days (collector.oldest_days)"
    refusals += _refused(table, late, Reason.PAST, told)
    rest = slice(len(late), None)  # times rise
    columns = {name: column[rest] for name, column in table.columns.items()}
    columns = {name: column for name, column in columns.items() if column.count(None) < len(column)}
    return Table.of(table.device, table.kind, table.times[rest], columns, table.clock) if columns else None


def _refused(table: Table, rows: range | list[int], reason: Reason, detail: str) -> list[Refusal]:
    found: list[Refusal] = []
    for name, column in table.columns.items():
        values = [(table.times[row], value) for row in rows if (value := column[row]) is not None]
        if values:
            part = f"{table.kind}/{table.device}/{name}"
            found.append(
                Refusal(reason, detail, part, len(values), part_content(table.kind, table.device, name, values))
            )
    return found
