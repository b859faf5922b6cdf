"""Where InfluxStore keeps readings and roll-ups, and for how long: made when missing, never changed when not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from storage import InfluxStore, StoreRefusedError
from storage.influx import server
from storage.influx.durations import parse_duration, said
from tests.parts import Database, free_port, influxd, influxd_version
from tests.storage.fake_server import Answer, Request, answering
from tests.storage.influx_kinds import JSON, ORG, Three, Two
from tests.storage.parts import DAY, MAIN, ask_influx, batch, points

NOW = 1_795_305_600_000
ONE = [batch({NOW: 1.0})]


def policies(server: Database, database: str, *user: str) -> dict[str, tuple[str, bool]]:
    """Duration of each retention policy, and whether it is the default."""
    answer = json.loads(ask_influx(server.url, f'SHOW RETENTION POLICIES ON "{database}"', *user))
    rows = answer["results"][0]["series"][0]["values"]
    return {name: (duration, default) for name, duration, _, _, default in rows}


def test_version_1_gets_a_database_with_two_retention_policies(influxdb: Database, influx_database: str) -> None:
    store = InfluxStore(influxdb.url, database=influx_database, keep_raw_days=90, keep_rollup_days=3650)
    store.write(ONE)
    # Readings may stay as long as roll-ups: history older than 90 days can be imported, and is forgotten one by one.
    assert policies(influxdb, influx_database) == {"raw": ("87600h0m0s", True), "rollup": ("87600h0m0s", False)}
    store.close()
    again = InfluxStore(influxdb.url, database=influx_database, keep_raw_days=30, keep_rollup_days=60)
    again.write(ONE)
    assert policies(influxdb, influx_database) == {"raw": ("87600h0m0s", True), "rollup": ("87600h0m0s", False)}
    assert again.health().facts["readings"] == "the server keeps them 3650 d (policy raw)"
    again.close()


def test_for_ever_is_for_ever(influxdb: Database, influx_database: str) -> None:
    store = InfluxStore(influxdb.url, database=influx_database, keep_raw_days=0, keep_rollup_days=3650)
    store.write(ONE)
    assert policies(influxdb, influx_database) == {"raw": ("0s", True), "rollup": ("87600h0m0s", False)}
    store.close()


def test_a_database_that_was_there_keeps_its_policy_and_the_difference_is_shown(
    influxdb: Database, influx_database: str
) -> None:
    ask_influx(influxdb.url, f'CREATE DATABASE {influx_database} WITH DURATION 30d NAME "mine"')
    store = InfluxStore(influxdb.url, database=influx_database, keep_raw_days=90, keep_rollup_days=3650)
    store.write([batch({NOW: 1.0})])
    facts = store.health().facts
    assert policies(influxdb, influx_database) == {"mine": ("720h0m0s", True), "rollup": ("87600h0m0s", False)}
    assert "drops readings after 30 d, sooner than the settings' 90 d" in facts["retention"]
    assert facts["version"].startswith(influxd_version())
    store.close()


def test_a_policy_that_is_shortened_while_the_store_is_open_is_shown(
    influxdb: Database, influx_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = InfluxStore(influxdb.url, database=influx_database, keep_raw_days=90, keep_rollup_days=400)
    assert "retention" not in store.health().facts
    ask_influx(influxdb.url, f'ALTER RETENTION POLICY "raw" ON "{influx_database}" DURATION 7d')
    assert "retention" not in store.health().facts
    monkeypatch.setattr(server, "_LOOK_AGAIN_S", 0.0)
    assert "drops readings after 7 d, sooner than the settings' 90 d" in store.health().facts["retention"]
    store.close()


def test_a_user_who_may_make_no_place_for_rollups_can_do_all_else_and_is_told_what_to_ask_for(tmp_path: Path) -> None:
    boss = "boss", "secret"
    with influxd(tmp_path, free_port(), free_port(), http="auth-enabled = true") as server:
        ask_influx(server.url, "CREATE USER boss WITH PASSWORD 'secret' WITH ALL PRIVILEGES")
        ask_influx(server.url, "CREATE DATABASE energy", *boss)
        ask_influx(server.url, "CREATE USER writer WITH PASSWORD 'pass'", *boss)
        ask_influx(server.url, "GRANT ALL ON energy TO writer", *boss)
        store = InfluxStore(server.url, database="energy", username="writer", password="pass", keep_rollup_days=400)
        assert store.write(ONE).stored == 1
        assert points(store) == {NOW: 1.0}
        assert store.touched() == 1
        statement = 'CREATE RETENTION POLICY "rollup" ON "energy" DURATION 34560000s REPLICATION 1 SHARD DURATION 26w'
        for use in (lambda: store.roll(2**60), lambda: store.rollups(MAIN, 0, 2**60), lambda: store.forget(0, 0)):
            with pytest.raises(StoreRefusedError, match="user 'writer' may make none; as its administrator") as refused:
                use()
            assert statement in str(refused.value)
        assert store.health().ok
        assert statement in store.health().facts["roll-ups"]
        ask_influx(server.url, statement, *boss)
        assert store.roll(2**60) == 1
        assert store.rollups(MAIN, 0, 2**60).count.tolist() == [1]
        store.close()


def test_version_2_gets_two_buckets_with_their_retention() -> None:
    two = Two()
    with answering(two) as server:
        store = InfluxStore(server.url, token="t0k3n", org="factory", keep_raw_days=90, keep_rollup_days=3650)
        assert store.write(ONE).stored == 1
        ten_years = [{"type": "expire", "everySeconds": 3650 * 86_400, "shardGroupDurationSeconds": 7 * 86_400}]
        assert two.buckets == {"wattproof": ten_years, "wattproof/rollup": ten_years}
        assert {bucket for bucket, _ in two.written} == {"wattproof"}
        assert store.health().facts["version"] == "v2.7.12 OSS"
        store.close()


def test_version_2_leaves_a_bucket_as_it_is_and_shows_what_it_keeps() -> None:
    two = Two(buckets={"wattproof": [{"type": "expire", "everySeconds": 30 * 86_400}], "wattproof/rollup": []})
    with answering(two) as server:
        store = InfluxStore(server.url, token="t0k3n", org="factory", keep_raw_days=90, keep_rollup_days=3650)
        store.write(ONE)
        assert not [request for request in server.requests if request.path == "/api/v2/buckets" and request.body]
        facts = store.health().facts
        assert facts["readings"] == "the server keeps them 30 d"
        assert facts["roll-ups"] == "the server keeps them for ever (policy rollup)"
        assert "sooner than the settings' 90 d" in facts["retention"]
        store.close()


def test_version_2_whose_token_may_make_no_bucket_says_which_to_make() -> None:
    two = Two(may_create=False, buckets={"wattproof": []})
    with answering(two) as server:
        store = InfluxStore(server.url, token="t0k3n", org="factory", keep_rollup_days=400)
        assert store.write(ONE).stored == 1
        with pytest.raises(StoreRefusedError, match="influx bucket create --name wattproof/rollup --org factory") as no:
            store.rollups(MAIN, 0, DAY)
        assert "--retention 9600h, and give the token read and write on it" in str(no.value)
        assert "t0k3n" not in str(no.value)
        store.close()


def test_version_2_that_says_401_of_a_right_is_not_told_as_a_wrong_token() -> None:
    two = Two(may_create=False, refusal=401, buckets={"wattproof": []})
    with answering(two) as server:
        store = InfluxStore(server.url, token="t0k3n", org="factory")
        assert store.write(ONE).stored == 1
        with pytest.raises(StoreRefusedError, match="influx bucket create --name wattproof/rollup --org factory"):
            store.rollups(MAIN, 0, DAY)
        store.close()


def test_version_2_that_shows_no_organization_says_which_bucket_to_make() -> None:
    two = Two(orgs={})
    with answering(two) as server:
        store = InfluxStore(server.url, token="t0k3n", org="factory")
        with pytest.raises(
            StoreRefusedError, match=r"it sees no organization 'factory'.*create --name wattproof --org"
        ):
            store.write(ONE)
        store.close()


def test_version_2_shares_the_bucket_that_another_worker_made_meanwhile() -> None:
    two = Two(made_meanwhile=True)
    with answering(two) as server:
        store = InfluxStore(server.url, token="t0k3n", org="factory")
        assert store.write(ONE).stored == 1
        store.close()


def test_version_2_finds_the_organization_that_nobody_named() -> None:
    two = Two()
    with answering(two) as server:
        store = InfluxStore(server.url, token="t0k3n")
        assert store.write(ONE).stored == 1
        assert server.written()[-1].query["org"] == ORG
        store.close()


@pytest.mark.parametrize(
    ("org", "made_in", "said"),
    [
        ("fcatory", ORG, "no organization 'fcatory' that this token may use; it may use 'factory', 'office'"),
        ("factory", "office", "answers this token from the organization 'office' it was made in, and 'factory' is to"),
        ("", "nowhere", "several organizations .'factory', 'office'. and does not say.*auth create --org ORG"),
        ("factory", "nowhere", "does not say in which of them this token was made.*auth create --org factory"),
    ],
)
def test_version_2_with_several_organizations_is_used_with_a_token_of_the_named_one(
    org: str, made_in: str, said: str
) -> None:
    office = "00000000000000cc"
    two = Two(orgs={ORG: "factory", office: "office"}, made_in={"office": office}.get(made_in, made_in))
    if made_in == "nowhere":
        two.token = "another"
    with answering(two) as server:
        store = InfluxStore(server.url, token="t0k3n", org=org)
        with pytest.raises(StoreRefusedError, match=said):
            store.write(ONE)
        assert two.buckets == {}
        store.close()


def test_version_2_with_an_organization_for_each_factory_of_a_programme_finds_the_named_one() -> None:
    factories = {f"{number:016x}": f"factory-{number:03d}" for number in range(250)}
    two = Two(orgs=factories | {ORG: "the-last"})
    with answering(two) as server:
        store = InfluxStore(server.url, token="t0k3n", org="the-last")
        assert store.write(ONE).stored == 1
        store.close()
        lost = InfluxStore(server.url, token="t0k3n", org="nobody")
        with pytest.raises(StoreRefusedError, match=r"may use 'factory-000', .*'factory-009' and others$"):
            lost.write(ONE)
        lost.close()


def test_cloud_tells_no_version_and_is_written_with_a_token() -> None:
    two = Two()

    def answer(request: Request) -> Answer:
        if request.path == "/ping":
            return Answer(204, headers={"X-Influxdb-Build": "Cloud"})
        return Answer(404, "404 page not found") if request.path == "/health" else two(request)

    two.buckets = {}
    with answering(answer) as server:
        two.buckets["wattproof"] = []
        store = InfluxStore(server.url, token="t0k3n", org="factory", keep_raw_days=90, keep_rollup_days=3650)
        assert store.write(ONE).stored == 1
        # Cloud has no shards to choose.
        assert two.buckets["wattproof/rollup"] == [{"type": "expire", "everySeconds": 3650 * 86_400}]
        assert store.health().facts["version"] == "cloud Cloud"
        store.close()


def test_version_2_behind_a_proxy_that_takes_headers_away_tells_its_version_with_its_health() -> None:
    two = Two(buckets={"wattproof": [], "wattproof/rollup": []})

    def answer(request: Request) -> Answer:
        if request.path == "/ping":
            return Answer(204)
        if request.path == "/health":
            return Answer(200, json.dumps({"name": "influxdb", "status": "pass", "version": "v2.7.11"}), JSON)
        return two(request)

    with answering(answer) as server:
        store = InfluxStore(server.url, token="t0k3n", org="factory")
        assert store.health().facts["version"] == "v2.7.11"
        store.close()


@pytest.mark.parametrize("may_create", [True, False])
def test_version_3_gets_databases_with_their_retention_where_the_token_may(may_create: bool) -> None:
    three = Three(may_create)
    with answering(three) as server:
        store = InfluxStore(server.url, token="t0k3n", keep_raw_days=90, keep_rollup_days=3650)
        assert store.write(ONE).stored == 1
        made = {"wattproof": "90d", "wattproof/rollup": "3650d"}
        assert three.databases == (made if may_create else {"wattproof": ""})
        assert server.written()[-1].query == {"org": "", "bucket": "wattproof"}
        assert store.health().facts["version"] == "3.2.0 Core"
        # It deletes by its own retention only.
        assert store.forget(NOW, NOW).readings == -1 or not may_create
        assert not any(b"DELETE" in request.body for request in server.requests)
        store.close()


@pytest.mark.parametrize(
    ("text", "seconds"), [("2160h0m0s", 7_776_000), ("0s", 0), ("1w2d", 777_600), ("INF", None), ("1500ms", 2)]
)
def test_durations_are_read_as_influxdb_writes_them(text: str, seconds: int | None) -> None:
    assert parse_duration(text) == seconds


def test_durations_are_said_as_people_say_them() -> None:
    assert [said(each) for each in (None, 0, 86_400, 7200)] == ["unknown", "for ever", "1 d", "2 h"]
