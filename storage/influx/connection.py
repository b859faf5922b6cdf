"""The way to an InfluxDB server: every request goes through influxdb-client, is tried a few times, and is explained.

influxdb-client carries bytes in synchronous mode through its ``ApiClient.call_api``: it has the connection pool and the
credentials, posts to whatever path is named, and raises with the server's own words. Its ``WriteApi`` knows
``/api/v2/write`` only, which InfluxDB before 1.8 has not; one way for both paths is simpler than two. Its batching mode
is never used: it loses data.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import structlog
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from storage.errors import StoreError, StoreRefusedError, StoreUnavailableError
from storage.influx.influxql import Answer, Rows, V
from storage.influx.refusals import StatusError, explain, explain_answer

log = structlog.get_logger(__name__)

TIMEOUT_MS: Final = (5_000, 30_000)
"""To connect, and between two bytes of an answer."""

TRIES: Final = 3
"""How often a request is sent at most."""

PATIENCE_S: Final = 2.0
"""A try may begin until so long after the first: what takes longer is for the caller, who can be stopped, to repeat."""

CHUNK_ROWS: Final = 2_000
"""Rows of an answer's chunk: taken apart in half the time of the server's 10,000, and in a fifth of the memory."""

_FIRST_PAUSE_S: Final = 0.05


class Connection:
    """Requests to one server. Every request may be sent twice: a write repeated changes nothing.

    Parameters
    ----------
    url
        ``http://host:8086``.
    token, org
        Credentials of 2.x, 3.x and Cloud, and the organization of 2.x and Cloud.
    username, password
        Credentials of 1.x; used when there is no token.

    Raises
    ------
    StoreRefusedError
        When the URL is none, or carries credentials.
    """

    def __init__(self, url: str, token: str, org: str, username: str, password: str) -> None:
        address = urlsplit(url)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise StoreRefusedError(f"{url!r} is no InfluxDB URL; write it like http://127.0.0.1:8086")
        if address.username or address.password:
            # The URL is shown in messages and on pages.
            raise StoreRefusedError(
                f"the URL of InfluxDB on {address.hostname} holds credentials; give them as username and password"
            )
        self.url = url.rstrip("/")
        self.org = org
        self.has_token = bool(token)
        self.who = f"user {username!r}" if username and not token else "this token" if token else "no credentials"
        basic = bool(username) and not token
        # The client is annotated in parts only; what is called of it here is not.
        self.client: Any = InfluxDBClient(
            self.url,
            token=f"{username}:{password}" if basic else token,
            auth_basic=basic,
            org=org,
            timeout=TIMEOUT_MS,
        )
        self._lock = threading.Lock()
        self._closed = False

    def close(self) -> None:
        """Let go of every connection."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self.client.close()

    def check_open(self) -> None:
        """Raise `StoreError` after `close`."""
        if self._closed:
            raise StoreError(f"the connection to InfluxDB at {self.url} is closed")

    def call(
        self,
        method: str,
        path: str,
        parameters: list[tuple[str, str]] | None = None,
        headers: dict[str, str] | None = None,
        body: Any = None,
        form: dict[str, str] | None = None,
    ) -> HTTPResponse:
        """Send a request; the answer's status is 2xx and its body still to be read.

        Parameters
        ----------
        body
            Bytes, or with the header ``Content-Type: application/json`` what is to be sent as JSON.

        Raises
        ------
        StatusError
            When the status is another.
        StoreUnavailableError
            When no answer comes.
        """

        def once() -> HTTPResponse:
            response: HTTPResponse = self.client.api_client.call_api(
                path,
                method,
                query_params=parameters,
                header_params=dict(headers or {}),
                body=body,
                post_params=form,
                _preload_content=False,
                _return_http_data_only=True,
            )
            return response

        return self.patiently(once)

    def patiently(self, work: Callable[[], HTTPResponse]) -> HTTPResponse:
        """Try what fails for now again: `TRIES` times at most, begun within `PATIENCE_S` s, as the server asks."""
        began = time.monotonic()
        for number in range(1, TRIES):
            try:
                return self._trying(work)
            except (StatusError, StoreUnavailableError) as error:
                pause = _pause(error, number)
                if pause is None or time.monotonic() - began + pause > PATIENCE_S:
                    raise
                log.debug("influxdb_tried_again", url=self.url, reason=str(error), pause_s=round(pause, 3))
                time.sleep(pause)
        return self._trying(work)

    def _trying(self, work: Callable[[], HTTPResponse]) -> HTTPResponse:
        self.check_open()
        with self.reaching():
            return work()

    @contextlib.contextmanager
    def reaching(self) -> Iterator[None]:
        """Turn the client's errors into ours."""
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

    def query(
        self,
        database: str,
        statements: str | Sequence[str],
        decode: Callable[[bytes], Answer[V]],
        *,
        policy: str = "",
        quiet: bool = False,
    ) -> Iterator[tuple[int, Rows[V]]]:
        """Run InfluxQL; yields the number of the statement and a part of its answer, as they arrive.

        Parameters
        ----------
        statements
            One, or several that are answered one behind the other.
        policy
            Retention policy to read from; the default one when empty.
        quiet
            Whether no answer is one as well: 2.x gives none to a DELETE.

        Raises
        ------
        StoreUnavailableError
            When the server cannot answer now, or the answer ended before every statement had all of its own. A proxy
            may say of such an answer that it is complete: it hears of no more than that the server let go.
        StoreRefusedError
            When it refuses, or what answers is no InfluxDB.
        """
        asked = [statements] if isinstance(statements, str) else statements
        statement = "; ".join(asked)
        parameters = [("db", database), ("epoch", "ms")]
        parameters += [("rp", policy)] if policy else []
        # Always: an answer in one piece ends, without a word, where an administrator has limited its rows.
        parameters += [("chunked", "true"), ("chunk_size", str(CHUNK_ROWS))]
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        try:
            response = self.call("POST", "/query", parameters, headers, form={"q": statement})
            answered, line = 0, b""
            with self.reaching():
                for line in response:
                    if line.strip():
                        answer = decode(line)
                        yield from self._parts(answer, statement)
                        for result in answer.results:
                            answered = result.statement_id + (not result.partial)
            if answered != len(asked) and (line or not quiet):
                raise self._cut_off()
        except StatusError as error:
            raise explain(error, self.url, database, self.who) from error
        except msgspec.DecodeError as error:
            if line.startswith(b"{") and not line.endswith(b"\n"):
                raise self._cut_off() from error
            raise StoreRefusedError(f"{self.url}/query does not answer as expected ({error}); check its URL") from error

    def _cut_off(self) -> StoreUnavailableError:
        return StoreUnavailableError(f"InfluxDB at {self.url} ended an answer before it was whole")

    def _parts(self, answer: Answer[V], statement: str) -> Iterator[tuple[int, Rows[V]]]:
        for result in answer.results:
            if result.error:
                raise explain_answer(result.error, self.url, statement)
            yield from ((result.statement_id, rows) for rows in result.series)
        if answer.error:
            raise explain_answer(answer.error, self.url, statement)


def _pause(error: Exception, number: int) -> float | None:
    """How long to wait before the next try [s]; None when another try is of no use."""
    if isinstance(error, StatusError):
        if not error.means_later:
            return None
        if error.retry_after_s is not None:
            return error.retry_after_s
    pause: float = _FIRST_PAUSE_S * 4 ** (number - 1)
    return pause * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
