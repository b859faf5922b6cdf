"""Wholesale: the messages of a commit judged together, by arrays, for nearly all of them are as they should be.

Only what is beyond every doubt passes here. Of the rest nothing is said: `admit` looks at each by itself, and tells
what of it may be stored, what not, and why. Pure.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from collector.admission import Rules, obeys
from collector.intake import check_whole
from collector.sifting import EARLIEST, FUTURE_MS
from storage import Block, Prepared, lay_out
from telemetry import BATCH, CHANNELS, Batch, decode, parse_topic

_NEIGHBOURS: Final = 16

Bounds = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""Lowest and highest plausible value of each channel, both of shape (channels, 1)."""


def judge(messages: Sequence[tuple[str, bytes]], now: int, rules: Rules) -> tuple[list[Batch | None], Prepared]:
    """Decide which messages (topic, payload) may be stored as they are at `now` [ms since 1970-01-01 UTC].

    Returns
    -------
    list[Batch | None]
        Of each message its batch, None where there is a doubt.
    Prepared
        These batches as the store takes them, laid out.
    """
    batches: list[Batch | None] = []

    def passed() -> Iterator[Batch]:
        for topic, payload in messages:
            batch = _batch(topic, payload, now, rules)
            batches.append(batch)
            if batch is not None:
                yield batch

    making = passed()
    prepared = lay_out(making)
    if prepared is None:
        deque(making, maxlen=0)
        batches = [*_each_storable(batches)]
        prepared = lay_out(batch for batch in batches if batch is not None)
    if prepared is None:
        return [None] * len(messages), Prepared([], [])
    doubtful = {id(batch) for block in prepared.blocks for batch in _doubtful(block, now)}
    if not doubtful:
        return batches, prepared
    return [None if id(batch) in doubtful else batch for batch in batches], _without(prepared, doubtful)


def apart(prepared: Prepared, others: Sequence[Batch]) -> bool:
    """Whether other batches have no device in common with these, so that which of them is written last is all one."""
    devices = {(batch.site, table.kind, table.device) for batch in others for table in batch.tables}
    return not devices or not any(
        (block.site, block.kind, device) in devices for block in prepared.blocks for device in block.devices
    )


def _batch(topic: str, payload: bytes, now: int, rules: Rules) -> Batch | None:
    """The batch of a message, None where there is a doubt; its names, times and values are not looked at."""
    try:
        address = parse_topic(topic)
        batch = decode(payload, Batch)
        sound = (
            address.kind == BATCH
            and not batch.gaps
            and check_whole(batch, address.site, address.gateway) is None
            and obeys(batch, now, rules)
        )
    except Exception:
        return None
    return batch if sound else None


def _each_storable(batches: Sequence[Batch | None]) -> Iterator[Batch | None]:
    """What of them can be laid out: looked at by themselves are only the neighbours of what cannot."""
    for first in range(0, len(batches), _NEIGHBOURS):
        some = batches[first : first + _NEIGHBOURS]
        if lay_out(batch for batch in some if batch is not None) is not None:
            yield from some
        else:
            yield from (None if batch is None or lay_out([batch]) is None else batch for batch in some)


def _doubtful(block: Block, now: int) -> list[Batch]:
    """Batches with a reading out of its channel's range, of no known channel, or of a time that cannot be."""
    bounds = _bounds(block.channels)
    if bounds is None:
        return block.batches
    low, high = bounds
    early, late = block.times[:, 0] < EARLIEST, block.times[:, -1] > now + FUTURE_MS
    beyond = (block.values < low) | (block.values > high)
    if not (beyond.any() or early.any() or late.any()):
        return []
    doubtful = early | late | beyond.any(axis=(1, 2))
    return [block.batches[table] for table in np.flatnonzero(doubtful)]


def _without(prepared: Prepared, doubtful: set[int]) -> Prepared:
    """Batches as they are laid out, without some, given by their identity."""
    blocks = []
    for block in prepared.blocks:
        kept = [table for table, batch in enumerate(block.batches) if id(batch) not in doubtful]
        if len(kept) == len(block.batches):
            blocks.append(block)
        elif kept:
            blocks.append(
                Block(
                    block.site, block.kind, block.channels, [block.batches[table] for table in kept],
                    [block.devices[table] for table in kept], block.times[kept], block.values[kept],
                )
            )  # fmt: skip
    return Prepared([batch for batch in prepared if id(batch) not in doubtful], blocks)


@lru_cache(maxsize=512)
def _bounds(names: tuple[str, ...]) -> Bounds | None:
    """Plausible ranges; None when one of the channels is unknown."""
    known = [channel for name in names if (channel := CHANNELS.get(name)) is not None]
    if len(known) < len(names):
        return None
    return np.array([[each.low] for each in known]), np.array([[each.high] for each in known])
