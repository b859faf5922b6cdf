"""Wholesale: the messages of a commit judged together, by arrays, for nearly all of them are as they should be.

Only what is beyond every doubt passes here. Of the rest nothing is said: `admit` looks at each by itself, and tells
what of it may be stored, what not, and why. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from collector.admission import Rules, obeys
from collector.intake import check_whole
from collector.sifting import EARLIEST, FUTURE_MS
from storage import Block, Prepared, lay_out
from telemetry import BATCH, CHANNELS, Batch, decode, parse_topic

Bounds = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""Lowest and highest plausible value of each channel, both of shape (channels, 1)."""


def judge(messages: Sequence[tuple[str, bytes]], now: int, rules: Rules) -> tuple[list[Batch | None], Prepared | None]:
    """Decide which messages (topic, payload) may be stored as they are at `now` [ms since 1970-01-01 UTC].

    Returns
    -------
    list[Batch | None]
        Of each message its batch, None where there is a doubt.
    Prepared | None
        The batches as the store takes them, laid out; None unless all messages have one.
    """
    batches: list[Batch | None] = []

    def passed() -> Iterator[Batch]:
        for topic, payload in messages:
            batch = _batch(topic, payload, now, rules)
            batches.append(batch)
            if batch is not None:
                yield batch

    prepared = lay_out(passed())
    if prepared is None:
        return [None] * len(messages), None
    doubtful = {id(batch) for block in prepared.blocks for batch in _doubtful(block, now)}
    if not doubtful and len(prepared) == len(batches):
        return batches, prepared
    return [None if id(batch) in doubtful else batch for batch in batches], None


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


@lru_cache(maxsize=512)
def _bounds(names: tuple[str, ...]) -> Bounds | None:
    """Plausible ranges; None when one of the channels is unknown."""
    known = [channel for name in names if (channel := CHANNELS.get(name)) is not None]
    if len(known) < len(names):
        return None
    return np.array([[each.low] for each in known]), np.array([[each.high] for each in known])
