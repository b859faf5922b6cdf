"""Modbus links: TCP and serial RTU, strict about whose answer is whose. They can only read."""

from edge.links.address import Address, RtuAddress, TcpAddress, parse_url
from edge.links.frames import READABLE, Read
from edge.links.link import Link

__all__ = ["READABLE", "Address", "Link", "Read", "RtuAddress", "TcpAddress", "parse_url"]
