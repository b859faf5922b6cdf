"""Large writes to InfluxDB in two requests side by side, and what must stay in order."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import StoreUnavailableError, lay_out
from storage.influx.lanes import LANES, LINES_ALONE, lanes, side_by_side
from storage.influx.refusals import Refusal
from storage.intake import take
from telemetry import Batch, Table
from tests.parts import Database
from tests.storage.parts import MAIN, POWER, SITE, batch, open_influx, write_influx

NOW = 1_795_305_600_000
VOLTAGE = "voltage_l1_v"


def city(devices: int, times: int = 1, value: float = 1.0) -> list[Batch]:
    """Each device's readings in a batch of its own."""
    at = [NOW + 1000 * n for n in range(times)]
    return [
        Batch(SITE, "gw-1", "e", n, [Table.of(f"meter-{n:04}", "power_meter", at, {POWER: [value + n] * times})])
        for n in range(devices)
    ]


tables = st.tuples(
    st.sampled_from(["main", "press-1", "press-2", "oven"]),
    st.sampled_from([(POWER,), (VOLTAGE,), (POWER, VOLTAGE)]),
    st.integers(1, 3),
)


@given(st.lists(tables, min_size=1, max_size=30))
def test_each_series_stays_in_one_lane_in_the_order_it_came(sent: list[tuple[str, tuple[str, ...], int]]) -> None:
    long: list[tuple[str, tuple[str, ...], int]] = [("long", (POWER,), LINES_ALONE)]
    batches = [
        Batch(
            SITE,
            "gw-1",
            "e",
            seq,
            [Table.of(device, "power_meter", list(range(times)), {c: [seq] * times for c in of})],
        )
        for seq, (device, of, times) in enumerate(sent + long)
    ]
    found: dict[tuple[str, str], list[tuple[int, list[float]]]] = defaultdict(list)
    parted = lanes(take(batches).blocks)
    assert len(parted) == LANES
    for number, lane in enumerate(parted):
        for rows in (rows for block in lane for rows in block.rows()):
            for channel, values in zip(rows.channels, rows.values, strict=True):
                found[rows.device, channel].append((number, values.tolist()))
    assert all(len({number for number, _ in came}) == 1 for came in found.values())
    expected: dict[tuple[str, str], list[list[float]]] = defaultdict(list)
    for each in batches:
        for table in each.tables:
            for channel, values in table.columns.items():
                expected[table.device, channel].append([float(value or 0) for value in values])
    assert {key: [values for _, values in came] for key, came in found.items()} == expected


@pytest.mark.parametrize("batches", [city(LINES_ALONE), city(1, 3 * LINES_ALONE)])
def test_a_small_write_and_that_of_one_device_stay_whole(batches: list[Batch]) -> None:
    blocks = take(batches).blocks
    (lane,) = lanes(blocks)
    assert lane is blocks


def test_the_requests_of_a_large_write_are_under_way_at_once(
    influxdb: Database, influx_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_influx(influxdb, influx_database)
    store.write([batch({NOW: 1.0})])
    both = threading.Barrier(LANES, timeout=20)
    post = store._server.write

    def met(lines: list[str]) -> Refusal | None:
        if any(line.startswith(MAIN.kind) for line in lines):
            both.wait()
        return post(lines)

    monkeypatch.setattr(store._server, "write", met)
    sent = [*city(LINES_ALONE + 2, value=7.0), *city(LINES_ALONE + 2, value=9.0)]
    assert store.write(sent).stored == 2 * (LINES_ALONE + 2)
    assert store.count(SITE) == LINES_ALONE + 2 + 1
    values = {
        latest.series.device: latest.value for latest in store.latest(SITE) if latest.series.device != MAIN.device
    }
    assert values == {f"meter-{n:04}": 9.0 + n for n in range(LINES_ALONE + 2)}, "a correction was overtaken"
    assert store.touched() == LINES_ALONE + 2 + 1
    store.close()


@pytest.mark.parametrize("ahead", [False, True])
def test_what_each_lane_has_refused_is_told_and_the_rest_is_stored(
    influxdb: Database, influx_database: str, *, ahead: bool
) -> None:
    store = open_influx(influxdb, influx_database)
    assert store.health().ok
    write_influx(influxdb, influx_database, f'power_meter,site=x,device=y {VOLTAGE}="text" {NOW}')
    bad = [batch({NOW: 1.0}, replace(MAIN, device=f"meter-{n:04}", channel=VOLTAGE)) for n in (0, 1)]
    batches = lay_out([*city(LINES_ALONE + 1), *bad])
    assert batches is not None
    if ahead:
        store.prepare(batches)
    outcome = store.write(batches)
    assert outcome.stored == store.count(SITE) == LINES_ALONE + 1
    assert sorted(each.series.device for each in outcome.rejected) == ["meter-0000", "meter-0001"]
    assert all("field type conflict" in each.reason for each in outcome.rejected)
    store.close()


def test_a_write_that_fails_in_one_lane_fails_when_the_other_is_over() -> None:
    failed, over = threading.Event(), threading.Event()

    def away() -> None:
        failed.set()
        raise StoreUnavailableError("away")

    def slow() -> None:
        assert failed.wait(20)
        over.set()

    for works in ([away, slow], [slow, away]):
        failed.clear()
        over.clear()
        with pytest.raises(StoreUnavailableError, match="away"):
            side_by_side(works)
        assert over.is_set()
    assert side_by_side([lambda: 1, lambda: 2]) == [1, 2]
