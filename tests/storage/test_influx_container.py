"""What travels to InfluxDB is refused when it was altered, and when the word that it is gzip was lost."""

from __future__ import annotations

import gzip
import random
import urllib.error
import urllib.parse
import urllib.request

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.influx.container import _POINT, contained
from tests.parts import Database

START = 1_700_000_000_000_000_000
DATABASE = "container"


def lines(count: int, seed: int = 1) -> list[str]:
    draw = random.Random(seed)
    return [
        f"power_meter,site=김포,device=press-{draw.randrange(40)} active_power_w={draw.random() * 1e5!r},"
        f"energy_import_wh={draw.randrange(10**9)} {START + row * 1_000_000_000}"
        for row in range(count)
    ]


_TEXTS = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=60)


@given(texts=st.lists(_TEXTS, min_size=1, max_size=30), compress=st.booleans())
@example(texts=["x" * 200_000, "", "김포" * 40_000], compress=False)
def test_whoever_reads_gzip_reads_the_lines(texts: list[str], *, compress: bool) -> None:
    told = [f"{text} {START + row}" for row, text in enumerate(texts)]
    assert gzip.decompress(contained(told, compress=compress)).decode() == "\n".join(told)


@given(seed=st.integers(0, 2**32), count=st.integers(1, 60), compress=st.booleans())
def test_no_line_of_it_could_be_stored_as_it_stands(seed: int, count: int, *, compress: bool) -> None:
    assert _POINT.search("\n".join(lines(count, seed)).encode()) is not None
    assert _POINT.search(contained(lines(count, seed), compress=compress)) is None


def test_compressed_lines_are_shorter_unless_they_could_be_mistaken(monkeypatch: pytest.MonkeyPatch) -> None:
    told = lines(100)
    assert len(contained(told, compress=True)) < len(contained(told, compress=False)) / 2
    monkeypatch.setattr("storage.influx.container.gzip.compress", lambda *_, **__: b"\x1f\x8b a\xff =1 ")
    assert contained(told, compress=True) == contained(told, compress=False)


@pytest.mark.parametrize("compress", [False, True])
def test_influxdb_stores_nothing_of_it_without_the_word_that_it_is_gzip(influxdb: Database, *, compress: bool) -> None:
    def ask(path: str, body: bytes | None = None, **headers: str) -> bytes:
        request = urllib.request.Request(f"{influxdb.url}{path}", body, headers, method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            found: bytes = answer.read()
            return found

    def query(text: str) -> bytes:
        return ask(f"/query?{urllib.parse.urlencode({'db': DATABASE, 'q': text})}")

    body = contained(lines(500), compress=compress)
    query(f"DROP DATABASE {DATABASE}")
    query(f"CREATE DATABASE {DATABASE}")
    with pytest.raises(urllib.error.HTTPError, match="400"):
        ask(f"/write?db={DATABASE}", body)
    assert b"values" not in query("SHOW MEASUREMENTS")
    ask(f"/write?db={DATABASE}", body, **{"Content-Encoding": "gzip"})
    assert b'["power_meter"]' in query("SHOW MEASUREMENTS")
    assert b",500]" in query("SELECT count(active_power_w) FROM power_meter")
