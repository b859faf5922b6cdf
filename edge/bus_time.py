"""How long a read keeps a bus busy: from baud rate, frames, silences and the device's own turnaround."""

from __future__ import annotations

from typing import Final, NamedTuple

from edge.links import Address, AsciiAddress, AsciiTcpAddress, RtuTcpAddress, SerialAddress

TURNAROUND_MS: Final = 5.0
"""Taken for what a meter on a serial line needs before it answers [ms]; many need more, few less."""
ROUND_TRIP_MS: Final = 1.0
"""Taken for a question and its answer on a local network, the device's own time included [ms]."""

_TCP, _RTU, _ASCII = (12, 9), (8, 5), (17, 11)
"""Bytes of a question, and of an answer without its data (which ASCII writes as two characters a byte)."""


class BusTime(NamedTuple):
    """One read on the wire: `sent` and `received` [bytes], and how long the bus is busy with it [ms]."""

    sent: int
    received: int
    ms: float


def bus_time(address: Address, function: int, count: int, pause_ms: float = 0.0) -> BusTime:
    """Bus time of one read.

    On a serial line: start, data, parity and stop bits of every byte of question and answer, a silence of 3.5
    characters behind each frame (1.75 ms above 19,200 baud; Modbus over Serial Line V1.02, 2.5.1.1), and the device's
    turnaround. Over a network: a round trip. Both: the bus's guard time and the device's own rest.

    Parameters
    ----------
    address
        The bus.
    function, count
        What is read: registers, or bits for functions 1 and 2.
    pause_ms
        Rest the device needs afterwards [ms].
    """
    data = (count + 7) // 8 if function in {1, 2} else 2 * count
    if isinstance(address, AsciiAddress | AsciiTcpAddress):
        sent, received = _ASCII[0], _ASCII[1] + 2 * data
    else:
        question, answer = _RTU if isinstance(address, SerialAddress | RtuTcpAddress) else _TCP
        sent, received = question, answer + data
    rest_ms = 1000 * address.guard_s + pause_ms
    if not isinstance(address, SerialAddress):
        return BusTime(sent, received, ROUND_TRIP_MS + rest_ms)
    wire_ms = 1000 * ((sent + received) * address.character_s + 2 * address.silence_s)
    return BusTime(sent, received, wire_ms + TURNAROUND_MS + rest_ms)
