"""Any sequence of what is done to a store, against a model of it in plain Python."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from storage import DuckStore, Series, Store
from storage.duck import compaction
from storage.rollup import BESIDE_MS
from storage.store import ROLLUP_MS
from telemetry import Batch, Gap
from tests.storage.parts import POWER, table

NOW = 1_700_000_100_000
ALL = -(2**60), 2**60
DAY = 96 * ROLLUP_MS
SERIES = (
    Series("one", "power_meter", "a", "energy_import_wh"),
    Series("one", "power_meter", "a", POWER),
    Series("one", "plc", "b", "run_state"),
    Series("two", "power_meter", "a", "energy_import_wh"),
)


def window(time: int) -> int:
    return time // ROLLUP_MS * ROLLUP_MS


@dataclass
class Model:
    """What a store holds: readings, gaps, and the quarter-hours that retention has closed with what they held."""

    points: dict[Series, dict[int, float]] = field(default_factory=lambda: {each: {} for each in SERIES})
    closed: dict[Series, dict[int, tuple[int, float, float]]] = field(
        default_factory=lambda: {each: {} for each in SERIES}
    )
    gaps: dict[tuple[str, ...], tuple[str, Gap]] = field(default_factory=dict)
    now: int = NOW

    def write(self, batch: Batch, series: Series, values: dict[int, float]) -> int:
        """Take a batch in; returns how many readings the store must refuse."""
        taken = {time: value for time, value in values.items() if window(time) not in self.closed[series]}
        self.points[series] |= taken
        for gap in batch.gaps:
            self.gaps[series.site, gap.kind, gap.device, gap.channel, str(gap.start), gap.reason] = series.site, gap
        return len(values) - len(taken)

    def forget(self, store: Store, raw_before: int, rollups_before: int) -> None:
        for series in SERIES:
            rows = store.rollups(series, *ALL)
            held = zip(rows.start.tolist(), rows.count.tolist(), rows.low.tolist(), rows.high.tolist(), strict=True)
            closed = self.closed[series] | {start: rest for start, *rest in held if start < raw_before + BESIDE_MS}
            self.closed[series] = {start: row for start, row in closed.items() if start >= rollups_before}  # type: ignore[misc] # three each
            points = self.points[series]
            self.points[series] = {time: value for time, value in points.items() if time >= raw_before}
        self.gaps = {key: held for key, held in self.gaps.items() if held[1].end >= rollups_before}


def some_batch(chance: random.Random, model: Model, seq: int) -> tuple[Batch, Series, dict[int, float]]:
    """Readings of now, late ones and corrections, sometimes with a declared gap."""
    series = chance.choice(SERIES)
    late = chance.choice([0, 0, 0, ROLLUP_MS, DAY // 4, 8 * DAY, chance.randrange(30 * DAY)])
    start = model.now - late + chance.choice([0, 1, chance.randrange(ROLLUP_MS)])
    step, count = chance.choice([1000, 60_000, 300_000, ROLLUP_MS, 4 * ROLLUP_MS]), chance.choice([1, 3, 30])
    values = {start + step * nth: chance.choice([0.0, -0.0, 1.0, 2.5, chance.random() * 1e6]) for nth in range(count)}
    if not late:
        model.now = max(values)
    gap = Gap(series.device, series.kind, series.channel, start, start + step, "outbox_full", 1)
    gaps = [gap] if chance.random() < 0.2 else []
    return Batch(series.site, "gw-1", "epoch-1", seq, [table(series, values)], gaps), series, values


def agree(store: Store, model: Model) -> None:
    for series in SERIES:
        times, values = store.read(series, *ALL)
        assert times.tolist() == sorted(model.points[series])
        assert [value.hex() for value in values.tolist()] == [model.points[series][at].hex() for at in times.tolist()]
    for site in ("one", "two"):
        held = {each: points for each, points in model.points.items() if points and each.site == site}
        latest = {each.series: (each.time, each.value) for each in store.latest(site)}
        assert latest == {each: max(points.items()) for each, points in held.items()}
        assert store.count(site) == sum(map(len, held.values()))
        told = [gap for where, gap in model.gaps.values() if where == site]
        assert sorted(map(repr, store.gaps(site, *ALL))) == sorted(map(repr, told))
    assert store.duplicates() == 0


def agree_on_rollups(store: Store, model: Model) -> None:
    while store.roll(2**60):
        pass
    assert store.touched() == 0
    for series in SERIES:
        rows = store.rollups(series, *ALL)
        held = zip(rows.start.tolist(), rows.count.tolist(), rows.low.tolist(), rows.high.tolist(), strict=True)
        found = {start: tuple(rest) for start, *rest in held}
        assert len(found) == len(rows.start)
        counts = Counter(map(window, model.points[series]))
        for start in counts.keys() - model.closed[series].keys():
            inside = [value for time, value in model.points[series].items() if window(time) == start]
            assert found[start] == (counts[start], min(inside), max(inside))
        for start, row in model.closed[series].items():
            assert repr(found[start]) == repr(tuple(row))
        empty = found.keys() - counts.keys() - model.closed[series].keys()
        assert {found[start][0] for start in empty} <= {0}


@pytest.mark.parametrize("seed", range(1))
def test_any_sequence_of_what_is_done_to_a_store_leaves_what_its_model_holds(store: Store, seed: int) -> None:
    chance, model = random.Random(seed), Model()
    sent: list[tuple[Batch, Series, dict[int, float]]] = []
    for seq in range(30):
        what = chance.random()
        if what < 0.6:
            batches = [some_batch(chance, model, 10 * seq + nth) for nth in range(chance.choice([1, 2, 4]))]
            batches += chance.sample(sent, min(1, len(sent)))
            refused = sum(each.readings for each in store.write([batch for batch, *_ in batches]).rejected)
            assert refused == sum(model.write(*each) for each in batches)
            sent = (sent + batches)[-20:]
        elif what < 0.75:
            store.roll(model.now - chance.choice([0, DAY]), chance.choice([1, 10, 10_000]))
        elif what < 0.85:
            agree_on_rollups(store, model)
            raw = model.now - chance.choice([2 * DAY, 9 * DAY])
            rollups = raw - chance.choice([0, 15 * DAY])
            model.forget(store, window(raw), window(rollups))
            store.forget(raw, rollups)
        elif isinstance(store, DuckStore) and what < 0.95:
            compaction.compact(store) if what < 0.9 else store.settle(model.now, 0.0001)
        else:
            agree(store, model)
    agree(store, model)
    agree_on_rollups(store, model)
    agree(store, model)
