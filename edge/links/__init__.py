"""Modbus links: TCP, TLS, RTU and ASCII, on serial lines and through gateways; strict about whose answer is whose.

They can only read.
"""

from edge.links.address import (
    Address,
    AsciiAddress,
    AsciiTcpAddress,
    NetworkAddress,
    RtuAddress,
    RtuTcpAddress,
    SerialAddress,
    TcpAddress,
    TlsAddress,
    parse_url,
)
from edge.links.answers import words_of
from edge.links.link import Link
from edge.links.questions import BASIC, EXTENDED, READABLE, REGULAR, SINGLE, Read, ReadIdentification

__all__ = [
    "BASIC",
    "EXTENDED",
    "READABLE",
    "REGULAR",
    "SINGLE",
    "Address",
    "AsciiAddress",
    "AsciiTcpAddress",
    "Link",
    "NetworkAddress",
    "Read",
    "ReadIdentification",
    "RtuAddress",
    "RtuTcpAddress",
    "SerialAddress",
    "TcpAddress",
    "TlsAddress",
    "parse_url",
    "words_of",
]
