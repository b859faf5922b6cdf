from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from api import Settings
from api.live import QUEUE, Feed
from api.models import Health
from storage import DuckStore, StoreUnavailableError
from tests.api.parts import SITE, Feeder, Running, last_hour, now_ms, serving
from tests.parts import wait_until


@contextmanager
def watching(site: Running) -> Iterator[Iterator[tuple[str, Any]]]:
    """Events of the live feed as ``(name, data)``."""
    with (
        httpx.Client(timeout=60) as client,
        client.stream("GET", f"{site.url}/api/sites/{SITE}/live") as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")

        def events() -> Iterator[tuple[str, Any]]:
            name = ""
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    yield name, json.loads(line.removeprefix("data: "))

        yield events()


def test_a_snapshot_comes_at_once_and_new_readings_follow(site: Running, feeder: Feeder) -> None:
    with watching(site) as events:
        name, first = next(events)
        assert name == "snapshot"
        assert first["site"] == SITE
        totals = {snapshot["total_w"] for _, (_, snapshot) in zip(range(8), events, strict=False)}
    assert len(totals) > 2, "the power that was written is the power that is pushed"


def test_all_browsers_share_one_look() -> None:
    looks: list[str] = []

    def look(site: str) -> Health:
        looks.append(site)
        return Health(ok=True, version="", engine="", detail=str(len(looks)), facts={})

    async def watch() -> list[list[bytes]]:
        feed = Feed(look, refresh_s=0.05)

        async def browser() -> list[bytes]:
            seen = []
            async for item in feed.events("here"):
                if item.startswith(b"event"):
                    seen.append(item)
                if len(seen) == 3:
                    break
            return seen

        found = await asyncio.gather(*(browser() for _ in range(20)))
        await feed.close()
        return list(found)

    seen = asyncio.run(watch())
    assert len(looks) <= 5, "twenty browsers cost no more looks than one"
    assert all(len(items) == 3 for items in seen)


def test_a_slow_browser_gets_the_newest_and_holds_no_more_than_the_queue() -> None:
    count = 0

    def look(_: str) -> Health:
        nonlocal count
        count += 1
        return Health(ok=True, version="", engine="", detail=str(count), facts={})

    async def watch() -> list[bytes]:
        feed = Feed(look, refresh_s=0.01)
        stream = feed.events("here")
        await anext(stream)  # subscribed; and now it reads nothing for a while
        while count < QUEUE * 3:
            feed.notify("here")
            await asyncio.sleep(0.01)
        late = [item async for item in _some(stream, QUEUE)]
        await feed.close()
        return late

    late = asyncio.run(watch())
    numbers = [int(json.loads(item.decode().split("data: ")[1])["detail"]) for item in late if item.startswith(b"ev")]
    assert numbers == sorted(numbers)
    assert numbers[-1] >= QUEUE * 2, "the oldest were dropped, not the newest"


async def _some(stream: Any, count: int) -> Any:
    for _ in range(count):
        yield await anext(stream)


def test_trouble_with_the_store_is_told_and_ends_when_the_store_is_back() -> None:
    broken = threading.Event()
    broken.set()

    def look(_: str) -> Health:
        if broken.is_set():
            raise StoreUnavailableError("no answer from the store;\ntry again")
        return Health(ok=True, version="", engine="", detail="", facts={})

    async def watch() -> list[bytes]:
        feed = Feed(look, refresh_s=0.05)
        seen: list[bytes] = []
        async for item in feed.events("here"):
            seen.append(item)
            if item.startswith(b"event: trouble"):
                broken.clear()
            if item.startswith(b"event: snapshot"):
                break
        await feed.close()
        return seen

    seen = asyncio.run(watch())
    assert b"event: trouble\ndata: no answer from the store; try again\n\n" in seen
    assert seen[-1].startswith(b"event: snapshot")


def test_a_quiet_feed_sends_heartbeats() -> None:
    blocked = threading.Event()

    def look(_: str) -> Health:
        blocked.wait(60)
        return Health(ok=True, version="", engine="", detail="", facts={})

    async def watch() -> bytes:
        feed = Feed(look, refresh_s=0.05, heartbeat_s=0.05)
        stream = feed.events("here")
        await anext(stream)
        found = await anext(stream)
        blocked.set()
        await feed.close()
        return found

    assert asyncio.run(watch()) == b": still here\n\n"


@pytest.mark.parametrize("browsers", [0, 3])
def test_the_server_stops_while_browsers_watch_and_ends_every_stream_whole(tmp_path: Any, browsers: int) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    store.write(last_hour(now_ms())[-2:])
    ended: list[str] = []

    def browser(site: Running) -> None:
        with watching(site) as events:
            for _ in events:
                pass
        ended.append("clean")

    with serving(store, Settings(refresh_s=0.2)) as site:
        threads = [threading.Thread(target=browser, args=(site,)) for _ in range(browsers)]
        for thread in threads:
            thread.start()
        wait_until(lambda: site.feed.watchers == browsers, "the browsers watch")
        site.stop()
        assert not site.thread.is_alive()
        for thread in threads:
            thread.join(60)
    assert ended == ["clean"] * browsers, "every stream ended whole"
    store.close()


def test_nobody_watching_costs_nothing(site: Running) -> None:
    with watching(site) as events:
        next(events)
        assert site.feed.watchers >= 1
    wait_until(lambda: site.feed.watchers == 0, "the browser that left is forgotten")
