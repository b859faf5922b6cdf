"""Read-only by construction: whatever is asked of a link, only functions 1-4 and 43/14 reach the other end.

The other end is a spy: it holds the far side of the connection or of the line and keeps every byte that comes.
"""

import asyncio
import contextlib
import inspect
import os
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import LinkError
from edge.links import Link, Read, ReadIdentification
from edge.links.frames import AsciiFraming, RtuFraming, TcpFraming
from edge.links.questions import only_reads
from tests.edge.wires import Pty, until
from tests.interop.certificates import Authority

KINDS = ("tcp", "rtu+tcp", "ascii+tcp", "tls", "rtu", "ascii")


@dataclass
class Spy:
    url: str
    heard: bytearray = field(default_factory=bytearray)


@contextlib.asynccontextmanager
async def spied(kind: str, folder: Path) -> AsyncIterator[Spy]:
    """The far end of a link of this kind."""
    if "tcp" not in kind and kind != "tls":
        line = Pty()
        spy = Spy(f"{kind}://{line.path}?baud=115200")
        asyncio.get_running_loop().add_reader(line.fd, lambda: spy.heard.extend(os.read(line.fd, 4096)))
        yield spy
        line.close()
        return
    authority = Authority(folder) if kind == "tls" else None
    context = authority.server_context("meter", wants_client=False) if authority else None
    spy = Spy("")

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(4096):
                spy.heard.extend(data)
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=context)
    spy.url = f"{kind}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    spy.url += f"?ca={authority.ca}" if authority else ""
    yield spy
    server.close()


def functions_in(kind: str, heard: bytes) -> list[tuple[int, ...]]:
    """Function (and MEI type) of every question heard; fails on a byte that belongs to none."""
    found: list[tuple[int, ...]] = []
    while heard:
        if kind in {"tcp", "tls"}:
            (length,) = struct.unpack_from(">H", heard, 4)
            pdu, heard = heard[7 : 6 + length], heard[6 + length :]
        elif kind.startswith("ascii"):
            line, _, heard = heard.partition(b"\r\n")
            pdu = bytes.fromhex(line[1:].decode())[1:-1]
        else:
            size = 7 if heard[1] == 43 else 8
            pdu, heard = heard[1 : size - 2], heard[size:]
        assert len(pdu) == (4 if pdu[0] == 43 else 5)
        found.append((pdu[0], pdu[1]) if pdu[0] == 43 else (pdu[0],))
    return found


def counterfeit(function: int) -> list[Any]:
    """Questions as nobody can build them by the rules: changed afterwards, or only looking like one."""
    changed = Read(1, 3, 0, 1)
    pdu = bytes([function]) + bytes(4)
    object.__setattr__(changed, "function", function)
    object.__setattr__(changed, "pdu", pdu)
    alike = SimpleNamespace(unit=1, function=function, address=0, count=1, pdu=pdu, byte_count=2, size=2)
    longer = SimpleNamespace(unit=1, function=3, address=0, count=1, pdu=b"\x03" + bytes(9), byte_count=2, size=2)
    other_mei = SimpleNamespace(unit=1, function=43, pdu=bytes([43, function % 14, 1, 0]), size=-1)
    return [changed, alike, longer, other_mei]


@pytest.mark.parametrize("kind", KINDS)
def test_no_other_function_code_leaves_any_link_whatever_is_called(kind: str, tmp_path: Path) -> None:
    """Every public coroutine of a link, every function code, honest questions and counterfeit ones."""
    calls = [name for name, _ in inspect.getmembers(Link, inspect.iscoroutinefunction) if not name.startswith("_")]
    assert calls == ["data", "identify", "read"]

    async def run() -> None:
        async with spied(kind, tmp_path) as spy:
            link = Link.from_url(spy.url, 5.0)  # to connect
            link.pace.configured_s = 0.001  # for an answer, which never comes
            for function in range(256):
                honest: list[Any] = []
                with contextlib.suppress(ValueError):
                    honest.append(Read(1 + function % 100, function, function, 1))
                for question in [*honest, *counterfeit(function)]:
                    for call in (link.data, link.read, link.identify):
                        with contextlib.suppress(LinkError, ValueError, AttributeError, KeyError, TypeError):
                            await call(question)
            for level in (1, 2, 3, 4):
                with contextlib.suppress(LinkError):
                    await link.identify(ReadIdentification(1, level))
            await until(lambda: bytes([43, 14, 4, 0]) in spy.heard or b"2B0E0400" in spy.heard, "the last has come")
            link.close()
            assert set(functions_in(kind, bytes(spy.heard))) == {(1,), (2,), (3,), (4,), (43, 14)}

    asyncio.run(run())


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=12))
def test_no_other_bytes_can_be_wrapped(pdu: bytes) -> None:
    allowed = (len(pdu) == 5 and pdu[0] in {1, 2, 3, 4}) or (len(pdu) == 4 and pdu[:2] == b"\x2b\x0e")
    question: Any = SimpleNamespace(unit=1, pdu=pdu or b"\x00")
    for framing in (TcpFraming(), RtuFraming(), AsciiFraming()):
        if allowed:
            assert framing.wrap(question, 1)
        else:
            with pytest.raises(ValueError, match="not a question that only reads"):
                framing.wrap(question, 1)


def test_every_function_that_does_not_read_is_refused_at_the_gate() -> None:
    for function in set(range(256)) - {1, 2, 3, 4, 43}:
        for size in (4, 5):
            with pytest.raises(ValueError, match="not a question that only reads"):
                only_reads(bytes([function, 14, *bytes(size - 2)]))
