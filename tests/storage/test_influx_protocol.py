"""Which door InfluxStore goes through, and what it makes of answers only other versions and broken servers give."""

from __future__ import annotations

import base64
import socket
from collections.abc import Callable

import pytest

from storage import InfluxStore, StoreRefusedError, StoreUnavailableError
from storage.influx import connection as influx_connection
from telemetry import Gap
from tests.storage.fake_server import Answer, FakeServer, Request, answering
from tests.storage.parts import MAIN, POWER, batch

ONE = [batch({1000: 1.0})]
PING_2 = Answer(204, headers={"X-Influxdb-Version": "v2.7.11"})
EMPTY = Answer(200, '{"results":[{"statement_id":0}]}\n')


POLICIES = Answer(
    200,
    '{"results":[{"series":[{"columns":["name","duration","shardGroupDuration","replicaN","default"],'
    '"values":[["autogen","0s","168h0m0s",1,true],["rollup","87600h0m0s","4368h0m0s",1,false]]}]}]}',
)


def version_1(write: Answer, version: str = "1.6.7~rc0") -> Callable[[Request], Answer]:
    def answer(request: Request) -> Answer:
        if request.path == "/ping":
            return Answer(204, headers={"X-Influxdb-Version": version})
        if b"SHOW+RETENTION" in request.body:
            return POLICIES
        return EMPTY if request.path == "/query" else write

    return answer


@pytest.mark.parametrize("url", ["127.0.0.1:8086", "influx", "ftp://127.0.0.1", "http://", ""])
def test_what_is_no_url_is_refused_at_once(url: str) -> None:
    with pytest.raises(StoreRefusedError, match="is no InfluxDB URL; write it like"):
        InfluxStore(url)


def test_credentials_in_the_url_are_refused_and_not_repeated() -> None:
    with pytest.raises(StoreRefusedError, match="give them as username and password") as refused:
        InfluxStore("http://boss:secret@127.0.0.1:8086")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_a_few_times_and_then_unavailable(status: int) -> None:
    with answering(version_1(Answer(status, '{"error":"later"}'))) as server:
        with pytest.raises(StoreUnavailableError, match=f"cannot serve now .{status}: later"):
            InfluxStore(server.url).write(ONE)
        assert server.paths().count("POST /write") == influx_connection.TRIES


@pytest.mark.parametrize(
    "answer",
    [
        Answer(400, "<html>The plain HTTP request was sent to HTTPS port</html>"),
        Answer(400, '{"code":"invalid","message":"Please provide either orgID or org"}'),
        Answer(301, "", {"Location": "https://example.invalid/"}),
        Answer(405, "Method Not Allowed"),
    ],
)
def test_a_refusal_that_is_not_about_the_data_costs_no_reading(answer: Answer) -> None:
    with answering(version_1(answer)) as server:
        with pytest.raises(StoreRefusedError, match="refuses the request"):
            InfluxStore(server.url).write([batch({1000: 1.0, 2000: 2.0})])
        assert server.paths().count("POST /write") == 1


def test_a_server_that_does_not_answer_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(influx_connection, "TIMEOUT_MS", (200, 200))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = InfluxStore(f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(StoreUnavailableError, match=r"cannot be reached.*timed out"):
            store.write(ONE)


WHOLE = '{"results":[{"series":[{"values":[[1,1.5]]}]}]}\n'
PART = '{"results":[{"series":[{"values":[[1,1.5]]}],"partial":true}]}\n'


@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        (WHOLE, {"Content-Length": "5000"}, "cannot be reached"),
        (
            f"{len(WHOLE):x}\r\n{WHOLE}\r\n",
            {"Transfer-Encoding": "chunked", "Content-Length": "0"},
            "cannot be reached",
        ),
        # A proxy that asks the server by HTTP/1.0, as nginx does, sees no more than an end, and passes it on as one.
        (PART, {}, "before it was whole"),
        (WHOLE[:-9], {}, "before it was whole"),
        ("", {}, "before it was whole"),
    ],
)
def test_an_answer_cut_off_is_unavailable(body: str, headers: dict[str, str], said: str) -> None:
    def answer(request: Request) -> Answer:
        if b"SELECT" in request.body:
            return Answer(200, body, headers | {"Connection": "close"})
        return version_1(Answer(204))(request)

    with answering(answer) as server, pytest.raises(StoreUnavailableError, match=said):
        InfluxStore(server.url).read(MAIN, 0, 1)


def test_version_2_says_nothing_of_a_deletion() -> None:
    def answer(request: Request) -> Answer:
        return Answer(200) if b"DELETE" in request.body else version_1(Answer(204))(request)

    with answering(answer) as server:
        assert InfluxStore(server.url).forget(0, 0).kept == 0
        assert any(b"DELETE" in request.body for request in server.requests)


def test_an_answer_that_lacks_its_last_statement_is_unavailable() -> None:
    def answer(request: Request) -> Answer:
        return Answer(200, WHOLE) if b"SELECT" in request.body else version_1(Answer(204))(request)

    with answering(answer) as server, pytest.raises(StoreUnavailableError, match="before it was whole"):
        InfluxStore(server.url).read_around(MAIN, 0, 10)


