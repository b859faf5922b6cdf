"""Messages of a city's meters: 30 channels each, as bytes that differ in names, number, time and values."""

from __future__ import annotations

import random
import zlib
from typing import Final

from telemetry import BATCH, CHANNELS, Batch, Table, encode, topic
from telemetry.packets import publication

SITE: Final = "city"
EPOCH: Final = "0123456789abcdef"
CHANNELS_EACH: Final = 30
_KINDS_OF_VALUES: Final = 64
_CRC: Final = b',"crc":"%08x"}'


def batch(meter: int, gateway: int, seq: int, time: int, seed: int) -> Batch:
    """One reading of each channel of one meter."""
    draw = random.Random(seed)
    columns: dict[str, list[float | None]] = {
        channel.name: [round(draw.uniform(max(channel.low, 0), min(channel.high, 400)), 3)]
        for channel in list(CHANNELS.values())[:CHANNELS_EACH]
    }
    return Batch(
        SITE, f"gw-{gateway:06d}", EPOCH, seq, [Table.of(f"meter-{meter:06d}", "power_meter", [time], columns)]
    )


class Meters:
    """Makes the payloads: each meter in turn, each through its own gateway."""

    def __init__(self, meters: int, gateways: int) -> None:
        self._meters, self._gateways = meters, gateways
        self._seqs = [0] * gateways
        self._sent = 0
        self._templates = []
        for seed in range(_KINDS_OF_VALUES):
            body = encode(batch(1, 1, 7_777_777, 1_234_567_890_123, seed)).rpartition(b',"crc"')[0]
            for known, slot in ((b"gw-000001", b"gw-%06d"), (b"7777777", b"%d"), (b"meter-000001", b"meter-%06d")):
                body = body.replace(known, slot)
            self._templates.append(body.replace(b"1234567890123", b"%d"))

    def next(self, time: int, mid: int) -> bytes:
        """The PUBLISH packet, at QoS 1, of the next meter read at `time` [ms]."""
        meter = self._sent % self._meters
        gateway = meter % self._gateways
        seq = self._seqs[gateway] = self._seqs[gateway] + 1
        body = self._templates[self._sent % _KINDS_OF_VALUES] % (gateway, seq, meter, time)
        self._sent += 1
        return publication(topic(SITE, f"gw-{gateway:06d}", BATCH), body + _CRC % zlib.crc32(body), mid)
