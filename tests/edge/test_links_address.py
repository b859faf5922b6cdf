"""Where a bus is."""

import pytest

from edge.links import RtuAddress, TcpAddress, parse_url


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("tcp://192.168.0.9:5020", TcpAddress("192.168.0.9", 5020)),
        ("tcp://meter.local", TcpAddress("meter.local", 502)),
        ("tcp://[fe80::1]:502", TcpAddress("fe80::1", 502)),
        ("rtu:///dev/ttyUSB0", RtuAddress("/dev/ttyUSB0", 9600, "N", 1)),
        ("rtu:///dev/pts/3?baud=19200&parity=E&stopbits=2", RtuAddress("/dev/pts/3", 19200, "E", 2)),
    ],
)
def test_a_url_says_where_and_how(url: str, address: TcpAddress | RtuAddress) -> None:
    assert parse_url(url) == address


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("udp://meter", "must begin with tcp:// "),
        ("tcp://", "must be tcp://HOST"),
        ("tcp://meter:0", "must be tcp://HOST"),
        ("tcp://meter:66000", "the port must be 1-65535"),
        ("tcp://meter/1", "must be tcp://HOST"),
        ("rtu://dev/ttyUSB0", "three slashes"),
        ("rtu:///", "three slashes"),
        ("rtu:///dev/ttyUSB0?baud=9601", "baud must be one of"),
        ("rtu:///dev/ttyUSB0?baud=fast", "baud must be one of"),
        ("rtu:///dev/ttyUSB0?parity=even", "parity must be N"),
        ("rtu:///dev/ttyUSB0?stopbits=3", "stopbits must be 1 or 2"),
        ("rtu:///dev/ttyUSB0?speed=9600", "unknown speed; known are baud, parity, stopbits"),
    ],
)
def test_a_url_that_is_none_is_refused_with_what_would_be_one(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_url(url)


def test_people_read_an_address_as_they_write_it() -> None:
    assert str(parse_url("rtu:///dev/ttyUSB0?parity=E")) == "/dev/ttyUSB0 at 9600 8E1"
    assert str(parse_url("tcp://[fe80::1]:502")) == "[fe80::1]:502"


def test_the_silence_that_ends_a_frame_is_three_and_a_half_characters() -> None:
    assert RtuAddress("/dev/ttyS0", 9600).silence_s == pytest.approx(3.5 * 10 / 9600)
    assert RtuAddress("/dev/ttyS0", 9600, "E", 2).silence_s == pytest.approx(3.5 * 12 / 9600)
    assert RtuAddress("/dev/ttyS0", 115200).silence_s == 0.00175
