"""The reckoning: every reading that was written down when it was made, and where it is now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from chaos.answers import answered
from chaos.course import Course
from chaos.evidence import Found, Key, Written, covered, look, written
from chaos.journal import read
from chaos.plant import GATEWAYS, Plant, may_overflow

_SHOWN: Final = 10
MUST_BE_NONE: Final = (
    "outbox", "unbalanced", "lost", "undeclared", "unfounded", "altered", "duplicated", "invented", "unread", "hung",
)  # fmt: skip
"""Fields of a ledger that are 0 when nothing strikes any more and all is delivered."""


class Ledger(msgspec.Struct, frozen=True):
    """What became of every reading of a run [readings, unless said otherwise].

    Parameters
    ----------
    store, server, seed, faults, seconds
        Which run: `server` is the database and its version, empty for a file; faults by kind; how long it took [s].
    missed
        Of these, by kind, those that met nothing: a process that was down already, a line on which nothing went.
    kills, ended_itself, ended_badly
        By name, how often it was killed, ended unasked, and ended with an error or not in time when it was asked to.
    hung
        How often a gateway, collector, broker or database had to be killed because it did not end when it was asked to.
    bytes_altered
        On the lines [bytes].
    recovery_s
        Longest time until every gateway delivered again, once left in peace [s].
    read
        By the gateways' own ledgers: committed to an outbox, or declared lost.
    stored, outbox, quarantined, gaps
        Where they are, each counted once: the store comes first, a declared gap last.
    gaps_stored
        Declared lost, yet stored: dropped by a full outbox while a copy was under way. Counted as stored.
    unbalanced
        ``read - stored - outbox - quarantined - gaps``.
    lost
        Committed, and nowhere, or in a gap although its outbox was never full; or read and not given to an outbox,
        although a later one was, or no kill ended that life of its gateway.
    undeclared
        Refused by a full disk, and in no gap.
    unfounded
        By the gateways' own ledgers taken over by a collector, and neither in the store nor in quarantine.
    altered
        Stored, or given to an outbox, with another value than was read.
    duplicated
        Stored twice.
    invented
        Stored and never read.
    uncommitted, uncommitted_ms
        Read and not yet in an outbox when their gateway was killed, and the oldest of them [ms].
    refused, caught, unread
        Answers of the meters that are no readings: counted as failed by the gateway, being late or in doubt; under way
        when it was killed; taken by nobody, without a reason.
    findings
        The first readings that are not where they must be, one sentence each.
    """

    store: str
    server: str
    seed: int
    faults: dict[str, int]
    seconds: float
    missed: dict[str, int]
    kills: dict[str, int]
    ended_itself: dict[str, int]
    ended_badly: dict[str, int]
    hung: int
    bytes_altered: int
    recovery_s: float
    read: int
    stored: int
    outbox: int
    quarantined: int
    gaps: int
    gaps_stored: int
    unbalanced: int
    lost: int
    undeclared: int
    unfounded: int
    altered: int
    duplicated: int
    invented: int
    uncommitted: int
    uncommitted_ms: float
    refused: int
    caught: int
    unread: int
    findings: list[str]

    @property
    def clean(self) -> bool:
        """Whether every reading is where it must be, once."""
        return not self.violations

    @property
    def violations(self) -> tuple[str, ...]:
        """What should be 0 and is not."""
        return tuple(name for name in MUST_BE_NONE if getattr(self, name))


class _Sorted(msgspec.Struct, frozen=True):
    """Readings by what became of them; `refused_silently`: by a full disk, and in no gap."""

    stored: int
    outbox: int
    quarantined: int
    gaps: int
    lost: list[Key]
    altered: list[Key]
    invented: list[Key]
    refused_silently: list[Key]


def account(plant: Plant, course: Course, seed: int, seconds: float) -> Ledger:
    """Hold journals, outboxes, quarantine, store and meters against each other; gateways and collector have ended."""
    journals = {gateway: read(plant.journal(gateway)) for gateway in GATEWAYS}
    killed_at = {gateway: plant.processes[gateway].killed_at for gateway in GATEWAYS}
    papers, found = written(journals, killed_at), look(plant)
    answers = answered(plant.meters, journals)
    known = {**papers.certain, **papers.perhaps, **papers.refused}
    of = _sort(papers, found, known)
    processes = plant.processes.items()
    return Ledger(
        store=plant.engine,
        server=plant.server,
        seed=seed,
        faults=dict(sorted(course.struck.items())),
        seconds=round(seconds, 1),
        missed=dict(sorted(course.missed.items())),
        kills={name: len(part.killed_at) for name, part in processes},
        ended_itself={name: part.ended_itself for name, part in processes if part.ended_itself},
        ended_badly={name: part.ended_badly for name, part in processes if part.ended_badly},
        hung=sum(part.hung for _, part in processes),
        bytes_altered=sum(line.altered for line in plant.lines.values()),
        recovery_s=round(max(course.recoveries, default=0.0), 1),
        read=found.read,
        stored=of.stored,
        outbox=of.outbox,
        quarantined=of.quarantined,
        gaps=of.gaps,
        gaps_stored=found.gap_readings - of.gaps,
        unbalanced=found.read - of.stored - of.outbox - of.quarantined - of.gaps,
        lost=len(of.lost) + len(papers.skipped),
        undeclared=len(of.refused_silently),
        unfounded=max(0, found.acked - of.stored - of.quarantined),
        altered=len(of.altered) + len(papers.changed),
        duplicated=found.twice,
        invented=len(of.invented),
        uncommitted=len(papers.ages),
        uncommitted_ms=round(1000 * max(papers.ages, default=0.0), 1),
        refused=answers.refused,
        caught=answers.caught,
        unread=len(answers.unread),
        findings=[
            *(f"lost: {_told(key)}, read as {known[key]!r}" for key in of.lost[:_SHOWN]),
            *(f"lost: {_told(key)}, and no outbox was given it" for key in papers.skipped[:_SHOWN]),
            *(f"undeclared: {_told(key)}, refused by a full disk" for key in of.refused_silently[:_SHOWN]),
            *(f"altered: {_told(key)}, {found.stored[key]!r} for {known[key]!r}" for key in of.altered[:_SHOWN]),
            *(f"altered: {_told(key)}, an outbox was given {known[key]!r}" for key in papers.changed[:_SHOWN]),
            *(f"invented: {_told(key)}, {found.stored[key]!r}" for key in of.invented[:_SHOWN]),
            *(f"unread: {name} answered {each.number} at {each.at:.3f}" for name, each in answers.unread[:_SHOWN]),
        ],
    )


def _sort(papers: Written, found: Found, known: Mapping[Key, float]) -> _Sorted:
    elsewhere = found.waiting | found.aside
    missing = [key for key in papers.certain if key not in found.stored and key not in elsewhere]
    lost = [key for key in missing if not (may_overflow(key[1]) and covered(found.gaps, key))]
    stored = sum(key in known for key in found.stored)
    outbox = sum(key not in found.stored for key in found.waiting)
    quarantined = sum(key not in found.stored and key not in found.waiting for key in found.aside)
    gaps = len(missing) - len(lost) + papers.given_up
    # What a kill caught between commit and journal, and a full outbox then dropped, only the outbox's ledger knows of.
    unsure = sum(covered(found.gaps, key) for key in papers.perhaps if key not in found.stored)
    unknown = found.read - stored - outbox - quarantined - gaps - len(lost)
    if 0 < unknown <= unsure + papers.perhaps_given_up:
        gaps += unknown
    return _Sorted(
        stored=stored,
        outbox=outbox,
        quarantined=quarantined,
        gaps=gaps,
        lost=lost,
        altered=[key for key, value in found.stored.items() if known.get(key, value) != value],
        invented=[key for key in found.stored if key not in known],
        refused_silently=[key for key in papers.refused if key not in found.stored and not covered(found.gaps, key)],
    )


def _told(key: Key) -> str:
    kind, device_, channel, time = key
    return f"{kind}/{device_}/{channel} at {time}"
