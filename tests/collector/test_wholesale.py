"""What is judged together must come to what each message comes to by itself."""

from __future__ import annotations

import contextlib
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.admission import DAY_MS, Rules, admit
from collector.refusals import Reason
from collector.registry import Registry
from collector.wholesale import judge
from storage import DuckStore, Prepared
from storage.intake import take
from telemetry import Batch, Gap, Table, encode, topic
from telemetry.codec import with_checksum

NOW = 1_790_000_000_000
TOPIC = topic("site-1", "gw-1", "batch")
GAP = Gap("main", "power_meter", "active_power_w", NOW - 9000, NOW - 1000, "outbox_full", 9)


def batch(*tables: Table, seq: int = 1, gaps: list[Gap] | None = None, gateway: str = "gw-1") -> Batch:
    return Batch("site-1", gateway, "e", seq, list(tables), gaps or [])


def table(times: list[int], device: str = "main", kind: str = "power_meter", **columns: list[float | None]) -> Table:
    return Table.of(device, kind, times, columns or {"active_power_w": [1.0] * len(times)})


SOUND: list[Batch] = [
    batch(table([NOW])),
    batch(table([NOW, NOW + 1000], active_power_w=[1.0, None], frequency_hz=[None, 60.0])),
    batch(table([NOW]), table([NOW], "press-1")),
    batch(),
    batch(table([])),
]
DOUBTFUL: list[tuple[str, bytes]] = [
    (TOPIC, encode(batch(table([NOW], power_factor=[1.5])))),
    (TOPIC, encode(batch(table([NOW, NOW + 1000], power_factor=[0.5, -1.5])))),
    (TOPIC, encode(batch(table([NOW], loudness_db=[1.5])))),
    (TOPIC, encode(batch(table([NOW + 3_600_000])))),
    (TOPIC, encode(batch(table([5, NOW])))),
    (TOPIC, encode(batch(table([NOW], "Main")))),
    (TOPIC, encode(batch(table([NOW], kind="power meter")))),
    (TOPIC, encode(batch(table([NOW], kind="gap")))),
    (TOPIC, encode(batch(table([2**62])))),
    (TOPIC, encode(batch(table([2**64 - 1])))),
    (TOPIC, encode(batch(table([NOW]), table([NOW])))),
    (TOPIC, encode(batch(table([NOW]), gateway="gw-2"))),
    (TOPIC, encode(batch(table([NOW]), seq=0))),
    (TOPIC, encode(batch(table([NOW]), gaps=[GAP]))),
    (TOPIC, encode(batch(table([NOW])))[:-3] + b'0"}'),
    (TOPIC, with_checksum(b"[1]")),
    (TOPIC, b""),
    ("wattproof/1/site-1/gw-1/birth", encode(batch(table([NOW])))),
    ("wattproof/1/site 1/gw-1/batch", encode(batch(table([NOW])))),
]


def judged(messages: list[tuple[str, bytes]], rules: Rules | None = None) -> tuple[list[Any], Prepared]:
    return judge(messages, NOW, rules or Rules())


def as_taken(batches: list[Batch]) -> tuple[int, list[tuple[Any, ...]]]:
    """What a store makes of batches."""
    taken = take(batches)
    return taken.stored, [
        (rows.batch, rows.device, rows.channels, rows.times.tolist(), str(rows.values.tolist())) for rows in taken.rows
    ]


@pytest.mark.parametrize("message", DOUBTFUL, ids=str)
def test_what_is_doubtful_does_not_pass_and_holds_nobody_up(message: tuple[str, bytes]) -> None:
    (alone,), prepared = judged([message])
    assert (alone, prepared, prepared.blocks) == (None, [], [])
    sound = [(TOPIC, encode(each)) for each in SOUND]
    many = [*sound * 5, message, *sound]
    found, prepared = judged(many)
    assert found == [*SOUND * 5, None, *SOUND]
    assert prepared == [*SOUND * 5, *SOUND]
    assert as_taken(prepared) == as_taken(list(prepared))


@settings(deadline=None)  # a shared machine
@given(st.lists(st.sampled_from([*((TOPIC, encode(each)) for each in SOUND), *DOUBTFUL]), max_size=8))
def test_what_passes_is_what_each_message_comes_to_by_itself(messages: list[tuple[str, bytes]]) -> None:
    batches, prepared = judged(messages)
    for message, found in zip(messages, batches, strict=True):
        if found is not None:
            intake = admit(*message, NOW, Rules())
            assert intake.batch == found
            assert not intake.refusals
    assert list(prepared) == [found for found in batches if found is not None]
    assert as_taken(prepared) == as_taken(list(prepared))


def test_what_is_sound_passes_together() -> None:
    batches, prepared = judged([(TOPIC, encode(each)) for each in SOUND])
    assert batches == SOUND
    assert prepared == SOUND


@pytest.mark.parametrize(
    "rules", [Rules(registry=Registry({"site-1": ["other"]})), Rules(oldest_ms=DAY_MS)], ids=["registry", "oldest"]
)
def test_what_this_collector_was_told_not_to_take_does_not_pass(rules: Rules) -> None:
    old, now = batch(table([NOW - 2 * DAY_MS])), batch(table([NOW], "other"))
    batches, prepared = judged([(TOPIC, encode(old)), (TOPIC, encode(now))], rules)
    assert (batches, prepared) == ([None, now], [now])


readings = st.builds(
    lambda device, start, values: table(
        [start + row for row in range(len(values))], device, active_power_w=values, frequency_hz=values[::-1]
    ),
    st.sampled_from(["main", "press-1"]),
    st.integers(NOW, NOW + 3),
    st.lists(st.none() | st.sampled_from([50.0, 55.5, 60.0]), min_size=1, max_size=3),
)


@settings(deadline=None)  # a shared machine
@given(st.lists(st.lists(readings, min_size=1, max_size=2, unique_by=lambda each: each.device), min_size=1, max_size=4))
def test_a_store_takes_the_same_whether_batches_were_laid_out_before_or_not(batches: list[list[Table]]) -> None:
    sent = [batch(*tables, seq=seq) for seq, tables in enumerate(batches, 1)]
    passed, prepared = judged([(TOPIC, encode(each)) for each in sent])
    assert passed == sent
    assert as_taken(prepared) == as_taken(sent)


def test_readings_that_are_none_at_all_are_no_reason_to_fail(tmp_path: Path) -> None:
    nothing = batch(table([NOW], active_power_w=[None]))
    with contextlib.closing(DuckStore(tmp_path / "x.duckdb")) as store:
        assert store.write([nothing]).stored == 0
        assert store.count() == 0


def test_names_that_differ_with_every_message_do_not_fill_the_memory() -> None:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(2):
            names = " ".join(f"x{number}_{each}" for each in range(30_000))
            payload = encode(Batch("site-1", "gw-1", "e", 1, [Table("main", "power_meter", [], names, [])]))
            (passed,), _ = judge([(TOPIC, payload)], NOW, Rules())
            assert passed is None
            [refusal] = admit(TOPIC, payload, NOW, Rules()).refusals
            assert refusal.reason is Reason.MALFORMED
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 3_000_000, "each message would leave more than two million bytes"
