"""Batches: what a gateway sends, columnar, and the gaps it declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Final, Literal, Self

import msgspec

ClockState = Literal["", "synchronised", "free_running", "stepped", "arrival"]
"""What the gateway's clock was worth: set by a time server; running on its own; set forth or back a moment ago.

``arrival``: the sender told no time, and the collector's clock stamped what came when it came.

Empty where nobody told.
"""


MAX_CHANNELS_TEXT: Final = 4_000
"""Longest text of channels a table may have [characters]: four times all there are. What it is parted into is
remembered, and nobody may fill a collector's memory with names."""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Readings of one device: a column per channel, a row per time.

    The columns follow one another in one list, and the channels' names are one text: a city's tables are of one row,
    and thirty names and thirty lists of one number each took two thirds of the time in which a message is read.

    Parameters
    ----------
    device
        Device id, unique within its site.
    kind
        Kind of device (``power_meter``, ``plc``, ``sensor``, ``gateway``, ``link``): the measurement in the store.
    times
        Strictly rising [ms since 1970-01-01 UTC], shape (times,).
    channels
        Names of the channels, a space between two; none twice.
    values
        Of the first channel at each time, then of the second, …: shape (channels × times,) [each channel's unit];
        ``None`` where this channel was not read at that time.
    clock
        State of the clock that stamped them; left out of the bytes where nobody told.
    """

    device: str
    kind: str
    times: list[int]
    channels: Annotated[str, msgspec.Meta(max_length=MAX_CHANNELS_TEXT)]
    values: list[float | None]
    clock: ClockState = ""

    @classmethod
    def of(
        cls,
        device: str,
        kind: str,
        times: list[int],
        columns: Mapping[str, Sequence[float | None]],
        clock: ClockState = "",
    ) -> Self:
        """Make a table of columns by channel name, each of shape (times,).

        Raises
        ------
        ValueError
            When a name is empty or has a space in it, which no table can carry, or a column is of another length: its
            values would be taken for the next channel's.
        """
        rows = len(times)
        for name, column in columns.items():
            if not name or " " in name:
                raise ValueError(f"{name!r} cannot name a channel of a table: it is empty or has a space in it")
            if len(column) != rows:
                raise ValueError(f"{device}.{name}: {len(column)} values at {rows} times")
        values = [value for column in columns.values() for value in column]
        return cls(device, kind, times, " ".join(columns), values, clock)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the channels; the same object for the same names.

        Raises
        ------
        ValueError
            When a name is there twice, or the text is none that `of` makes.
        """
        return channel_names(self.channels)

    @property
    def columns(self) -> dict[str, list[float | None]]:
        """The columns by channel name, made anew, each of shape (times,) [the channel's unit]."""
        rows = len(self.times)
        return {name: self.values[nth * rows : (nth + 1) * rows] for nth, name in enumerate(self.names)}

    @property
    def readings(self) -> int:
        """Number of values, holes not counted."""
        return len(self.values) - self.values.count(None)


def channel_names(channels: str) -> tuple[str, ...]:
    """Part the text of a table's channels into names; what is too long to travel is parted and not remembered.

    Raises
    ------
    ValueError
        When a name is there twice, or the text is not names with one space between two.
    """
    return _remembered(channels) if len(channels) <= MAX_CHANNELS_TEXT else _parted(channels)


def _parted(channels: str) -> tuple[str, ...]:
    names = tuple(channels.split(" ")) if channels else ()
    if len(set(names)) < len(names) or not all(names):
        raise ValueError(f"{channels[:200]!r} is not names, each once, with one space between two")
    return names


_remembered = lru_cache(maxsize=512)(_parted)


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