def test_a_server_that_sends_elsewhere_is_not_followed_with_readings_and_says_where() -> None:
    moved = Answer(301, headers={"Location": "https://influx.example/write"})
    with answering(version_1(moved)) as server:
        with pytest.raises(StoreRefusedError, match=r"301: it sends on to https://influx\.example/write.; check URL"):
            InfluxStore(server.url).write(ONE)
        assert server.paths().count("POST /write") == 1


@pytest.mark.parametrize("said", [Answer(200, "<html>Sign in</html>"), Answer(202), Answer(200, "{}")])
def test_lines_that_something_else_than_influxdb_takes_do_not_count_as_stored(said: Answer) -> None:
    with (
        answering(version_1(said)) as server,
        pytest.raises(StoreRefusedError, match=f"answers {said.status} to lines"),
    ):
        InfluxStore(server.url).write(ONE)


@pytest.mark.parametrize(
    "said", ["max-concurrent-queries limit exceeded(20, 20)", "query interrupted", "query engine shutdown", "timeout"]
)
def test_a_query_the_server_has_no_time_for_is_unavailable(said: str) -> None:
    busy = Answer(200, f'{{"results":[{{"statement_id":0,"error":"{said}"}}]}}')

    def answer(request: Request) -> Answer:
        selects = b"SELECT" in request.body
        return busy if selects else version_1(Answer(204))(request)

    with answering(answer) as server, pytest.raises(StoreUnavailableError, match="cannot serve now"):
        InfluxStore(server.url).read(MAIN, 0, 1)


def test_a_page_instead_of_an_answer_is_refused() -> None:
    def answer(request: Request) -> Answer:
        return Answer(200, "<html>Welcome</html>") if request.path == "/query" else version_1(Answer(204))(request)

    with answering(answer) as server:
        store = InfluxStore(server.url)
        with pytest.raises(StoreRefusedError, match="does not answer as expected"):
            store.read(MAIN, 0, 1)
        assert not store.health().ok


@pytest.mark.parametrize(
    ("version", "path"),
    [("1.6.7~rc0", "/write"), ("1.7.11", "/write"), ("1.8.10", "/api/v2/write"), ("1.11.8", "/api/v2/write")],
)
def test_version_1_is_written_where_it_listens(version: str, path: str) -> None:
    with answering(version_1(Answer(204), version)) as server:
        store = InfluxStore(server.url, database="energy", username="u", password="p:w")
        assert store.write(ONE).stored == 1
        assert doors(server) == ["GET /ping", f"POST {path}"]
        assert b"SHOW+DATABASES" in server.requests[1].body
        assert b"CREATE+DATABASE" in server.requests[2].body
        written = server.written()[-1]
        assert written.body.split(b"\n")[0] == b"power_meter,site=gimpo-demo,device=main active_power_w=1.0 1000000000"
        assert written.query == ({"db": "energy"} if path == "/write" else {"org": "", "bucket": "energy"})
        assert written.headers["authorization"] == "Basic " + base64.b64encode(b"u:p:w").decode()
        before = len(server.requests)
        store.write(ONE)
        assert set(server.paths()[before:]) == {f"POST {path}", "POST /query"}


def doors(server: FakeServer) -> list[str]:
    """The requests that were no questions and carry more than notes."""
    return [
        f"{request.method} {request.path}"
        for request in server.requests
        if request.path != "/query" and not request.body.startswith(b"_touched")
    ]


def version_2(buckets: str, created: Answer) -> Callable[[Request], Answer]:
    """InfluxDB 2.7 as its API reference describes it; none can be installed from Debian's packages."""

    def answer(request: Request) -> Answer:
        json = {"Content-Type": "application/json"}
        match request.method, request.path:
            case _, "/ping":
                return PING_2
            case "GET", "/api/v2/buckets":
                named = buckets.replace('"name":"wattproof"', f'"name":"{request.query["name"]}"')
                return Answer(200, f'{{"buckets":[{named}]}}', json)
            case "GET", "/api/v2/orgs":
                return Answer(200, '{"orgs":[{"id":"00000000000000aa","name":"factory"}]}', json)
            case "POST", "/api/v2/buckets":
                return created
            case _, "/query":
                return EMPTY
        return Answer(204)

    return answer


BUCKET = '{"id":"00000000000000bb","orgID":"00000000000000aa","name":"wattproof","retentionRules":[]}'


def test_version_2_is_written_with_token_organization_and_bucket() -> None:
    with answering(version_2(BUCKET, Answer(500))) as server:
        store = InfluxStore(server.url, token="t0k3n", org="factory")
        assert store.write(ONE).stored == 1
        assert doors(server) == [
            "GET /ping", "GET /api/v2/orgs", *2 * ["GET /api/v2/buckets"], "POST /api/v2/write",
        ]  # fmt: skip
        written = server.written()[-1]
        assert written.query == {"org": "factory", "bucket": "wattproof"}
        assert written.headers["authorization"] == "Token t0k3n"
        assert store.health().facts["version"] == "v2.7.11"


