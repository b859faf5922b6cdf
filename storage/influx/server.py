"""The InfluxDB server over HTTP: which door to write through, queries, and what its refusals mean."""

from __future__ import annotations

import contextlib
import gzip
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import structlog
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from storage.errors import StoreError, StoreRefusedError, StoreUnavailableError
from storage.influx.influxql import ANY, Answer, Rows, V, identifier
from storage.influx.refusals import Refusal, StatusError, about_data, explain, explain_answer

log = structlog.get_logger(__name__)

TIMEOUT_MS: Final = (5_000, 30_000)
"""To connect, and between two bytes of an answer."""

_VERSION = re.compile(r"v?(\d+)\.(\d+)")


class Server:
    """One database on one InfluxDB server; reached, and the database made when it is absent, at first use.

    influxdb-client carries every request, through its ``ApiClient.call_api``: it has the connection pool and the
    credentials, posts bytes in synchronous mode to whatever path is named, and raises with the server's own words. Its
    ``WriteApi`` knows ``/api/v2/write`` only, which InfluxDB before 1.8 has not; one way for both paths is simpler than
    two. Its batching mode is never used: it loses data.

    Parameters
    ----------
    url, database
        Where; for 2.x the database is a bucket of the same name.
    token, org
        Credentials of 2.x and 3.x.
    username, password
        Credentials of 1.x; used when there is no token.
    compress
        Send lines gzipped, for a thin line to a distant server.

    Raises
    ------
    StoreRefusedError
        When the URL is none, or carries credentials.
    """

    def __init__(
        self, url: str, database: str, token: str, org: str, username: str, password: str, *, compress: bool
    ) -> None:
        address = urlsplit(url)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise StoreRefusedError(f"{url!r} is no InfluxDB URL; write it like http://127.0.0.1:8086")
        if address.username or address.password:
            # The URL is shown in messages and on pages.
            raise StoreRefusedError(
                f"the URL of InfluxDB on {address.hostname} holds credentials; give them as username and password"
            )
        self.url = url.rstrip("/")
        self.database = database
        self._org = org
        self._token = token
        self._who = f"user {username!r}" if username and not token else "this token" if token else "no credentials"
        self._compress = compress
        basic = bool(username) and not token
        # The client is annotated in parts only; what is called of it here is not.
        self._client: Any = InfluxDBClient(
            self.url,
            token=f"{username}:{password}" if basic else token,
            auth_basic=basic,
            org=org,
            timeout=TIMEOUT_MS,
        )
        self._lock = threading.Lock()
        self._write_path = ""
        self._closed = False
        self.version = ""

    def close(self) -> None:
        """Let go of every connection."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._client.close()

    def write(self, lines: list[str]) -> Refusal | None:
        """Post lines; when this returns None, they are durable. A refusal says that some of them are bad.

        They travel in gzip's container even where they are not compressed: its CRC-32 lets the server refuse what
        was altered on the way, which line protocol alone would store.
        """
        path = self._ready()
        body = gzip.compress("\n".join(lines).encode(), 1 if self._compress else 0)
        headers = {"Content-Type": "text/plain; charset=utf-8", "Content-Encoding": "gzip"}
        try:
            self._call("POST", path, self._write_parameters(path), headers, body).drain_conn()
        except StatusError as error:
            refusal = about_data(error)
            if refusal is None:
                raise self._explain(error) from error
            return refusal
        return None

    def _write_parameters(self, path: str) -> list[tuple[str, str]]:
        if path == "/write":
            return [("db", self.database)]
        return [("org", self._org), ("bucket", self.database)]

    def query(self, statement: str, decode: Callable[[bytes], Answer[V]]) -> Iterator[tuple[int, Rows[V]]]:
        """Run InfluxQL; yields the number of the statement and a part of its answer, as they arrive."""
        self._ready()
        yield from self._query(statement, decode)

    def _query(self, statement: str, decode: Callable[[bytes], Answer[V]]) -> Iterator[tuple[int, Rows[V]]]:
        parameters = [("db", self.database), ("epoch", "ms"), ("chunked", "true")]
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        try:
            response = self._call("POST", "/query", parameters, headers, form={"q": statement})
            with self._reaching():
                for line in response:
                    if line.strip():
                        yield from self._parts(decode(line), statement)
        except StatusError as error:
            raise self._explain(error) from error
        except msgspec.DecodeError as error:
            raise StoreRefusedError(f"{self.url}/query does not answer as expected ({error}); check its URL") from error

    def _parts(self, answer: Answer[V], statement: str) -> Iterator[tuple[int, Rows[V]]]:
        for result in answer.results:
            if result.error:
                raise self._explain_answer(result.error, statement)
            yield from ((result.statement_id, rows) for rows in result.series)
        if answer.error:
            raise self._explain_answer(answer.error, statement)

    def _explain(self, error: StatusError) -> StoreError:
        if error.status == 404:
            self._write_path = ""
        return explain(error, self.url, self.database, self._who)

    def _explain_answer(self, error: str, statement: str) -> StoreError:
        if "database not found" in error:
            self._write_path = ""
        return explain_answer(error, self.url, statement)

    def _call(
        self,
        method: str,
        path: str,
        parameters: list[tuple[str, str]] | None = None,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        form: dict[str, str] | None = None,
    ) -> HTTPResponse:
        """Send a request; the answer's status is 2xx and its body still to be read."""
        with self._reaching():
            response: HTTPResponse = self._client.api_client.call_api(
                path,
                method,
                query_params=parameters,
                header_params=headers,
                body=body,
                post_params=form,
                _preload_content=False,
                _return_http_data_only=True,
            )
        return response

    @contextlib.contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except ApiException as error:
            if error.status:
                raise StatusError(error) from error
            raise StoreRefusedError(f"{self.url}: {error.reason}; check its certificate") from error
        except (HTTPError, OSError) as error:
            raise StoreUnavailableError(
                f"InfluxDB at {self.url} cannot be reached ({error}); is it running?"
            ) from error

    def _ready(self) -> str:
        """Find the path to write to and see to the database, once; both again after the server lost the database."""
        with self._lock:
            if self._closed:
                raise StoreError(f"the connection to InfluxDB at {self.url} is closed")
            if not self._write_path:
                try:
                    path = self._find_write_path()
                    self._see_to_database()
                except StatusError as error:
                    raise self._explain(error) from error
                self._write_path = path
                log.info("influxdb_found", url=self.url, version=self.version or "unknown", write_path=path)
            return self._write_path

    def _find_write_path(self) -> str:
        self.version = self._ping()
        found = _VERSION.match(self.version)
        if found is None:
            return self._probe_write_path()
        version = int(found[1]), int(found[2])
        # 2.x takes a user and password on the paths of 1.x only.
        return "/api/v2/write" if version >= (1, 8) and (self._token or version[0] == 1) else "/write"

    def _ping(self) -> str:
        """The version the server gives; empty when it keeps that to itself."""
        try:
            response = self._call("GET", "/ping")
        except StatusError as error:
            if error.means_later:
                raise
            return ""
        response.drain_conn()
        return response.headers.get("X-Influxdb-Version", "")

    def _probe_write_path(self) -> str:
        """Ask a server of unknown version: an empty write does nothing, and fails where the path is missing."""
        path = "/api/v2/write"
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        try:
            self._call("POST", path, self._write_parameters(path), headers, b"\n").drain_conn()
        except StatusError as error:
            if error.means_later:
                raise
            if error.status in {404, 405} and not error.said_by_influxdb:
                return "/write"
        return path

    def _see_to_database(self) -> None:
        if self.version.startswith(("2.", "v2.")) and self._token:
            self._see_to_bucket()
        elif self.version.startswith(("0.", "1.", "v1.")):
            names = {row[0] for _, rows in self._query("SHOW DATABASES", ANY.decode) for row in rows.values}
            if self.database not in names:
                statement = f"CREATE DATABASE {identifier(self.database)}"
                try:
                    for _ in self._query(statement, ANY.decode):
                        pass
                except StoreRefusedError as error:
                    raise StoreRefusedError(
                        f"InfluxDB at {self.url} has no database {self.database!r} that {self._who} may use, nor may it"
                        f" make one ({error}); as its administrator: {statement}"
                    ) from error
                log.info("influxdb_database_created", url=self.url, database=self.database)

    def _see_to_bucket(self) -> None:
        buckets = self._client.buckets_api()
        try:
            with self._reaching():
                if buckets.find_bucket_by_name(self.database) is None:
                    buckets.create_bucket(bucket_name=self.database, org=self._org)
                    log.info("influxdb_bucket_created", url=self.url, bucket=self.database)
        except StatusError as error:
            raise StoreRefusedError(
                f"InfluxDB at {self.url} has no bucket {self.database!r} that this token may use, nor may it make one"
                f" ({error.status}: {error.reason}); as its administrator:"
                f" influx bucket create --name {self.database} --org {self._org or 'ORG'}, and give the token read and"
                " write on it"
            ) from error
