"""Rows of a file laid out on disk series by series and in the order of time, as most files have them already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exchange.file_series import Cut, cuts_of
from exchange.moments import Moments
from exchange.ordering import Sought, in_order, spread
from exchange.scratch import AnyColumn, Column


@dataclass(slots=True)
class InTime:
    """Rows in the order of time.

    Attributes
    ----------
    moments, values
        Row by row; values by the file's columns.
    cuts
        Of each series, the stretches it is looked at in; one series where all columns share the rows.
    """

    moments: Moments
    values: dict[str, Column[np.float64]]
    cuts: Sequence[Sequence[Cut]]


def in_time(moments: Moments, values: dict[str, Column[np.float64]], key: Column[np.int32] | None, keys: int) -> InTime:
    """Put rows in order, unless they are.

    Parameters
    ----------
    key, keys
        Of a file with one reading per row: which series each row is of, and how many there are.
    """
    rows, groups = len(moments.stamps), keys if key is not None else 1

    def look(start: int, stop: int) -> Sought:
        good, stamps = moments.good.read(start, stop), moments.stamps.read(start, stop)
        group = np.zeros(len(good), np.int64) if key is None else key.read(start, stop).astype(np.int64)
        return Sought(good, group, stamps)

    found = spread(rows, groups, look)
    if groups == 1 and found.rising.all():
        return InTime(moments, values, [cuts_of(moments, 0, rows)])
    columns: list[AnyColumn] = [
        moments.good,
        moments.stamps,
        moments.starts,
        moments.ends,
        moments.lines,
        *values.values(),
    ]
    made = in_order(rows, found, look, columns, moments.stamps)
    laid = Moments(*made[:5])
    ends = np.cumsum(found.counts).tolist()
    cuts = [cuts_of(laid, end - count, end) for end, count in zip(ends, found.counts.tolist(), strict=True)]
    return InTime(laid, dict(zip(values, made[5:], strict=True)), cuts)
