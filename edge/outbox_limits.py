"""What must go from a full outbox, or one whose batches are too old by a clock that may be wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Annotated, Final

import msgspec

from edge.losses import OUTBOX_AGE, OUTBOX_FULL, remember_loss
from edge.outbox_file import damage
from edge.outbox_ledger import count_dropped
from edge.outbox_rows import COLUMNS, Row, intact

DAY_MS: Final = 86_400_000
_EARLIEST_MS: Final = 1_577_836_800_000
"""2020-01-01 UTC: a batch stamped before it was put while the gateway did not know the time yet."""
_STEP_MS: Final = 60_000
_STEADY_MS: Final = 3_600_000
_DROPPED_AT_ONCE: Final = 256
"""Most batches one put lets go of for their age, and for want of room, so that it stays quick: a limit that was set
anew, or a clock that is believed at last, may concern very many."""


class OutboxLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much the outbox may keep; what must go becomes a declared gap.

    Parameters
    ----------
    max_mb
        Most it may keep [MiB of batches]; the file needs up to a fifth more.
    max_days
        Longest a batch may wait [d].
    """

    max_mb: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 512
    max_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 90


class AgeLimit:
    """Says which batches are too old; says nothing while the clock cannot be trusted to throw something away.

    A gateway without a battery clock starts in 1970 or last month and steps when the network comes; for that moment
    everything would look decades old. So the wall clock must have run steadily beside the monotonic one for an hour
    before it counts.

    Parameters
    ----------
    most_ms
        Longest a batch may wait [ms]; an attribute as well, which may be set.
    clock
        Time now [ms since 1970-01-01 UTC].
    monotonic
        A clock that nobody sets [s].
    """

    def __init__(self, most_ms: int, clock: Callable[[], int], monotonic: Callable[[], float]) -> None:
        self.most_ms = most_ms
        self._clock = clock
        self._monotonic = monotonic
        self._offset = float("inf")
        self._since = 0.0

    def horizon(self) -> int | None:
        """Batches put before this are too old [ms since 1970-01-01 UTC]; None while that cannot be said."""
        monotonic = self._monotonic() * 1000
        offset = self._clock() - monotonic
        if abs(offset - self._offset) > _STEP_MS:
            self._since = monotonic
        self._offset = offset  # followed, so that a clock slewed for weeks is no step
        if monotonic - self._since < _STEADY_MS:
            return None
        return self._clock() - self.most_ms


def drop_expired(connection: sqlite3.Connection, horizon: int | None, keep_from: int) -> int:
    """Drop batches before number `keep_from` put before `horizon`; how many bytes that freed."""
    if horizon is None:
        return 0
    waiting = connection.execute(
        "SELECT seq, put_at FROM batch WHERE seq < ? ORDER BY seq LIMIT ?", (keep_from, _DROPPED_AT_ONCE)
    ).fetchall()
    # One put before the gateway knew the time is older than the next one that was stamped rightly.
    last = max((seq for seq, put_at in waiting if _EARLIEST_MS <= put_at < horizon), default=0)
    return sum(_drop_oldest(connection, keep_from, OUTBOX_AGE) for seq, _ in waiting if seq <= last)


def drop_excess(connection: sqlite3.Connection, excess: int, keep_from: int) -> None:
    """Drop the oldest batches before number `keep_from` until `excess` bytes are freed, or many have gone for now."""
    for _ in range(_DROPPED_AT_ONCE):
        if excess <= 0 or not (freed := _drop_oldest(connection, keep_from, OUTBOX_FULL)):
            return
        excess -= freed


def _drop_oldest(connection: sqlite3.Connection, keep_from: int, reason: str) -> int:
    """Drop the oldest batch; what it held becomes gaps. Returns how many bytes that freed, 0 without such a batch.

    Losses without a kept batch between them become one gap. It is declared when an acknowledgement shows that the
    road is open again: earlier, it would only fill the full outbox with gaps that are dropped in turn.
    """
    row = connection.execute(
        f"DELETE FROM batch WHERE seq = (SELECT min(seq) FROM batch WHERE seq < ?) RETURNING {COLUMNS}",  # noqa: S608 - constant
        (keep_from,),
    ).fetchone()
    if row is None:
        return 0
    batch = Row(*row)
    if not intact(batch):
        raise damage(f"batch {batch.seq} is not what was put")
    count_dropped(connection, batch.seq, readings=batch.readings, size=batch.size)
    remember_loss(connection, batch.payload, reason)
    return batch.size
