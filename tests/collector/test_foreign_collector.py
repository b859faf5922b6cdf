"""What meters and programs of others publish is in the store, over a real broker, whatever happens to its readers."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from api.presence import Presence
from collector import Choice, Collector, Quarantine, Settings
from collector.commit import Committed, Committer, Judged
from collector.foreign import Foreign, Map
from collector.inbox import Delivery
from storage import Series, Store, StoreUnavailableError
from telemetry import Batch, Broker, DocumentError
from tests.collector.foreign_parts import publish, sender
from tests.collector.parts import Tripwire, collecting, gateway, now_ms, readings
from tests.parts import wait_until

SITE = "gimpo-1"
ALL: list[str | Map] = [
    Map("tasmota", site=SITE, timezone="Asia/Seoul", devices={"tasmota_5A9AE8": "press-1"}),
    Map("shelly-gen1", site=SITE),
    Map("shelly-gen2", site=SITE),
    Map("telegraf", site=SITE),
    "node-red",
]


def settings(*maps: str | Map, **more: Any) -> Settings:
    return Settings(foreign=Foreign([*maps] or ALL), **more)


def listening(*collectors: Any) -> None:
    wait_until(
        lambda: all(each.connected and each.foreign_connected for each in collectors), "the collectors listen to others"
    )


def node_red(at: int, power: float, device: str = "press-9") -> tuple[str, str]:
    return f"energy/{SITE}/{device}", f'{{"time": {at}, "active_power_w": {power}}}'


def local(ms: int) -> str:
    """A time as a Tasmota in Seoul writes it."""
    return datetime.fromtimestamp(ms / 1000 + 9 * 3600, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@contextlib.contextmanager
def hearing(broker: Broker) -> Iterator[Presence]:
    """What the pages hear of gateways."""
    presence = Presence(broker, now_ms)
    presence.start()
    try:
        yield presence
    finally:
        presence.stop()


def series(device: str, channel: str = "active_power_w") -> Series:
    return Series(SITE, "power_meter", device, channel)


def test_meters_of_every_kind_are_stored_beside_gateways_and_poison_is_set_aside(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    at = now_ms() // 1000 * 1000 - 60_000
    with (
        collecting(store, mosquitto, quarantine, settings=settings()) as collector,
        sender(mosquitto) as meter,
        gateway(tmp_path, mosquitto) as (outbox, publisher),
    ):
        listening(collector)
        for poison in (b"\xff\xfe", b"not json", b"", b"NaN", b'"text"', b"[" * 50_000, b"1e999"):
            publish(meter, "shellies/shellyem3-AB12/emeter/0/power", poison)
            publish(meter, f"energy/{SITE}/press-9", poison)
        publish(meter, f"energy/{SITE}/프레스", f'{{"time": {at}, "active_power_w": 1}}')
        publish(meter, f"energy/{SITE}/press-9", f'{{"time": {at}, "active_power_w": 2e12, "voltage_l1_v": 230.5}}')
        publish(meter, "shellies/shellyem3-AB12/emeter/7/power", "1")
        publish(meter, "tele/tasmota_5A9AE8/SENSOR", '{"Time":"2026-01-01T00:00:00","SI7021":{"Humidity":40}}')
        publish(meter, "tele/tasmota_5A9AE8/SENSOR", f'{{"Time":"{local(at)}","ENERGY":{{"Total":1.956,"Power":9}}}}')
        publish(meter, "shellies/shellyem3-AB12/emeter/2/power", "-481.35")
        publish(
            meter, "shellypro3em-1/events/rpc",
            f'{{"method":"NotifyStatus","params":{{"ts":{at / 1000},"em:0":{{"total_act_power":2484.782}}}}}}',
        )  # fmt: skip
        metric = f'{{"name":"modbus","tags":{{"name":"m-7"}},"timestamp":{at},"fields":{{"active_power_w":402}}}}'
        publish(meter, "telegraf/gw-7/modbus", f'{{"metrics":[{metric}]}}')
        publish(meter, *node_red(at + 1000, 1520.5))
        outbox.put(readings(at, 10))
        assert publisher.drained(60)
        wait_until(lambda: store.count() >= 10 + 7, "all that is sound is in the store")
        counters = collector.counters
    assert list(store.read(series("press-1"), 0, now_ms())[1]) == [9.0]
    assert list(store.read(series("press-1"), 0, now_ms())[0]) == [at]
    assert list(store.read(series("press-1", "energy_import_wh"), 0, now_ms())[1]) == [1956.0]
    assert list(store.read(series("shellyem3-ab12", "active_power_l3_w"), 0, now_ms())[1]) == [-481.35]
    assert list(store.read(series("shellypro3em-1"), 0, now_ms())[1]) == [2484.782]
    assert list(store.read(series("m-7"), 0, now_ms())[1]) == [402.0]
    assert list(store.read(series("press-9"), 0, now_ms())[1]) == [1520.5]
    assert list(store.read(series("press-9", "voltage_l1_v"), 0, now_ms())[1]) == [230.5]
    reasons = {entry.reason for entry in quarantine.list(100)}
    assert reasons == {"malformed", "not_finite", "wrong_type", "invalid_name", "out_of_range"}
    (beyond,) = quarantine.list(10, Choice(reason="out_of_range"))
    assert (beyond.topic, beyond.part) == (f"wattproof/1/{SITE}/node-red/batch", "power_meter/press-9/active_power_w")
    assert beyond.detail.endswith(f"(came under energy/{SITE}/press-9)")
    assert (counters.foreign_unmatched, counters.foreign_empty >= 1) == (1, True)
    assert counters.foreign_messages == 14 + 9
    assert collector.latency("node-red").readings == 0


class Down:
    """A database that is away."""

    def __init__(self) -> None:
        self.away = True
        self.tries = 0

    def __call__(self, _: Sequence[Batch]) -> None:
        self.tries += 1
        if self.away:
            raise StoreUnavailableError("away")


def test_what_tells_its_time_is_acknowledged_only_when_it_is_committed(
    mosquitto: Broker, store: Store, quarantine: Quarantine
) -> None:
    at, down = now_ms() - 600_000, Down()
    with sender(mosquitto) as meter:
        with collecting(Tripwire(store, down), mosquitto, quarantine, settings=settings()) as first:
            listening(first)
            for number in range(5):
                publish(meter, *node_red(at + number, number))
            wait_until(lambda: down.tries, "the collector tries to write")
        assert store.count() == 0
        for number in range(5, 10):  # nobody listens; the broker keeps what was asked for at QoS 1
            publish(meter, *node_red(at + number, number))
        with collecting(store, mosquitto, quarantine, settings=settings()):
            wait_until(lambda: store.count() == 10, "the next collector has all")
    times, values = store.read(series("press-9"), 0, now_ms())
    assert list(times) == [at + number for number in range(10)]
    assert list(values) == [float(number) for number in range(10)]
    assert store.duplicates() == 0


def test_what_found_no_room_is_sent_again_once_there_is_some(
    mosquitto: Broker, store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.inbox._PATIENCE_S", 0.1)
    at, down = now_ms() - 600_000, Down()
    small = settings(max_waiting_messages=12, max_batch_messages=4)
    with sender(mosquitto) as meter, collecting(Tripwire(store, down), mosquitto, quarantine, settings=small) as busy:
        listening(busy)
        for number in range(40):
            publish(meter, *node_red(at + number, number))
        wait_until(lambda: busy.counters.deferred > 0, "there is no room any more")
        assert busy.counters.foreign_lost == 0
        down.away = False
        wait_until(lambda: store.count() == 40, "all are stored", deadline_s=60)
    assert store.duplicates() == 0


def test_what_the_quarantine_cannot_keep_stays_with_the_broker_until_it_can(
    mosquitto: Broker, store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.foreign.reception._LATER_S", 0.5)
    monkeypatch.setattr("collector.setting_aside._AGAIN_S", 0.1)
    quarantine._connection.execute("PRAGMA busy_timeout = 10")
    with (
        contextlib.closing(sqlite3.connect(quarantine.path, isolation_level=None)) as lock,
        sender(mosquitto) as meter,
        collecting(store, mosquitto, quarantine, settings=settings()) as collector,
    ):
        listening(collector)
        lock.execute("BEGIN IMMEDIATE")
        publish(meter, *node_red(now_ms() + 86_400_000, 1.0))
        publish(meter, *node_red(now_ms() - 60_000, 2.0))
        wait_until(lambda: store.count() == 1, "what is sound is stored meanwhile")
        wait_until(lambda: collector.counters.deferred > 0, "the other is left with the broker")
        assert collector.counters.foreign_empty == 0
        lock.execute("ROLLBACK")
        wait_until(lambda: quarantine.counters.readings == 1, "it is set aside once that is possible")


def test_what_waits_to_be_sent_again_waits_no_longer_for_what_is_left_after_it(
    store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = Collector(store, Broker(port=1), quarantine, settings=settings())
    reception = collector._reception
    assert reception is not None
    now, called = 1000.0, []
    monkeypatch.setattr("collector.foreign.reception.time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(reception._session, "reconnect", lambda: called.append(now))
    left = Delivery("energy/gimpo-1/press-9", b"{}", 0, 1, 1, 0, foreign=True)
    for second in range(8):
        now = 1000.0 + second
        collector._answering.leave([left._replace(qos=0)] if second else [left])
        collector._answering.leave([Delivery("wattproof/1/gimpo-1/gw-1/batch", b"{}", 0, 1, 1, 0)])
        collector._answering.call_back()
    assert called == [1005.0]


@pytest.mark.parametrize("step", ["judge", "commit"])
def test_what_a_defect_of_ours_kept_from_the_store_stays_with_the_broker_and_comes_again(
    step: str, mosquitto: Broker, store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.foreign.reception._LATER_S", 0.1)
    failed: list[object] = []

    def failing_once(self: Committer, asked: Any) -> Any:
        if not failed:
            failed.append(asked)
            raise RuntimeError("nobody foresaw this")
        return works(self, asked)

    works = getattr(Committer, step)
    monkeypatch.setattr(Committer, step, failing_once)
    with sender(mosquitto) as meter, collecting(store, mosquitto, quarantine, settings=settings()) as collector:
        listening(collector)
        publish(meter, *node_red(now_ms() - 60_000, 1.0))
        wait_until(lambda: bool(failed), "the first try fails")
        wait_until(lambda: store.count() == 1, "it is stored all the same")


def test_what_no_commit_succeeds_with_is_set_aside_and_holds_up_nothing_that_comes_with_it(
    mosquitto: Broker, store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, sizes = now_ms() - 60_000, list[int]()
    works = Committer.commit

    def failing_over_one(self: Committer, judged: Judged) -> Committed:
        if not sizes:  # what does not come in the first commit comes together in the second
            wait_until(lambda: len(judged.deliveries) + collector.waiting == 9, "the others have come")
        sizes.append(len(judged.deliveries))
        if any(b"1313" in each.payload for each in judged.deliveries):
            raise RuntimeError("nobody foresaw this")
        return works(self, judged)

    monkeypatch.setattr(Committer, "commit", failing_over_one)
    with sender(mosquitto) as meter:
        with collecting(store, mosquitto, quarantine, settings=settings()) as collector:
            listening(collector)
        for number in range(9):  # nobody listens: they come together
            publish(meter, *node_red(at + number, 1313 if number == 4 else number))
        with collecting(store, mosquitto, quarantine, settings=settings()) as collector:
            wait_until(lambda: store.count() == 8, "all but the one are stored")
            wait_until(lambda: quarantine.counters.messages == 1, "that one is set aside")
        assert max(sizes) > 1
        with collecting(store, mosquitto, quarantine, settings=settings()) as collector:
            listening(collector)
            publish(meter, *node_red(at + 9, 9.0))
            wait_until(lambda: store.count() == 9, "what comes later is stored")
            assert collector.counters.foreign_messages == 1, "the broker has nothing left of what came before"
    (entry,) = quarantine.list(10)
    assert (entry.reason, entry.topic) == ("unprocessable", f"energy/{SITE}/press-9")
    assert "nobody foresaw this" in entry.detail


def test_a_reading_that_others_had_retained_overwrites_no_correction_each_time_it_is_subscribed_to(
    mosquitto: Broker, store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemetry.subscriptions._AGAIN_S", 0.1)
    at = now_ms() - 600_000
    with sender(mosquitto) as meter:
        publish(meter, *node_red(at, 1.0), retain=True)
    with (
        sender(mosquitto) as meter,
        collecting(store, mosquitto, quarantine, settings=settings("node-red")) as collector,
    ):
        wait_until(lambda: store.count() == 1, "it is stored")
        store.write([Batch(SITE, "hand", "correction", 1, readings(at, 1, "press-9"))])
        heard = collector.counters.foreign_messages
        wait_until(lambda: collector.counters.foreign_messages > heard + 2, "it has come again")
        publish(meter, *node_red(at + 1000, 3.0))
        wait_until(lambda: store.count() == 2, "what is new is stored behind it")
    assert list(store.read(series("press-9"), 0, now_ms())[1]) == [0.0, 3.0]


def test_what_tells_no_time_has_that_of_its_arrival_and_is_never_stored_later(
    mosquitto: Broker, store: Store, quarantine: Quarantine
) -> None:
    topic, alone = "shellies/plug/relay/0/power", settings(Map("shelly-gen1", site=SITE))
    with sender(mosquitto) as meter:
        publish(meter, topic, "1", retain=True)
        with collecting(store, mosquitto, quarantine, settings=alone) as collector:
            wait_until(lambda: collector.counters.foreign_stale == 1, "the retained value has come, and is not taken")
            before = now_ms()
            publish(meter, topic, "2")
            wait_until(lambda: store.count() == 1, "the live value is stored")
            after = now_ms()
        publish(meter, topic, "3")  # nobody listens
        with collecting(store, mosquitto, quarantine, settings=alone) as collector:
            wait_until(lambda: collector.counters.foreign_stale == 1, "it listens again")
            publish(meter, topic, "2")
            wait_until(lambda: store.count() == 2, "the same value is another reading when it comes later")
    times, values = store.read(series("plug"), 0, now_ms() + 1)
    assert list(values) == [2.0, 2.0]
    assert before <= times[0] <= after < times[1]
    assert quarantine.counters.entries == 0


def test_workers_share_what_others_send(mosquitto: Broker, store: Store, quarantine: Quarantine) -> None:
    broker = msgspec.structs.replace(mosquitto, protocol="5")
    at = now_ms() - 600_000
    one, two = (settings(workers_group="city", worker=worker) for worker in (1, 2))
    with (
        collecting(store, broker, quarantine, client_id="", settings=one) as first,
        collecting(store, broker, quarantine, client_id="", settings=two) as second,
        sender(mosquitto) as meter,
    ):
        listening(first, second)
        for number in range(40):
            publish(meter, *node_red(at + number, number))
        wait_until(lambda: store.count() == 40, "all are stored")
        came = [each.counters.foreign_messages for each in (first, second)]
    assert sum(came) == 40
    assert min(came) > 0


def test_what_was_set_aside_for_its_mapping_is_stored_once_the_mapping_is_mended(
    mosquitto: Broker, store: Store, quarantine: Quarantine
) -> None:
    at = now_ms() // 1000 * 1000 - 60_000
    with sender(mosquitto) as meter:
        with collecting(store, mosquitto, quarantine, settings=settings(Map("tasmota", site=SITE))) as collector:
            listening(collector)
            publish(meter, "tele/plug/SENSOR", f'{{"Time":"{local(at)}","ENERGY":{{"Power":9,"Voltage":231}}}}')
            wait_until(lambda: quarantine.counters.messages == 1, "a time without a zone is set aside")
        quarantine.ask(Choice())
        with collecting(store, mosquitto, quarantine, settings=settings("node-red")):
            wait_until(lambda: quarantine.count(Choice(states=["held"])) == 1, "no rule takes it: it stays")
        quarantine.ask(Choice())
        with collecting(store, mosquitto, quarantine, settings=settings()):
            wait_until(lambda: store.count() == 2, "it is stored")
        assert list(store.read(series("plug"), 0, now_ms())[0]) == [at]
        assert quarantine.count(Choice(states=["stored"])) == 1


def test_a_mapping_that_cannot_be_used_ends_the_collector_with_its_line(
    mosquitto: Broker, store: Store, quarantine: Quarantine
) -> None:
    with pytest.raises(DocumentError, match="say which site"):
        Collector(store, mosquitto, quarantine, settings=settings("tasmota"))


def test_others_may_publish_at_a_broker_of_their_own(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    nowhere = Broker(port=1)
    apart = Settings(foreign=Foreign(["node-red"], broker=mosquitto))
    with sender(mosquitto) as meter, collecting(store, nowhere, quarantine, settings=apart) as collector:
        wait_until(lambda: collector.foreign_connected, "it listens there")
        publish(meter, *node_red(now_ms(), 5.0))
        wait_until(lambda: store.count() == 1, "it is stored though its own broker is away")
        assert not collector.connected


def test_pages_hear_of_devices_of_others_from_every_worker_and_after_every_start(
    mosquitto: Broker, store: Store, quarantine: Quarantine
) -> None:
    broker = msgspec.structs.replace(mosquitto, protocol="5")
    one, two = (settings(workers_group="city", worker=worker) for worker in (1, 2))
    with hearing(mosquitto) as presence, sender(mosquitto) as meter:

        def born() -> dict[str, tuple[int, list[str]]]:
            devices = [device for birth in presence.births(SITE) for device in birth.devices]
            return {device.device: (device.every_ms, device.channels) for device in devices}

        with (
            collecting(store, broker, quarantine, client_id="", settings=one) as first,
            collecting(store, broker, quarantine, client_id="", settings=two) as second,
        ):
            listening(first, second)
            for number in range(12):
                publish(meter, *node_red(now_ms(), number, f"press-{number}"))
            wait_until(lambda: len(born()) == 12, "all devices are born, whoever stored them")
        with collecting(store, mosquitto, quarantine, settings=settings()) as alone:
            listening(alone)
            publish(meter, f"energy/{SITE}/press-3", f'{{"time": {now_ms()}, "power_factor": 0.9}}')
            publish(meter, "tele/press-20/SENSOR", f'{{"Time":"{local(now_ms())}","ENERGY":{{"Power":9}}}}')
            wait_until(lambda: "press-20" in born(), "the new device is born")
            wait_until(lambda: len(born()["press-3"][1]) == 2, "the new channel is told")
        assert len(born()) == 13
        assert born()["press-3"] == (60_000, ["active_power_w", "power_factor"])
        assert born()["press-20"] == (300_000, ["active_power_w"])
        assert not alone.twice


def test_a_mapping_leaves_a_gateway_of_its_name_alone(
    mosquitto: Broker, tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    named = settings(Map("node-red", gateway="gw-1"), unknown_devices="quarantine")
    with (
        collecting(store, mosquitto, quarantine, settings=named) as collector,
        gateway(tmp_path, mosquitto),
        hearing(mosquitto) as presence,
        sender(mosquitto) as meter,
    ):
        listening(collector)
        wait_until(lambda: presence.births("site-1"), "the gateway is born")
        publish(meter, "energy/site-1/press-9", f'{{"time": {now_ms()}, "power_factor": 0.9}}')
        publish(meter, "energy/site-2/press-9", f'{{"time": {now_ms()}, "power_factor": 0.9}}')
        wait_until(lambda: presence.births("site-2"), "a device of another site is born")
        assert {birth.site: birth.epoch == "foreign" for birth in presence.births()} == {
            "site-1": False,
            "site-2": True,
        }
        assert presence.births("site-1")[0].devices == []
