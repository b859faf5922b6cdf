"""One database on an InfluxDB server: which door to write through, where things are kept, and queries."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from storage.errors import StoreRefusedError
from storage.influx.buckets import DAY_S
from storage.influx.connection import Connection
from storage.influx.container import contained
from storage.influx.durations import said
from storage.influx.edition import Edition, find_edition
from storage.influx.influxql import ANY, Answer, Rows, V, between, identifier
from storage.influx.places import ROLLUP_POLICY, Places, see_to_places
from storage.influx.refusals import Refusal, StatusError, about_data, explain
from storage.limits import MAX_TIME, MIN_TIME

log = structlog.get_logger(__name__)

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LOOK_AGAIN_S: Final = 600.0
"""How old what is known of retention may be when somebody asks for the server's health [s]."""

_DURABLE: Final = 204
"""What every InfluxDB says when lines are on its disk, and nothing else that may stand at its address by mistake."""

DELETING: Final = frozenset({"1.x", "2.x"})
"""Families that delete by InfluxQL; the others know retention periods only."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the first use found.

    Attributes
    ----------
    speaks_influxql
        Whether queries are answered; VictoriaMetrics takes lines and answers every query with the same list.
    """

    edition: Edition
    places: Places
    speaks_influxql: bool


class Server:
    """One database on one InfluxDB server; reached, and its places made when they are absent, at first use.

    Parameters
    ----------
    connection
        The way there.
    database
        For 2.x, 3.x and Cloud a bucket or database of the same name.
    compress
        Compress what is sent, for a thin line to a distant server.
    raw_days, rollup_days
        How long readings and roll-ups shall be kept [d]; 0 for ever. New places are made so; existing ones stay as
        they are.
    """

    def __init__(
        self, connection: Connection, database: str, *, compress: bool, raw_days: int = 0, rollup_days: int = 0
    ) -> None:
        self.url = connection.url
        self.database = database
        self._connection = connection
        self._compress = compress
        self._raw_s = raw_days * DAY_S
        self._rollup_s = rollup_days * DAY_S
        self._lock = threading.Lock()
        self._found: Found | None = None
        self._looked = 0.0

    def close(self) -> None:
        """Let go of every connection."""
        self._connection.close()

    def found(self) -> Found:
        """Edition and places, looked for once; both again after the server lost the database."""
        with self._lock:
            self._connection.check_open()
            if self._found is None:
                try:
                    self._found = self._find()
                except StatusError as error:
                    raise explain(error, self.url, self.database, self._connection.who) from error
            return self._found

    def _find(self) -> Found:
        edition = find_edition(self._connection, self._write_parameters("/api/v2/write", ""))
        places = self._places(edition)
        speaks = edition.family != "unknown" or self._speaks_influxql()
        log.info("influxdb_found", url=self.url, version=edition.said, write_path=edition.write_path)
        return Found(edition, places, speaks)

    def _places(self, edition: Edition) -> Places:
        # Where readings can be deleted, they are forgotten one by one when their roll-ups are made, and the policy is
        # the longer of both times: history that is imported must not be refused for its age.
        raw_s = self._raw_s and max(self._raw_s, self._rollup_s) if self._rollup_s else 0
        if edition.family not in DELETING:
            raw_s = self._raw_s
        self._looked = time.monotonic()
        return see_to_places(self._connection, edition, self.database, raw_s, self._rollup_s)

    def _look_again(self) -> None:
        """See what an administrator has changed since, now and then."""
        found = self.found()
        if time.monotonic() - self._looked < _LOOK_AGAIN_S:
            return
        try:
            places = self._places(found.edition)
        except StatusError as error:
            raise explain(error, self.url, self.database, self._connection.who) from error
        if places != found.places:
            self._found = replace(found, places=places)

    def _speaks_influxql(self) -> bool:
        statement = "SHOW MEASUREMENTS LIMIT 1"
        return all(rows.name != "databases" for _, rows in self._connection.query(self.database, statement, ANY.decode))

    def need_rollups(self) -> None:
        """Raise `StoreRefusedError` when there is no place for roll-ups, after another look for one."""
        if self.found().places.missing:
            self._found = None
            if missing := self.found().places.missing:
                raise StoreRefusedError(missing)

    @property
    def deletes(self) -> bool:
        """Whether readings can be deleted; else the server's retention periods do it."""
        return self.found().edition.family in DELETING

    def write(self, lines: list[str], *, rollup: bool = False) -> Refusal | None:
        """Post lines; when this returns None, they are durable. A refusal says that some of them are bad.

        They travel in gzip's container even where they are not compressed; see `storage.influx.container`.

        Parameters
        ----------
        rollup
            To where roll-ups are kept.
        """
        found = self.found()
        if rollup:
            self.need_rollups()
        path = found.edition.write_path
        body = contained(lines, compress=self._compress)
        headers = {"Content-Type": "text/plain; charset=utf-8", "Content-Encoding": "gzip"}
        parameters = self._write_parameters(path, ROLLUP_POLICY if rollup else "", found.places.org)
        try:
            answer = self._connection.call("POST", path, parameters, headers, body)
        except StatusError as error:
            refusal = about_data(error)
            if refusal is None:
                if error.lacks_place:
                    self._found = None
                raise explain(error, self.url, self.database, self._connection.who) from error
            return refusal
        answer.drain_conn()
        if answer.status != _DURABLE:
            raise StoreRefusedError(
                f"{self.url}{path} answers {answer.status} to lines, where InfluxDB says {_DURABLE} when they are safe:"
                " something else answers, a proxy or a page to sign in to; check the URL and what is on the way"
            )
        return None

    def _write_parameters(self, path: str, policy: str, org: str = "") -> list[tuple[str, str]]:
        if path == "/write":
            return [("db", self.database), *([("rp", policy)] if policy else [])]
        bucket = f"{self.database}/{policy}" if policy else self.database
        return [("org", self._connection.org or org), ("bucket", bucket)]

    def query(
        self,
        statements: str | Sequence[str],
        decode: Callable[[bytes], Answer[V]],
        *,
        rollup: bool = False,
        quiet: bool = False,
    ) -> Iterator[tuple[int, Rows[V]]]:
        """Run InfluxQL; see `Connection.query`."""
        found = self.found()
        if not found.speaks_influxql:
            raise StoreRefusedError(self.no_influxql)
        if rollup:
            self.need_rollups()
        policy = ROLLUP_POLICY if rollup else ""
        try:
            yield from self._connection.query(self.database, statements, decode, policy=policy, quiet=quiet)
        except StoreRefusedError:
            self._found = None
            raise

    @property
    def no_influxql(self) -> str:
        """What is to be said of a server that takes lines and answers no query."""
        return (
            f"{self.url} takes InfluxDB's lines but does not answer InfluxQL (is it VictoriaMetrics?): what is"
            " written there cannot be read again; name an InfluxDB"
        )

    def delete(self, measurement: str, condition: str) -> None:
        """Delete points of a quoted measurement; nothing where the server only knows retention periods."""
        if not self.deletes:
            return
        statement = f"DELETE FROM {measurement} WHERE {condition}"  # noqa: S608 - both come quoted
        for _ in self.query(statement, ANY.decode, quiet=True):
            pass

    def delete_rollups(self, measurement: str, before: int) -> None:
        """Delete roll-ups of a measurement before a time [ms UTC].

        InfluxQL's DELETE of 2.x knows a database's default bucket only, whatever policy it is told, and the path that
        knows others takes no user and password: with these the bucket's own retention rule is all there is.
        """
        found = self.found()
        if found.edition.family != "2.x":
            # That of 1.x goes through all policies, and roll-ups have measurements of their own.
            self.delete(identifier(measurement), between(MIN_TIME, before))
        elif self._connection.has_token and before > MIN_TIME:
            body = {
                "start": _rfc3339(MIN_TIME),
                "stop": _rfc3339(min(before, MAX_TIME) - 1),
                "predicate": f'_measurement="{measurement}"',
            }
            headers = {"Content-Type": "application/json"}
            parameters = self._write_parameters("/api/v2/delete", ROLLUP_POLICY, found.places.org)
            try:
                self._connection.call("POST", "/api/v2/delete", parameters, headers, body).drain_conn()
            except StatusError as error:
                raise explain(error, self.url, self.database, self._connection.who) from error

    def check(self) -> dict[str, str]:
        """Ask for a measurement; facts about the server for a person.

        Raises
        ------
        StoreError
            When it does not answer, or not as an InfluxDB.
        """
        for _ in self.query("SHOW MEASUREMENTS LIMIT 1", ANY.decode):
            pass
        self._look_again()
        found = self.found()
        facts = {
            "url": self.url,
            "database": self.database,
            "version": found.edition.said,
            "write path": found.edition.write_path,
            "readings": self._kept(found.places.raw_s, found.places.raw_policy),
            "roll-ups": found.places.missing or self._kept(found.places.rollup_s, ROLLUP_POLICY),
        }
        if found.places.raw_s and (not self._raw_s or found.places.raw_s < self._raw_s):
            facts["retention"] = (
                f"the database drops readings after {said(found.places.raw_s)}, sooner than the settings'"
                f" {said(self._raw_s)}; it was there before and is not changed"
            )
        return facts

    def _kept(self, seconds: int | None, policy: str) -> str:
        kept = "kept as the server's retention says" if seconds is None else f"the server keeps them {said(seconds)}"
        return f"{kept} (policy {policy})" if policy else kept


def _rfc3339(time: int) -> str:
    moment = _EPOCH + dt.timedelta(milliseconds=time)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def reach(
    url: str,
    database: str,
    token: str,
    org: str,
    username: str,
    password: str,
    *,
    compress: bool,
    days: tuple[int, int],
) -> Server:
    """A server, not asked anything yet; `days` as `raw_days` and `rollup_days` of `Server`.

    Raises
    ------
    StoreRefusedError
        When the URL is none, or carries credentials.
    """
    connection = Connection(url, token, org, username, password)
    return Server(connection, database, compress=compress, raw_days=days[0], rollup_days=days[1])
