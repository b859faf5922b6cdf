"""The registry of channels: one quantity each, its unit in its name.

Names follow the field's own: phases ``l1`` ``l2`` ``l3``, line to line ``l12`` ``l23`` ``l31``, SI base units. Storage
keeps exactly these units; people are shown ``display_unit`` (value × ``display_scale``).
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import msgspec

from telemetry.errors import UnknownChannelError


class Kind(enum.StrEnum):
    """How a channel's values relate to time."""

    GAUGE = "gauge"
    """A value at an instant; averages make sense."""
    COUNTER = "counter"
    """A register that only rises, until it rolls over or is reset; differences make sense."""
    STATE = "state"
    """A coded condition; neither averages nor differences make sense, durations do."""


class Channel(msgspec.Struct, frozen=True):
    """One quantity.

    Parameters
    ----------
    name
        The name on the wire and in the store, unit included.
    unit
        Unit of stored values; ``1`` for a pure number.
    kind
        Gauge, counter or state.
    low, high
        Plausible range [unit], both ends included. A value outside is a defect of the reading.
    en, ko
        Label for people.
    display_unit, display_scale
        Unit people see, and the factor from stored to shown.
    """

    name: str
    unit: str
    kind: Kind
    low: float
    high: float
    en: str
    ko: str
    display_unit: str
    display_scale: float

    def plausible(self, value: float) -> bool:
        """Whether `value` [unit] lies inside the plausible range; never true of NaN."""
        return self.low <= value <= self.high


_SHOWN = {
    "w": ("kW", 1e-3), "var": ("kvar", 1e-3), "va": ("kVA", 1e-3), "wh": ("kWh", 1e-3), "varh": ("kvarh", 1e-3),
    "pa": ("bar", 1e-5), "v": ("V", 1.0), "a": ("A", 1.0), "hz": ("Hz", 1.0), "pct": ("%", 1.0), "c": ("°C", 1.0),
    "s": ("s", 1.0), "ms": ("ms", 1.0), "m3_h": ("m³/h", 1.0), "m3": ("m³", 1.0), "bytes": ("kB", 1e-3), "1": ("", 1.0),
}  # fmt: skip
_UNITS = {
    "w": "W", "var": "var", "va": "VA", "wh": "Wh", "varh": "varh", "pa": "Pa", "v": "V", "a": "A", "hz": "Hz",
    "pct": "%", "c": "°C", "s": "s", "ms": "ms", "m3_h": "m³/h", "m3": "m³", "bytes": "B", "1": "1",
}  # fmt: skip
_PHASES = ("l1", "l2", "l3")
_LINES = ("l12", "l23", "l31")


def _channel(name: str, suffix: str, kind: Kind, low: float, high: float, en: str, ko: str) -> Channel:
    shown, scale = _SHOWN[suffix]
    return Channel(name, _UNITS[suffix], kind, low, high, en, ko, shown, scale)


