"""The generated mosquitto.conf, certificates and ACL in a real mosquitto."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from collector import (
    PROBE_MESSAGES,
    Collector,
    Probed,
    Quarantine,
    Settings,
    ask,
    probe,
    shortfalls,
)
from collector.foreign import Foreign
from storage import DuckStore
from telemetry import ACK, BATCH, BIRTH, MAX_BYTES, STATE, Broker, Tls, new_client, topic
from tests.parts import free_port, program, running, wait_until
from wattproof.provision import generate

SITE = "gimpo-demo"
GATEWAY, OTHER = f"{SITE}.gw-1", f"{SITE}.gw-2"


@dataclass
class Peer:
    """A client on the broker: what it received, and whether it is connected."""

    received: list[tuple[str, bytes]] = field(default_factory=list)
    confirmed: set[int] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    connects: int = 0
    losses: int = 0
    publish: Callable[[str, bytes, bool], int] = lambda _topic, _payload, _retain: 0

    def sent(self, to: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish at QoS 1 and wait until the broker has taken it."""
        message = self.publish(to, payload, retain)
        wait_until(lambda: message in self.confirmed, f"the broker confirms {to}")


@dataclass
class Site:
    """A running broker and the folder it was generated into."""

    folder: Path
    port: int

    def broker(self, name: str | None) -> Broker:
        """How client `name` reaches it; None for a client without a certificate."""
        if name is None:
            return Broker("localhost", self.port, tls=Tls(ca=str(self.folder / "broker" / "ca.crt")))
        own = self.folder / "clients" / name
        tls = Tls(str(own / "ca.crt"), str(own / "client.crt"), str(own / "client.key"))
        return Broker("localhost", self.port, tls=tls)

    @contextlib.contextmanager
    def client(self, name: str | None, *subscriptions: str, client_id: str = "") -> Iterator[Peer]:
        """A client, connected and subscribed (or refused)."""
        peer, subscribed = Peer(), []
        client = new_client(self.broker(name), client_id or f"test-{name}")

        def on_connect(_client: object, _data: object, _flags: object, reason: object, _properties: object) -> None:
            if str(reason) == "Success":
                peer.connects += 1
            else:
                peer.refused.append(str(reason))

        def on_disconnect(*_: object) -> None:
            peer.losses += 1

        client.on_connect = on_connect
        client.on_disconnect = on_disconnect
        client.on_connect_fail = lambda *_: peer.refused.append("no connection")
        client.on_subscribe = lambda *_: subscribed.append(True)
        client.on_publish = lambda _client, _data, mid, *_: peer.confirmed.add(mid)
        client.on_message = lambda _client, _data, message: peer.received.append(
            (message.topic, bytes(message.payload))
        )
        client.reconnect_delay_set(1, 1)
        with contextlib.suppress(OSError):
            client.connect("localhost", self.port)
        client.loop_start()
        try:
            wait_until(lambda: peer.connects or peer.refused or peer.losses, f"{name}: an answer of the broker")
            for pattern in subscriptions:
                client.subscribe(pattern, qos=1)
            wait_until(lambda: len(subscribed) == len(subscriptions), f"{name}: subscribed")
            peer.publish = lambda to, payload, retain: client.publish(to, payload, 1, retain).mid
            yield peer
        finally:
            client.disconnect()
            client.loop_stop()


@contextlib.contextmanager
def mosquitto(folder: Path, port: int) -> Iterator[Site]:
    """Mosquitto with the generated files of `folder`."""
    config = folder / "broker" / "mosquitto.conf"
    # Started by root, mosquitto becomes the user of its package, who may not read our files; in the container it
    # runs as their owner from the start.
    if folder.owner() == "root" and "user root" not in config.read_text():
        config.write_text(f"{config.read_text()}user root\n")
    with running([program("mosquitto"), "-c", str(config)], port, folder / "mosquitto.log"):
        yield Site(folder, port)


