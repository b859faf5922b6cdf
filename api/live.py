"""The live feed: one look per site and second, shared by every browser that watches, pushed as Server-Sent Events."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from typing import Final

import structlog
from pydantic import BaseModel

from api.errors import ApiError
from storage import StoreError

log = structlog.get_logger(__name__)

HEARTBEAT_S: Final = 15.0
QUEUE: Final = 8
"""Events a slow browser may lag behind. Each is whole in itself, so the oldest is dropped for the newest."""

_SOONEST_S: Final = 0.2


def event(name: str, data: str) -> bytes:
    """One event; `data` holds no line break (JSON never needs one)."""
    return f"event: {name}\ndata: {data}\n\n".encode()


class _Watched:
    """One site that somebody watches."""

    def __init__(self) -> None:
        self.queues: set[asyncio.Queue[bytes | None]] = set()
        self.wake = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.last: bytes | None = None

    def push(self, item: bytes | None) -> None:
        for queue in self.queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(item)


class Feed:
    """Pushes what `look` sees of a site to everyone who watches it. Used on one event loop.

    Parameters
    ----------
    look
        Reads one site; called in a worker thread.
    refresh_s
        Time between two looks [s].
    heartbeat_s
        Longest silence towards a browser before a comment is sent [s].
    """

    def __init__(self, look: Callable[[str], BaseModel], refresh_s: float, heartbeat_s: float = HEARTBEAT_S) -> None:
        self._look = look
        self._refresh_s = refresh_s
        self._heartbeat_s = heartbeat_s
        self._sites: dict[str, _Watched] = {}
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()

    @property
    def watchers(self) -> int:
        """How many browsers watch."""
        return sum(len(watched.queues) for watched in self._sites.values())

    def notify(self, site: str) -> None:
        """Something new was stored: look now rather than at the next turn. From any thread."""
        with self._lock:
            loop = self._loop
        if loop is not None and not loop.is_closed():
            # Between the check and the call the loop may close; then there is nobody to tell.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._wake, site)

    async def events(self, site: str) -> AsyncIterator[bytes]:
        """Events of a site until the watcher leaves or the feed closes."""
        if self._closed:
            return
        with self._lock:
            self._loop = asyncio.get_running_loop()
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)
        watched = self._sites.setdefault(site, _Watched())
        if watched.last is not None:
            queue.put_nowait(watched.last)
        watched.queues.add(queue)
        if watched.task is None:
            watched.task = asyncio.create_task(self._watch(site, watched), name=f"live feed of {site}")
        try:
            yield b"retry: 2000\n\n"
            while True:
                try:
                    item = await asyncio.wait_for(queue.get(), self._heartbeat_s)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if item is None:
                    return
                yield item
        finally:
            watched.queues.discard(queue)
            if not watched.queues:
                self._leave(site, watched)

    async def close(self) -> None:
        """End every stream now, so that a server can stop; the browsers will come back by themselves."""
        self._closed = True
        tasks = []
        for watched in self._sites.values():
            watched.push(None)
            if watched.task is not None:
                watched.task.cancel()
                tasks.append(watched.task)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _wake(self, site: str) -> None:
        watched = self._sites.get(site)
        if watched is not None:
            watched.wake.set()

    def _leave(self, site: str, watched: _Watched) -> None:
        if self._sites.get(site) is watched:
            del self._sites[site]
        if watched.task is not None:
            watched.task.cancel()

    async def _watch(self, site: str, watched: _Watched) -> None:
        failing = False
        while True:
            try:
                seen = await asyncio.to_thread(self._look, site)
            except (StoreError, ApiError) as error:
                if not failing:
                    log.warning("live_feed_interrupted", site=site, problem=str(error))
                failing = True
                watched.last = None
                watched.push(event("trouble", _line(str(error))))
            except Exception:
                # A defect here must not leave a page that looks alive: the watchers are told, and we go on trying.
                log.exception("live_feed_failed", site=site)
                watched.last = None
                watched.push(event("trouble", "internal error; see the server's log"))
            else:
                failing = False
                watched.last = event("snapshot", seen.model_dump_json())
                watched.push(watched.last)
            await asyncio.sleep(min(_SOONEST_S, self._refresh_s))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(watched.wake.wait(), max(self._refresh_s - _SOONEST_S, 0.001))
            watched.wake.clear()


def _line(text: str) -> str:
    return " ".join(text.split())
