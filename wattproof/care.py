"""Care for the store while a process has it open: roll-ups, retention, and the desk of its data file."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import structlog

import storage
from telemetry import DocumentError
from wattproof.errors import UnavailableError

log = structlog.get_logger(__name__)

EVERYTHING: Final = -(2**53)
"""A time before all readings [ms UTC]."""


@contextlib.contextmanager
def caring(store: storage.Store, settings: storage.Settings, plans: Path) -> Iterator[storage.Upkeep]:
    """Roll up, forget and tidy, and answer `wattproof db`, until the end.

    Parameters
    ----------
    plans
        Folder of evaluation plans: readings that a plan needs are kept, however old.

    Raises
    ------
    UnavailableError
        The data folder holds no socket (a file system of another kind).
    """
    embedded = settings.engine == "duck"  # asked first: storage.DuckStore imports DuckDB, 14 MB for nothing elsewhere
    duck = store if embedded and isinstance(store, storage.DuckStore) else None
    with contextlib.ExitStack() as closing:
        upkeep = storage.Upkeep(
            store,
            settings,
            keep_from=lambda: earliest_needed(plans),
            # An InfluxDB server deletes by its own clock anyway.
            newest=duck.newest_time if duck else lambda: None,
            afterwards=lambda: _shrink(store) if embedded else None,
            tidy=duck.settle if duck else lambda _: 0,
        )
        if duck:
            from wattproof.data_file_desk import Desk

            try:
                desk = Desk(duck)
            except OSError as error:
                raise UnavailableError(f"{duck.file.path.parent}: cannot make a socket there: {error}") from error
            closing.callback(desk.stop)
            desk.start()
        closing.callback(upkeep.stop)
        upkeep.start()
        yield upkeep


def earliest_needed(plans: Path) -> int | None:
    """Where the earliest baseline of all plans begins [ms UTC]; None without plans.

    While one of them cannot be read, everything is needed.
    """
    paths = sorted(plans.glob("*.yaml")) if plans.is_dir() else []
    if not paths:
        return None
    from evaluation import load_plan  # with the numerical libraries behind it: 23 MB

    starts = []
    for path in paths:
        try:
            plan = load_plan(path)
        except (DocumentError, OSError) as error:
            log.warning("nothing_is_forgotten", reason=f"a plan cannot be read: {error}")
            return EVERYTHING
        # A day more, for what is interpolated across the first boundary.
        first = dt.datetime.combine(plan.baseline.first_day, dt.time(), ZoneInfo(plan.timezone)) - dt.timedelta(days=1)
        starts.append(int(first.timestamp() * 1000))
    return min(starts, default=None)


def _shrink(store: storage.Store) -> None:
    if isinstance(store, storage.DuckStore):
        from storage.duck import compaction

        copied = compaction.compact_if_worth(store)
        if copied is not None:
            log.info("data_file_compacted", before_bytes=copied.before_bytes, bytes=copied.bytes)
