"""What a faulty line makes of readings on their way to InfluxDB is refused by the server, and sent again."""

from __future__ import annotations

import gzip
import time
import urllib.error
import urllib.request

import pytest

from chaos.proxy import Proxy
from storage import Series, StoreError
from storage.influx import InfluxStore
from telemetry import Batch, Table
from tests.parts import Database

NOW = 1_795_000_000_000
MAIN = Series("site-1", "power_meter", "main", "active_power_w")


def test_influxdb_refuses_a_body_whose_checksum_does_not_fit(influxdb: Database) -> None:
    store = InfluxStore(influxdb.url, database="altered_body")
    assert store.health().ok
    body = gzip.compress(b"power_meter,site=site-1,device=main active_power_w=1500.0 %d000000" % NOW, 0)
    altered = body.replace(b"=1500.0", b"=9500.0")
    assert altered != body
    request = urllib.request.Request(
        f"{influxdb.url}/write?db=altered_body", altered, headers={"Content-Encoding": "gzip"}, method="POST"
    )
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(request, timeout=10)
    assert store.count() == 0
    store.close()


@pytest.mark.timeout(200)  # an altered length may cost a time-out of 30 s
def test_what_is_sent_until_it_is_confirmed_is_stored_as_it_was_read(influxdb: Database) -> None:
    line = Proxy(int(influxdb.url.rsplit(":", 1)[1]), seed=7)
    through, direct = (
        InfluxStore(url, database="altered_line") for url in (f"http://127.0.0.1:{line.port}", influxdb.url)
    )
    assert direct.health().ok
    written: dict[int, float] = {}
    deadline = time.monotonic() + 150
    line.begin("corrupt")
    while line.altered < 20:
        assert time.monotonic() < deadline, f"{line.altered} bytes altered"
        at = NOW + len(written)
        batch = Batch("site-1", "gw-1", "e", 1, [Table("main", "power_meter", [at], {"active_power_w": [float(at)]})])
        try:
            outcome = through.write([batch])
        except StoreError:
            continue  # as the collector does: the same again
        assert outcome.rejected == ()
        written[at] = float(at)
    line.end("corrupt")
    times, values = direct.read(MAIN, 0, 2 * NOW)
    stored = dict(zip(times.tolist(), values.tolist(), strict=True))
    assert {at: stored.get(at) for at in written} == written
    assert set(stored) <= {*written, NOW + len(written)}  # at most the one that was not confirmed yet
    assert direct.count() == len(stored)
    for each in (through, direct):
        each.close()
    line.stop()
