"""Questions and answers as bytes; which of them a link may ask and believe."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ExceptionReplyError, FrameError
from edge.links import Read
from edge.links.frames import Frame, RtuFraming, TcpFraming, values_of
from tests.edge.wires import crc


@given(st.integers(0, 255), st.integers(-1, 300), st.integers(-1, 70000), st.integers(-1, 2100))
def test_nothing_but_the_four_functions_that_read_can_be_asked(
    unit: int, function: int, address: int, count: int
) -> None:
    most = {1: 2000, 2: 2000, 3: 125, 4: 125}.get(function, 0)
    allowed = 1 <= count <= most and 0 <= address <= 65536 - count
    if not allowed:
        with pytest.raises(ValueError, match=r"reads|outside"):
            Read(unit, function, address, count)
        return
    read = Read(unit, function, address, count)
    assert TcpFraming().wrap(read, 7)[7] in {1, 2, 3, 4}
    assert RtuFraming().wrap(read, 0)[1] in {1, 2, 3, 4}


@pytest.mark.parametrize("function", [code for code in range(256) if code not in {1, 2, 3, 4}])
def test_every_other_function_code_is_refused(function: int) -> None:
    with pytest.raises(ValueError, match=f"function {function} is not one that reads"):
        Read(1, function, 0, 1)


def test_a_unit_number_is_one_byte() -> None:
    with pytest.raises(ValueError, match="unit 256 is outside"):
        Read(256, 3, 0, 1)


def test_a_tcp_question_is_the_specifications_example() -> None:
    # Modbus Messaging on TCP/IP Implementation Guide 1.0b, 3.1.3: header and question.
    assert TcpFraming().wrap(Read(0xFF, 3, 0, 1), 0x1501).hex(" ") == "15 01 00 00 00 06 ff 03 00 00 00 01"


def test_an_rtu_question_ends_with_its_checksum_low_byte_first() -> None:
    assert RtuFraming().wrap(Read(1, 4, 0, 2), 0).hex(" ") == "01 04 00 00 00 02 71 cb"


@given(st.integers(1, 4), st.lists(st.integers(0, 65535), min_size=1, max_size=125))
def test_an_answer_gives_back_the_words_that_were_sent(function: int, words: list[int]) -> None:
    if function in {1, 2}:
        read = Read(3, function, 0, len(words))
        bits = [word & 1 for word in words]
        packed = sum(bit << index for index, bit in enumerate(bits)).to_bytes(read.byte_count, "little")
        assert values_of(read, Frame(0, 3, bytes([function, len(packed)]) + packed)) == tuple(bits)
    else:
        read = Read(3, function, 0, len(words))
        data = struct.pack(f">{len(words)}H", *words)
        assert values_of(read, Frame(0, 3, bytes([function, len(data)]) + data)) == tuple(words)


@pytest.mark.parametrize("size", range(1, 12))
def test_a_frame_in_pieces_is_awaited_and_then_taken_whole(size: int) -> None:
    pdu = bytes([3, 4, 0, 1, 0, 2])
    tcp = struct.pack(">HHHB", 9, 0, len(pdu) + 1, 5) + pdu
    rtu = bytes([5]) + pdu
    rtu += crc(rtu)
    for framing, sent, transaction in ((TcpFraming(), tcp, 9), (RtuFraming(), rtu, 0)):
        buffer = bytearray()
        pieces = [sent[start : start + size] for start in range(0, len(sent), size)]
        for piece in pieces[:-1]:
            buffer += piece
            assert framing.take(buffer) is None
        buffer += pieces[-1] + b"more"
        assert framing.take(buffer) == Frame(transaction, 5, pdu)
        assert buffer == b"more"


@given(st.binary(min_size=7, max_size=64), st.integers(0, 511))
def test_a_flipped_bit_never_passes_the_checksum(data: bytes, bit: int) -> None:
    frame = bytearray(bytes([5, 3, len(data)]) + data)
    frame += crc(bytes(frame))
    frame[bit // 8 % len(frame)] ^= 1 << bit % 8
    try:
        taken = RtuFraming().take(frame)
    except FrameError:
        taken = None
    assert taken is None


@pytest.mark.parametrize("header", ["00 01 00 01 00 06 01", "00 01 00 00 00 02 01", "00 01 00 00 00 ff 01"])
def test_a_header_that_is_none_of_modbus_is_refused(header: str) -> None:
    with pytest.raises(FrameError, match="not a Modbus TCP frame"):
        TcpFraming().take(bytearray.fromhex(header))


def test_bytes_that_begin_no_answer_are_refused_on_a_serial_line() -> None:
    with pytest.raises(FrameError, match="not an answer to a read"):
        RtuFraming().take(bytearray.fromhex("01 10 00 00"))


@pytest.mark.parametrize(
    ("unit", "pdu", "says"),
    [
        (8, "04 04 00 01 00 02", "unit 8 answered instead of unit 7"),
        (7, "03 04 00 01 00 02", "answered function 3 instead of 4"),
        (7, "04 02 00 01", "sent 2 bytes of data instead of 4"),
        (7, "04 06 00 01 00 02 00 03", "sent 6 bytes of data instead of 4"),
        (7, "04 04 00 01", "sent 2 bytes of data instead of 4"),
        (7, "04 02 00 01 00 02", "bytes of data instead of 4"),
        (7, "84 02 00", "answered function 132 instead of 4"),
        (7, "04", "bytes of data instead of 4"),
    ],
)
def test_an_answer_to_another_question_is_refused(unit: int, pdu: str, says: str) -> None:
    with pytest.raises(FrameError, match=says):
        values_of(Read(7, 4, 0, 2), Frame(0, unit, bytes.fromhex(pdu)))


def test_an_exception_says_its_name_and_what_was_asked() -> None:
    with pytest.raises(ExceptionReplyError, match=r"illegal data address \(exception 2\) for function 4") as caught:
        values_of(Read(7, 4, 0x34, 2), Frame(0, 7, bytes([0x84, 2])))
    assert caught.value.code == 2
    with pytest.raises(ExceptionReplyError, match=r"unknown exception \(exception 99\)"):
        values_of(Read(7, 4, 0x34, 2), Frame(0, 7, bytes([0x84, 99])))
