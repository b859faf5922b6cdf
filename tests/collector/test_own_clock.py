"""Our own clock: doubted when gateways of several sites say that it is behind, and no reading is lost or buried."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector import Collector, Quarantine, Settings
from collector.foreign import Foreign, Map
from collector.inbox import Delivery
from collector.own_clock import OwnClock
from storage import Store
from telemetry import BATCH, Batch, Broker, encode, new_client, topic
from tests.collector.parts import collecting, now_ms, readings
from tests.parts import wait_until

NOW, HOUR = 1_795_000_000_000, 3_600_000


def hear(clock: OwnClock, gateways: range, *, future: bool, site: str = "", ahead: int = HOUR) -> None:
    for number in gateways:
        clock.heard(site or f"site-{number}", f"gw-{number}", NOW + (ahead if future else 0), NOW, future=future)


def test_readings_of_the_future_from_three_sites_and_nobody_against_it_say_that_ours_is_behind() -> None:
    clock = OwnClock()
    hear(clock, range(2), future=True)
    assert clock.behind_ms == 0
    hear(clock, range(2, 3), future=True)
    assert clock.behind_ms == HOUR


def test_gateways_of_one_site_may_all_have_one_wrong_time_server() -> None:
    clock = OwnClock()
    hear(clock, range(20), future=True, site="site-1")
    assert clock.behind_ms == 0


@pytest.mark.parametrize(("sound", "behind"), [(3, HOUR), (4, 0)])
def test_a_few_that_agree_with_us_may_be_wrong_and_many_are_not(sound: int, behind: int) -> None:
    clock = OwnClock()
    hear(clock, range(9), future=True)
    hear(clock, range(100, 100 + sound), future=False)
    assert clock.behind_ms == behind


def test_whoever_was_heard_before_the_clock_went_wrong_does_not_count_for_long() -> None:
    clock = OwnClock()
    hear(clock, range(5000), future=False)
    hear(clock, range(30), future=True)
    assert clock.behind_ms == HOUR
    hear(clock, range(30), future=False)
    assert clock.behind_ms == 0


def test_a_backlog_says_nothing_of_the_clock() -> None:
    clock = OwnClock()
    hear(clock, range(3), future=True)
    for number in range(100, 140):
        clock.heard("site-1", f"gw-{number}", NOW - 2 * HOUR, NOW, future=False)
    assert clock.behind_ms == HOUR


def test_what_nobody_would_send_again_is_set_aside_even_then(
    store: Store, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OwnClock, "behind_ms", HOUR)
    maps: list[str | Map] = ["node-red"]
    collector = Collector(store, Broker(port=1), quarantine, settings=Settings(foreign=Foreign(maps)))
    at = now_ms()
    payload = b'{"time": %d, "active_power_w": 1}' % (at + HOUR)
    delivery = Delivery("energy/site-1/press-1", payload, at, 1, 1, 0, foreign=True)
    collector._committer.commit(collector._committer.judge([delivery]))
    assert [entry.reason for entry in quarantine.list()] == ["future"]


def test_what_gateways_send_while_ours_is_behind_is_left_with_them_until_it_is_set(
    mosquitto: Broker, store: Store, quarantine: Quarantine, tmp_path: Path
) -> None:
    behind = [HOUR]
    client = new_client(mosquitto, "gateways")
    client.connect(mosquitto.host, mosquitto.port)
    client.loop_start()

    def send(seq: int) -> None:
        for number in range(12):
            site, name = f"site-{number % 4}", f"gw-{number}"
            batch = Batch(site, name, "e" * 16, seq, readings(now_ms() - 3000, 2, device=name))
            client.publish(topic(site, name, BATCH), encode(batch), 1)

    with collecting(store, mosquitto, quarantine, clock=lambda: now_ms() - behind[0]) as collector:
        wait_until(lambda: collector.connected, "the collector listens")
        send(1)
        wait_until(lambda: collector.counters.messages >= 12, "the first have come")
        wait_until(lambda: "clock_behind" in {alarm.kind for alarm in collector.alarms}, "an alarm tells of our clock")
        wait_until(lambda: quarantine.counters.entries + collector.counters.untimely >= 12, "each is set aside or left")
        before = quarantine.counters.entries
        for seq in (2, 3, 4):
            send(seq)
        wait_until(lambda: collector.counters.untimely >= 36, "more are left unanswered")
        assert (quarantine.counters.entries, store.count()) == (before, 0)
        (alarm,) = (alarm for alarm in collector.alarms if alarm.kind == "clock_behind")
        assert "60분쯤" in alarm.ko
        behind[0] = 0
        for seq in (2, 3, 4, 5):
            send(seq)
        wait_until(lambda: store.count() > 0, "with the clock they are stored")
        wait_until(
            lambda: all(alarm.until for alarm in collector.alarms if alarm.kind == "clock_behind"), "the alarm is over"
        )
    client.disconnect()
    client.loop_stop()
