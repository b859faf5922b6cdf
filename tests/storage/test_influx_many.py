"""Windows of many series on a real InfluxDB, which are asked for in several requests at once."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from storage import Aggregate, StoreError
from storage.influx import reading
from telemetry import Batch, Table
from tests.parts import Database
from tests.storage.parts import MAIN, POWER, SITE, open_influx

START = 1_795_273_200_000
MINUTE = 60_000


@pytest.mark.parametrize("aggregate", [Aggregate.MEAN, Aggregate.INCREASE])
def test_a_hundred_series_at_once_are_what_each_is_alone(
    influxdb: Database, influx_database: str, aggregate: Aggregate
) -> None:
    store = open_influx(influxdb, influx_database)
    every = [replace(MAIN, device=f"meter-{n:03}") for n in range(100)]
    times = list(range(START, START + 60 * MINUTE, MINUTE))
    tables = [
        Table.of(series.device, series.kind, times, {POWER: [100.0 * n + math.sin(n + t) for t in range(60)]})
        for n, series in enumerate(every)
    ]
    store.write([Batch(SITE, "gw-1", "e", 1, tables)])
    assert len(every) > reading._AT_ONCE * reading._DEVICES_ALONE
    many = store.windows_many(every, START, START + 60 * MINUTE, 15 * MINUTE, aggregate)
    for series, (starts, values) in list(zip(every, many, strict=True))[::9]:
        alone = store.windows(series, START, START + 60 * MINUTE, 15 * MINUTE, aggregate)
        assert starts.tolist() == alone[0].tolist() == list(range(START, START + 60 * MINUTE, 15 * MINUTE))
        np.testing.assert_array_equal(values, alone[1])
    store.close()


def test_a_request_that_fails_among_several_fails_the_call(influxdb: Database, influx_database: str) -> None:
    store = open_influx(influxdb, influx_database)
    every = [replace(MAIN, device=f"meter-{n:03}") for n in range(50)]
    store.close()
    with pytest.raises(StoreError, match="is closed"):
        store.windows_many(every, START, START + MINUTE, MINUTE, Aggregate.MEAN)
