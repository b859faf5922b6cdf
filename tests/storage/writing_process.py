"""A process of its own that writes to a DuckStore, for the tests that kill, lock out or starve it.

``python -m tests.storage.writing_process MODE PATH``
"""

from __future__ import annotations

import resource
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from storage import DuckStore, StoreUnavailableError
from storage.duck import compaction
from tests.storage.parts import MAIN, batch

READINGS = 20


def points(seq: int) -> dict[int, float | None]:
    return {1_000_000 * seq + n: seq + n / 7 for n in range(READINGS)}


def say(text: object) -> None:
    print(text, flush=True)


def write_for_ever(path: Path, *, reopening: bool, meanwhile: Callable[[DuckStore], None] | None = None) -> None:
    """Write batch after batch, naming each once it is confirmed, and roll up after every fifth.

    When reopening, close and open after every third. Something may go on in a thread all the while.
    """
    store, seq = DuckStore(path), 0
    if meanwhile is not None:
        threading.Thread(target=meanwhile, args=(store,), daemon=True).start()
    while True:
        seq += 1
        store.write([batch(points(seq), seq=seq)])
        say(seq)
        if seq % 5 == 0:
            store.roll(2**60)
        if reopening and seq % 3 == 0:
            store.close()
            store = DuckStore(path)


def settle_for_ever(store: DuckStore) -> None:
    """Lay out pieces of a hundred readings as they come."""
    while True:
        store.settle(2**60, 0.0001)


def compact_for_ever(store: DuckStore) -> None:
    """Write the file anew, again and again."""
    while True:
        compaction.compact(store)


def hold(path: Path) -> None:
    """Keep the file open until the parent hangs up."""
    store = DuckStore(path)
    say("held")
    sys.stdin.read()
    store.close()


def limit(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def fill_the_disk(path: Path) -> None:
    """Write while no file may grow, then again when it may; first in the log, then in a checkpoint."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = DuckStore(path)
    store.write([batch(points(1))])
    limit(10_000)
    big = {5_000_000 + n: float(n) for n in range(5000)}
    try:
        store.write([batch(big, seq=2)])
    except StoreUnavailableError as error:
        say(f"log: {error}")
    say(f"still readable: {store.count()}")
    limit(resource.RLIM_INFINITY)
    store.write([batch(big, seq=2)])
    say(f"after: {store.count()}")
    limit(10_000)
    try:
        with store._file.cursor() as cursor:
            cursor.execute("CHECKPOINT")
    except StoreUnavailableError as error:
        say(f"checkpoint: {error}")
    limit(resource.RLIM_INFINITY)
    store.write([batch(big, seq=2), batch(points(3), seq=3)])
    say(f"again: {store.count()} {store.duplicates()}")
    store.close()


def compact_on_a_full_disk(path: Path) -> None:
    """Write the file anew where the disk has no room for it, first at once, then in the middle; then where it has."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = DuckStore(path)
    store.write([batch({n: n * 0.37 for n in range(200_000)})])
    for room in (10_000, 700_000):
        limit(room)
        try:
            compaction.compact(store)
        except StoreUnavailableError as error:
            say(error)
        say(f"left behind: {sorted(each.name for each in path.parent.iterdir() if 'compacting' in each.name)}")
        limit(resource.RLIM_INFINITY)
        store.write([batch({1_000_000 + room: 1.0}, seq=room)])
        say(f"held: {store.count()} {store.duplicates()}")
    say(f"compacted: {compaction.compact(store).readings}")
    store.close()


def settle_on_a_full_disk(path: Path) -> None:
    """Lay out a piece while no file may grow, then again when it may."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = DuckStore(path)
    for n in range(50):
        store.write([batch({1000 * n + m: n + m / 7 for m in range(100)}, seq=n + 1)])
    with store.file.cursor() as cursor:
        cursor.execute("CHECKPOINT")
    before = [each.tolist() for each in store.read(MAIN, 0, 2**60)]

    def same() -> bool:
        return [each.tolist() for each in store.read(MAIN, 0, 2**60)] == before

    limit(10_000)
    try:
        store.settle(2**60, 0.004)
    except StoreUnavailableError as error:
        say(error)
    say(f"the same: {same()}")
    limit(resource.RLIM_INFINITY)
    say(f"settled: {store.settle(2**60, 0.004) > 0}")
    say(f"the same: {same()}")
    store.close()


if __name__ == "__main__":
    mode, file = sys.argv[1], Path(sys.argv[2])
    if mode == "hold":
        hold(file)
    elif mode == "fill":
        fill_the_disk(file)
    elif mode == "compact_full":
        compact_on_a_full_disk(file)
    elif mode == "settle_full":
        settle_on_a_full_disk(file)
    else:
        tending = {"settle": settle_for_ever, "compact": compact_for_ever}
        write_for_ever(file, reopening=mode == "reopen", meanwhile=tending.get(mode))