@pytest.fixture
def generated(tmp_path: Path) -> tuple[Path, int]:
    port, broker, data = free_port(), str(tmp_path / "broker"), str(tmp_path / "data")
    hosts = ["localhost", "127.0.0.1"]
    generate(tmp_path, {SITE: ["gw-1", "gw-2"]}, hosts=hosts, port=port, config_path=broker, data_path=data)
    return tmp_path, port


@pytest.fixture
def site(generated: tuple[Path, int]) -> Iterator[Site]:
    with mosquitto(*generated) as site:
        yield site


def test_batches_and_acks_travel_between_a_gateway_and_the_collector(site: Site) -> None:
    batches, acks = topic(SITE, "gw-1", BATCH), topic(SITE, "gw-1", ACK)
    with site.client("collector", topic("+", "+", BATCH)) as collector, site.client(GATEWAY, acks) as gateway:
        gateway.sent(batches, b"a batch")
        wait_until(lambda: collector.received == [(batches, b"a batch")], "the collector has the batch")
        collector.sent(acks, b"an ack")
        wait_until(lambda: gateway.received == [(acks, b"an ack")], "the gateway has the ack")


def test_a_gateway_cannot_write_as_another(site: Site) -> None:
    with site.client("collector", topic("+", "+", BATCH)) as collector, site.client(GATEWAY) as gateway:
        gateway.sent(topic(SITE, "gw-2", BATCH), b"forged")
        gateway.sent(topic("other-site", "gw-1", BATCH), b"forged")
        gateway.sent(topic(SITE, "gw-1", BATCH), b"its own")
        wait_until(lambda: collector.received, "the collector has a batch")
        assert collector.received == [(topic(SITE, "gw-1", BATCH), b"its own")]


def test_a_gateway_reads_neither_batches_nor_the_acks_of_others(site: Site) -> None:
    with (
        site.client(GATEWAY, "wattproof/#", "#") as gateway,
        site.client(OTHER) as other,
        site.client("collector") as collector,
    ):
        other.sent(topic(SITE, "gw-2", BATCH), b"a batch of gw-2")
        collector.sent(topic(SITE, "gw-2", ACK), b"for gw-2")
        collector.sent(topic(SITE, "gw-1", ACK), b"for gw-1")
        wait_until(lambda: gateway.received, "the gateway has its ack")
        assert set(gateway.received) == {(topic(SITE, "gw-1", ACK), b"for gw-1")}


def test_a_gateway_cannot_acknowledge_its_own_batches(site: Site) -> None:
    acks = topic(SITE, "gw-1", ACK)
    with site.client(GATEWAY, acks) as gateway, site.client("collector") as collector:
        gateway.sent(acks, b"forged")
        collector.sent(acks, b"real")
        wait_until(lambda: gateway.received, "the gateway has an ack")
        assert gateway.received == [(acks, b"real")]


def test_the_api_reads_births_and_states_and_writes_nothing(site: Site) -> None:
    birth, state = topic(SITE, "gw-2", BIRTH), topic(SITE, "gw-2", STATE)
    patterns = (topic("+", "+", BIRTH), topic("+", "+", STATE), topic("+", "+", BATCH))
    with (
        site.client("api", *patterns) as api,
        site.client(OTHER) as gateway,
        site.client("collector", topic("+", "+", BATCH)) as collector,
    ):
        api.sent(topic(SITE, "gw-2", BATCH), b"forged")
        gateway.sent(topic(SITE, "gw-2", BATCH), b"a batch")
        gateway.sent(birth, b"birth")
        gateway.sent(state, b"state")
        wait_until(lambda: len(api.received) >= 2, "the api has birth and state")
        wait_until(lambda: collector.received, "the collector has a batch")
        assert api.received == [(birth, b"birth"), (state, b"state")]
        assert collector.received == [(topic(SITE, "gw-2", BATCH), b"a batch")]


