"""Where a bus is."""

import pytest

from edge.links import (
    Address,
    AsciiAddress,
    AsciiTcpAddress,
    RtuAddress,
    RtuTcpAddress,
    TcpAddress,
    TlsAddress,
    parse_url,
)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("tcp://192.168.0.9:5020", TcpAddress("192.168.0.9", 5020)),
        ("tcp://meter.local", TcpAddress("meter.local", 502)),
        ("tcp://[fe80::1]:502", TcpAddress("fe80::1", 502)),
        ("rtu:///dev/ttyUSB0", RtuAddress("/dev/ttyUSB0", 9600, "N", 1)),
        ("tcp://meter?guard_ms=20", TcpAddress("meter", 502, 0.02)),
        ("rtu+tcp://gateway:4001", RtuTcpAddress("gateway", 4001)),
        ("rtu+tcp://gateway:4001?guard_ms=5", RtuTcpAddress("gateway", 4001, 0.005)),
        ("ascii+tcp://gateway:4001", AsciiTcpAddress("gateway", 4001)),
        ("ascii:///dev/ttyUSB0", AsciiAddress("/dev/ttyUSB0", 9600, "E", 1, 7)),
        (
            "ascii:///dev/ttyUSB0?baud=2400&parity=N&stopbits=2&databits=8",
            AsciiAddress("/dev/ttyUSB0", 2400, "N", 2, 8),
        ),
        ("rtu:///dev/ttyUSB0?guard_ms=50", RtuAddress("/dev/ttyUSB0", guard_s=0.05)),
        ("tls://meter", TlsAddress("meter", 802)),
        (
            "tls://10.0.0.4:8802?ca=/etc/ca.pem&certificate=/etc/c.pem&key=/etc/k.pem&name=meter",
            TlsAddress("10.0.0.4", 8802, ca="/etc/ca.pem", certificate="/etc/c.pem", key="/etc/k.pem", name="meter"),
        ),
        ("rtu:///dev/pts/3?baud=19200&parity=E&stopbits=2", RtuAddress("/dev/pts/3", 19200, "E", 2)),
    ],
)
def test_a_url_says_where_and_how(url: str, address: Address) -> None:
    assert parse_url(url) == address


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("udp://meter", "must begin with tcp:// "),
        ("tcp://", "must be tcp://HOST"),
        ("tcp://meter:0", "must be tcp://HOST"),
        ("tcp://meter:66000", "the port must be 1-65535"),
        ("tcp://meter/1", "must be tcp://HOST"),
        ("tcp://me@meter", "must be tcp://HOST"),
        ("rtu+tcp://gateway", r"must be rtu\+tcp://HOST:PORT"),
        ("tcp://meter?guard=1", "unknown guard; known are guard_ms"),
        ("tcp://meter?guard_ms=1001", "guard_ms must be 0 to 1000"),
        ("tcp://meter?guard_ms=-1", "guard_ms must be 0 to 1000"),
        ("tcp://meter?guard_ms=1&guard_ms=2", "said twice"),
        ("tls://meter?certificate=/c.pem", "belong together"),
        ("tls://meter?password=x", "unknown password; known are ca, certificate, key, name, guard_ms"),
        ("ascii:///dev/ttyUSB0?databits=9", "databits must be 7 or 8"),
        ("rtu:///dev/ttyUSB0?databits=8", "unknown databits"),
        ("ascii://dev/ttyUSB0", "three slashes"),
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
    assert str(parse_url("ascii:///dev/ttyUSB0")) == "/dev/ttyUSB0 at 9600 7E1 (ASCII)"
    assert str(parse_url("rtu+tcp://gateway:4001")) == "gateway:4001 (RTU)"
    assert str(parse_url("ascii+tcp://gateway:4001")) == "gateway:4001 (ASCII)"
    assert str(parse_url("tls://meter")) == "meter:802 (TLS)"


def test_two_ways_to_one_place_are_one_place() -> None:
    assert parse_url("rtu:///dev/ttyUSB0").place == parse_url("ascii:///dev/ttyUSB0?baud=2400").place
    assert parse_url("rtu+tcp://gateway:502").place == parse_url("tcp://gateway").place


@pytest.mark.parametrize("url", ["rtu:///dev/ttyUSB0", "ascii:///dev/ttyUSB0", "rtu+tcp://g:1", "ascii+tcp://g:1"])
def test_serial_frames_reach_units_1_to_247(url: str) -> None:
    assert parse_url(url).units == range(1, 248)
    assert parse_url("tls://meter").units == range(256)


def test_the_silence_that_ends_a_frame_is_three_and_a_half_characters() -> None:
    assert RtuAddress("/dev/ttyS0", 9600).silence_s == pytest.approx(3.5 * 10 / 9600)
    assert RtuAddress("/dev/ttyS0", 9600, "E", 2).silence_s == pytest.approx(3.5 * 12 / 9600)
    assert RtuAddress("/dev/ttyS0", 19200).silence_s == pytest.approx(3.5 * 10 / 19200)
    assert AsciiAddress("/dev/ttyS0", 9600).silence_s == pytest.approx(3.5 * 10 / 9600)
    assert RtuAddress("/dev/ttyS0", 115200).silence_s == 0.00175
