"""Batches are put together from tables encoded once, and are the bytes that encoding them whole would give."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.batching import Head, Part, encoded_parts
from edge.rows import Row
from telemetry import Batch, Gap, Table, decode, encode

HEAD = Head("site-1", "gw-1", "0" * 16, 9)
NAMES = ("active_power_w", "frequency_hz", "voltage_l1_v", "energy_import_wh")

rows = st.builds(
    Row,
    st.sampled_from(["main", "press-3", '한글 "%b"']),
    st.just("power_meter"),
    st.just(NAMES),
    st.integers(0, 2**45),
    st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=4, max_size=4),
    st.sampled_from(["", "synchronised", "stepped"]),
)


def whole(part: Part) -> Batch:
    """The batch a part is; its bytes are those of encoding it whole."""
    batch = decode(part.payload, Batch)
    assert encode(batch) == part.payload
    assert (batch.seq, batch.readings) == (part.seq, part.readings)
    return batch


@given(rows)
def test_a_row_becomes_the_bytes_of_its_table(row: Row) -> None:
    (part,) = encoded_parts(HEAD, [row])
    assert whole(part) == Batch(*HEAD, [row.table()])
    assert (row.encoded() is None) == (None in row.values)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_finite_number_is_refused_by_name(value: float) -> None:
    row = Row("main", "power_meter", NAMES, 1, [1.0, value, 2.0, 3.0])
    for what in (row, row.table()):
        with pytest.raises(ValueError, match=r"main\.frequency_hz"):
            list(encoded_parts(HEAD, [what]))


def test_a_large_batch_becomes_several_with_numbers_one_after_another_and_loses_nothing() -> None:
    tables = [Row(f"meter-{number}", "power_meter", NAMES, number, [1.5] * 4) for number in range(50)]
    long = Table.of("press-3", "plc", list(range(100)), {"run_state": [3.0] * 100, "part_count": [None, 1.0] * 50})
    gaps = [Gap("main", "power_meter", "frequency_hz", number, number, "outbox_full", 1) for number in range(30)]
    parts = list(encoded_parts(HEAD, [*tables, long], gaps, most=900))
    batches = [whole(part) for part in parts]
    assert max(len(part.payload) for part in parts) <= 900
    assert [part.seq for part in parts] == list(range(9, 9 + len(parts)))
    assert sum(part.readings for part in parts) == 50 * 4 + 100 + 50
    assert [gap for batch in batches for gap in batch.gaps] == gaps
    pieces = [table for batch in batches for table in batch.tables if table.device == "press-3"]
    assert len(pieces) > 1
    assert [at for table in pieces for at in table.times] == long.times
    for batch in batches:  # a channel of a device is in one table of a batch only
        assert len({(table.device, *table.columns) for table in batch.tables}) == len(batch.tables)


def test_a_reading_larger_than_a_batch_may_be_is_refused() -> None:
    with pytest.raises(ValueError, match="larger than"):
        list(encoded_parts(HEAD, [Table.of("d" * 500, "plc", [1], {"run_state": [1.0]})], most=400))


def test_nothing_is_a_batch_too() -> None:
    (part,) = encoded_parts(HEAD, [])
    assert whole(part) == Batch(*HEAD, [])
