"""Lanes: a large write in two parts that are posted side by side, for a server works on a request with one core."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from itertools import chain
from typing import Final, TypeVar

import numpy as np

from storage.blocks import Block

T = TypeVar("T")

LANES: Final = 2
"""InfluxDB takes about as long for a line of a city as one Python process that makes it: more would only wait."""

LINES_ALONE: Final = 500
"""So many lines are sent in one request: a second one would cost more than it gains."""


def lanes(blocks: list[Block]) -> list[list[Block]]:
    """Part blocks by device, so that all of a series stays in one lane, in the order it came.

    A later reading of the same time is a correction; overtaken by the one it corrects, it would be lost.
    """
    if sum(block.times.size for block in blocks) <= LINES_ALONE:
        return [blocks]
    devices = dict.fromkeys(chain.from_iterable(block.devices for block in blocks))
    if len(devices) < LANES:
        return [blocks]
    lane_of = {device: number % LANES for number, device in enumerate(devices)}
    parted: list[list[Block]] = [[] for _ in range(LANES)]
    for block in blocks:
        of_tables = np.array([lane_of[device] for device in block.devices])
        for number, lane in enumerate(parted):
            tables = np.flatnonzero(of_tables == number)
            if len(tables):
                lane.append(block.only(tables.tolist()))
    return parted


def side_by_side(works: Sequence[Callable[[], T]]) -> list[T]:
    """Do all at once, the first on this thread; raises what the first of them raised that failed, when all are over.

    What would still be under way when a write is repeated could overtake what is written next. The threads are daemons:
    a server that does not answer holds nobody up who has to end.
    """
    done: list[Future[T]] = [Future() for _ in works]

    def do(number: int) -> None:
        try:
            done[number].set_result(works[number]())
        except Exception as error:
            done[number].set_exception(error)

    threads = [threading.Thread(target=do, args=(number,), daemon=True) for number in range(1, len(works))]
    for thread in threads:
        thread.start()
    if works:
        do(0)
    for thread in threads:
        thread.join()
    return [each.result() for each in done]
