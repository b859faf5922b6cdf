"""What is set aside by itself, so that the rest of its batch is stored; and what a collector is told not to take."""

from __future__ import annotations

import json

import msgspec
import pytest

from collector.admission import DAY_MS, Rules, admit
from collector.refusals import Reason
from collector.registry import Registry
from telemetry import Batch, Birth, BirthDevice, Gap, Table, encode
from telemetry.codec import with_checksum

NOW = 1_795_000_000_000
TOPIC = "wattproof/1/site-1/gw-1/batch"
ANY = Rules()


def batch(*tables: Table, gaps: list[Gap] | None = None) -> Batch:
    return Batch("site-1", "gw-1", "epoch", 7, list(tables), gaps or [])


def table(device: str = "main", times: tuple[int, ...] = (NOW - 2000, NOW - 1000), kind: str = "power_meter") -> Table:
    return Table.of(device, kind, list(times), {"active_power_w": [float(row) for row in range(len(times))]})


def spoiled(value: str) -> bytes:
    """A batch of four readings, the first of them written as `value`, with the checksum of a sender who means it."""
    sound = batch(Table.of("main", "power_meter", [NOW - 2000, NOW - 1000], {
        "active_power_w": [-77.5, 2.0], "frequency_hz": [60.0, 60.1],
    }))  # fmt: skip
    plain = encode(sound).rpartition(b',"crc"')[0] + b"}"
    assert b"-77.5" in plain
    return with_checksum(plain.replace(b"-77.5", value.encode()))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("NaN", Reason.NOT_FINITE),
        ("-Infinity", Reason.NOT_FINITE),
        ("1e999", Reason.NOT_FINITE),
        ("-1e999", Reason.NOT_FINITE),
        ("1" + "0" * 400, Reason.NOT_FINITE),
        ('"12.5"', Reason.WRONG_TYPE),
        ("true", Reason.WRONG_TYPE),
        ("[1]", Reason.WRONG_TYPE),
    ],
)
def test_a_value_that_is_no_number_is_set_aside_alone(value: str, reason: Reason) -> None:
    intake = admit(TOPIC, spoiled(value), NOW, ANY)
    assert intake.sender == ("site-1", "gw-1", "epoch", 7)
    assert intake.batch is not None
    assert intake.batch.tables[0].columns == {"active_power_w": [None, 2.0], "frequency_hz": [60.0, 60.1]}
    (refusal,) = intake.refusals
    assert (refusal.reason, refusal.part, refusal.readings) == (reason, "power_meter/main/active_power_w", 1)
    assert json.loads(refusal.content)["times"] == [NOW - 2000]


def test_a_batch_of_nothing_else_is_answered_as_quarantined() -> None:
    plain = encode(batch(table(times=(NOW,)))).rpartition(b',"crc"')[0] + b"}"
    intake = admit(TOPIC, with_checksum(plain.replace(b"[0.0]", b"[NaN]")), NOW, ANY)
    assert (intake.batch, intake.sender) == (None, ("site-1", "gw-1", "epoch", 7))
    assert [refusal.reason for refusal in intake.refusals] == [Reason.NOT_FINITE]


def test_what_is_wrong_in_another_way_stays_whole() -> None:
    plain = spoiled("NaN").rpartition(b',"crc"')[0] + b"}"
    intake = admit(TOPIC, with_checksum(plain.replace(b'"seq":7', b'"seq":"x"')), NOW, ANY)
    assert [(refusal.reason, refusal.part) for refusal in intake.refusals] == [(Reason.MALFORMED, "")]


def birth(*devices: str) -> Birth:
    told = [BirthDevice(d, "power_meter", d, "", "", "", 1000, ["active_power_w"]) for d in devices]
    return Birth("site-1", "gw-1", "epoch", 0, "0", "site-1", "Asia/Seoul", told)


def test_a_device_that_nobody_named_is_set_aside_once_somebody_has_said_which_there_are() -> None:
    registry = Registry({"site-2": ["other"]})
    rules = Rules(registry=registry)
    message = encode(batch(table("main"), table("press-9"), table("gw-1", kind="gateway")))
    assert admit(TOPIC, message, NOW, rules).refusals == [], "nobody has said anything about this gateway yet"
    registry.born(birth("main"))
    intake = admit(TOPIC, message, NOW, rules)
    assert [(r.reason, r.part, r.readings) for r in intake.refusals] == [
        (Reason.UNKNOWN_DEVICE, "power_meter/press-9/active_power_w", 2)
    ]
    assert intake.batch is not None
    assert [kept.device for kept in intake.batch.tables] == ["main", "gw-1"]
    registry.born(birth("press-9"))
    assert admit(TOPIC, message, NOW, rules).refusals == [], "the backlog of a device removed since is its own"


def test_a_device_that_the_configuration_lists_is_known_without_a_birth() -> None:
    rules = Rules(registry=Registry({"site-1": ["main"]}))
    assert admit(TOPIC, encode(batch(table("main"))), NOW, rules).refusals == []
    alone = admit(TOPIC, encode(batch(table("press-9"))), NOW, rules)
    assert alone.batch is None
    assert "collector.devices" in alone.refusals[0].detail


@pytest.mark.parametrize(("age_ms", "kept"), [(3 * DAY_MS, 2), (3 * DAY_MS + 1, 1), (9 * DAY_MS, 1)])
def test_what_is_older_than_it_may_be_is_set_aside_and_the_rest_stored(age_ms: int, kept: int) -> None:
    old = table(times=(NOW - age_ms, NOW - 1000))
    gap = Gap("main", "power_meter", "active_power_w", NOW - 9 * DAY_MS, NOW, "outbox_full", 3)
    intake = admit(TOPIC, encode(batch(old, gaps=[gap])), NOW, Rules(oldest_ms=3 * DAY_MS))
    assert intake.batch is not None
    assert (intake.batch.readings, intake.batch.gaps) == (kept, [gap])
    assert [refusal.reason for refusal in intake.refusals] == [Reason.PAST] * (2 - kept)
    if kept == 1:
        assert msgspec.json.decode(intake.refusals[0].content)["times"] == [NOW - age_ms]
