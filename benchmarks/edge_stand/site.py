"""The site of the benchmark: TCP devices of four units, each unit everything a meter can say in 120 registers."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from telemetry import CHANNELS

UNITS: Final = 4
REGISTERS: Final = 120
_OWN: Final = ("errors_", "outbox_", "lateness_", "readings_")


def channels() -> list[str]:
    """The channels of the registry that a meter can deliver, at most as many as fit."""
    return [name for name in CHANNELS if not name.startswith(_OWN)][: REGISTERS // 2]


def addresses() -> list[int]:
    """The register of each: one behind the other, the last at the end of the block."""
    return [2 * index for index in range(len(channels()) - 1)] + [REGISTERS - 2]


def values() -> list[float]:
    """A plausible value of each: no round number, for a round one is short on the wire."""
    return [
        41.37 + 0.11 * index if CHANNELS[name].low <= 41 and CHANNELS[name].high >= 49 else 0.9 + index / 1000
        for index, name in enumerate(channels())
    ]


def words() -> list[int]:
    """The registers that hold them, single precision."""
    found = [0] * REGISTERS
    for address, value in zip(addresses(), values(), strict=True):
        found[address : address + 2] = struct.unpack(">2H", struct.pack(">f", value))
    return found


def write_site(folder: Path, ports: Iterable[int], broker_port: int) -> Path:
    """Write profile and site file; its path."""
    fields = "".join(
        f"  - {{channel: {name}, function: 3, address: {address}, type: float32}}\n"
        for address, name in zip(addresses(), channels(), strict=True)
    )
    (folder / "bench.yaml").write_text(
        "name: bench\nvendor: any\nmodel: any\nkind: power_meter\nsource: the benchmark's own\nverified: false\n"
        f"address_base: 0\nmax_registers: {REGISTERS}\nmax_gap: {REGISTERS}\nfields:\n{fields}"
        "goldens:\n  - what: nothing at 0\n    registers: [{function: 3, address: 0, words: [0, 0]}]\n"
        f"    values: {{{channels()[0]}: 0}}\n",
        encoding="utf-8",
    )
    lines = ["site: {id: bench, name: Bench}", "gateway: gw-1", f"broker: {{port: {broker_port}}}", "buses:"]
    for number, port in enumerate(ports):
        units = range(1, UNITS + 1)
        devices = ", ".join(f"{{id: d{number}-{unit}, profile: bench.yaml, unit: {unit}}}" for unit in units)
        lines.append(f"  - {{name: b{number}, url: 'tcp://127.0.0.1:{port}', devices: [{devices}]}}")
    path = folder / "site.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
