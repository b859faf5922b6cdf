"""Where readings and roll-ups are kept, and for how long: looked for at the first use, and made where they are missing.

Two places of one database, because they are kept for different times. What InfluxDB calls them:

======  =====================================  ======================================
server  readings                               roll-ups
======  =====================================  ======================================
1.x     database, its default policy           database, retention policy ``rollup``
2.x     bucket ``DATABASE``                    bucket ``DATABASE/rollup``
Cloud   bucket ``DATABASE``                    bucket ``DATABASE/rollup``
3.x     database ``DATABASE``                  database ``DATABASE/rollup``
======  =====================================  ======================================

InfluxQL names all of them by database and retention policy: 2.x and Cloud map a bucket called ``database/policy`` so by
themselves (https://docs.influxdata.com/influxdb/v2/query-data/influxql/dbrp/), 3.x takes it as its naming convention
(https://docs.influxdata.com/influxdb3/core/admin/databases/create/). A retention that is there already is never
changed; one that differs from the settings is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
import structlog

from storage.errors import StoreError, StoreRefusedError, StoreUnavailableError
from storage.influx.buckets import DAY_S, find_bucket, find_organization
from storage.influx.connection import Connection
from storage.influx.durations import parse_duration, said
from storage.influx.edition import Edition
from storage.influx.influxql import ANY, identifier
from storage.influx.refusals import StatusError

log = structlog.get_logger(__name__)

ROLLUP_POLICY: Final = "rollup"

_RAW_SHARD: Final = "7d"
"""InfluxDB's own choice for 90 days is a shard a day: a look for the newest value would open ninety of them."""
_ROLLUP_SHARD: Final = "26w"


@dataclass(frozen=True, slots=True)
class Places:
    """What is there.

    Attributes
    ----------
    raw_s, rollup_s
        For how long each keeps its data [s]; 0 for ever, None when the server does not say.
    raw_policy
        Name of the default retention policy (1.x).
    missing
        Why there is no place for roll-ups and what to do; empty when there is one.
    org
        Id of the organization whose the buckets are (2.x and Cloud).
    """

    raw_s: int | None
    rollup_s: int | None
    raw_policy: str = ""
    missing: str = ""
    org: str = ""


def see_to_places(connection: Connection, edition: Edition, database: str, raw_s: int, rollup_s: int) -> Places:
    """Find both places, and make what is missing if these credentials may.

    Parameters
    ----------
    raw_s, rollup_s
        For how long new places shall keep their data [s]; 0 for ever.

    Raises
    ------
    StoreRefusedError
        When there is no place for readings and none can be made; the text has the command for the administrator.
    StoreUnavailableError, StatusError
        When the server cannot be asked.
    """
    if edition.family == "1.x":
        return _policies(connection, database, raw_s, rollup_s)
    if edition.family in {"2.x", "cloud"} and connection.has_token:
        return _buckets(connection, edition, database, raw_s, rollup_s)
    if edition.family == "3.x" and connection.has_token:
        return _databases(connection, database, raw_s, rollup_s)
    if edition.family == "2.x":
        advice = f"influx bucket create --name {database}/{ROLLUP_POLICY}, and give the user read and write on it"
        # It shows a policy of every bucket, and of each that it keeps for ever, whatever the bucket's rule says.
        return replace(_seen(connection, database, advice), raw_s=None, rollup_s=None)
    return Places(None, None)


def _ask(connection: Connection, database: str, statement: str) -> list[list[Any]]:
    return [row for _, rows in connection.query(database, statement, ANY.decode) for row in rows.values]


