"""A broker that is set too tight is told of, with the setting to change: what a real one says, and what another may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from collector import Probed, Quarantine, ask, probe, shortfalls
from storage import Store
from telemetry import Broker
from tests.collector.parts import amqtt_at, broker_at, collecting, mosquitto_at
from tests.parts import free_port, wait_until

WEEK_S = 7 * 86_400


def limits(granted: dict[str, Any], **more: Any) -> dict[str, str]:
    return {short.limit: short.en for short in shortfalls(granted, **{"shared": True, "expiry_s": WEEK_S, **more})}


def test_a_mosquitto_as_it_comes_is_told_of_its_inflight_messages(mosquitto: Broker) -> None:
    told = ask(mosquitto, "check", 60, with_reports=True)
    assert told.granted is not None
    found = limits(told.granted, expiry_s=60)
    assert set(found) == {"Receive Maximum"}
    assert "max_inflight_messages" in found["Receive Maximum"]
    assert "mosquitto version" in told.reports["$SYS/broker/version"]


def test_a_mosquitto_that_is_set_well_gives_no_cause(tmp_path: Path) -> None:
    port = free_port()
    with mosquitto_at(port, tmp_path, "max_inflight_messages 200", "max_packet_size 1001024"):
        told = ask(Broker(port=port), "check", WEEK_S)
        assert told.granted is not None
        assert limits(told.granted) == {}


def test_a_mosquitto_with_small_packets_raises_an_alarm_at_the_collectors_start(
    tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    port = free_port()
    with (
        mosquitto_at(port, tmp_path, "max_inflight_messages 200", "max_packet_size 100000"),
        collecting(store, Broker(port=port, protocol="5"), quarantine) as collector,
    ):
        wait_until(lambda: collector.alarms, "it is told")
        (alarm,) = collector.alarms
        assert alarm.kind == "broker_limits"
        assert "Maximum Packet Size is 100000" in alarm.en
        assert "max_packet_size" in alarm.ko


def test_the_alarm_is_over_when_a_broker_without_any_limit_takes_the_place_of_one_that_is_too_tight(
    tmp_path: Path, store: Store, quarantine: Quarantine
) -> None:
    port = free_port()

    def lasting() -> list[str]:
        return [alarm.kind for alarm in collector.alarms if alarm.until is None]

    with collecting(store, Broker(port=port, protocol="5"), quarantine) as collector:
        with mosquitto_at(port, tmp_path, "max_inflight_messages 200", "max_packet_size 100000"):
            wait_until(lambda: lasting() == ["broker_limits"], "it is told")
        # Such a one has nothing to say of its limits: no property at all.
        with mosquitto_at(port, tmp_path, "max_inflight_messages 0", "max_topic_alias 0"):
            wait_until(lambda: lasting() == [], "it is over")


@pytest.mark.parametrize(
    ("granted", "limit", "setting"),
    [
        ({"ReceiveMaximum": 32}, "Receive Maximum", "mqtt.max_inflight"),
        ({"MaximumPacketSize": 1_000_000}, "Maximum Packet Size", "mqtt.max_packet_size"),
        ({"MaximumQoS": 0}, "Maximum QoS", "mqtt.max_qos_allowed"),
        ({"RetainAvailable": 0}, "Retain Available", "mqtt.retain_available"),
        ({"SharedSubscriptionAvailable": 0}, "Shared Subscription Available", "mqtt.shared_subscription"),
        ({"SessionExpiryInterval": 7200}, "Session Expiry Interval", "mqtt.session_expiry_interval"),
    ],
)
def test_each_limit_names_its_setting(granted: dict[str, Any], limit: str, setting: str) -> None:
    assert setting in limits(granted)[limit]


def test_one_alone_needs_no_shared_subscriptions() -> None:
    assert limits({"SharedSubscriptionAvailable": 0}, shared=False) == {}


def test_a_broker_of_an_older_protocol_cannot_tell(tmp_path: Path) -> None:
    port = free_port()
    with amqtt_at(port, tmp_path):
        told = ask(broker_at(port), "check", 60)
    assert told.granted is None
    assert told.problem


def test_a_broker_that_is_not_there_is_no_error() -> None:
    assert ask(Broker(port=free_port()), "check", 60).granted is None


def test_what_a_broker_does_not_tell_is_found_out_by_trying(tmp_path: Path) -> None:
    port = free_port()
    with mosquitto_at(port, tmp_path, "max_queued_messages 100", "message_size_limit 300000"):
        probed = probe(Broker(port=port), "check")
    # One is in flight, and not in the queue.
    assert probed == Probed(queue=101, largest=False)
    found = limits({}, probed=probed)
    assert "max_queued_messages, max_queued_bytes, memory_limit" in found["queue"]
    assert "message_size_limit" in found["largest message"]


def test_a_queue_bounded_in_bytes_is_found_too_short(tmp_path: Path) -> None:
    port = free_port()
    with mosquitto_at(port, tmp_path, "max_queued_bytes 200000", "max_packet_size 100000"):
        probed = probe(Broker(port=port), "check")
    assert probed.queue == 200
    assert "packets are bounded to 100000 bytes" in probed.problem


def test_nothing_is_tried_where_there_is_no_broker() -> None:
    probed = probe(Broker(port=free_port()), "check")
    assert (probed.queue, probed.largest, bool(probed.problem)) == (None, None, True)
