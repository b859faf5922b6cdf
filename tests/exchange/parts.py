"""What the tests of imports and exports are made of: small files in the shapes that meters and utilities write."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from hypothesis import settings

import exchange

DATA = Path(__file__).parent / "data"
STEEL = DATA / "steel_13_days.csv"
SITE = "plant"

some = settings(max_examples=40, deadline=None)
"""Examples enough for a property, few enough for a suite."""


def stamps(count: int, start: str = "2026-03-02 00:00", step: int = 15, shape: str = "%Y-%m-%d %H:%M") -> list[str]:
    """Interval stamps, `step` minutes apart."""
    first = dt.datetime.fromisoformat(start)
    return [(first + dt.timedelta(minutes=step * nth)).strftime(shape) for nth in range(count)]


moment = dt.datetime.fromisoformat


def table(header: str, rows: Iterable[Sequence[object]], delimiter: str = ",") -> str:
    return "\n".join([header, *(delimiter.join(map(str, row)) for row in rows)]) + "\n"


def day(value: Callable[[int], object] = lambda nth: 1 + nth % 3, header: str = "일시,사용량(kWh)") -> str:
    """A whole day of quarter-hours, stamped at their starts."""
    return table(header, ((at, value(nth)) for nth, at in enumerate(stamps(96))))


def understood(
    folder: Path,
    text: str,
    *columns: str,
    encoding: str = "utf-8",
    mapping: exchange.Mapping | None = None,
    duplicates: exchange.Duplicates = "refuse",
) -> exchange.Understood:
    """What is understood of a text in a file."""
    path = folder / "meter.csv"
    path.write_bytes(text.encode(encoding))
    said = [exchange.parse_column(each) for each in columns]
    return exchange.understand(path, mapping or exchange.Mapping(device="main"), said, duplicates=duplicates)


def questions(found: exchange.Understood) -> list[str]:
    return [question.settled_by for question in found.questions]


def column(found: exchange.Understood, nth: int = 0) -> tuple[str, str, str, str]:
    series = found.series[nth]
    return series.device, series.channel, series.unit, series.meaning


@functools.cache
def steel(*columns: str) -> exchange.Understood:
    """The steel file as it is understood with these columns said; nobody changes it."""
    said = [exchange.parse_column(each) for each in columns]
    return exchange.understand(STEEL, exchange.Mapping(device="main"), said)