def _policies(connection: Connection, database: str, raw_s: int, rollup_s: int) -> Places:
    """1.x: a database with two retention policies."""
    name = identifier(database)
    if database not in {row[0] for row in _ask(connection, database, "SHOW DATABASES")}:
        kept = f"WITH DURATION {_literal(raw_s)} REPLICATION 1 SHARD DURATION {_RAW_SHARD}"
        statement = f'CREATE DATABASE {name} {kept} NAME "raw"'
        try:
            _ask(connection, database, statement)
        except StoreRefusedError as error:
            raise StoreRefusedError(
                f"InfluxDB at {connection.url} has no database {database!r} that {connection.who} may use, nor may it"
                f" make one ({error}); as its administrator: {statement}"
            ) from error
        log.info("influxdb_database_created", url=connection.url, database=database, readings_kept=said(raw_s))
    statement = (
        f"CREATE RETENTION POLICY {identifier(ROLLUP_POLICY)} ON {name}"
        f" DURATION {_literal(rollup_s)} REPLICATION 1 SHARD DURATION {_ROLLUP_SHARD}"
    )
    found = _seen(connection, database, statement)
    if not found.missing:
        return found
    try:
        _ask(connection, database, statement)
    except StoreUnavailableError:
        raise
    except StoreError as error:
        log.warning("influxdb_rollup_policy_missing", reason=str(error), advice=found.missing)
        return found
    log.info("influxdb_rollup_policy_created", url=connection.url, database=database, rollups_kept=said(rollup_s))
    return _seen(connection, database, statement)


def _literal(seconds: int) -> str:
    return f"{seconds}s" if seconds else "INF"


def _seen(connection: Connection, database: str, advice: str) -> Places:
    """What InfluxQL shows of both; `advice` is what makes the place for roll-ups."""
    rows: dict[str, int | None] = {}
    default = ""
    for name, duration, *rest in _ask(connection, database, f"SHOW RETENTION POLICIES ON {identifier(database)}"):
        rows[str(name)] = parse_duration(str(duration))
        default = str(name) if rest and rest[-1] is True else default
    if ROLLUP_POLICY in rows:
        return Places(rows.get(default), rows[ROLLUP_POLICY], default)
    missing = (
        f"InfluxDB at {connection.url} has no place for the roll-ups of {database!r}, and {connection.who} may make"
        f" none; as its administrator: {advice}"
    )
    return Places(rows.get(default), None, default, missing)


def _buckets(connection: Connection, edition: Edition, database: str, raw_s: int, rollup_s: int) -> Places:
    """2.x and Cloud: two buckets of one organization."""
    org = find_organization(connection)
    raw = find_bucket(connection, edition, org, database, raw_s)
    if isinstance(raw, str):
        raise StoreRefusedError(raw)
    rollup = find_bucket(connection, edition, raw.org_id, f"{database}/{ROLLUP_POLICY}", rollup_s)
    if isinstance(rollup, str):
        log.warning("influxdb_rollup_bucket_missing", url=connection.url, advice=rollup)
        return Places(raw.keep_s, None, missing=rollup, org=raw.org_id)
    return Places(raw.keep_s, rollup.keep_s, org=raw.org_id)


def _databases(connection: Connection, database: str, raw_s: int, rollup_s: int) -> Places:
    """3.x: two databases. It makes a missing one at the first write, but with no retention, so they are made before."""
    notes = [_database(connection, database, raw_s), _database(connection, f"{database}/{ROLLUP_POLICY}", rollup_s)]
    refused = [note for note in notes if note]
    if refused:
        log.warning("influxdb_databases_not_made", url=connection.url, advice=refused[0])
    return Places(None, None)


def _database(connection: Connection, name: str, keep_s: int) -> str:
    """Make a database of 3.x that keeps its data so long [s]; says why it was not made."""
    path = "/api/v3/configure/database"
    wanted = {"db": name} | ({"retention_period": f"{keep_s // DAY_S}d"} if keep_s else {})
    try:
        listed = msgspec.json.decode(connection.call("GET", path, [("format", "json")]).data)
        if any(name in each.values() for each in listed if isinstance(each, dict)):
            return ""
        connection.call("POST", path, headers={"Content-Type": "application/json"}, body=wanted).drain_conn()
    except StatusError as error:
        if error.means_later:
            raise
        if error.status == 409:
            return ""
        return (
            f"{connection.who} may not make database {name!r} at {connection.url} ({error.status}: {error.reason}); as"
            f" its administrator: influxdb3 create database --retention-period {keep_s // DAY_S}d {name}"
        )
    except (msgspec.DecodeError, TypeError, AttributeError) as error:
        return f"{connection.url}{path} does not list databases as expected ({error})"
    log.info("influxdb_database_created", url=connection.url, database=name, kept=said(keep_s))
    return ""
