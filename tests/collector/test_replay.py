"""What was set aside comes into the store once its cause is mended, and the ledger balances before and after."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from collector import Choice, Collector, Quarantine, Settings
from collector.admission import Rules, admit
from collector.counters import Tally
from collector.quarantine_entry import State
from collector.refusals import Reason, Refusal, part_content
from collector.registry import Registry
from collector.replay import replay
from storage import Store, StoreUnavailableError
from telemetry import Broker, Gap, Table, encode
from tests.collector.parts import Tripwire, collecting, gateway, now_ms, readings
from tests.collector.test_admission import NOW, batch, spoiled
from tests.parts import wait_until

TOPIC = "wattproof/1/site-1/gw-1/batch"


def again(store: Store, quarantine: Quarantine, rules: Rules | None = None, choice: Choice | None = None) -> int:
    quarantine.ask(choice or Choice())
    return replay(store, quarantine, rules or Rules(), Tally(), now_ms())


def states(quarantine: Quarantine) -> list[State]:
    return [entry.state for entry in quarantine.list()]


def test_a_collector_at_work_replays_what_is_asked_for_and_the_ledger_balances(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    def balanced() -> bool:
        return outbox.counters.read == store.count() + quarantine.counters.readings

    strict = Settings(client_id="collector-test", unknown_devices="quarantine", devices={"site-1": ["main"]})
    start = now_ms() - 60_000
    with gateway(tmp_path, mosquitto) as (outbox, publisher):
        with collecting(store, mosquitto, quarantine, settings=strict):
            outbox.put(readings(start, 10))
            outbox.put(readings(start, 6, device="press-9"))
            assert publisher.drained(60)
            quarantine.ask(Choice(reason="unknown_device"))
            wait_until(lambda: states(quarantine) == ["held"], "it is replayed, and refused: nothing is mended yet")
            assert (store.count(), quarantine.counters.readings, quarantine.list()[0].note) == (
                10, 6, "replayed, and refused again",
            )  # fmt: skip
            assert balanced()
        with collecting(store, mosquitto, quarantine):  # one that takes readings of any device
            quarantine.ask(Choice(site="site-1", device="press-9"))
            wait_until(lambda: states(quarantine) == ["stored"], "it is replayed")
        assert (store.count(), quarantine.counters.readings, quarantine.counters.stored) == (16, 0, 6)
        assert balanced()


def test_a_whole_message_is_taken_apart_anew(store: Store, quarantine: Quarantine) -> None:
    now = now_ms()
    table = Table.of("main", "power_meter", [now - 2000, now], {"active_power_w": [1.0, 5e9]})
    quarantine.add(TOPIC, encode(batch(table)), now, [Refusal(Reason.UNPROCESSABLE, "a defect", "", 2)])
    assert again(store, quarantine) == 1
    assert store.count() == 1
    assert [(entry.reason, entry.readings, entry.state) for entry in quarantine.list()] == [
        ("out_of_range", 1, "held"), ("unprocessable", 1, "stored"),
    ]  # fmt: skip
    assert (quarantine.counters.readings, quarantine.counters.stored) == (1, 1)


def test_a_gap_is_replayed_too(store: Store, quarantine: Quarantine) -> None:
    gap = Gap("main", "power_meter", "active_power_w", now_ms() - 5000, now_ms() - 1000, "outbox_full", 3)
    refusal = Refusal(Reason.STORE, "no", "gap power_meter/main/active_power_w", 0, msgspec.json.encode(gap))
    quarantine.add(TOPIC, b"{}", now_ms(), [refusal])
    again(store, quarantine)
    assert store.gaps("site-1", 0, now_ms()) == [gap]
    assert states(quarantine) == ["stored"]


def test_a_reading_of_the_future_stays_out_when_its_time_has_come_unless_our_own_clock_was_wrong(
    store: Store, quarantine: Quarantine
) -> None:
    received = now_ms() - 7_200_000
    message = encode(batch(*readings(now_ms() - 3_600_000, 3)))
    quarantine.add(TOPIC, message, received, admit(TOPIC, message, received, Rules()).refusals)
    assert again(store, quarantine) == 0
    assert [entry.reason for entry in quarantine.list()] == ["future"]
    quarantine.ask(Choice(), trust_times=True)
    assert replay(store, quarantine, Rules(), Tally(), now_ms()) == 3
    assert store.count() == 3


def test_what_is_no_number_does_not_become_one(store: Store, quarantine: Quarantine) -> None:
    message = spoiled("NaN")
    quarantine.add(TOPIC, message, NOW, admit(TOPIC, message, NOW, Rules()).refusals)
    assert again(store, quarantine) == 0
    assert [(entry.reason, entry.readings, entry.state) for entry in quarantine.list()] == [("not_finite", 1, "held")]


def test_what_is_refused_again_takes_the_place_of_nothing_that_is_refused_for_the_same_reason(
    store: Store, quarantine: Quarantine
) -> None:
    part = "power_meter/main/active_power_w"

    def refusal(reason: Reason, values: list[tuple[int, float]]) -> Refusal:
        return Refusal(reason, "", part, len(values), part_content("power_meter", "main", "active_power_w", values))

    ahead = [(NOW + 600_000 + row, 1.0) for row in range(3)]
    there = [(NOW - 10_000 + row, 2.0) for row in range(7)]
    quarantine.add(
        TOPIC, b"a message", NOW, [refusal(Reason.FUTURE, ahead), refusal(Reason.UNKNOWN_DEVICE, there)]
    )  # fmt: skip
    knows_none = Rules(registry=Registry({"site-1": ["another"]}))
    quarantine.ask(Choice(reason="future"), trust_times=True)
    assert replay(store, quarantine, knows_none, Tally(), NOW + 3_600_000) == 0
    assert quarantine.counters.readings == 10
    assert [entry.reason for entry in quarantine.list()] == ["unknown_device", "unknown_device"]
    quarantine.ask(Choice(), trust_times=True)
    assert replay(store, quarantine, Rules(), Tally(), NOW + 3_600_000) == 10
    assert (store.count(), quarantine.counters.readings) == (10, 0)


def test_a_part_that_a_defect_keeps_out_of_the_store_keeps_its_content(store: Store, quarantine: Quarantine) -> None:
    def defect(_: object) -> None:
        raise RuntimeError("nobody foresaw this")

    values = [(NOW - 10_000 + row, 2.0) for row in range(7)]
    content = part_content("power_meter", "main", "active_power_w", values)
    quarantine.add(TOPIC, b"a message", NOW, [Refusal(Reason.STORE, "", "power_meter/main/active_power_w", 7, content)])
    assert again(Tripwire(store, defect), quarantine) == 0
    [entry] = quarantine.list()
    assert (entry.reason, entry.readings, entry.content) == ("unprocessable", 7, content)
    assert again(store, quarantine) == 7


def test_a_whole_message_that_is_refused_again_keeps_its_number_of_readings(
    store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = [*readings(NOW - 60_000, 3), *readings(NOW - 60_000, 3)]
    quarantine.add(TOPIC, encode(batch(*tables)), NOW, [Refusal(Reason.DUPLICATE_TABLE, "", "", 6)])
    with monkeypatch.context() as patched:
        patched.setattr("collector.admission.take_apart", None)  # a defect, which tells no number
        assert again(store, quarantine) == 0
    [entry] = quarantine.list()
    assert (entry.reason, entry.readings) == ("unprocessable", 6)
    assert (quarantine.counters.readings, quarantine.counters.stored) == (6, 0)
    assert again(store, quarantine) == 0
    assert (quarantine.list()[0].reason, quarantine.counters.readings) == ("duplicate_table", 6)


def test_an_entry_that_gives_way_to_a_summary_while_it_is_replayed_is_counted_once(quarantine: Quarantine) -> None:
    quarantine.add(TOPIC, b"a message", NOW, [Refusal(Reason.STORE, "", "power_meter/main/active_power_w", 7, b"{}")])
    quarantine.ask(Choice())
    [asked] = quarantine.asked()
    quarantine._connection.execute("DELETE FROM entry")
    assert quarantine.settle(asked.entry, 7, []) == 0


def test_a_store_that_is_away_leaves_everything_asked_for(store: Store, quarantine: Quarantine) -> None:
    def away(_: object) -> None:
        raise StoreUnavailableError("away")

    message = encode(batch(*readings(now_ms() - 5000, 3)))
    quarantine.add(TOPIC, message, now_ms(), [Refusal(Reason.UNPROCESSABLE, "a defect", "", 3)])
    with pytest.raises(StoreUnavailableError):
        again(Tripwire(store, away), quarantine)
    assert states(quarantine) == ["asked"]
    assert replay(store, quarantine, Rules(), Tally(), now_ms()) == 3


def test_only_what_is_chosen_is_replayed_or_dropped(store: Store, quarantine: Quarantine) -> None:
    registry = Registry({"site-1": ["main"]})
    for device in ("a", "b", "c"):
        part = Refusal(Reason.UNKNOWN_DEVICE, "who?", f"power_meter/{device}/active_power_w", 1, b"{}")
        quarantine.add(TOPIC, device.encode(), now_ms(), [part])
    assert quarantine.drop(Choice(device="a"), "scrapped") == 1
    assert again(store, quarantine, Rules(registry=registry), Choice(device="b")) == 0
    told = {entry.part.split("/")[1]: (entry.state, entry.note) for entry in quarantine.list()}
    assert told == {"a": ("dropped", "scrapped"), "b": ("held", "replayed, and refused again"), "c": ("held", "")}
    assert (quarantine.counters.readings, quarantine.counters.dropped, quarantine.counters.entries) == (3, 1, 2)
    assert quarantine.drop(Choice(device="a")) == 0, "what is dropped is dropped once"


def test_a_message_that_was_dropped_is_not_held_again_when_it_is_delivered_again(quarantine: Quarantine) -> None:
    refusal = Refusal(Reason.MALFORMED, "not JSON")
    quarantine.add(TOPIC, b"x", 1, [refusal])
    quarantine.drop(Choice())
    assert quarantine.add(TOPIC, b"x", 2, [refusal]) == []


class TestWhenFull:
    """The most abundant sort gives way to its number; what is rare keeps its content, and nothing is lost unsaid."""

    def filled(self, tmp_path: Path) -> Quarantine:
        small = Quarantine(tmp_path / "small.sqlite", max_bytes=60_000)
        rare = Refusal(Reason.STORE, "rare", "power_meter/main/active_power_w", 5, b"rare")
        small.add(TOPIC, b"{}", 1, [rare])
        for number in range(100):
            part = Refusal(Reason.FUTURE, "ahead", "power_meter/main/frequency_hz", 2, b"x" * 1000)
            small.add(TOPIC, str(number).encode(), number, [part])
        return small

    def test_every_reading_is_still_counted(self, tmp_path: Path) -> None:
        small = self.filled(tmp_path)
        counters = small.counters
        assert counters.readings == 5 + 200
        assert 0 < counters.summarised < 200
        assert counters.bytes <= 60_000
        assert small.full
        small.close()

    def test_what_is_rare_and_what_is_new_keep_their_content(self, tmp_path: Path) -> None:
        small = self.filled(tmp_path)
        entries = small.list(1000)
        assert [entry.content for entry in entries if entry.reason == "store"] == [b"rare"]
        assert entries[0].received == 99
        (summary,) = [entry for entry in entries if entry.state == "summarised"]
        assert (summary.readings, summary.note) == (2 * summary.entries, "the quarantine was full")
        assert summary.entries + sum(entry.state == "held" for entry in entries) == 101
        small.close()

    def test_a_message_larger_than_the_room_is_counted(self, tmp_path: Path) -> None:
        small = Quarantine(tmp_path / "small.sqlite", max_bytes=60_000)
        small.add(TOPIC, b"x" * 100_000, 1, [Refusal(Reason.MALFORMED, "large", "", 7)])
        assert (small.counters.readings, small.counters.summarised, small.counters.bytes < 60_000) == (7, 7, True)
        small.close()


def test_the_collector_says_when_the_quarantine_grows(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    def growing(collector: Collector) -> list[str]:
        return [alarm.en for alarm in collector.alarms if alarm.kind == "quarantine_growing"]

    with collecting(store, mosquitto, quarantine) as collector, gateway(tmp_path, mosquitto) as (outbox, publisher):
        outbox.put([Table.of("main", "power_meter", [now_ms() - 1000], {"no_such_channel": [1.0]})])
        assert publisher.drained(60)
        wait_until(lambda: growing(collector), "it is told")
        assert "unknown_channel" in growing(collector)[0]
    assert store.count() == 0