def _build() -> Iterator[Channel]:
    gauge, counter, state = Kind.GAUGE, Kind.COUNTER, Kind.STATE
    yield _channel("active_power_w", "w", gauge, -1e9, 1e9, "Active power", "유효전력")
    yield _channel("reactive_power_var", "var", gauge, -1e9, 1e9, "Reactive power", "무효전력")
    yield _channel("apparent_power_va", "va", gauge, 0, 1e9, "Apparent power", "피상전력")
    yield _channel("power_factor", "1", gauge, -1, 1, "Power factor", "역률")
    yield _channel("frequency_hz", "hz", gauge, 40, 70, "Frequency", "주파수")
    yield _channel("current_n_a", "a", gauge, 0, 2e5, "Neutral current", "중성선 전류")
    for phase in _PHASES:
        p = phase.upper()
        yield _channel(f"active_power_{phase}_w", "w", gauge, -1e9, 1e9, f"Active power {p}", f"유효전력 {p}")
        yield _channel(f"reactive_power_{phase}_var", "var", gauge, -1e9, 1e9, f"Reactive power {p}", f"무효전력 {p}")
        yield _channel(f"apparent_power_{phase}_va", "va", gauge, 0, 1e9, f"Apparent power {p}", f"피상전력 {p}")
        yield _channel(f"power_factor_{phase}", "1", gauge, -1, 1, f"Power factor {p}", f"역률 {p}")
        yield _channel(f"voltage_{phase}_v", "v", gauge, 0, 5e5, f"Voltage {p}", f"상전압 {p}")
        yield _channel(f"current_{phase}_a", "a", gauge, 0, 2e5, f"Current {p}", f"전류 {p}")
        yield _channel(f"thd_voltage_{phase}_pct", "pct", gauge, 0, 400, f"Voltage THD {p}", f"전압 왜형률 {p}")
        yield _channel(f"thd_current_{phase}_pct", "pct", gauge, 0, 1000, f"Current THD {p}", f"전류 왜형률 {p}")
    for line in _LINES:
        p = line.upper()
        yield _channel(f"voltage_{line}_v", "v", gauge, 0, 1e6, f"Voltage {p}", f"선간전압 {p}")
    yield _channel("energy_import_wh", "wh", counter, 0, 1e15, "Energy imported", "수전 전력량")
    yield _channel("energy_export_wh", "wh", counter, 0, 1e15, "Energy exported", "송전 전력량")
    yield _channel(
        "reactive_energy_import_varh", "varh", counter, 0, 1e15, "Reactive energy imported", "수전 무효전력량"
    )
    yield _channel(
        "reactive_energy_export_varh", "varh", counter, 0, 1e15, "Reactive energy exported", "송전 무효전력량"
    )
    yield _channel("production_count", "1", counter, 0, 1e15, "Parts produced", "생산 수량")
    yield _channel("run_state", "1", state, 0, 65535, "Run state", "운전 상태")
    yield _channel("alarm_state", "1", state, 0, 2**32 - 1, "Alarms", "경보 상태")
    yield _channel("cycle_time_s", "s", gauge, 0, 86400, "Cycle time", "사이클 타임")
    yield _channel("temperature_c", "c", gauge, -80, 2000, "Temperature", "온도")
    yield _channel("humidity_pct", "pct", gauge, 0, 100, "Relative humidity", "상대습도")
    yield _channel("pressure_pa", "pa", gauge, -2e5, 1e9, "Pressure", "압력")
    yield _channel("flow_m3_h", "m3_h", gauge, -1e6, 1e6, "Flow", "유량")
    yield _channel("air_volume_m3", "m3", counter, 0, 1e15, "Compressed air", "압축공기량")
    # What a gateway tells of itself, on the same road as everything it reads.
    yield _channel("outbox_depth_count", "1", gauge, 0, 1e12, "Batches waiting", "전송 대기 건수")
    yield _channel("outbox_bytes", "bytes", gauge, 0, 1e15, "Outbox size", "아웃박스 크기")
    yield _channel("lateness_ms", "ms", gauge, 0, 1e9, "Polling lateness", "수집 지연")
    yield _channel("readings_count", "1", counter, 0, 1e15, "Readings taken", "누적 계측 수")
    yield _channel("errors_connect_count", "1", counter, 0, 1e15, "Not connected", "연결 실패")
    yield _channel("errors_timeout_count", "1", counter, 0, 1e15, "No reply", "응답 없음")
    yield _channel("errors_exception_count", "1", counter, 0, 1e15, "Refused by device", "장치 예외 응답")
    yield _channel("errors_frame_count", "1", counter, 0, 1e15, "Broken or foreign reply", "프레임 오류")
    yield _channel("errors_stale_count", "1", counter, 0, 1e15, "Reply too late to trust", "지연 응답")
    yield _channel("errors_sentinel_count", "1", counter, 0, 1e15, "Device says: no value", "값 없음 표시")
    yield _channel("errors_range_count", "1", counter, 0, 1e15, "Outside plausible range", "허용 범위 초과")


CHANNELS: Mapping[str, Channel] = MappingProxyType({c.name: c for c in _build()})
"""Every channel WattProof knows, by name."""


def channel(name: str) -> Channel:
    """Look up a channel.

    Raises
    ------
    UnknownChannelError
        When no channel has this name; the message lists the nearest names.
    """
    found = CHANNELS.get(name)
    if found is not None:
        return found
    import difflib  # noqa: PLC0415 - only the unhappy path pays for it

    near = difflib.get_close_matches(name, CHANNELS, n=3)
    hint = f"; did you mean {', '.join(near)}?" if near else "; see docs/channels.md"
    raise UnknownChannelError(f"unknown channel {name!r}{hint}")
