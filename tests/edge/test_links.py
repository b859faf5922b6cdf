"""Links against real servers and hostile ones: what is returned answers the question that was asked, or nothing is."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Iterable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from edge.errors import (
    ConnectError,
    ExceptionReplyError,
    FrameError,
    LinkError,
    NoReplyError,
    StaleReplyError,
)
from edge.links import Link, Read
from edge.profiles import load_profile
from tests.edge.wires import (
    Asked,
    Hostile,
    Pty,
    Script,
    Step,
    device,
    hostile_rtu,
    hostile_tcp,
    profiled,
    rtu_server,
    tcp_server,
    until,
)
from tests.parts import free_port

PATIENT_S = 20.0
TIMEOUT_S = 0.6
"""Where an answer is meant to come too late, or never, or is waited for until then; elsewhere nobody is hurried."""
READ = Read(7, 4, 0, 10)
GOOD, REFUSED = READ, Read(7, 4, 100, 10)
WIRES = {"tcp": hostile_tcp, "rtu": hostile_rtu}
SERVERS = {"tcp": tcp_server, "rtu": rtu_server}
on_both_wires = pytest.mark.parametrize("wire", ["tcp", "rtu"])


def frame(wire: str, asked: Asked, **wrong: object) -> bytes:
    """The answer on this wire; `wrong` says what is not as it should be."""
    pdu = wrong.pop("pdu", None)
    if wire == "rtu":
        wrong.pop("transaction", None)
    return (asked.tcp if wire == "tcp" else asked.rtu)(pdu, **wrong)  # type: ignore[arg-type]


def talk(
    wire: str, script: Script, *reads: Read, timeout_s: float = PATIENT_S
) -> tuple[list[tuple[int, ...] | LinkError], Hostile]:
    """What a link makes of a scripted device: per read, the words or the error."""

    async def run() -> tuple[list[tuple[int, ...] | LinkError], Hostile]:
        outcomes: list[tuple[int, ...] | LinkError] = []
        async with WIRES[wire](script) as hostile:
            link = Link.from_url(hostile.url, timeout_s)
            for read in reads:
                try:
                    outcomes.append(await link.read(read))
                except LinkError as error:
                    outcomes.append(error)
            link.close()
        return outcomes, hostile

    return asyncio.run(run())


def first_then_good(wire: str, first: Callable[[Asked], Iterable[Step]]) -> Script:
    def script(asked: Asked) -> Iterable[Step]:
        return first(asked) if asked.number == 1 else [frame(wire, asked)]

    return script


def first_answer_held_back(wire: str) -> Script:
    """The first question's answer comes when the second question does, before the second's."""
    held: list[bytes] = []

    def script(asked: Asked) -> Iterable[Step]:
        if asked.number == 1:
            held.append(frame(wire, asked))
            return []
        answers = [*held, frame(wire, asked)]
        held.clear()
        return answers

    return script


@on_both_wires
def test_a_real_server_is_read_register_by_register(wire: str) -> None:
    async def run() -> None:
        bits = [True, False, True, True]
        served = device(7, {0: 11, 124: 22}, {0: 33, 1: 44}, bits=[*bits, *[False] * 12])
        async with SERVERS[wire](served) as url:
            link = Link.from_url(url, 2.0)
            assert await link.read(Read(7, 3, 0, 125)) == (11, *[0] * 123, 22)
            assert await link.read(Read(7, 4, 0, 2)) == (33, 44)
            assert await link.read(Read(7, 1, 0, 4)) == (1, 0, 1, 1)
            assert await link.read(Read(7, 2, 1, 3)) == (0, 1, 1)
            with pytest.raises(ExceptionReplyError, match="illegal data address"):
                await link.read(Read(7, 4, 1000, 2))
            assert await link.read(Read(7, 4, 1, 1)) == (44,)
            link.close()

    asyncio.run(run())


def test_two_units_on_one_serial_line_are_told_apart() -> None:
    async def run() -> None:
        meter = load_profile("eastron-sdm120")
        devices = [profiled(unit, meter, {"voltage_l1_v": 230.0 + unit}) for unit in (1, 2)]
        async with rtu_server(*devices) as url:
            link = Link.from_url(url, 2.0)
            first, second = [await link.read(Read(unit, 4, 0, 2)) for unit in (1, 2)]
            assert (first, second) == ((0x4367, 0), (0x4368, 0))
            link.close()

    asyncio.run(run())


@on_both_wires
def test_an_answer_in_pieces_is_put_together(wire: str) -> None:
    def script(asked: Asked) -> Iterable[Step]:
        whole = frame(wire, asked)
        return itertools.chain.from_iterable((whole[at : at + 5], 0.002) for at in range(0, len(whole), 5))

    outcomes, _ = talk(wire, script, READ, READ)
    assert outcomes == [(1,) * 10, (2,) * 10]


@on_both_wires
def test_a_device_that_never_answers_is_a_timeout_and_what_to_check_is_said(wire: str) -> None:
    outcomes, _ = talk(wire, lambda _: [], READ, timeout_s=TIMEOUT_S)
    assert isinstance(outcomes[0], NoReplyError)
    assert "no reply from unit 7 on " in str(outcomes[0])
    wanted = {"tcp": "Check the unit number", "rtu": "Check address, baud rate, A/B wires."}
    assert wanted[wire] in outcomes[0].advice


@on_both_wires
def test_an_answer_later_than_the_timeout_is_stale_and_never_a_value(wire: str) -> None:
    outcomes, _ = talk(
        wire,
        first_then_good(wire, lambda asked: [1.1 * TIMEOUT_S, frame(wire, asked)]),
        READ,
        READ,
        timeout_s=TIMEOUT_S,
    )
    assert isinstance(outcomes[0], StaleReplyError)
    assert "later than the timeout of 600 ms" in str(outcomes[0])
    assert outcomes[1] == (2,) * 10


@on_both_wires
def test_an_answer_that_comes_during_the_next_question_is_not_taken_for_its_answer(wire: str) -> None:
    outcomes, hostile = talk(wire, first_answer_held_back(wire), READ, READ, READ, timeout_s=TIMEOUT_S)
    assert isinstance(outcomes[0], NoReplyError)
    # One device answers in order: the probe's answer follows the late one.
    assert [asked.count for asked in hostile.asked] == [10, 2, 10, 10]
    assert outcomes[1] == (3,) * 10
    assert outcomes[2] == (4,) * 10


@on_both_wires
def test_a_late_answer_of_another_unit_is_thrown_away(wire: str) -> None:
    other = Read(8, 4, 0, 10)
    outcomes, _ = talk(wire, first_answer_held_back(wire), READ, other, READ, timeout_s=TIMEOUT_S)
    assert isinstance(outcomes[0], NoReplyError)
    assert outcomes[1] == (2,) * 10
    assert isinstance(outcomes[2], tuple)
    assert set(outcomes[2]) != {1}


@on_both_wires
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda wire, asked: frame(wire, asked, unit=8), "unit 8 answered instead of unit 7"),
        (lambda wire, asked: frame(wire, asked, pdu=asked.pdu(function=3)), "answered function 3 instead of 4"),
        (lambda wire, asked: frame(wire, asked, pdu=asked.pdu([9] * 2)), "sent 4 bytes of data instead of 20"),
        (lambda wire, asked: frame(wire, asked, pdu=asked.pdu([9] * 11)), "sent 22 bytes of data instead of 20"),
        (lambda wire, asked: frame(wire, asked)[:-3], "ended after"),
        (lambda wire, asked: frame(wire, asked) + frame(wire, asked, pdu=asked.pdu([9] * 10)), "more than one answer"),
        (lambda wire, asked: b"\x7f" * 30, "not a"),
    ],
)
def test_a_wrong_answer_is_an_error_and_the_next_right_one_is_taken(
    wire: str, wrong: Callable[[str, Asked], bytes], says: str
) -> None:
    outcomes, hostile = talk(
        wire, first_then_good(wire, lambda asked: [wrong(wire, asked)]), READ, READ, timeout_s=TIMEOUT_S
    )
    assert isinstance(outcomes[0], FrameError)
    assert says in str(outcomes[0])
    assert outcomes[1] == (len(hostile.asked),) * 10


def test_another_transaction_number_is_refused() -> None:
    outcomes, _ = talk(
        "tcp", lambda asked: [asked.tcp(transaction=asked.transaction + 1)], READ, READ, timeout_s=TIMEOUT_S
    )
    assert all(isinstance(outcome, FrameError) for outcome in outcomes)
    assert "transaction 2 answered instead of 1" in str(outcomes[0])


def test_a_broken_checksum_is_refused() -> None:
    def script(asked: Asked) -> Iterable[Step]:
        whole = bytearray(asked.rtu())
        whole[5] ^= 1
        return [bytes(whole)]

    outcomes, _ = talk("rtu", script, READ, timeout_s=TIMEOUT_S)
    assert isinstance(outcomes[0], FrameError)
    assert "checksum of an answer of 25 bytes is wrong" in str(outcomes[0])


@on_both_wires
def test_a_refusal_is_its_own_error_with_its_code(wire: str) -> None:
    outcomes, _ = talk(wire, lambda asked: [frame(wire, asked, pdu=bytes([asked.function | 0x80, 6]))], READ, READ)
    assert [getattr(outcome, "code", None) for outcome in outcomes] == [6, 6]
    assert "device busy" in str(outcomes[0])


@on_both_wires
def test_a_unit_that_refuses_one_block_again_and_again_is_still_read_elsewhere(wire: str) -> None:
    def script(asked: Asked) -> Iterable[Step]:
        refused = asked.function != GOOD.function or asked.address >= REFUSED.address
        return [frame(wire, asked, pdu=bytes([asked.function | 0x80, 2]) if refused else None)]

    outcomes, _ = talk(wire, script, REFUSED, REFUSED, REFUSED, GOOD, REFUSED, REFUSED, GOOD)
    assert [getattr(outcome, "code", None) for outcome in outcomes] == [2, 2, 2, None, 2, 2, None]
    assert [len(outcome) for outcome in outcomes if isinstance(outcome, tuple)] == [10, 10]


@on_both_wires
def test_bytes_that_come_without_a_question_answer_none(wire: str) -> None:
    def script(asked: Asked) -> Iterable[Step]:
        late = frame(wire, asked, pdu=asked.pdu([9] * asked.count))
        return [frame(wire, asked), 0.05, late] if asked.number == 1 else [frame(wire, asked)]

    async def run() -> None:
        async with WIRES[wire](script) as hostile:
            link = Link.from_url(hostile.url, PATIENT_S)
            assert await link.read(READ) == (1,) * 10
            await until(lambda: len(link._wire.received) >= 25, "what nobody asked for has come")
            assert await link.read(READ) == (2,) * 10
            link.close()

    asyncio.run(run())


def test_a_closed_port_is_a_connect_error() -> None:
    async def run() -> None:
        link = Link.from_url(f"tcp://127.0.0.1:{free_port()}", PATIENT_S)
        with pytest.raises(ConnectError, match=r"127\.0\.0\.1:\d+ cannot be connected: Connection refused"):
            await link.read(READ)

    asyncio.run(run())


def test_a_serial_device_that_is_not_there_is_a_connect_error() -> None:
    async def run() -> None:
        link = Link.from_url("rtu:///dev/ttyNONE?baud=9600", PATIENT_S)
        with pytest.raises(ConnectError, match="/dev/ttyNONE at 9600 8N1 cannot be opened: No such file"):
            await link.read(READ)

    asyncio.run(run())


def test_a_server_that_hangs_up_is_connected_again() -> None:
    async def run() -> None:
        port = free_port()
        for value in (11, 22):
            async with tcp_server(device(7, {}, {0: value}), port=port) as url:
                if value == 11:
                    link = Link.from_url(url, PATIENT_S)
                    assert await link.read(Read(7, 4, 0, 1)) == (11,)
                else:
                    with contextlib.suppress(ConnectError):
                        await link.read(Read(7, 4, 0, 1))
                    assert await link.read(Read(7, 4, 0, 1)) == (22,)
                    link.close()

    asyncio.run(run())


FAULTS: dict[str, Callable[[str, Asked], list[Step]]] = {
    "good": lambda wire, asked: [frame(wire, asked)],
    "never": lambda wire, asked: [],
    "slow": lambda wire, asked: [0.6 * 0.04, frame(wire, asked)],
    "late": lambda wire, asked: [1.6 * 0.04, frame(wire, asked)],
    "very late": lambda wire, asked: [2.5 * 0.04, frame(wire, asked)],
    "short": lambda wire, asked: [frame(wire, asked, pdu=asked.pdu([asked.number]))],
    "cut": lambda wire, asked: [frame(wire, asked)[:7]],
    "foreign": lambda wire, asked: [frame(wire, asked, unit=asked.unit ^ 3, pdu=asked.pdu([999] * asked.count))],
    "refused": lambda wire, asked: [frame(wire, asked, pdu=bytes([asked.function | 0x80, 4]))],
    "twice": lambda wire, asked: [frame(wire, asked) + frame(wire, asked)],
}


@on_both_wires
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    faults=st.lists(st.sampled_from(list(FAULTS)), min_size=1, max_size=6),
    reads=st.lists(st.sampled_from([(1, 10), (1, 10), (1, 10), (1, 2), (2, 10)]), min_size=4, max_size=6),
)
@example(faults=["good", "late"], reads=[(1, 10)] * 4)
@example(faults=["very late"], reads=[(1, 10)] * 4)
@example(faults=["good", "late"], reads=[(1, 10), (1, 10), (2, 10), (1, 10)])
def test_whatever_a_device_does_a_value_answers_the_question_that_was_just_asked(
    wire: str, faults: list[str], reads: list[tuple[int, int]]
) -> None:
    """Every register holds the number of the question: an answer to an earlier one would show."""

    def script(asked: Asked) -> list[Step]:
        name = faults[asked.number - 1] if asked.number <= len(faults) else "good"
        return FAULTS[name](wire, asked)

    async def run() -> None:
        async with WIRES[wire](script) as hostile:
            link = Link.from_url(hostile.url, 0.04)
            for unit, count in reads:
                with contextlib.suppress(LinkError):
                    words = await link.read(Read(unit, 4, 0, count))
                    last = hostile.asked[-1]
                    assert (last.unit, last.count) == (unit, count)
                    assert words == (last.number,) * count
            link.close()

    asyncio.run(run())


def test_a_connection_that_breaks_during_a_question_is_a_connect_error() -> None:
    async def run() -> None:
        async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(12)
            writer.close()

        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        link = Link.from_url(f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}", 5.0)
        with pytest.raises(ConnectError, match="was closed by the other side"):
            await link.read(READ)
        server.close()

    asyncio.run(run())


def test_a_serial_adapter_pulled_out_during_a_question_is_a_connect_error() -> None:
    async def run() -> None:
        line = Pty()
        link = Link.from_url(f"rtu://{line.path}?baud=9600", 5.0)
        reading = asyncio.create_task(link.read(READ))
        asyncio.get_running_loop().add_reader(line.fd, line.close)  # when the question arrives
        with pytest.raises(ConnectError, match="was closed by the other side"):
            await reading
        with pytest.raises(ConnectError, match="cannot be opened"):
            await link.read(READ)

    asyncio.run(run())


def test_a_link_that_is_given_up_leaves_no_question_behind() -> None:
    async def run() -> None:
        async with hostile_tcp(lambda asked: [frame("tcp", asked)] if asked.number > 1 else []) as hostile:
            link = Link.from_url(hostile.url, 5.0)
            reading = asyncio.create_task(link.read(READ))
            await until(lambda: hostile.asked, "the question is on its way")
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            assert await link.read(READ) == (2,) * 10
            assert hostile.connections == 2
            link.close()

    asyncio.run(run())


def test_reads_from_several_tasks_take_turns() -> None:
    async def run() -> None:
        async with hostile_rtu(lambda asked: [0.005, asked.rtu()]) as hostile:
            link = Link.from_url(hostile.url, 2.0)
            answers = await asyncio.gather(*[link.read(Read(unit, 4, 0, 3)) for unit in range(1, 6)])
            assert answers == [(number,) * 3 for number in range(1, 6)]
            link.close()

    asyncio.run(run())


def test_when_no_question_could_be_told_from_an_owed_one_none_is_asked() -> None:
    last = Read(7, 4, 65535, 1)
    outcomes, hostile = talk("rtu", lambda _: [], last, last, timeout_s=TIMEOUT_S)
    assert isinstance(outcomes[0], NoReplyError)
    assert isinstance(outcomes[1], StaleReplyError)
    assert "owes answers that this one resembles" in str(outcomes[1])
    assert len(hostile.asked) == 1
