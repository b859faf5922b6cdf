"""Devices as they are: identification in parts, registers that stand still, refused probes, lines that need a rest."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Iterable

import pytest

from edge.errors import ConnectError, FrameError, NoReplyError
from edge.links import REGULAR, Link, Read, ReadIdentification
from tests.edge.hostile import framed
from tests.edge.wires import Asked, Hostile, Script, Step, hostile_rtu, until

READ = Read(7, 4, 0, 10)


@contextlib.asynccontextmanager
async def line(script: Script) -> AsyncIterator[tuple[Link, Hostile]]:
    async with hostile_rtu(script) as hostile:
        link = Link.from_url(hostile.url, 1.0)
        yield link, hostile
        link.close()


class Identified(asyncio.Protocol):
    """A Modbus TCP server that only says who it is: per question one answer of the list."""

    def __init__(self, answers: list[bytes]) -> None:
        self.answers = answers
        self.asked: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.asked.append(data[7:])
        self.transport.write(framed("tcp", int.from_bytes(data[:2]), data[6], self.answers[len(self.asked) - 1]))


def page(level: int, more: int, following: int, objects: dict[int, bytes]) -> bytes:
    parts = b"".join(bytes([item, len(text)]) + text for item, text in objects.items())
    return bytes([43, 14, level, 0x82, more, following, len(objects)]) + parts


def identify(answers: list[bytes]) -> tuple[dict[int, bytes], list[bytes]]:
    async def run() -> tuple[dict[int, bytes], list[bytes]]:
        server = Identified(answers)
        listening = await asyncio.get_running_loop().create_server(lambda: server, "127.0.0.1", 0)
        link = Link.from_url(f"tcp://127.0.0.1:{listening.sockets[0].getsockname()[1]}", 1.0)
        try:
            return await link.identify(ReadIdentification(7, REGULAR)), server.asked
        finally:
            link.close()
            listening.close()

    return asyncio.run(run())


def test_an_identification_in_parts_is_put_together() -> None:
    objects, asked = identify(
        [page(2, 0xFF, 2, {0: b"Maker", 1: b"M-1"}), page(2, 0xFF, 5, {2: b"1.0"}), page(2, 0, 0, {5: b"Hall"})]
    )
    assert objects == {0: b"Maker", 1: b"M-1", 2: b"1.0", 5: b"Hall"}
    assert asked == [b"\x2b\x0e\x02\x00", b"\x2b\x0e\x02\x02", b"\x2b\x0e\x02\x05"]


def test_an_identification_that_never_ends_is_ended() -> None:
    again = page(2, 0xFF, 1, {1: b"M-1"})
    with pytest.raises(FrameError, match="goes round in its identification"):
        identify([again, again, again])


def test_registers_that_stand_still_are_asked_for_once_more_and_then_believed() -> None:
    """The same bytes twice might be a copy of the first answer; after a probe they are not."""

    def still(asked: Asked) -> Iterable[Step]:
        return [asked.rtu(asked.pdu([5] * asked.count))]

    async def run() -> None:
        async with line(still) as (link, hostile):
            for _ in range(5):
                assert await link.read(READ) == (5,) * 10
            assert [asked.count for asked in hostile.asked] == [10, 10, 2, 10, 10, 10, 10]

    asyncio.run(run())


def test_a_copy_of_the_answer_before_is_not_taken_even_if_the_unit_says_nothing_more() -> None:
    sent: list[bytes] = []

    def script(asked: Asked) -> Iterable[Step]:
        sent.append(asked.rtu())
        return [sent[0]] if asked.number == 2 else [sent[-1]]

    async def run() -> None:
        async with line(script) as (link, _):
            assert await link.read(READ) == (1,) * 10
            assert await link.read(READ) == (4,) * 10

    asyncio.run(run())


def test_a_probe_that_is_refused_has_done_its_work() -> None:
    def script(asked: Asked) -> Iterable[Step]:
        if asked.number == 1:
            return []
        return [asked.rtu(bytes([0x84, 2]) if asked.count == 2 else None)]

    async def run() -> None:
        async with line(script) as (link, hostile):
            with pytest.raises(NoReplyError):
                await link.read(READ)
            assert await link.read(READ) == (3,) * 10
            assert [asked.count for asked in hostile.asked] == [10, 2, 10]

    asyncio.run(run())


def test_a_line_that_needs_a_rest_gets_it_between_an_answer_and_the_next_question() -> None:
    async def run() -> None:
        heard: list[float] = []

        def script(asked: Asked) -> Iterable[Step]:
            heard.append(asyncio.get_running_loop().time())
            return [asked.rtu()]

        async with hostile_rtu(script) as hostile:
            link = Link.from_url(f"{hostile.url}&guard_ms=60", 1.0)
            for _ in range(3):
                await link.read(READ)
            link.close()
        assert min(later - earlier for earlier, later in itertools.pairwise(heard)) >= 0.06

    asyncio.run(run())


def test_a_server_that_hangs_up_in_the_middle_of_an_answer_is_a_connect_error() -> None:
    async def run() -> None:
        async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write((await reader.readexactly(12))[:7])
            writer.close()

        server = await asyncio.start_server(half, "127.0.0.1", 0)
        link = Link.from_url(f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}", 5.0)
        with pytest.raises(ConnectError, match="was closed by the other side"):
            await link.read(READ)
        server.close()

    asyncio.run(run())


def test_a_line_that_never_falls_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.links.link.OWED_FOR_S", 0.2)

    async def run() -> None:
        babble: list[Step] = [0.001, b"\x00"]
        async with line(lambda _: babble * 2000) as (link, hostile):
            with pytest.raises(FrameError):
                await link.read(READ)
            await until(lambda: hostile.asked, "it was asked")

    asyncio.run(run())
