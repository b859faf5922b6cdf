"""The outbox's file while it is held open: checked when opened, caught up with its mark, replaced when damaged."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import structlog

from edge.errors import OutboxError
from edge.losses import remember_gap
from edge.outbox_check import check
from edge.outbox_file import beside, connect, explained, is_damage, transaction
from edge.outbox_ledger import Ledger, begin_epoch, count_lost, seal
from edge.outbox_log import keep_log, mend_log
from edge.outbox_mark import Mark, catch_up, gone_back
from edge.outbox_refused import RefusedFile
from edge.outbox_salvage import replace_damaged, resume
from telemetry import Gap

log = structlog.get_logger()
T = TypeVar("T")

Spans = list[tuple[int, int]]
"""Inclusive ranges of sequence numbers."""


class HeldFile:
    """One process's hold on an outbox's file. Not thread-safe.

    Parameters
    ----------
    path, site, gateway
        As for `edge.outbox.Outbox`.
    clock
        Time now [ms since 1970-01-01 UTC].
    monotonic
        A clock that nobody sets [s].

    Attributes
    ----------
    connection
        To the file as it is now; another one after it was replaced.
    ledger
        As last committed.

    Raises
    ------
    OutboxError
        When the file cannot be opened, is in use, or belongs to another gateway.
    """

    connection: sqlite3.Connection
    ledger: Ledger

    def __init__(
        self, path: Path, site: str, gateway: str, clock: Callable[[], int], monotonic: Callable[[], float]
    ) -> None:
        self.path = path
        self._site = site
        self._gateway = gateway
        self._clock = clock
        self._mark = Mark(beside(path, ".mark"), monotonic)
        self._refused = RefusedFile(beside(path, ".refused"), gateway)
        self._unusable = False
        self._taken_over = False
        self._open()
        self.keep_room()

    def healing(self, work: Callable[[], T]) -> T:
        """Do `work`; a file found damaged is replaced, and `work` done once more on the new one."""
        if self._unusable:
            self._open()
        try:
            try:
                return work()
            except sqlite3.DatabaseError as error:
                if not is_damage(error, self.path):
                    raise
                self.connection.close()
                self._begin_anew(error)
                return work()
        except sqlite3.DatabaseError as error:
            raise explained(error, self.path) from error

    def committed(self, ledger: Ledger) -> None:
        """Note what a transaction that is committed has come to."""
        self.ledger = ledger
        self._mark.write(ledger)

    def keep_room(self) -> None:
        """Take up the room for what a full disk refuses, if it is not taken."""
        self._refused.keep()

    def write_down(self, gaps: Sequence[Gap]) -> None:
        """Keep readings that could not be put, so that whoever opens the file next declares them as gaps."""
        self._refused.write(self.ledger.epoch, self.ledger.seq, gaps)

    def own(self, epoch: str, spans: Iterable[tuple[int, int]]) -> Spans:
        """Ranges as far as they name batches of this file: numbers that were given in it under that epoch."""
        current = epoch == self.ledger.epoch
        first, last = (self._first, self.ledger.seq) if current else self._earlier.get(epoch, (1, 0))
        return [span for low, high in spans if (span := (max(low, first), min(high, last)))[0] <= span[1]]

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()
        self._mark.close()

    def _open(self) -> None:
        resume(self.path)
        mend_log(self.path)
        try:
            self._connect()
        except sqlite3.DatabaseError as error:
            if not is_damage(error, self.path):
                raise explained(error, self.path) from error
            self._begin_anew(error)

    def _connect(self, *, mended: bool = False) -> None:
        connection = connect(self.path, self._site, self._gateway, self._clock())
        try:
            ledger, mark = check(connection, self.path, self._site, self._gateway), self._mark.read()
            gone = None if mark is None else gone_back(ledger, mark)
            if gone is not None and not mended and keep_log(self.path):
                connection.close()
                mend_log(self.path)
                self._connect(mended=True)
                return
            with transaction(connection):
                if mark is not None and gone is not None:
                    catch_up(connection, ledger, mark, gone)
                written_down = self._take_over(connection, ledger if gone is None or mark is None else mark)
                begin_epoch(connection, secrets.token_hex(8))
                ledger = seal(connection)
            rows = connection.execute("SELECT epoch, min(seq), max(seq) FROM batch GROUP BY epoch").fetchall()
        except BaseException:
            connection.close()
            raise
        self.connection = connection
        self._earlier = {epoch: (first, last) for epoch, first, last in rows}
        self._first = ledger.seq + 1
        self.committed(ledger)
        self._unusable = False
        self._taken_over = True
        if written_down:
            log.warning("refused_readings_declared", path=str(self.path), readings=written_down)
        if gone is not None:
            log.error(
                "outbox_went_back", path=str(self.path), readings_lost=gone.lost,
                advice="a backup was put back, the file was taken away, or its disk fails; what is lost becomes a gap",
            )  # fmt: skip

    def _take_over(self, connection: sqlite3.Connection, last: Ledger) -> int:
        """Note as gaps what the process before this one could not put; how many readings.

        The new epoch in the same transaction makes sure that it is noted once. What this process itself could not put
        it still knows.
        """
        gaps = [] if self._taken_over else self._refused.read(last.epoch, last.seq)
        for gap in gaps:
            remember_gap(connection, gap)
        readings = sum(gap.readings for gap in gaps)
        if readings:
            count_lost(connection, readings)
        return readings

    def _begin_anew(self, error: sqlite3.DatabaseError) -> None:
        """Set the damaged file aside and go on with a new one that holds what could be read of it."""
        self._unusable = True  # until this succeeds; tried again with the next call
        try:
            found, aside = replace_damaged(self.path, self._site, self._gateway, self._clock(), self._mark.read())
            self._connect()
        except sqlite3.DatabaseError as again:
            raise explained(again, self.path) from again
        except OSError as again:
            raise OutboxError(f"outbox {self.path}: damaged, and cannot be replaced ({again}).") from again
        log.error(
            "outbox_damaged", path=str(self.path), kept_as=str(aside), reason=str(error), batches_saved=found.batches,
            readings_saved=found.readings, readings_lost="unknown" if found.lost is None else found.lost,
            advice="check the disk; the damaged file is kept for repair",
        )  # fmt: skip
