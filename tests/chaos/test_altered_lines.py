"""What a faulty line makes of readings on their way to InfluxDB is refused by the server."""

from __future__ import annotations

import gzip
import urllib.error
import urllib.request

import pytest

from storage.influx import InfluxStore
from tests.parts import Database

NOW = 1_795_000_000_000


def test_influxdb_refuses_a_body_whose_checksum_does_not_fit(influxdb: Database) -> None:
    store = InfluxStore(influxdb.url, database="altered_body")
    assert store.health().ok
    body = gzip.compress(b"power_meter,site=site-1,device=main active_power_w=1500.0 %d000000" % NOW, 0)
    altered = body.replace(b"=1500.0", b"=9500.0")
    assert altered != body
    for sent, taken in ((altered, False), (body, True)):
        request = urllib.request.Request(
            f"{influxdb.url}/write?db=altered_body", sent, headers={"Content-Encoding": "gzip"}, method="POST"
        )
        if taken:
            urllib.request.urlopen(request, timeout=60)
        else:
            with pytest.raises(urllib.error.HTTPError, match="400"):
                urllib.request.urlopen(request, timeout=60)
        assert store.count() == int(taken)
    store.close()
