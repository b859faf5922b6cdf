from __future__ import annotations

import telemetry
from api.alarms import count_lasting, list_alarms
from api.presence import Presence
from telemetry import Broker, State
from tests.api.parts import SITE, announce, birth, now_ms
from tests.parts import free_port, wait_until


def test_births_and_states_are_heard_and_a_cleared_birth_is_forgotten(mosquitto: Broker) -> None:
    announce(mosquitto, ("gw-1", "birth", birth()), ("gw-1", "state", State(online=True, at=42)))
    presence = Presence(mosquitto, now_ms)
    presence.start()
    try:
        wait_until(lambda: presence.births(SITE) and presence.states(SITE), "retained messages arrive")
        assert presence.births("elsewhere") == []
        seen = presence.states(SITE)["gw-1"]
        assert (seen.online, seen.since) == (True, 42)
        client = telemetry.new_client(mosquitto, "clearer", clean=True)
        client.connect(mosquitto.host, mosquitto.port)
        client.loop_start()
        client.publish(telemetry.topic(SITE, "gw-1", "birth"), b"not json", qos=1).wait_for_publish(10)
        client.publish(telemetry.topic(SITE, "gw-1", "birth"), b"", qos=1, retain=True).wait_for_publish(10)
        wait_until(lambda: not presence.births(SITE), "the birth is forgotten")
        client.disconnect()
        client.loop_stop()
    finally:
        presence.stop()


def test_a_last_will_that_arrives_while_listening_is_dated_by_its_arrival(mosquitto: Broker) -> None:
    presence = Presence(mosquitto, lambda: 99)
    presence.start()
    try:
        wait_until(lambda: presence.connected, "connected")
        wait_until(lambda: _lost(mosquitto, presence), "the will is heard")
        seen = presence.states(SITE)["gw-1"]
        assert (seen.online, seen.clean, seen.since) == (False, False, 99)
    finally:
        presence.stop()


def _lost(broker: Broker, presence: Presence) -> bool:
    announce(broker, ("gw-1", "state", State(online=False, at=0)))
    return presence.states(SITE).get("gw-1") is not None and presence.states(SITE)["gw-1"].since == 99


def test_the_newest_birth_of_a_gateway_that_is_online_wins(mosquitto: Broker) -> None:
    announce(
        mosquitto,
        ("history", "birth", birth("history", started=9)),
        ("gw-1", "birth", birth("gw-1", started=5)),
        ("gw-1", "state", State(online=True, at=1)),
    )
    presence = Presence(mosquitto, now_ms)
    presence.start()
    try:
        wait_until(lambda: len(presence.births()) == 2 and presence.states(SITE), "both births")
        assert [found.gateway for found in presence.births(SITE)] == ["history", "gw-1"]
    finally:
        presence.stop()


def test_a_broker_that_was_never_reached_counts_as_away_after_a_while() -> None:
    clock = [1_000_000]
    presence = Presence(Broker(port=free_port()), lambda: clock[0])
    presence.start()
    try:
        early = presence.lost_since
        clock[0] += 60_000
        assert (early, presence.lost_since) == (None, 1_000_000), "the first connection takes its time"
        assert [alarm.kind for alarm in list_alarms(SITE, presence)] == ["broker_unreachable"]
        assert count_lasting(SITE, presence) == 1
    finally:
        presence.stop()
    assert presence.lost_since is None


def test_without_a_broker_or_with_one_that_is_away_nobody_is_there() -> None:
    for broker in (None, Broker(port=free_port())):
        presence = Presence(broker, now_ms)
        presence.start()
        assert presence.births() == []
        assert presence.states(SITE) == {}
        presence.stop()
