"""Questions and answers as bytes; which of them a link may ask and believe."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ExceptionReplyError, FrameError
from edge.links import SINGLE, Read, ReadIdentification
from edge.links.answers import data_of, objects_of, words_of
from edge.links.frames import AsciiFraming, Frame, RtuFraming, TcpFraming
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
        assert words_of(read, data_of(read, Frame(0, 3, bytes([function, len(packed)]) + packed))) == tuple(bits)
    else:
        read = Read(3, function, 0, len(words))
        data = struct.pack(f">{len(words)}H", *words)
        assert words_of(read, data_of(read, Frame(0, 3, bytes([function, len(data)]) + data))) == tuple(words)


@pytest.mark.parametrize("size", range(1, 12))
def test_a_frame_in_pieces_is_awaited_and_then_taken_whole(size: int) -> None:
    pdu = bytes([3, 4, 0, 1, 0, 2])
    tcp = struct.pack(">HHHB", 9, 0, len(pdu) + 1, 5) + pdu
    rtu = bytes([5]) + pdu
    rtu += crc(rtu)
    lrc = -sum(bytes([5]) + pdu) & 0xFF
    digits = b":" + (bytes([5]) + pdu + bytes([lrc])).hex().upper().encode() + b"\r\n"
    for framing, sent, transaction in ((TcpFraming(), tcp, 9), (RtuFraming(), rtu, 0), (AsciiFraming(), digits, 0)):
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
        data_of(Read(7, 4, 0, 2), Frame(0, unit, bytes.fromhex(pdu)))


def test_an_exception_says_its_name_and_what_was_asked() -> None:
    with pytest.raises(ExceptionReplyError, match=r"illegal data address \(exception 2\) for function 4") as caught:
        data_of(Read(7, 4, 0x34, 2), Frame(0, 7, bytes([0x84, 2])))
    assert caught.value.code == 2
    with pytest.raises(ExceptionReplyError, match=r"unknown exception \(exception 99\)"):
        data_of(Read(7, 4, 0x34, 2), Frame(0, 7, bytes([0x84, 99])))


def test_an_ascii_question_is_the_specifications_layout() -> None:
    # Modbus over Serial Line 1.02, 2.5.2: colon, hexadecimal digits, LRC (two's complement of the sum), CR LF.
    assert AsciiFraming().wrap(Read(1, 4, 0, 2), 0) == b":010400000002F9\r\n"


@given(st.binary(min_size=2, max_size=64), st.integers(0, 2**16))
def test_a_flipped_bit_never_changes_what_an_ascii_frame_says(data: bytes, bit: int) -> None:
    body = bytes([5, 3, len(data)]) + data
    digits = b":" + (body + bytes([-sum(body) & 0xFF])).hex().upper().encode() + b"\r\n"
    broken = bytearray(digits)
    broken[bit // 8 % len(broken)] ^= 1 << bit % 8
    try:
        taken = AsciiFraming().take(broken)
    except FrameError:
        taken = None
    assert taken in (None, Frame(0, 5, body[1:]))  # a flip may make a small letter of a large one


@pytest.mark.parametrize(
    "sent", [b"\r\n", b":0104\r\n", b":01 4000002F9\r\n", b"x" * 20, b":" + b"0" * 600, b":0G00000000\n"]
)
def test_what_is_no_ascii_frame_is_refused(sent: bytes) -> None:
    with pytest.raises(FrameError, match="not an ASCII frame"):
        AsciiFraming().take(bytearray(sent))


IDENTITY = bytes.fromhex("2b 0e 01 01 00 00 02 00 03 41 42 43 01 01 58")


def test_an_identification_is_its_objects() -> None:
    assert objects_of(ReadIdentification(7), Frame(0, 7, IDENTITY)) == ({0: b"ABC", 1: b"X"}, None)
    more = IDENTITY[:4] + bytes([0xFF, 2]) + IDENTITY[6:]
    assert objects_of(ReadIdentification(7), Frame(0, 7, more))[1] == 2


def test_an_identification_on_a_serial_line_ends_where_its_objects_end() -> None:
    frame = bytes([7]) + IDENTITY
    buffer = bytearray()
    for byte in frame + crc(frame):
        assert RtuFraming().take(buffer) is None
        buffer.append(byte)
    assert RtuFraming().take(buffer) == Frame(0, 7, IDENTITY)


@pytest.mark.parametrize(
    ("pdu", "says"),
    [
        (IDENTITY[:-1], "cut or doubled"),
        (IDENTITY + b"x", "1 bytes behind"),
        (IDENTITY[:10] + bytes([0x00, 0x00, 0x01, 0x58]), "cut or doubled"),
        (IDENTITY[:5], "another question"),
        (bytes([0x2B, 0x0E, 2]) + IDENTITY[3:], "another question"),
        (bytes([0x2B, 0x0D]) + IDENTITY[2:], "another question"),
        (bytes([3]) + IDENTITY[1:], "answered function 3 instead of 43"),
    ],
)
def test_an_identification_that_does_not_hold_together_is_refused(pdu: bytes, says: str) -> None:
    with pytest.raises(FrameError, match=says):
        objects_of(ReadIdentification(7), Frame(0, 7, pdu))


def test_one_object_is_that_object() -> None:
    with pytest.raises(FrameError, match=r"objects \[0, 1\] instead of 1"):
        objects_of(ReadIdentification(7, SINGLE, 1), Frame(0, 7, IDENTITY[:2] + b"\x04" + IDENTITY[3:]))


def test_an_identification_longer_than_a_frame_is_refused() -> None:
    with pytest.raises(FrameError, match="longer than a frame"):
        RtuFraming().take(
            bytearray.fromhex("07 2b 0e 01 01 00 00 02") + bytearray([0, 250]) + bytearray(250) + b"\x01\xff"
        )


@pytest.mark.parametrize(("level", "item"), [(0, 0), (5, 0), (1, -1), (1, 256)])
def test_an_identification_can_only_be_asked_as_the_standard_has_it(level: int, item: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        ReadIdentification(1, level, item)
