"""Files that hold several meters' rows under each other, told apart by a column: which of them are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from exchange.errors import MappingError
from exchange.leftovers import TimeCells
from exchange.sniffing import Row
from exchange.sources import Source
from exchange.words import Question, Words

_MOST_METERS = 200


@dataclass(slots=True)
class ChosenSource(Source):
    """Rows of another source that have certain texts in certain columns (by their places)."""

    all: Source
    wanted: dict[int, str]

    def rows(self) -> Iterator[list[Row]]:
        """Those rows; see `Source`."""
        for some in self.all.rows():
            kept = [
                (line, cells)
                for line, cells in some
                if all(at < len(cells) and cells[at].strip() == text for at, text in self.wanted.items())
            ]
            if kept:
                yield kept


def chosen(source: Source, only: Mapping[str, str]) -> Source:
    """The rows of a source in which columns hold the texts that are said; the source itself where none is said.

    Raises
    ------
    MappingError
        When there is no such column, or no such row.
    """
    if not only:
        return source
    for name in only:
        if name not in source.header:
            there = ", ".join(source.header[:20])
            raise MappingError(f"{source.path}: no column {name!r} to choose rows by; it has {there}")
    found = ChosenSource(
        source.path, source.size, source.sha256, source.header, source.header_line, source.titles, source.described,
        source.delimiter, source, {source.header.index(name): text.strip() for name, text in only.items()},
        encoding=source.encoding, cut=source.cut, beside=source.beside,
    )  # fmt: skip
    if next(found.rows(), None) is None:
        said = ", ".join(f"{text!r} in column {name!r}" for name, text in only.items())
        raise MappingError(f"{source.path}: no row with {said}; look at what the column holds")
    return found


def several_meters(source: Source, time: Sequence[str], others: Sequence[str]) -> Question | None:
    """Ask which meter is meant, where a column tells apart the rows of each time; None where none does.

    Parameters
    ----------
    time
        Columns of the time.
    others
        Columns that are not imported.
    """
    rows = next(source.rows(), [])
    clock = TimeCells([source.header.index(name) for name in time])
    times, _ = clock.texts(rows)
    for name in others:
        if name not in source.header:
            continue
        at = source.header.index(name)
        texts = [cells[at].strip() if at < len(cells) else "" for _, cells in rows]
        meters = sorted(set(texts) - {""})
        pairs = len(set(zip(times, texts, strict=True)))
        if 1 < len(meters) <= _MOST_METERS and pairs > 0.99 * len(rows) and len(set(times)) < 0.75 * len(rows):
            few = ", ".join(meters[:5]) + (", …" if len(meters) > 5 else "")
            words = Words(
                f"같은 시각이 되풀이되고 열 '{name}'이(가) 이를 구분함 ({few}): 여러 계량기면 하나씩 가져올 것",
                f"each time comes again, told apart by column {name!r} ({few}): if these are several meters, import one"
                " after the other",
            )
            return Question(words, " | ".join(f"--only '{name}={meter}'" for meter in meters[:5]))
    return None
