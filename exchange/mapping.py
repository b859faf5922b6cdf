"""Mappings: what the columns of a file are, as a person says it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from exchange.cells import Decimal
from exchange.clock_texts import DateOrder
from exchange.errors import MappingError
from telemetry import CHANNELS, Kind, channel, check_name, decode_yaml

Meaning = Literal["interval", "register", "mean", "instant"]
"""``interval``: an amount of the row's interval, such as its energy. ``register``: what a counter stood at. ``mean``: a
mean over the interval. ``instant``: a value at the stamp."""

StampsAt = Literal["start", "end"]
Hour = Literal["earlier", "later"]

DEFAULT_ZONE = "Asia/Seoul"
DEFAULT_KIND = "power_meter"


_LENGTHS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def length_ms(text: str) -> int:
    """A length of time as it is said, ``15m``, [ms].

    Raises
    ------
    MappingError
        When it is none.
    """
    number, unit = text[:-1], text[-1:]
    if not (number.isascii() and number.isdigit() and int(number)) or unit not in _LENGTHS:
        raise MappingError(f"{text!r} is no length of time; write e.g. 15m, 1h or 1d")
    return int(number) * _LENGTHS[unit]


def length_said(ms: int) -> str:
    """A length of time as it is said: ``15m``."""
    unit = next(unit for unit in "dhms" if ms % _LENGTHS[unit] == 0 or unit == "s")
    return f"{ms // _LENGTHS[unit]}{unit}"


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One column of values.

    Parameters
    ----------
    header
        Its name in the file.
    channel
        A name of the channel registry.
    unit
        What the file's values are in; the registry's unit without it.
    meaning
        What a value is of; without it, what the header's words say, or by the channel's kind ``interval`` of a
        counter and ``mean`` of a gauge.
    device
        Whose it is, where a file holds several.
    """

    header: str
    channel: str
    unit: str | None = None
    meaning: Meaning | None = None
    device: str | None = None

    def __post_init__(self) -> None:
        counter = channel(self.channel).kind is Kind.COUNTER
        if self.meaning is not None and counter != (self.meaning in {"interval", "register"}):
            which = "interval or register" if counter else "mean or instant"
            raise MappingError(f"{self.header}: {self.meaning!r} is no meaning of {self.channel}; it may be {which}")
        if self.device is not None:
            check_name(self.device, "device")

    @property
    def target(self) -> str:
        """What it becomes, as the command line says it: the channel, after its device where that is said."""
        return f"{self.device}/{self.channel}" if self.device else self.channel

    @property
    def meant(self) -> Meaning:
        """The meaning, chosen by the channel's kind where none is given."""
        if self.meaning is not None:
            return self.meaning
        return {Kind.COUNTER: "interval", Kind.GAUGE: "mean", Kind.STATE: "instant"}[CHANNELS[self.channel].kind]  # type: ignore[return-value] # all are meanings


class SeriesColumns(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Columns of a file with one reading per row, as `wattproof export` writes it: their names."""

    device: str
    channel: str
    value: str
    kind: str | None = None
    unit: str | None = None


class TimeColumns(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a row's time stands and what it means.

    Parameters
    ----------
    columns
        One column, or a date's and a time's.
    date_order
        Which of day and month comes first where the year comes last.
    zone
        Of the wall clock, where the cells name no offset.
    stamps
        Whether a stamp is its interval's start or end.
    repeated_hour
        Which of the two a time is that the clock showed twice when summer time ended.
    interval
        Length of every row's interval, e.g. ``15m``, where rows lie further apart now and then, with gaps between.
    """

    columns: Annotated[list[str], msgspec.Meta(min_length=1, max_length=2)] | None = None
    date_order: DateOrder | None = None
    zone: str | None = None
    stamps: StampsAt | None = None
    repeated_hour: Hour | None = None
    interval: Annotated[str, msgspec.Meta(pattern=r"^[1-9]\d{0,5}[smhd]$")] | None = None

    @property
    def interval_ms(self) -> int | None:
        """The interval [ms]."""
        return None if self.interval is None else length_ms(self.interval)


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How to read a file; what is left out is found out from the file.

    Parameters
    ----------
    device, kind
        Whose readings they are, where columns do not say; and which kind of device it is.
    columns
        Columns to import, and no others; recognised by their names without it.
    leave_out
        Columns not to be imported though their names are recognised.
    series
        Instead of `columns`: one reading per row.
    only
        Of a file with several meters' rows: by column, the text of the rows to be read.
    """

    device: str | None = None
    kind: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    decimal: Decimal | None = None
    header_line: Annotated[int, msgspec.Meta(ge=1)] | None = None
    time: TimeColumns = TimeColumns()
    columns: list[Column] | None = None
    leave_out: list[str] = []
    series: SeriesColumns | None = None
    only: dict[str, str] = {}

    def __post_init__(self) -> None:
        if self.columns and self.series is not None:
            raise MappingError("a mapping has either columns or series, not both")
        for name, what in ((self.device, "device"), (self.kind, "kind")):
            if name is not None:
                check_name(name, what)


def parse_mapping(text: str, source: str) -> Mapping:
    """Read a mapping.

    Raises
    ------
    DocumentError
        With line and field.
    MappingError
        When it contradicts itself.
    """
    return decode_yaml(text, Mapping, source)


def parse_column(text: str) -> Column | str:
    """A column as the command line says it: ``HEADER=[DEVICE/]CHANNEL[:UNIT[:MEANING]]``; ``HEADER=-`` leaves it out.

    Returns
    -------
    Column or str
        The column; or the name of one to be left out.

    Raises
    ------
    MappingError, UnknownChannelError
        When it is not that.
    """
    header, equals, rest = text.rpartition("=")
    if not equals or not header:
        raise MappingError(
            f"--column {text!r}: write HEADER=CHANNEL:UNIT:MEANING, e.g. '사용량=energy_import_wh:kWh:interval'"
        )
    if rest == "-":
        return header
    target, unit, meaning, *more = [*rest.split(":"), "", ""]
    device, _, name = target.rpartition("/")
    if any(more) or meaning not in {"", "interval", "register", "mean", "instant"}:
        raise MappingError(f"--column {text!r}: the meaning is none of interval, register, mean, instant")
    return Column(header, name, unit or None, meaning or None, device or None)  # type: ignore[arg-type] # looked at above