def test_a_client_without_a_certificate_is_refused(site: Site) -> None:
    with site.client(None) as stranger:
        wait_until(lambda: stranger.refused or stranger.losses, "the broker ends the connection")
        assert stranger.connects == 0


def test_a_certificate_of_another_authority_is_refused(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "another"
    generate(folder, {SITE: ["gw-1"]})
    forged = Site(folder, site.port)
    (folder / "clients" / GATEWAY / "ca.crt").write_bytes((site.folder / "ca" / "ca.crt").read_bytes())
    with forged.client(GATEWAY) as stranger:
        wait_until(lambda: stranger.refused or stranger.losses, "the broker ends the connection")
        assert stranger.connects == 0


def test_a_gateway_cannot_take_over_the_collectors_session(site: Site) -> None:
    with (
        site.client("collector", topic("+", "+", BATCH), client_id="wattproof-collector") as collector,
        site.client(GATEWAY, client_id="wattproof-collector") as thief,
    ):
        thief.sent(topic(SITE, "gw-1", BATCH), b"still delivered")
        wait_until(lambda: collector.received, "the collector has the batch")
        assert collector.losses == 0


def test_the_largest_batch_passes_and_a_larger_one_does_not(site: Site) -> None:
    batches = topic(SITE, "gw-1", BATCH)
    with site.client("collector", topic("+", "+", BATCH)) as collector, site.client(GATEWAY) as gateway:
        gateway.sent(batches, b"x" * MAX_BYTES)
        wait_until(lambda: collector.received, "the collector has the largest batch")
        gateway.publish(batches, b"y" * (MAX_BYTES + 1), False)
        gateway.sent(batches, b"the next")
        wait_until(lambda: (batches, b"the next") in collector.received, "the collector has the next batch")
        assert [len(payload) for _, payload in collector.received] == [MAX_BYTES, len(b"the next")]


def test_the_health_client_sees_the_brokers_uptime_and_nothing_else(site: Site) -> None:
    uptime = "$SYS/broker/uptime"
    with site.client("health", uptime, "#") as health, site.client(GATEWAY) as gateway:
        gateway.sent(topic(SITE, "gw-1", BATCH), b"a batch")
        wait_until(lambda: health.received, "the health client has the uptime")
        assert {to for to, _ in health.received} == {uptime}


def test_what_the_broker_retains_survives_its_restart(generated: tuple[Path, int]) -> None:
    birth = topic(SITE, "gw-1", BIRTH)
    with mosquitto(*generated) as site, site.client(GATEWAY) as gateway:
        gateway.sent(birth, b"born", retain=True)
    with mosquitto(*generated) as site, site.client("api", birth) as api:
        wait_until(lambda: api.received, "the api has the birth")
        assert api.received == [(birth, b"born")]


def test_what_the_collector_missed_is_delivered_when_it_is_back(generated: tuple[Path, int]) -> None:
    batches = topic(SITE, "gw-1", BATCH)
    with mosquitto(*generated) as site:
        with site.client("collector", topic("+", "+", BATCH)):
            pass
        with site.client(GATEWAY) as gateway:
            gateway.sent(batches, b"meanwhile")
    with mosquitto(*generated) as site, site.client("collector") as collector:
        wait_until(lambda: collector.received, "the collector has the batch")
        assert collector.received == [(batches, b"meanwhile")]


@pytest.fixture
def with_others(tmp_path: Path) -> Iterator[Site]:
    """A broker that also lets two publishers in, each to topics of its own."""
    port, broker, data = free_port(), str(tmp_path / "broker"), str(tmp_path / "data")
    publishers = {"press-meter": ["tele/press-1/SENSOR"], "node-red": ["plant/+/json", "plant/all/#"]}
    generate(
        tmp_path, {SITE: ["gw-1"]}, publishers=publishers, hosts=["localhost"], port=port, config_path=broker,
        data_path=data,
    )  # fmt: skip
    with mosquitto(tmp_path, port) as site:
        yield site


def test_a_publisher_writes_its_own_topics_and_reads_nothing(with_others: Site) -> None:
    asked = ("tele/+/SENSOR", "plant/+/json", "plant/all/#", topic("+", "+", BATCH))
    with (
        with_others.client("foreign", *asked) as listener,
        with_others.client("collector", topic("+", "+", BATCH)) as collector,
        with_others.client("press-meter", "#", "plant/#") as press,
        with_others.client("node-red") as flows,
    ):
        press.sent("tele/press-2/SENSOR", b"forged")
        press.sent("plant/press-1/json", b"forged")
        press.sent(topic(SITE, "gw-1", BATCH), b"forged")
        press.sent("tele/press-1/SENSOR", b"its own")
        flows.sent("plant/a/b", b"too deep")
        flows.sent("plant/a/json", b"one")
        flows.sent("plant/all/b/c", b"all")
        wait_until(lambda: len(listener.received) >= 3, "the collector's second session has what they may write")
        assert listener.received == [
            ("tele/press-1/SENSOR", b"its own"), ("plant/a/json", b"one"), ("plant/all/b/c", b"all"),
        ]  # fmt: skip
        assert (press.received, collector.received) == ([], [])


def test_a_collector_stores_what_a_publisher_may_write_and_tells_its_birth(with_others: Site, tmp_path: Path) -> None:
    maps = tmp_path / "meters.yaml"
    maps.write_text(
        "mapping: meters\nsite: gimpo-demo\ntimezone: Asia/Seoul\nrules:\n  - topic: tele/{device}/SENSOR\n"
        "    channels: {active_power_w: {path: p, unit: W}}\n",
        encoding="utf-8",
    )
    foreign = Foreign(maps=[str(maps)], broker=with_others.broker("foreign"))
    store, shelf = DuckStore(tmp_path / "readings.duckdb"), Quarantine(tmp_path / "quarantine.sqlite")
    collector = Collector(store, with_others.broker("collector"), shelf, settings=Settings(foreign=foreign))
    collector.start()
    try:
        with (
            with_others.client("press-meter") as press,
            with_others.client("api", topic("+", "+", BIRTH)) as api,
        ):
            wait_until(lambda: collector.connected and collector.foreign_connected, "both sessions stand")
            press.sent("tele/press-1/SENSOR", b'{"p": 1250.5}')
            wait_until(lambda: store.count() == 1, "it is stored")
            wait_until(lambda: api.received, "the pages hear of the device")
            assert [to for to, _ in api.received] == [topic(SITE, "meters", BIRTH)]
    finally:
        collector.stop()
        shelf.close()
        store.close()


def test_nothing_is_tried_in_a_session_that_waits_for_the_collector(site: Site) -> None:
    batches = topic(SITE, "gw-1", BATCH)
    with site.client("collector", batches):
        pass
    with site.client(GATEWAY) as gateway:
        gateway.sent(batches, b"while it is away")
    told = ask(site.broker("collector"), "wattproof-collector", 60, with_reports=True)
    assert told.reports["$SYS/broker/publish/messages/dropped"] == "0"
    probed = probe(site.broker("collector"), "wattproof-collector")
    assert probed.problem == "the broker keeps a session of this identity, which is left as it is"
    with site.client("collector") as collector:
        wait_until(lambda: collector.received, "what waited is there")


def test_the_limits_that_are_generated_leave_nothing_too_tight(site: Site) -> None:
    broker = site.broker("collector")
    probed = probe(broker, "wattproof-collector")
    assert probed == Probed(queue=PROBE_MESSAGES, largest=True)
    told = ask(broker, "wattproof-collector", 60)
    assert told.granted is not None
    assert probe(broker, "wattproof-collector").problem == "", "asking leaves no session behind"
    assert shortfalls(told.granted, shared=True, expiry_s=86_400, probed=probed) == []
