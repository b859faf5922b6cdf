"""Notes of what is to be rolled up: which windows of which series they speak of, and how short they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.influx.lines import requests
from storage.influx.touches import Plan, Touches, waiting
from storage.intake import take
from storage.store import ROLLUP_MS, Series
from telemetry import Batch, Table
from tests.storage.parts import POWER, SITE

VOLTAGE = "voltage_l1_v"
DEVICES = ["main", "press-1", "oven"]


def noted(batches: list[Batch], monkeypatch: pytest.MonkeyPatch) -> tuple[dict[Series, list[int]], Plan]:
    """Windows of each series that a write of these batches leaves a note of, and the note."""
    kept = []
    touches = Touches()
    with monkeypatch.context() as patch:
        notes = touches.notes

        def overheard(entries: object) -> object:
            kept.extend(found := notes(entries))  # type: ignore[arg-type] # as it came
            return found

        patch.setattr(touches, "notes", overheard)
        (pieces,) = requests(take(batches).blocks, [], 1_000_000)
        plan = touches.plan(pieces)
    return {series: windows.tolist() for series, windows in waiting(kept).items()}, plan


values = st.one_of(st.none(), st.floats(-1e6, 1e6))
readings = st.lists(st.tuples(st.integers(-40, 40), values, values), min_size=1, max_size=4, unique_by=lambda r: r[0])
sent = st.lists(st.tuples(st.sampled_from(DEVICES), readings, st.booleans()), min_size=1, max_size=12)


@given(sent)
def test_a_note_speaks_of_every_window_that_holds_a_value_and_of_no_other(
    tables: list[tuple[str, list[tuple[int, float | None, float | None]], bool]],
) -> None:
    expected: dict[Series, set[int]] = {}
    batches = []
    for seq, (device, rows, both) in enumerate(tables):
        times = sorted(quarter * (ROLLUP_MS // 4) for quarter, *_ in rows)
        columns: dict[str, list[float | None]] = {POWER: [first for _, first, _ in rows]}
        if both:
            columns[VOLTAGE] = [second for *_, second in rows]
        batches.append(Batch(SITE, "gw-1", "e", seq, [Table.of(device, "power_meter", times, columns)]))
        for channel, column in columns.items():
            held = {
                time // ROLLUP_MS * ROLLUP_MS for time, value in zip(times, column, strict=True) if value is not None
            }
            if held:
                expected.setdefault(Series(SITE, "power_meter", device, channel), set()).update(held)
    if not expected:
        return
    with pytest.MonkeyPatch.context() as monkeypatch:
        found, _ = noted(batches, monkeypatch)
    assert found == {series: sorted(windows) for series, windows in expected.items()}


@pytest.mark.parametrize("minute", [0, 14])
def test_what_holds_no_value_is_not_noted_in_any_minute_of_a_quarter_hour(
    monkeypatch: pytest.MonkeyPatch, minute: int
) -> None:
    now = 1_700_000_000 // 900 * 900 + 60 * minute + 30
    monkeypatch.setattr("storage.influx.touches.time.time_ns", lambda: now * 1_000_000_000)
    empty = Batch(SITE, "gw-1", "e", 1, [Table.of("main", "power_meter", [-ROLLUP_MS // 4], {POWER: [None]})])
    held = Batch(SITE, "gw-1", "e", 2, [Table.of("oven", "power_meter", [0], {VOLTAGE: [230.0]})])
    found, _ = noted([empty, held], monkeypatch)
    assert found == {Series(SITE, "power_meter", "oven", VOLTAGE): [0]}


@pytest.mark.parametrize("with_holes", [False, True])
def test_what_a_city_sends_after_an_outage_is_noted_in_a_few_bytes_per_device(
    monkeypatch: pytest.MonkeyPatch, *, with_holes: bool
) -> None:
    channels = [f"current_l{n}_a" for n in range(30)]
    columns: dict[str, list[float | None]] = {channel: [1.0, 2.0, 3.0, 4.0] for channel in channels}
    if with_holes:
        columns[channels[3]] = [1.0, None, 3.0, 4.0]
    times = [0, ROLLUP_MS, 2 * ROLLUP_MS, 7 * ROLLUP_MS]
    batches = [
        Batch(SITE, "gw-1", "e", n, [Table.of(f"meter-{n:04}", "power_meter", times, columns)]) for n in range(1000)
    ]
    found, plan = noted(batches, monkeypatch)
    assert len(found) == 30_000
    assert found[Series(SITE, "power_meter", "meter-0999", channels[0])] == times
    assert found[Series(SITE, "power_meter", "meter-0999", channels[3])] == ([0, *times[2:]] if with_holes else times)
    assert sum(map(len, plan.lines)) < 40 * 1000
