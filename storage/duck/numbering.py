"""Numbering: the series of a commit get their numbers, and their values the order in which the table holds them."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt

from storage.blocks import Block
from storage.duck.newest import Columns, Device, Ids, Newest, Run
from storage.store import Times, Values

NewRuns = dict[Device, list[Run]]
"""Series that a commit brings, by device."""

_LARGEST: Final = np.iinfo(np.int64).max


def numbered(blocks: list[Block], newest: Newest) -> tuple[NewRuns, Columns]:
    """Number the series and lay the readings out as the table holds them; the last of a pair wins."""
    numbering = _Numbering(newest)
    parts: list[tuple[Ids, Times, Values]] = []
    for block in blocks:
        present = ~np.isnan(block.values)
        numbers = np.repeat(numbering.block(block, present), block.times.shape[1])
        times = np.repeat(block.times[:, None], len(block.channels), axis=1).ravel()
        if present.all():
            parts.append((numbers, times, block.values.ravel()))
        else:
            held = present.ravel()
            parts.append((numbers[held], times[held], block.values.ravel()[held]))
    if not parts:
        return {}, Columns(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0))
    columns = Columns(*(parts[0] if len(parts) == 1 else map(np.concatenate, zip(*parts, strict=True))))
    return numbering.new, _sorted(columns)


class _Numbering:
    """The numbers of one commit: those the database knows, and new ones after them."""

    def __init__(self, newest: Newest) -> None:
        self._newest = newest
        self._next = newest.size
        self.new: NewRuns = {}

    def block(self, block: Block, present: npt.NDArray[np.bool_]) -> Ids:
        """Series numbers, shape (tables, channels); meaningless where a series without a number has no value."""
        site, kind = block.site, block.kind
        channels = self._newest.known(block.channels)
        firsts = []
        others: dict[int, Ids] = {}
        for index, device in enumerate(block.devices):
            known = self._runs((site, kind, device))
            if len(known) == 1 and known[0].channels is channels:
                firsts.append(known[0].first)
            elif not known and present[index].any(axis=1).all():
                firsts.append(self._next)
                self._add((site, kind, device), channels)
            else:
                others[index] = self._pieced((site, kind, device), channels, present[index].any(axis=1))
                firsts.append(0)
        numbers = np.add.outer(np.array(firsts, np.int32), np.arange(len(channels), dtype=np.int32))
        for index, row in others.items():
            numbers[index] = row
        return numbers

    def _add(self, device: Device, channels: tuple[str, ...]) -> None:
        self.new.setdefault(device, []).append(self._newest.run(channels, self._next))
        self._next += len(channels)

    def _runs(self, device: Device) -> tuple[Run, ...] | list[Run]:
        known = self._newest.runs(device)
        new = self.new.get(device) if self.new else None
        return [*known, *new] if new else known

    def _pieced(self, device: Device, channels: tuple[str, ...], held: npt.NDArray[np.bool_]) -> Ids:
        """Numbers of a device whose series came in several runs, or are new in part; new ones where a value is held."""
        known = {
            channel: number
            for run in self._runs(device)
            for number, channel in enumerate(run.channels, run.first)
        }  # fmt: skip
        missing = tuple(
            channel for channel, holds in zip(channels, held.tolist(), strict=True) if holds and channel not in known
        )
        if missing:
            known.update((channel, number) for number, channel in enumerate(missing, self._next))
            self._add(device, missing)
        return np.array([known.get(channel, 0) for channel in channels], np.int32)


def _sorted(columns: Columns) -> Columns:
    """Sort by series and time; of readings that share both, the last one stays."""
    if not len(columns.time):
        return columns
    start = int(columns.time.min())
    span = int(columns.time.max()) - start + 1
    if (int(columns.series_id.max()) + 1) * span <= _LARGEST:
        key = columns.series_id.astype(np.int64) * span + (columns.time - start)
        if (key[1:] > key[:-1]).all():
            return columns
        order = np.argsort(key, kind="stable")
    else:
        order = np.lexsort((columns.time, columns.series_id))
    series_id, time, value = columns.series_id[order], columns.time[order], columns.value[order]
    last = np.ones(len(time), bool)
    last[:-1] = (series_id[1:] != series_id[:-1]) | (time[1:] != time[:-1])
    arranged = Columns(series_id, time, value)
    return arranged if last.all() else arranged.where(last)


def put_series(cursor: duckdb.DuckDBPyConnection, new: NewRuns) -> None:
    """Insert new series, within the caller's transaction."""
    makes: dict[tuple[str, ...], list[tuple[int, Device]]] = defaultdict(list)
    for device, runs in new.items():
        for run in runs:
            makes[run.channels].append((run.first, device))
    for channels, of_one_make in makes.items():
        firsts, owners = zip(*of_one_make, strict=True)
        sites, kinds, devices = zip(*owners, strict=True)
        cursor.register(
            "new_runs",
            {
                "first": np.array(firsts, np.int32),
                "site": _words(sites), "kind": _words(kinds), "device": _words(devices),
            },
        )  # fmt: skip
        cursor.register("new_channels", {"position": np.arange(len(channels)), "channel": _words(channels)})
        cursor.execute(
            "INSERT INTO series SELECT first + position, site, kind, device, channel FROM new_runs, new_channels"
        )


def _words(words: tuple[str, ...]) -> npt.NDArray[np.object_]:
    """As objects: DuckDB makes an ENUM of an array of fixed-width text."""
    return np.array(words, object)