def test_version_2_gets_the_bucket_it_lacks() -> None:
    with answering(version_2("", Answer(201, BUCKET, {"Content-Type": "application/json"}))) as server:
        assert InfluxStore(server.url, token="t0k3n", org="factory").write(ONE).stored == 1
        made = next(r for r in server.requests if r.method == "POST" and r.path == "/api/v2/buckets")
        assert b'"name": "wattproof"' in made.body
        assert b'"orgID": "00000000000000aa"' in made.body


def test_version_2_that_gives_no_bucket_is_refused_saying_what_to_do() -> None:
    forbidden = Answer(403, '{"code":"forbidden","message":"insufficient permissions for write"}')
    with answering(version_2("", forbidden)) as server:
        with pytest.raises(StoreRefusedError, match="influx bucket create --name wattproof --org factory") as refused:
            InfluxStore(server.url, token="t0k3n", org="factory").write(ONE)
        assert "t0k3n" not in str(refused.value)


def test_version_2_with_a_user_is_written_on_the_paths_of_version_1() -> None:
    with answering(version_2("", Answer(500))) as server:
        assert InfluxStore(server.url, username="u", password="p").write(ONE).stored == 1
        assert doors(server) == ["GET /ping", "POST /write"]


@pytest.mark.parametrize(
    ("probe", "path"),
    [
        (Answer(404, "404 page not found"), "/write"),
        (Answer(204), "/api/v2/write"),
        (Answer(401, "{}"), "/api/v2/write"),
    ],
)
def test_a_server_that_hides_its_version_is_probed(probe: Answer, path: str) -> None:
    def answer(request: Request) -> Answer:
        if request.path == "/query":
            return EMPTY
        return probe if request.path == "/api/v2/write" and not request.body.strip() else Answer(204)

    with answering(answer) as server:
        assert InfluxStore(server.url).write(ONE).stored == 1
        assert doors(server) == ["GET /ping", "GET /health", "POST /api/v2/write", f"POST {path}"]


@pytest.mark.parametrize("at", ["/ping", "/api/v2/write"])
def test_a_server_in_trouble_is_not_judged_by_its_first_answer(at: str) -> None:
    trouble = [Answer(503, "starting")] * influx_connection.TRIES

    def answer(request: Request) -> Answer:
        if request.path == at and trouble:
            return trouble.pop()
        if request.path == "/query":
            return EMPTY
        return Answer(404, "404 page not found") if request.path in {"/ping", "/api/v2/write"} else Answer(204)

    with answering(answer) as server:
        store = InfluxStore(server.url)
        with pytest.raises(StoreUnavailableError, match="503: starting"):
            store.write(ONE)
        assert store.write(ONE).stored == 1
        assert server.written()[-1].path == "/write"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, '{"error":"unable to parse the request"}'),
        (422, '{"code":"unprocessable entity","message":"unable to parse the request"}'),
    ],
)
def test_the_bad_line_is_found_by_halving_and_only_its_reading_is_lost(status: int, body: str) -> None:
    """A server that takes a request whole or not at all and does not say which line it minds, as 2.x and 3.x do."""

    def bad(request: Request) -> bool:
        return b"=37.0 " in request.body or b"=38.0 " in request.body

    def answer(request: Request) -> Answer:
        return Answer(status, body) if bad(request) else version_1(Answer(204))(request)

    sent = batch({1000 * n: float(n) for n in range(1, 101)})
    with answering(answer) as server:
        outcome = InfluxStore(server.url).write([sent])
        assert outcome.stored == 98
        assert [(r.batch, r.series, r.readings, r.reason) for r in outcome.rejected] == [
            (sent, MAIN, 2, "unable to parse the request")
        ]
        taken = [request.body for request in server.requests if request.path == "/write" and not bad(request)]
        lines = [line for each in taken for line in each.split(b"\n") if not line.startswith(b"_touched")]
        assert len(lines) == len(set(lines)) == 98


def test_a_bad_gap_is_found_among_good_readings() -> None:
    def answer(request: Request) -> Answer:
        bad = Answer(400, '{"error":"unable to parse the request"}')
        return bad if b"reason=broken" in request.body else version_1(Answer(204))(request)

    gaps = [Gap("main", "power_meter", POWER, n, n, "broken" if n == 3 else "outbox_full", 1) for n in range(5)]
    with answering(answer) as server:
        outcome = InfluxStore(server.url).write([batch({1000: 1.0, 2000: 2.0}, gaps=gaps)])
    assert (outcome.stored, outcome.gaps) == (2, 4)
    assert [(r.series, r.readings) for r in outcome.rejected] == [(MAIN, 0)]


def test_a_request_too_large_is_sent_in_smaller_ones() -> None:
    def answer(request: Request) -> Answer:
        too_large = request.path == "/write" and len(request.body) > 1000
        return Answer(413, "Request Entity Too Large") if too_large else version_1(Answer(204))(request)

    with answering(answer) as server:
        outcome = InfluxStore(server.url).write([batch({1000 * n: float(n) for n in range(1, 101)})])
        assert outcome.stored == 100
        assert outcome.rejected == ()
