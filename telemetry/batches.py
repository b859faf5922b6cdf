"""Batches: what a gateway sends, columnar, and the gaps it declares."""

from __future__ import annotations

from typing import Literal

import msgspec

ClockState = Literal["", "synchronised", "free_running", "stepped", "arrival"]
"""What the gateway's clock was worth: set by a time server; running on its own; set forth or back a moment ago.

``arrival``: the sender told no time, and the collector's clock stamped what came when it came.

Empty where nobody told.
"""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Readings of one device: one row per time, one column per channel.

    Parameters
    ----------
    device
        Device id, unique within its site.
    kind
        Kind of device (``power_meter``, ``plc``, ``sensor``, ``gateway``, ``link``): the measurement in the store.
    times
        Strictly rising [ms since 1970-01-01 UTC], shape (times,).
    columns
        By channel name, shape (times,) [the channel's unit]; ``None`` where this channel was not read at that time.
    clock
        State of the clock that stamped them; left out of the bytes where nobody told.
    """

    device: str
    kind: str
    times: list[int]
    columns: dict[str, list[float | None]]
    clock: ClockState = ""

    @property
    def readings(self) -> int:
        """Number of values, holes not counted."""
        return sum(len(column) - column.count(None) for column in self.columns.values())


class Gap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Readings that were taken and could not be kept, declared by the gateway that lost them.

    Parameters
    ----------
    device, kind, channel
        The series that has the gap.
    start, end
        Times of the first and the last reading lost [ms since 1970-01-01 UTC].
    reason
        Why, in one word: ``outbox_full``, ``outbox_age``, ``outbox_damaged``, ``clock_stepped`` (the clock was set
        back to times that readings have already).
    readings
        How many readings were lost.
    """

    device: str
    kind: str
    channel: str
    start: int
    end: int
    reason: str
    readings: int


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Readings of one gateway, sent, stored and acknowledged as one.

    Parameters
    ----------
    site, gateway
        Who sends it; the topic says the same.
    epoch
        Under which start of its outbox it was put; random, new with every start. A batch that is sent again keeps it.
    seq
        Rises by one within an epoch, and through all epochs of an outbox. Numbers that are missing are no loss: what an
        outbox lost it declares as gaps.
    tables
        Any number per device, but each channel of a device in one of them only: what is read together shares a table.
    gaps
        Losses declared with this batch.
    """

    site: str
    gateway: str
    epoch: str
    seq: int
    tables: list[Table]
    gaps: list[Gap] = []

    @property
    def readings(self) -> int:
        """Number of values in all tables."""
        return sum(table.readings for table in self.tables)
