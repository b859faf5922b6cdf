"""What of a message may be stored, and what is set aside and why."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.intake import Intake, take_apart
from collector.refusals import Reason
from telemetry import MAX_BYTES, Batch, Gap, Table, encode, with_checksum

NOW = 1_795_000_000_000
TOPIC = "wattproof/1/site-1/gw-1/batch"


def table(columns: dict[str, list[float | None]], times: list[int] | None = None, device: str = "main") -> Table:
    rows = len(next(iter(columns.values())))
    return Table.of(device, "power_meter", times or [NOW - 1000 * (rows - row) for row in range(rows)], columns)


def batch(*tables: Table, gaps: list[Gap] | None = None) -> Batch:
    return Batch("site-1", "gw-1", "epoch", 7, list(tables), gaps or [])


def apart(message: Batch, topic: str = TOPIC) -> Intake:
    return take_apart(topic, encode(message), NOW)


def test_a_sound_batch_is_stored_as_it_is() -> None:
    sound = batch(
        table({"active_power_w": [1.0, None, 3.0], "frequency_hz": [60.0, 60.1, None]}),
        gaps=[Gap("main", "power_meter", "active_power_w", 946_684_800_000, NOW, "outbox_full", 3)],
    )
    intake = apart(sound)
    assert intake.batch == sound
    assert intake.refusals == []
    assert intake.sender == ("site-1", "gw-1", "epoch", 7)


@pytest.mark.parametrize(
    ("payload", "reason", "numbered"),
    [
        (with_checksum(b"{}"), Reason.MALFORMED, False),
        (with_checksum(b"[1, 2]"), Reason.MALFORMED, False),
        (with_checksum(b'{"epoch": "epoch", "seq": 7}'), Reason.MALFORMED, True),
        (with_checksum(b'{"epoch": "epoch", "seq": true}'), Reason.MALFORMED, False),
        (with_checksum(b'{"epoch": 5, "seq": 7}'), Reason.MALFORMED, False),
        (b'{"epoch": "epoch", "seq": 7, "pad": "' + b"x" * MAX_BYTES + b'"}', Reason.OVERSIZED, True),
        (with_checksum(b"[" * 100_000), Reason.MALFORMED, False),
    ],
)
def test_what_is_no_batch_is_set_aside_whole_and_answered_if_it_is_numbered(
    payload: bytes, reason: Reason, numbered: bool
) -> None:
    intake = take_apart(TOPIC, payload, NOW)
    assert intake.batch is None
    assert [(refusal.reason, refusal.part) for refusal in intake.refusals] == [(reason, "")]
    assert intake.sender == (("site-1", "gw-1", "epoch", 7) if numbered else None)
    assert not intake.doubtful


@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", b"{", b'{"epoch": "epoch", "seq": 7}', b"[" * 100_000])
def test_what_has_no_checksum_is_malformed_and_its_number_doubtful(payload: bytes) -> None:
    intake = take_apart(TOPIC, payload, NOW)
    assert intake.doubtful
    assert intake.batch is None
    assert [refusal.reason for refusal in intake.refusals] == [Reason.MALFORMED]


def test_a_value_altered_on_the_way_is_not_taken_for_a_reading() -> None:
    altered = encode(batch(table({"active_power_w": [1500.0]}))).replace(b"1500.0", b"9500.0")
    intake = take_apart(TOPIC, altered, NOW)
    assert intake.doubtful
    assert intake.batch is None
    assert [refusal.reason for refusal in intake.refusals] == [Reason.DAMAGED]


@pytest.mark.parametrize("topic", ["wattproof/1/Site/gw-1/batch", "wattproof/1/site-1/gw-1/state", "elsewhere", ""])
def test_a_topic_that_names_no_gateway_cannot_be_answered(topic: str) -> None:
    intake = apart(batch(table({"active_power_w": [1.0]})), topic)
    assert (intake.sender, intake.batch) == (None, None)
    assert [refusal.reason for refusal in intake.refusals] == [Reason.TOPIC]


@pytest.mark.parametrize("topic", ["wattproof/1/site-2/gw-1/batch", "wattproof/1/site-1/gw-2/batch"])
def test_nobody_speaks_for_another_gateway(topic: str) -> None:
    intake = apart(batch(table({"active_power_w": [1.0, 2.0]})), topic)
    assert intake.batch is None
    assert [(refusal.reason, refusal.readings) for refusal in intake.refusals] == [(Reason.TOPIC_MISMATCH, 2)]
    assert intake.sender is not None
    assert topic == f"wattproof/1/{intake.sender.site}/{intake.sender.gateway}/batch"


def test_two_tables_with_the_same_channel_of_one_device_are_refused_but_others_and_its_links_are_not() -> None:
    one = table({"active_power_w": [1.0]})
    twice = apart(batch(one, one))
    assert [(refusal.reason, refusal.readings) for refusal in twice.refusals] == [(Reason.DUPLICATE_TABLE, 2)]
    assert twice.batch is None
    link = Table.of(one.device, "link", one.times, {"errors_timeout_count": [0.0]})
    assert apart(batch(one, link)).refusals == []
    other = table({"energy_import_wh": [1.0]})
    assert apart(batch(one, other)).refusals == []


@pytest.mark.parametrize("seq", [0, -1, 2**60])
def test_a_number_that_no_outbox_gives_is_refused(seq: int) -> None:
    intake = apart(msgspec.structs.replace(batch(table({"active_power_w": [1.0]})), seq=seq))
    assert [refusal.reason for refusal in intake.refusals] == [Reason.MALFORMED]
    assert intake.batch is None


def test_only_the_readings_that_are_wrong_are_set_aside() -> None:
    mixed = batch(
        table({"active_power_w": [1.0, 5e9, None], "no_such_channel": [1.0, 2.0, None], "frequency_hz": [60.0] * 3}),
        table({"active_power_w": [4.0, 5.0]}, device="Not A Name"),
        table({"power_factor": [0.5, 7.0]}, times=[NOW - 5000, NOW + 400_000], device="ahead"),
        table({"active_power_w": [1.0, 2.0]}, times=[1000, NOW], device="unset"),
    )
    intake = apart(mixed)
    assert intake.batch is not None
    assert intake.batch.tables == [
        table({"active_power_w": [1.0, None, None], "frequency_hz": [60.0] * 3}),
        table({"power_factor": [0.5]}, times=[NOW - 5000], device="ahead"),
        table({"active_power_w": [2.0]}, times=[NOW], device="unset"),
    ]
    told = [(refusal.reason, refusal.part, refusal.readings) for refusal in intake.refusals]
    assert sorted(told) == sorted(
        [
            (Reason.OUT_OF_RANGE, "power_meter/main/active_power_w", 1),
            (Reason.UNKNOWN_CHANNEL, "power_meter/main/no_such_channel", 2),
            (Reason.INVALID_NAME, "power_meter/Not A Name/active_power_w", 2),
            (Reason.OUT_OF_RANGE, "power_meter/ahead/power_factor", 1),
            (Reason.PAST, "power_meter/unset/active_power_w", 1),
        ]
    )
    content = next(refusal.content for refusal in intake.refusals if refusal.part.endswith("main/active_power_w"))
    assert msgspec.json.decode(content) == {
        "device": "main", "kind": "power_meter", "channel": "active_power_w", "times": [NOW - 2000], "values": [5e9],
    }  # fmt: skip


@pytest.mark.parametrize(("ahead", "reasons"), [(300_000, []), (300_001, [Reason.FUTURE])])
def test_a_clock_may_run_five_minutes_ahead(ahead: int, reasons: list[Reason]) -> None:
    intake = apart(batch(table({"active_power_w": [1.0]}, times=[NOW + ahead])))
    assert [refusal.reason for refusal in intake.refusals] == reasons
    assert (intake.batch is None) == bool(reasons)


@pytest.mark.parametrize(
    "gap",
    [
        Gap("Main", "power_meter", "active_power_w", NOW - 10, NOW, "outbox_full", 1),
        Gap("main", "power_meter", "nothing_w", NOW - 10, NOW, "outbox_full", 1),
        Gap("main", "power_meter", "active_power_w", NOW, NOW - 10, "outbox_full", 1),
        Gap("main", "power_meter", "active_power_w", NOW - 10, NOW + 10**9, "outbox_full", 1),
        Gap("main", "power_meter", "active_power_w", NOW - 10, NOW, "outbox_full", -1),
        Gap("main", "power_meter", "active_power_w", NOW - 10, NOW, "outbox_full", 10**19),
    ],
)
def test_a_gap_that_makes_no_sense_is_set_aside_and_the_readings_are_stored(gap: Gap) -> None:
    intake = apart(batch(table({"active_power_w": [1.0]}), gaps=[gap]))
    assert intake.batch == batch(table({"active_power_w": [1.0]}))
    assert [refusal.reason for refusal in intake.refusals] == [Reason.INVALID_GAP]
    assert msgspec.json.decode(intake.refusals[0].content, type=Gap) == gap


_VALUES = st.none() | st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.lists(
        st.tuples(st.sampled_from([1000, NOW - 9, NOW - 5, NOW, NOW + 10**6, 10**15]), _VALUES, _VALUES),
        min_size=1,
        unique_by=lambda row: row[0],
    )
)
def test_no_reading_is_ever_lost_or_doubled_between_store_and_quarantine(
    rows: list[tuple[int, float | None, float | None]],
) -> None:
    rows.sort(key=lambda row: row[0])
    message = batch(
        Table.of("main", "power_meter", [row[0] for row in rows],
              {"power_factor": [row[1] for row in rows], "unheard_of": [row[2] for row in rows]})
    )  # fmt: skip
    intake = apart(message)
    kept = intake.batch.readings if intake.batch else 0
    assert kept + sum(refusal.readings for refusal in intake.refusals) == message.readings


@given(st.binary() | st.text().map(str.encode))
def test_no_bytes_make_the_intake_fail(payload: bytes) -> None:
    assert take_apart(TOPIC, payload, NOW).batch is None


@given(st.text())
def test_no_topic_makes_the_intake_fail(topic: str) -> None:
    assert take_apart(topic, b"{}", NOW).batch is None
