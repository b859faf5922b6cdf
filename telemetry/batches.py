"""Batches: what a gateway sends, columnar, and the gaps it declares."""

from __future__ import annotations

import msgspec


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
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
    """

    device: str
    kind: str
    times: list[int]
    columns: dict[str, list[float | None]]

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
        Why, in one word: ``outbox_full``, ``outbox_age``, ``outbox_damaged``.
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
        Identity of the outbox it comes from; new for every new outbox.
    seq
        Rises by one from 1 within an epoch.
    tables
        One per device.
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
