"""Transactions that add to a DuckDB file: series, readings, the windows they touch, and gaps."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import numpy.typing as npt

from storage.duck.journal import joined
from storage.duck.newest import Columns, Newest
from storage.duck.numbering import NewRuns, put_series
from storage.duck.rollups import Touches
from telemetry import Batch, Gap


class Committing:
    """Commits of one file.

    Parameters
    ----------
    cursor
        A cursor of the file; used once, to parse the one statement that nearly every commit consists of. To parse it
        each time costs a third of a small commit.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        [self._append] = cursor.extract_statements("INSERT INTO readings SELECT series_id, time, value FROM appended")

    def take_in(
        self, cursor: duckdb.DuckDBPyConnection, records: Sequence[Columns], touches: Touches, *, doubtful: bool
    ) -> None:
        """Add what the journal holds, in one transaction.

        When that is doubtful, some of it may be in the file already: that stays as it is.
        """
        columns = joined(records)
        if doubtful:
            columns = columns.where(~there(cursor, columns))
            if not len(columns.time):
                return
        pairs = touches.untold(columns)
        if not len(pairs[0]):
            # A statement outside of any transaction is one of its own.
            self._put(cursor, columns)
            return
        cursor.begin()
        self._put(cursor, columns)
        touches.record(cursor, pairs)
        cursor.commit()
        touches.committed(pairs)

    def commit(
        self,
        cursor: duckdb.DuckDBPyConnection,
        new: NewRuns,
        columns: Columns,
        newest: Newest,
        touches: Touches,
        gaps: list[tuple[Batch, Gap]],
    ) -> None:
        """Commit what may replace what is there, in one transaction. The journal must have been taken in."""
        beyond = newest.beyond(columns)
        cursor.begin()
        put_series(cursor, new)
        there = np.zeros(len(beyond), bool)
        if not beyond.all():
            there[~beyond] = _make_way(cursor, columns.where(~beyond))
        fresh = columns.where(~there) if there.any() else columns
        pairs = touches.untold(fresh)
        if len(fresh.time):
            self._put(cursor, fresh)
            touches.record(cursor, pairs)
        for batch, gap in gaps:
            _put_gap(cursor, batch.site, gap)
        cursor.commit()
        touches.committed(pairs)

    def _put(self, cursor: duckdb.DuckDBPyConnection, columns: Columns) -> None:
        """Append readings. DuckDB finds the arrays by the variable's name; registering costs as much as appending."""
        appended = {"series_id": columns.series_id, "time": columns.time, "value": columns.value}  # noqa: F841 - see above
        cursor.execute(self._append)


def there(cursor: duckdb.DuckDBPyConnection, columns: Columns) -> npt.NDArray[np.bool_]:
    """Which readings' series and time the file holds already, shape (readings,)."""
    rows, _ = _matching(cursor, columns)
    there = np.zeros(len(columns.time), bool)
    there[rows] = True
    return there


def _make_way(cursor: duckdb.DuckDBPyConnection, columns: Columns) -> npt.NDArray[np.bool_]:
    """Delete what these readings replace; returns which are there already, bit for bit, shape (readings,).

    MERGE does not do: DuckDB leaves a value alone that compares equal to the new one, and so 0.0 never becomes -0.0.
    """
    rows, values = _matching(cursor, columns)
    same = np.zeros(len(columns.time), bool)
    same[rows] = values.view(np.int64) == columns.value[rows].view(np.int64)
    outdated = np.zeros(len(columns.time), bool)
    outdated[rows] = ~same[rows]
    if outdated.any():
        _register(cursor, columns.where(outdated))
        cursor.execute(f"DELETE FROM readings r USING incoming i WHERE {_match(columns)}")  # noqa: S608 - two integers
    return same


def _matching(
    cursor: duckdb.DuckDBPyConnection, columns: Columns
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Places of the readings whose series and time the file holds, and the values it holds for them."""
    _register(cursor, columns, row=np.arange(len(columns.time)))
    rows, values = (
        cursor.execute(f"SELECT i.row, r.value FROM readings r JOIN incoming i ON {_match(columns)}")  # noqa: S608 - two integers
        .fetchnumpy()
        .values()
    )
    return rows, values


def _match(columns: Columns) -> str:
    """The time span as literals lets DuckDB skip the rest of the table."""
    span = f"r.time BETWEEN {int(columns.time.min())} AND {int(columns.time.max())}"
    return f"r.series_id = i.series_id AND r.time = i.time AND {span}"


def _register(cursor: duckdb.DuckDBPyConnection, columns: Columns, **more: npt.NDArray[np.int64]) -> None:
    arrays = {"series_id": columns.series_id, "time": columns.time, "value": columns.value}
    cursor.register("incoming", arrays | more)


def _put_gap(cursor: duckdb.DuckDBPyConnection, site: str, gap: Gap) -> None:
    key = [site, gap.kind, gap.device, gap.channel, gap.start, gap.reason]
    cursor.execute(
        "DELETE FROM gaps WHERE site = ? AND kind = ? AND device = ? AND channel = ? AND start = ? AND reason = ?", key
    )
    cursor.execute(
        "INSERT INTO gaps VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [site, gap.kind, gap.device, gap.channel, gap.start, gap.end, gap.reason, gap.readings],
    )
