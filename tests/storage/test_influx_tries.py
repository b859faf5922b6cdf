"""How often InfluxStore asks again before it says that the database is away."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from storage import InfluxStore, StoreRefusedError, StoreUnavailableError
from storage.influx import connection
from tests.parts import Database
from tests.storage.fake_server import Answer, Request, answering
from tests.storage.parts import MAIN, batch, points
from tests.storage.test_influx_protocol import version_1

ONE = [batch({1000: 1.0})]


@pytest.fixture(autouse=True)
def _a_pause_of_the_machine_is_no_slow_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE_S", 20.0)


@pytest.mark.parametrize("trouble", [Answer(429, "{}"), Answer(503, "{}"), Answer(429, "{}", {"Retry-After": "0"})])
def test_a_moments_trouble_is_not_told(trouble: Answer) -> None:
    troubles = [trouble] * (connection.TRIES - 1)

    def answer(request: Request) -> Answer:
        if request.path == "/write" and troubles:
            return troubles.pop()
        return version_1(Answer(204))(request)

    with answering(answer) as server:
        assert InfluxStore(server.url).write(ONE).stored == 1
        bodies = [request.body for request in server.written()]
        assert len(bodies) == connection.TRIES
        assert len(set(bodies)) == 1


def test_a_server_that_asks_for_a_longer_rest_is_left_alone_and_that_is_said() -> None:
    busy = Answer(429, '{"error":"too many writes"}', {"Retry-After": "30"})
    with answering(version_1(busy)) as server:
        with pytest.raises(StoreUnavailableError, match=r"429: too many writes.; it asks to be left alone for 30 s"):
            InfluxStore(server.url).write(ONE)
        assert server.paths().count("POST /write") == 1


def test_a_wait_until_a_date_is_our_own_pause() -> None:
    busy = Answer(503, "{}", {"Retry-After": "Sun, 22 Nov 2026 12:00:00 GMT"})
    with answering(version_1(busy)) as server:
        with pytest.raises(StoreUnavailableError, match="cannot serve now"):
            InfluxStore(server.url).write(ONE)
        assert server.paths().count("POST /write") == connection.TRIES


def test_a_slow_failure_is_not_repeated_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE_S", 0.0)
    with answering(version_1(Answer(500, "{}"))) as server:
        with pytest.raises(StoreUnavailableError):
            InfluxStore(server.url).write(ONE)
        assert server.paths().count("POST /write") == 1


def test_credentials_that_are_wrong_are_not_tried_again() -> None:
    with answering(version_1(Answer(401, '{"error":"authorization failed"}'))) as server:
        with pytest.raises(StoreRefusedError, match="check the credentials"):
            InfluxStore(server.url).write(ONE)
        assert server.paths().count("POST /write") == 1


@contextlib.contextmanager
def cutting(target: int, cuts: list[int]) -> Iterator[int]:
    """A proxy that closes connections without an answer, as often as the list has entries; yields its port."""

    def serve(client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", target)) as server:
            threading.Thread(target=pump, args=(server, client), daemon=True).start()
            while data := client.recv(65536):
                if b"/write?" in data.partition(b"\r\n")[0] and cuts:
                    cuts.pop()
                    return
                server.sendall(data)

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=quietly, args=(listener.accept()[0],), daemon=True).start()

    def quietly(client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            serve(client)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield int(listener.getsockname()[1])


def test_a_connection_cut_in_the_middle_of_a_write_is_made_again(influxdb: Database, influx_database: str) -> None:
    port = int(influxdb.url.rsplit(":", 1)[1])
    cuts = [1] * (connection.TRIES - 1)
    with cutting(port, cuts) as proxy:
        store = InfluxStore(f"http://127.0.0.1:{proxy}", database=influx_database)
        assert store.write(ONE).stored == 1
        assert cuts == []
        assert points(store) == {1000: 1.0}
        cuts += [1] * connection.TRIES
        with pytest.raises(StoreUnavailableError, match="cannot be reached"):
            store.write([batch({2000: 2.0})])
        store.close()


def test_tries_end_in_a_time_that_a_collector_can_wait(influxdb: Database) -> None:
    store = InfluxStore("http://127.0.0.1:9")
    began = time.monotonic()
    with pytest.raises(StoreUnavailableError, match="is it running"):
        store.read(MAIN, 0, 1)
    # Not a claim of speed: three refused connections and two pauses, against a deadline that would mean "for ever".
    assert time.monotonic() - began < 60
    store.close()
