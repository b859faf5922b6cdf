"""InfluxDB 2.x itself, run by `tests.influxdbs`: what `influx_kinds` says of it is held against the real thing here."""

from __future__ import annotations

import json
import time
import urllib.request
from dataclasses import replace
from typing import Any

import pytest

from storage import InfluxStore, StoreRefusedError
from tests.parts import Database
from tests.storage.parts import DAY, MAIN, POWER, batch, points

NOW = 1_795_000_000_000
YEARS = 3650 * 86_400


def ask(influxdb: Database, path: str, body: Any = None) -> Any:
    """One request with the token that may do everything."""
    sent = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(influxdb.url + path, sent, {"Authorization": f"Token {influxdb.token}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        said = answer.read()
    return json.loads(said) if said else None


def bucket(influxdb: Database, name: str) -> Any:
    """A bucket as the server tells of it."""
    [found] = ask(influxdb, f"/api/v2/buckets?org={influxdb.org}&name={name}")["buckets"]
    return found


def organization_of(influxdb: Database) -> str:
    """Id of the organization of the tests."""
    return str(ask(influxdb, f"/api/v2/orgs?org={influxdb.org}")["orgs"][0]["id"])


def rights(influxdb: Database, name: str, *actions: str) -> dict[str, Any]:
    """An authorization for both buckets of a store, to read or write."""
    org = organization_of(influxdb)
    permissions = [
        {"action": action, "resource": {"type": "buckets", "id": bucket(influxdb, each)["id"], "orgID": org}}
        for action in actions
        for each in (name, f"{name}/rollup")
    ]
    return {"orgID": org, "permissions": permissions}


def token(influxdb: Database, name: str, *actions: str) -> str:
    """A token that may do so much and no more."""
    return str(ask(influxdb, "/api/v2/authorizations", rights(influxdb, name, *actions))["token"])


def organization(influxdb: Database, name: str) -> str:
    """Make one; its id."""
    return str(ask(influxdb, "/api/v2/orgs", {"name": name})["id"])


def made(influxdb: Database, name: str) -> None:
    """Let a store make its buckets, with one reading."""
    store = of(influxdb, name)
    store.write([batch({NOW: 1.0})])
    store.close()


def of(influxdb: Database, name: str, with_token: str = "") -> InfluxStore:
    """A store in that bucket."""
    return InfluxStore(
        influxdb.url, database=name, token=with_token or influxdb.token, org=influxdb.org,
        keep_raw_days=90, keep_rollup_days=3650,
    )  # fmt: skip


def test_buckets_are_made_with_the_retention_that_the_settings_say(influxdb: Database, influx_database: str) -> None:
    store = of(influxdb, influx_database)
    store.write([batch({NOW: 1.0})])
    for name in (influx_database, f"{influx_database}/rollup"):
        [rule] = bucket(influxdb, name)["retentionRules"]
        assert (rule["everySeconds"], rule["shardGroupDurationSeconds"]) == (YEARS, 7 * 86_400)
    facts = store.health().facts
    assert facts["write path"] == "/api/v2/write"
    assert facts["version"].startswith("v2.")
    store.close()


def test_a_field_of_another_type_is_found_and_the_rest_is_stored(influxdb: Database, influx_database: str) -> None:
    store = of(influxdb, influx_database)
    store.write([batch({NOW - DAY: 1.0})])
    where = f"/api/v2/write?org={influxdb.org}&bucket={influx_database}&precision=ms"
    line = f'plc,site={MAIN.site},device=press {POWER}="text" {NOW}'.encode()
    request = urllib.request.Request(influxdb.url + where, line, {"Authorization": f"Token {influxdb.token}"})
    urllib.request.urlopen(request, timeout=20).close()
    other = replace(MAIN, kind="plc", device="press")
    outcome = store.write([batch({NOW: 2.0}), batch({NOW: 3.0}, other, seq=2)])
    assert outcome.stored == 1
    [rejected] = outcome.rejected
    assert (rejected.series, rejected.readings) == (other, 1)
    assert "field type conflict" in rejected.reason
    assert points(store) == {NOW - DAY: 1.0, NOW: 2.0}
    store.close()


@pytest.mark.parametrize("sees", [True, False])
def test_a_token_that_may_make_no_bucket_writes_readings_and_says_which_bucket_to_make(
    influxdb: Database, influx_database: str, sees: bool
) -> None:
    org = organization_of(influxdb)
    made = ask(influxdb, "/api/v2/buckets", {"orgID": org, "name": influx_database, "retentionRules": []})
    permissions = [
        {"action": action, "resource": {"type": "buckets", "id": made["id"], "orgID": org}}
        for action in ("read", "write")
    ]
    permissions += [{"action": "read", "resource": {"type": "orgs", "id": org}}] * sees
    known = ask(influxdb, "/api/v2/authorizations", {"orgID": org, "permissions": permissions})["token"]
    store = of(influxdb, influx_database, known)
    assert store.write([batch({NOW: 1.0})]).stored == 1
    with pytest.raises(StoreRefusedError, match=f"influx bucket create --name {influx_database}/rollup --org factory"):
        store.roll(NOW + DAY)
    store.close()
    elsewhere = of(influxdb, f"absent-{influx_database}", known)
    with pytest.raises(StoreRefusedError, match=r"nor may it make one .*influx bucket create --name absent-"):
        elsewhere.write([batch({NOW: 1.0})])
    elsewhere.close()
    nobody = of(influxdb, influx_database, "guessed")
    with pytest.raises(StoreRefusedError, match=r"does not accept this token .401: unauthorized access.; check the"):
        nobody.write([batch({NOW: 1.0})])
    nobody.close()


def test_readings_older_than_the_bucket_keeps_are_told_once_for_each_series(
    influxdb: Database, influx_database: str
) -> None:
    org = organization_of(influxdb)
    month = [{"type": "expire", "everySeconds": 30 * 86_400}]
    for name in (influx_database, f"{influx_database}/rollup"):
        ask(influxdb, "/api/v2/buckets", {"orgID": org, "name": name, "retentionRules": month})
    store = of(influxdb, influx_database)
    now = time.time_ns() // 1_000_000
    old = {now - (100 + 20 * n) * DAY: float(n) for n in range(9)}
    outcome = store.write([batch({**old, now: 1.0})])
    assert outcome.stored == 1
    [rejected] = outcome.rejected
    assert rejected.readings == 9
    assert rejected.reason == "partial write: points outside retention policy of duration 720h0m0s"
    assert points(store) == {now: 1.0}
    assert "sooner than the settings' 90 d" in store.health().facts["retention"]
    store.close()


def test_a_token_for_two_buckets_is_enough_and_one_that_may_not_write_is_told(
    influxdb: Database, influx_database: str
) -> None:
    made(influxdb, influx_database)
    enough = token(influxdb, influx_database, "read", "write")
    store = of(influxdb, influx_database, enough)
    assert store.write([batch({NOW + 1000: 2.0})]).stored == 1
    assert store.roll(NOW + DAY) == 1
    assert store.rollups(MAIN, 0, NOW + DAY).count.tolist() == [2]
    assert store.forget(NOW + DAY, NOW + DAY).readings == 2
    assert (points(store), store.rollups(MAIN, 0, NOW + DAY).count.tolist()) == ({}, [])
    later = {NOW + 2 * DAY: 1.0, NOW + 2 * DAY + 1000: 2.0}
    store.write([batch(later)])
    store.close()
    reading = of(influxdb, influx_database, token(influxdb, influx_database, "read"))
    assert points(reading) == later
    with pytest.raises(StoreRefusedError, match="this token") as no:
        reading.write([batch({NOW + 3 * DAY: 3.0})])
    assert enough not in str(no.value)
    reading.close()


def test_a_token_finds_its_own_organization_when_none_is_named(influxdb: Database, influx_database: str) -> None:
    made(influxdb, influx_database)
    for found in (influxdb.token, token(influxdb, influx_database, "read", "write")):
        store = InfluxStore(influxdb.url, database=influx_database, token=found)
        store.write([batch({NOW + 1000: 2.0})])
        assert points(store) == {NOW: 1.0, NOW + 1000: 2.0}
        assert store.roll(NOW + DAY) in {0, 1}
        store.close()


def test_a_bucket_of_that_name_in_another_organization_is_left_alone(influxdb: Database, influx_database: str) -> None:
    other = organization(influxdb, f"other-{influx_database}")
    ask(influxdb, "/api/v2/buckets", {"orgID": other, "name": influx_database, "retentionRules": []})
    made(influxdb, influx_database)
    store = of(influxdb, influx_database)
    assert points(store) == {NOW: 1.0}
    store.close()
    beside = InfluxStore(influxdb.url, database=influx_database, token=influxdb.token, org=f"other-{influx_database}")
    with pytest.raises(StoreRefusedError, match=r"from the organization 'factory' it was made in, and 'other-"):
        beside.write([batch({NOW: 9.0})])
    beside.close()
    nowhere = InfluxStore(influxdb.url, database=influx_database, token=influxdb.token, org="nowhere")
    with pytest.raises(StoreRefusedError, match="no organization 'nowhere' that this token may use; it may use"):
        nowhere.write([batch({NOW: 9.0})])
    nowhere.close()


def test_a_user_and_a_password_write_and_read_on_the_paths_of_version_1(
    influxdb: Database, influx_database: str
) -> None:
    made(influxdb, influx_database)
    user = {**rights(influxdb, influx_database, "read", "write"), "token": influx_database, "status": "active"}
    known = ask(influxdb, "/private/legacy/authorizations", user)["id"]
    ask(influxdb, f"/private/legacy/authorizations/{known}/password", {"password": "of-the-test"})
    store = InfluxStore(influxdb.url, database=influx_database, username=influx_database, password="of-the-test")
    assert store.write([batch({NOW + 1000: 2.0})]).stored == 1
    assert points(store) == {NOW: 1.0, NOW + 1000: 2.0}
    assert store.health().facts["write path"] == "/write"
    assert store.roll(NOW + DAY) == 1
    assert store.rollups(MAIN, 0, NOW + DAY).count.tolist() == [2]
    # Its old readings go, as everywhere; old roll-ups go by the bucket's own rule.
    forgotten = store.forget(NOW + DAY, NOW + DAY)
    assert (forgotten.readings, points(store)) == (2, {})
    store.close()
