"""Writing to InfluxDB: requests of whole batches, and what becomes of those that it refuses in part."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, NamedTuple

import structlog

from storage.blocks import Block
from storage.errors import StoreError, StoreRefusedError
from storage.influx.horizon import Horizon, read_horizon, set_aside
from storage.influx.lanes import lanes, side_by_side
from storage.influx.lines import Piece, halve_fields, halve_lines, requests
from storage.influx.newest import Newest
from storage.influx.refusals import Refusal
from storage.influx.server import Found, Server
from storage.influx.touches import Plan, Touches
from storage.intake import Intake, Prepared, take
from storage.store import Rejected, Series, Written
from telemetry import Batch, Gap

log = structlog.get_logger(__name__)

LINES_PER_REQUEST: Final = 5_000
"""Where InfluxData's own guide puts the best size of a write."""

_HORIZON_AGAIN_S: Final = 60.0
"""How long another process's forgetting may go unnoticed [s] by who writes nothing old."""

_LATE_MS: Final = 3_600_000
"""Retention keeps a day at the least: younger readings than this are never near to it [ms]."""

_NEVER: Final = 2**63


class Request(NamedTuple):
    """What is posted at once: pieces, and the lines they are."""

    pieces: list[Piece]
    lines: list[str]


class _Ahead(list[list[Request]]):
    """Requests made before they are posted, by lane."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """What became of requests: what the server refused, how their notes were planned, and those it refused."""

    rejected: list[Rejected] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    unnoted: list[Refusal] = field(default_factory=list)


class Writer:
    """Commits batches, with a note of what they touch in every request.

    Large writes go in two lanes (`storage.influx.lanes`): while the server works on one request, the other is made.
    """

    def __init__(self, server: Server, touches: Touches, newest: Newest) -> None:
        self._server = server
        self._touches = touches
        self._newest = newest
        self._horizon = Horizon()
        self._horizon_asked = -_HORIZON_AGAIN_S
        # Made by turns, both requests of a write would be late; made one after the other, the first is early.
        self._making = threading.Lock()
        self._found: Found | None = None
        self.trouble = ""

    def prepare(self, batches: Prepared) -> None:
        """Make the requests for batches that are written later; see `Store.prepare`."""
        batches.ahead = _Ahead([list(_requests(blocks, [])) for blocks in lanes(batches.blocks)])

    def write(self, batches: Sequence[Batch]) -> Written:
        """Commit batches; see `Store.write`. Lines the server calls bad are found by halving and left out."""
        told = intake = take(batches)
        earliest = min((int(block.times.min()) for block in intake.blocks), default=_NEVER)
        late = earliest < time.time_ns() // 1_000_000 - _LATE_MS
        horizon = self._known_horizon(afresh=late) if intake.blocks else self._horizon
        intake = set_aside(self._server, intake, horizon)
        ahead = batches.ahead if intake is told and isinstance(batches, Prepared) else None
        ways = ahead if isinstance(ahead, _Ahead) else _ways(intake)
        if (intake.blocks or intake.gaps) and self._found is not (found := self._server.found()):
            if not found.speaks_influxql:
                raise StoreRefusedError(self._server.no_influxql)
            # A database that was dropped and made again, whoever met it first, has no notes.
            self._touches.note_anew()
            self._found = found
        try:
            sent = side_by_side([partial(self._send_all, each) for each in ways])
        except StoreError:
            self._found = None  # nor may one that was away have what it had
            raise
        self._note_again(sent)
        if intake.blocks or intake.gaps:
            self.trouble = self._said(each for part in sent for each in part.unnoted)
        rejected = [each for part in sent for each in part.rejected]
        lost_gaps = sum(1 for each in rejected if not each.readings)
        refused = _folded(rejected)
        if late:
            refused += self._closed_meanwhile(intake, horizon)
        stored = intake.stored - sum(each.readings for each in refused)
        self._newest.wrote(earliest)
        return Written(stored, len(intake.gaps) - lost_gaps, (*intake.rejected, *refused))

    def _closed_meanwhile(self, intake: Intake, horizon: Horizon) -> list[Rejected]:
        """Readings that were written to windows which retention, running beside, may have closed and deleted before.

        It closes first, then reads notes and counts, then deletes. What it had not closed when these were confirmed, it
        will find noted. Of others nobody can tell whether they were: they are set aside, stored or not.
        """
        now = self._known_horizon(afresh=True)
        if now.turn == horizon.turn:
            return []
        return set_aside(self._server, replace(intake, rejected=[]), now, though_noted=True).rejected

    def _known_horizon(self, *, afresh: bool) -> Horizon:
        now = time.monotonic()
        if afresh or now - self._horizon_asked > _HORIZON_AGAIN_S:
            self._horizon = read_horizon(self._server)
            self._horizon_asked = now
        return self._horizon

    def forgot(self, horizon: Horizon) -> None:
        """Retention came as far as this."""
        self._horizon = horizon
        self._horizon_asked = time.monotonic()

    def _send_all(self, requests: Iterable[Request]) -> _Sent:
        ready = iter(requests)
        sent = _Sent()
        while True:
            with self._making:
                request = next(ready, None)
                if request is None:
                    return sent
                plan = self._touches.plan(request.pieces) if request.lines else Plan()
            if request.lines:
                self._send(request, plan, sent)

    def _send(self, request: Request, plan: Plan, sent: _Sent) -> None:
        """Post a request, and add to `sent` what became of it."""
        sent.plans.append(plan)
        refusal = self._server.write([*request.lines, *plan.lines])
        if refusal is not None:
            sent.rejected.extend(self._halved(request.pieces, request.lines, refusal.dropped))
            # Behind what it speaks of, and by itself: a note that is refused must cost no reading.
            refusal = self._server.write(plan.lines) if plan.lines else None
        if refusal is None:
            self._touches.noted(plan)
        else:
            sent.unnoted.append(refusal)

    def _note_again(self, sent: Sequence[_Sent]) -> None:
        """Note anew what may have been rolled before it was all there, now that it is."""
        lines = [note.line() for note in self._touches.confirmed(plan for part in sent for plan in part.plans)]
        refusal = self._server.write(lines) if lines else None
        if refusal is not None:
            sent[0].unnoted.append(refusal)

    def _said(self, unnoted: Iterable[Refusal]) -> str:
        """What is wrong with notes, for a person."""
        for refusal in unnoted:
            log.error("influxdb_note_refused", url=self._server.url, reason=refusal.reason)
            return f"what is to be rolled up cannot be noted: {refusal.reason}"
        return ""

    def _halved(self, pieces: list[Piece], lines: list[str], dropped: int | None) -> list[Rejected]:
        """Send again in two parts; what is one value wide and one line long is rejected."""
        # The server has stored what it could (1.x, "partial write"); sending that again changes nothing.
        if len(lines) > 1 and dropped != len(lines):
            first, second = halve_lines(pieces)
        else:
            first, second = halve_fields(pieces)
        if second:
            return [*self._part(first), *self._part(second)]
        # Asked twice: a refusal may also be of what was altered on the way there.
        refusal = self._server.write(lines)
        if refusal is None:
            return []
        return [each for piece in first for each in piece.rejected(refusal.reason)]

    def _part(self, pieces: list[Piece]) -> list[Rejected]:
        lines = _lines(pieces)
        refusal = self._server.write(lines) if lines else None
        return [] if refusal is None else self._halved(pieces, lines, refusal.dropped)


def _ways(intake: Intake) -> list[Iterator[Request]]:
    """The requests of each lane, each made when it is wanted."""
    parts = lanes(intake.blocks)
    gaps = [intake.gaps, *[[]] * (len(parts) - 1)]
    return [_requests(*part) for part in zip(parts, gaps, strict=True)]


def _requests(blocks: list[Block], gaps: list[tuple[Batch, Gap]]) -> Iterator[Request]:
    return (Request(pieces, _lines(pieces)) for pieces in requests(blocks, gaps, LINES_PER_REQUEST))


def _lines(pieces: list[Piece]) -> list[str]:
    return [line for piece in pieces for line in piece.lines()]


def _folded(rejected: list[Rejected]) -> list[Rejected]:
    """Sum readings of the same series of the same batch that were refused for the same reason."""
    folded: dict[tuple[int, Series, str], Rejected] = {}
    for each in rejected:
        key = id(each.batch), each.series, each.reason
        before = folded.get(key)
        readings = each.readings + (before.readings if before else 0)
        folded[key] = Rejected(each.batch, each.series, readings, each.reason)
    return list(folded.values())
