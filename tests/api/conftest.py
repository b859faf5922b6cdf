"""A real server over a real store and a real broker, and a real Chromium to look at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api import Settings
from api.assets.vendor import build
from storage import DuckStore
from telemetry import Broker, State
from tests.api.history import PLAN, REVIEW, WORKS, history
from tests.api.parts import SITE, SITE_NAME, Feeder, Running, announce, birth, last_hour, now_ms, serving
from tests.parts import free_port, program, running, wait_until


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckStore]:
    """Twelve weeks of a replaced machine, and the last hour of the whole factory."""
    opened = DuckStore(tmp_path_factory.mktemp("store") / "readings.duckdb")
    opened.write(history())
    opened.write(last_hour(now_ms()))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One good plan, and one that nobody can read."""
    folder = tmp_path_factory.mktemp("plans")
    (folder / "press-2.yaml").write_text(PLAN, encoding="utf-8")
    (folder / "scribble.yaml").write_text("id: [\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the works' energy reviews are told."""
    folder = tmp_path_factory.mktemp("reviews")
    (folder / f"{WORKS}.yaml").write_text(REVIEW, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A mosquitto where ``gw-1`` is online, ``history`` has signed off and ``gw-9`` was lost."""
    folder = tmp_path_factory.mktemp("mosquitto")
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n", encoding="utf-8")
    with running([program("mosquitto"), "-c", str(config)], port, folder / "mosquitto.log"):
        found = Broker(port=port)
        announce(
            found,
            ("gw-1", "birth", birth()),
            ("gw-1", "state", State(online=True, at=now_ms() - 5 * 3_600_000)),
            ("history", "birth", birth("history", started=1)),
            ("history", "state", State(online=False, at=now_ms() - 2 * 3_600_000)),
            ("gw-9", "state", State(online=False, at=0)),
        )
        yield found


@pytest.fixture(scope="session")
def site(store: DuckStore, plans: Path, reviews: Path, broker: Broker) -> Iterator[Running]:
    """The app, serving that factory; nothing new arrives unless a test makes it."""
    build()
    settings = Settings(demand_target_kw=100.0, plans=str(plans), reviews=str(reviews), refresh_s=0.3)
    with serving(store, settings, broker) as started:
        wait_until(lambda: SITE_NAME in httpx.get(f"{started.url}/api/sites").text, "the birth has been heard")
        yield started


@pytest.fixture
def feeder(store: DuckStore, site: Running) -> Iterator[Feeder]:
    """The gateway goes on reading."""
    feed = Feeder(store, written=lambda: site.notify(SITE))
    feed.start()
    yield feed
    feed.close()
