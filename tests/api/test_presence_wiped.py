"""A broker that is started again knows nobody: what pages say of whom it knew before stays true all the same."""

from __future__ import annotations

import contextlib
import functools
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from api import Settings
from api.alarms import list_alarms
from api.directory import Directory
from api.gateways import list_gateways
from api.models import AlarmNow
from api.presence import Presence, Seen
from collector import Collector, Quarantine
from edge.publisher import Publisher
from storage import DuckStore
from telemetry import STATE, Broker, State, alarms_topic, encode, new_client, topic
from tests.collector.parts import SITE, collecting, gateway, mosquitto_at, now_ms, save, saving_in, vanish
from tests.parts import free_port, wait_until

MINUTE, DAY = 60_000, 86_400_000


class Stand:
    """A broker that can be wiped, pages that listen to it, and a clock that can be put on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.broker = Broker(port=free_port())
        self.ahead = 0
        self.presence = Presence(self.broker, self.clock)
        self._running = contextlib.ExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    def clock(self) -> int:
        return now_ms() + self.ahead

    def start_broker(self, *more: str) -> None:
        self._process = self._running.enter_context(mosquitto_at(self.broker.port, self.folder, *more))

    def save(self) -> None:
        assert self._process is not None
        save(self._process, self.folder)

    def lose_broker(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(60)
        wait_until(lambda: not self.presence.connected, "the pages have noticed")

    def close(self) -> None:
        self.presence.stop()
        self._running.close()

    @contextlib.contextmanager
    def collector(self, name: str) -> Iterator[Collector]:
        store = DuckStore(self.folder / f"{name}.duckdb")
        quarantine = Quarantine(self.folder / f"{name}.sqlite")
        with (
            contextlib.closing(store),
            contextlib.closing(quarantine),
            collecting(store, self.broker, quarantine, client_id=name) as started,
        ):
            yield started

    def gateway(self, name: str) -> contextlib.AbstractContextManager[tuple[object, Publisher]]:
        return gateway(self.folder, self.broker, name=name)

    def lasting(self) -> list[AlarmNow]:
        return [alarm for alarm in list_alarms(SITE, self.presence) if alarm.until is None]

    def gone(self) -> list[str]:
        """Collectors that are told to be gone."""
        assert {alarm.kind for alarm in self.lasting()} <= {"collector_offline"}
        return sorted(alarm.en.split()[1] for alarm in self.lasting())

    def knows(self, collector: str) -> bool:
        return alarms_topic(collector) in self.presence._alarms

    def said_again(self, collector: str) -> bool:
        return self.presence.connected and alarms_topic(collector) not in self.presence._unsaid

    def say(self, where: str, payload: bytes) -> None:
        client = new_client(self.broker, "hand", clean=True)
        client.connect(self.broker.host, self.broker.port)
        client.loop_start()
        client.publish(where, payload, qos=1, retain=True).wait_for_publish(60)
        client.disconnect()
        client.loop_stop()


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    made = Stand(tmp_path)
    made.start_broker()
    made.presence.start()
    try:
        yield made
    finally:
        made.close()


def test_a_collector_that_went_with_the_broker_is_told_until_it_is_back(stand: Stand) -> None:
    with stand.collector("c-1"):
        with stand.collector("c-2"):
            wait_until(lambda: stand.knows("c-1") and stand.knows("c-2"), "both are there")
            stand.lose_broker()
        stand.start_broker()
        wait_until(lambda: stand.said_again("c-1"), "one is back")
        assert stand.gone() == [], "it may be back in a moment"
        stand.ahead += MINUTE
        assert stand.gone() == ["c-2"]
        with stand.collector("c-2"):
            wait_until(lambda: stand.gone() == [], "it is back")


def test_what_the_broker_has_told_of_a_collector_outlives_the_broker_until_it_is_back(stand: Stand) -> None:
    with stand.collector("c-1"):
        with stand.collector("c-2") as second:
            wait_until(lambda: stand.knows("c-1") and stand.knows("c-2"), "both are there")
            vanish(second)
            wait_until(lambda: stand.gone() == ["c-2"], "its last will is heard")
        stand.lose_broker()
        stand.start_broker()
        wait_until(lambda: stand.said_again("c-1"), "one is back")
        for _ in range(2):
            assert stand.gone() == ["c-2"]
            stand.ahead += MINUTE
        with stand.collector("c-2"):
            wait_until(lambda: stand.gone() == [], "it is back")


def test_a_collector_that_another_has_replaced_is_told_for_a_day_and_one_that_none_has_until_one_does(
    stand: Stand,
) -> None:
    with stand.collector("c-1"):
        wait_until(lambda: stand.knows("c-1"), "it is there")
        stand.lose_broker()
    stand.start_broker()
    wait_until(lambda: stand.presence.connected, "the pages are back")
    stand.ahead += 2 * DAY
    assert stand.gone() == ["c-1"], "nobody stores anything"
    with stand.collector("c-9"):
        wait_until(lambda: stand.knows("c-9"), "another takes its place")
        assert stand.gone() == []


def test_a_collector_that_is_replaced_while_the_broker_is_away_is_over_a_day_later_or_by_hand(stand: Stand) -> None:
    with stand.collector("c-1"), stand.collector("c-2"):
        wait_until(lambda: stand.knows("c-1") and stand.knows("c-2"), "they are there")
        stand.lose_broker()
    with stand.collector("c-9"):
        stand.start_broker()
        wait_until(lambda: stand.knows("c-9"), "another takes their place")
        stand.ahead += MINUTE
        assert stand.gone() == ["c-1", "c-2"]
        stand.say(alarms_topic("c-1"), b"")
        wait_until(lambda: stand.gone() == ["c-2"], "one is cleared by hand")
        stand.ahead += DAY
        assert stand.gone() == []


def test_what_the_broker_still_knows_stays_as_it_is_when_only_the_pages_lose_it(stand: Stand) -> None:
    with stand.collector("c-1"), stand.gateway("gw-1"):
        wait_until(lambda: stand.knows("c-1") and stand.presence.states(SITE), "they are there")
        client, before = stand.presence._client, stand.presence._back
        assert client is not None
        connection = client.socket()
        assert isinstance(connection, socket.socket)
        connection.shutdown(socket.SHUT_RDWR)
        wait_until(lambda: stand.presence._back != before, "the pages are back")
        wait_until(lambda: not stand.presence._unsaid, "the broker tells again")
        stand.ahead += MINUTE
        assert stand.lasting() == []
        assert stand.presence.states(SITE)["gw-1"].online


def test_a_gateway_that_went_with_the_broker_is_no_longer_shown_as_online_until_it_is_back(stand: Stand) -> None:
    store = DuckStore(stand.folder / "pages.duckdb")

    def shown() -> dict[str, tuple[bool | None, bool, int | None]]:
        directory = Directory(store, stand.presence, Settings(), stand.clock)
        found = list_gateways(SITE, store, directory, stand.presence, stand.clock())
        return {each.gateway: (each.online, each.clean, each.since) for each in found}

    with contextlib.closing(store), stand.gateway("gw-1") as (_, first):
        with stand.gateway("gw-2"):
            wait_until(lambda: [online for online, *_ in shown().values()] == [True, True], "both are online")
            stand.lose_broker()
        wait_until(lambda: not first.connected, "the gateway has noticed")
        since = shown()["gw-1"][2]
        stand.start_broker()
        wait_until(lambda: shown()["gw-1"][2] != since, "one is back")
        assert shown()["gw-2"][0], "it may be back in a moment"
        stand.ahead += MINUTE
        assert shown()["gw-2"] == (False, False, None)
        assert shown()["gw-1"][0]
        assert [birth.gateway for birth in stand.presence.births(SITE)] == ["gw-2", "gw-1"], "what it reads is known"
        stand.say(topic(SITE, "gw-2", STATE), b"")
        wait_until(lambda: shown()["gw-2"][0] is None, "cleared by hand")
        with stand.gateway("gw-2"):
            wait_until(lambda: shown()["gw-2"][0], "it is back")


def test_what_is_known_of_who_went_outlives_a_killed_broker_that_had_not_saved_it(stand: Stand) -> None:
    def online(presence: Presence) -> dict[str, bool]:
        return {name: seen.online for name, seen in presence.states(SITE).items()}

    def said() -> set[tuple[str, State | int]]:
        return {*stand.presence._said.items(), *stand.presence._alarms_said.items()}

    def told(expected: dict[str, Seen]) -> bool:
        return stand.presence.states(SITE) == expected

    stand.lose_broker()
    stand.start_broker(*saving_in(stand.folder))
    with stand.collector("c-1"):
        with stand.collector("c-2") as second, stand.gateway("gw-1") as (_, first), stand.gateway("gw-2"):
            wait_until(lambda: online(stand.presence) == {"gw-1": True, "gw-2": True}, "the gateways are there")
            wait_until(lambda: stand.knows("c-1") and stand.knows("c-2"), "the collectors are there")
            stand.save()
            saved = said()
            for each in (first._session, second._session):
                each.reconnect()
            wait_until(lambda: len(saved & said()) == 2, "two say so again")
            vanish(second)
            vanish(first)
            wait_until(lambda: stand.gone() == ["c-2"], "the collector's last will is heard")
        wait_until(lambda: not any(online(stand.presence).values()), "the gateways are gone, one with a farewell")
        before = stand.presence.states(SITE)
        stand.lose_broker()
        stand.start_broker(*saving_in(stand.folder))
        for at in (1, 2):  # the second comes after all that is told to who subscribes
            wait_until(lambda: stand.presence.connected, "the pages are back")
            stand.say(topic(SITE, "gw-9", STATE), encode(State(online=True, at=at)))
            heard = {**before, "gw-9": Seen(online=True, since=at, clean=False)}
            wait_until(functools.partial(told, heard), "another speaks, and nothing else has changed")
        assert stand.gone() == ["c-2"]
        fresh = Presence(stand.broker, stand.clock)
        fresh.start()
        try:
            wait_until(lambda: all(online(fresh).get(name) for name in ("gw-1", "gw-2")), "the broker has them online")
        finally:
            fresh.stop()
        with stand.collector("c-2"), stand.gateway("gw-1"):
            wait_until(lambda: online(stand.presence)["gw-1"] and stand.gone() == [], "they are back")


def test_whoever_was_only_missed_for_too_long_is_believed_the_word_he_had_said_before(stand: Stand) -> None:
    words = alarms_topic("c-1"), topic(SITE, "gw-1", STATE)
    with stand.collector("c-1"), stand.gateway("gw-1"):
        wait_until(lambda: stand.knows("c-1") and stand.presence.states(SITE), "they are there")
        stand.lose_broker()
    alarms, _ = stand.presence._alarms[words[0]]
    said = {words[0]: encode(alarms), words[1]: encode(stand.presence._said[words[1]])}
    stand.start_broker()
    wait_until(lambda: stand.presence.connected, "the pages are back")
    stand.ahead += MINUTE
    assert stand.gone() == ["c-1"]
    assert not stand.presence.states(SITE)["gw-1"].online
    stand.presence.stop()
    for word, payload in said.items():
        stand.say(word, payload)
    stand.presence.start()
    wait_until(lambda: stand.presence.connected, "the pages are back again")
    wait_until(lambda: stand.gone() == [] and stand.presence.states(SITE)["gw-1"].online, "both are there")
