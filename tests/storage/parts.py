"""What the storage tests are made of: batches in one line, and an InfluxDB of their own to stop and to lock."""

from __future__ import annotations

import contextlib
import itertools
import resource
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from hypothesis import HealthCheck, settings

from storage import InfluxStore, Series, Store
from telemetry import Batch, Gap, Table
from tests.parts import Database

SITE = "gimpo-demo"
POWER = "active_power_w"
MAIN = Series(SITE, "power_meter", "main", POWER)


DAY = 86_400_000

repeated = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
"""For a property of a store, which stays open over all examples."""
fresh = itertools.count()
"""Numbers for devices no other example has written."""


def table(series: Series, points: Mapping[int, float | None]) -> Table:
    return Table.of(series.device, series.kind, sorted(points), {series.channel: [points[t] for t in sorted(points)]})


def batch(
    points: Mapping[int, float | None], series: Series = MAIN, *, seq: int = 1, gaps: Sequence[Gap] = ()
) -> Batch:
    return Batch(series.site, "gw-1", "epoch-1", seq, [table(series, points)], list(gaps))


def points(store: Store, series: Series = MAIN, start: int = -(2**62), end: int = 2**62) -> dict[int, float]:
    times, values = store.read(series, start, end)
    assert times.dtype == np.int64
    assert values.dtype == np.float64
    assert times.shape == values.shape
    return dict(zip(times.tolist(), values.tolist(), strict=True))


def ask_influx(url: str, statement: str, username: str = "", password: str = "") -> bytes:
    """Run a statement past the store."""
    user = "?" + urllib.parse.urlencode({"u": username, "p": password}) if username else ""
    form = urllib.parse.urlencode({"q": statement}).encode()
    with urllib.request.urlopen(f"{url}/query{user}", data=form, timeout=60) as answer:
        said = bytes(answer.read())
    assert b'"error"' not in said, said
    return said


def open_influx(influxdb: Database, database: str) -> InfluxStore:
    """A store on a server of the tests, with all its rights."""
    return InfluxStore(influxdb.url, database=database, token=influxdb.token, org=influxdb.org)


def write_influx(influxdb: Database, database: str, lines: str, *, policy: str = "") -> None:
    """Write lines past the store, to a policy (of 2.x, the bucket named so) or the default one."""
    where = {"db": database, "rp": policy}
    if influxdb.token:
        where = {"org": influxdb.org, "bucket": f"{database}/{policy}" if policy else database}
    path = "/api/v2/write" if influxdb.token else "/write"
    query = urllib.parse.urlencode({**where, "precision": "ms"})
    sent = urllib.request.Request(f"{influxdb.url}{path}?{query}", lines.encode(), known(influxdb))
    with urllib.request.urlopen(sent, timeout=60) as answer:
        assert answer.status == 204


def known(influxdb: Database) -> dict[str, str]:
    """Header with the credentials of a server that wants some."""
    return {"Authorization": f"Token {influxdb.token}"} if influxdb.token else {}


@contextlib.contextmanager
def little_disk(size: int) -> Iterator[None]:
    """A disk on which no file may grow beyond `size` bytes: the system refuses it as it does on a full one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
