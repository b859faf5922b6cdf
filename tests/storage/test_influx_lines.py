"""Line protocol and InfluxQL as text."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.influx.influxql import between, decode_numbers, identifier, string
from storage.influx.lines import BlockPiece, halve_fields, halve_lines, requests, tag
from storage.intake import take
from telemetry import Batch, Gap, Table
from tests.storage.parts import POWER, SITE


def rows(times: int, *channels: str, device: str = "main") -> Batch:
    columns: dict[str, list[float | None]] = {c: [float(t) for t in range(times)] for c in channels}
    return Batch(SITE, "gw-1", "e", 1, [Table.of(device, "power_meter", list(range(times)), columns)])


def pieces(*batches: Batch, at_most: int = 1000) -> list[list[str]]:
    intake = take(batches)
    return [[line for p in group for line in p.lines()] for group in requests(intake.blocks, intake.gaps, at_most)]


def test_a_line_is_measurement_tags_fields_and_time() -> None:
    columns: dict[str, list[float | None]] = {POWER: [1.5, None, None], "frequency_hz": [60, None, 1e22]}
    gap = Gap("main", "power_meter", POWER, 5, 9, "disk full, 0 B=left", 3)
    sent = Batch(SITE, "gw-1", "e", 1, [Table.of("main", "power_meter", [1, 2, 3], columns)], [gap])
    assert pieces(sent) == [
        [
            "power_meter,site=gimpo-demo,device=main active_power_w=1.5,frequency_hz=60.0 1000000",
            "power_meter,site=gimpo-demo,device=main frequency_hz=1e22 3000000",
            "gap,site=gimpo-demo,device=main,kind=power_meter,channel=active_power_w,"
            "reason=disk\\ full\\,\\ 0\\ B\\=left end_ms=9i,readings=3i 5000000",
        ]
    ]


@pytest.mark.parametrize(("times", "sizes"), [(0, []), (4, [4]), (5, [5]), (12, [5, 5, 2])])
def test_requests_hold_at_most_so_many_lines(times: int, sizes: list[int]) -> None:
    assert [len(group) for group in pieces(rows(times, POWER), at_most=5)] == sizes


def test_requests_keep_the_order_and_lose_nothing() -> None:
    gaps = [Gap("main", "power_meter", POWER, n, n, "outbox_full", 1) for n in range(5)]
    batches = [rows(7, POWER, "frequency_hz"), rows(3, POWER, device="press-1"), rows(1, POWER)]
    batches.append(Batch(SITE, "gw-1", "e", 2, [], gaps))
    split = pieces(*batches, at_most=4)
    assert [line for group in split for line in group] == pieces(*batches)[0]


def test_halving_lines_ends_with_single_lines() -> None:
    intake = take([rows(7, POWER), rows(1, POWER, device="press-1")])
    todo, singles = [list(next(requests(intake.blocks, [], 100)))], []
    whole = [line for piece in todo[0] for line in piece.lines()]
    while todo:
        group = todo.pop()
        first, second = halve_lines(group)
        if second:
            todo += [second, first]
        else:
            singles += [line for piece in first for line in piece.lines()]
    assert singles == whole


def test_halving_fields_keeps_every_line_and_ends_with_one_field() -> None:
    intake = take([rows(2, POWER, "frequency_hz", "current_l1_a")])
    first, second = halve_fields([BlockPiece(intake.blocks[0])])
    assert [piece.fields for piece in first] == [(("power_meter", POWER),)]
    assert [len(piece.fields) for piece in second] == [2]
    assert halve_fields(first) == (first, [])


@given(st.text())
def test_quoting_cannot_be_broken_out_of(text: str) -> None:
    for quoted, mark in ((identifier(text), '"'), (string(text), "'")):
        inner = quoted[1:-1]
        assert quoted[0] == quoted[-1] == mark
        assert mark not in inner.replace("\\\\", "").replace(f"\\{mark}", "")
        assert "\n" not in inner
        assert not inner.replace("\\\\", "").endswith("\\")


@given(st.text(st.characters(exclude_characters="\\\n")))
def test_an_escaped_tag_has_no_bare_separator(text: str) -> None:
    bare = tag(text).replace("\\,", "").replace("\\=", "").replace("\\ ", "")
    assert not set(bare) & set(",= ")
    assert tag(text).replace("\\", "") == text


def test_bounds_beyond_the_clock_are_cut() -> None:
    assert between(1, 2) == "time >= 1000000 AND time < 2000000"
    assert between(-(2**62), 2**62) == "time >= -9223372036854000000 AND time < 9223372036854000000"


def test_minus_zero_is_read_as_minus_zero() -> None:
    answer = decode_numbers(b'{"results":[{"series":[{"columns":["time","v"],"values":[[1,-0],[-0,0],[2,-0.5]]}]}]}')
    values = [value for _, value in answer.results[0].series[0].values]
    assert [struct.pack("<d", value) for value in values] == [struct.pack("<d", v) for v in (-0.0, 0.0, -0.5)]
