"""How believable a number is as a measured value: evidence in bits. Pure.

A number is evidence for a reading of registers as far as chance would not have put it there. The evidence of a value
that falls into a window (a voltage near 230 V) is -log2 of the share of bit patterns that would: floats of all
patterns; whole numbers by their size, as small numbers are commoner than large ones (log-uniform, Benford's law).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from edge.commissioning.phrases import Phrase, phrase, shown

PHASE_NOMINALS_V: Final = (110.0, 120.0, 127.0, 220.0, 230.0, 240.0, 277.0, 346.0, 1905.0, 3811.0, 13200.0)
"""Phase to neutral; 1,905, 3,811 and 13,200 belong to 3.3, 6.6 and 22.9 kV."""
LINE_NOMINALS_V: Final = (190.0, 208.0, 220.0, 380.0, 400.0, 415.0, 440.0, 480.0, 600.0, 690.0, 3300.0, 6600.0, 22900.0)
LOW_VOLTAGE_V: Final = (110.0, 220.0, 230.0, 380.0, 400.0, 440.0)
"""What a register is tried against when nobody says what it is."""
FREQUENCIES_HZ: Final = (50.0, 60.0)
VOLTAGE_TOLERANCE: Final = 0.10
FREQUENCY_TOLERANCE: Final = 0.02
_TINIEST: Final = 1e-6
_ROOT3: Final = math.sqrt(3)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Evidence for a reading (positive) or against it (negative) [bits], and why."""

    bits: float
    why: Phrase


class _Expected(NamedTuple):
    """A usual size, the evidence of lying inside it, and of lying outside [bits]."""

    low: float
    high: float
    bits: float
    against: float


_EXPECTED: Final = {
    "run_state": _Expected(0, 32, 1.0, -2.0),
    "temperature_c": _Expected(0, 120, 2.0, -2.0),
    # Air is hardly ever drier; a sensor of tenths, read as one of hundredths, would show just that.
    "humidity_pct": _Expected(10, 100, 1.5, -1.0),
    "cycle_time_s": _Expected(0.5, 3600, 1.0, -1.0),
    "power_factor": _Expected(0.2, 1, 1.5, 0.0),
}


def nearest(value: float, nominals: tuple[float, ...], tolerance: float) -> float | None:
    """The nominal value that `value` is within `tolerance` (a share of it) of, or none."""
    best = min(nominals, key=lambda nominal: abs(value / nominal - 1))
    return best if abs(value / best - 1) <= tolerance else None


def float_bits(low: float, high: float, bits: int = 32) -> float:
    """Evidence of a float that falls into [low, high], both above 0 [bits]."""
    code = ">f" if bits == 32 else ">d"
    first, last = (int.from_bytes(struct.pack(code, end), "big") for end in (low, high))
    return bits - math.log2(last - first + 1)


def integer_bits(low: float, high: float, bits: int) -> float:
    """Evidence of an unsigned number of so many bits that falls into [low, high], 1 or above [bits]."""
    return -math.log2(math.log(high / low) / (bits * math.log(2)))


def judge(name: str, value: float) -> Judgement:
    """How believable a value [the channel's unit] is for its channel, whatever register it came from."""
    judged = _judged(name, value)
    return replace(judged, why=Phrase(judged.why.key, {**judged.why.facts, "channel": name}))


def _judged(name: str, value: float) -> Judgement:
    if abs(value) < _TINIEST:
        return Judgement(-4.0, phrase("tiny", value=f"{value:.1e}")) if value else Judgement(0.0, phrase("zero"))
    text = shown(name, value)
    if name.startswith("voltage_"):
        return _voltage(name, value, text)
    if name == "frequency_hz":
        return _frequency(value, text)
    expected = _EXPECTED.get("power_factor" if name.startswith("power_factor") else name)
    if expected is None:
        return Judgement(0.5, phrase("in_range", value=text))
    fine = expected.low <= abs(value) <= expected.high
    return Judgement(expected.bits if fine else expected.against, phrase("in_range" if fine else "odd", value=text))


def _voltage(name: str, value: float, text: str) -> Judgement:
    line = name in {"voltage_l12_v", "voltage_l23_v", "voltage_l31_v"}
    nominal = nearest(value, LINE_NOMINALS_V if line else PHASE_NOMINALS_V, VOLTAGE_TOLERANCE)
    if nominal is None:
        return Judgement(-3.0, phrase("voltage_odd", value=text))
    low, high = nominal * (1 - VOLTAGE_TOLERANCE), nominal * (1 + VOLTAGE_TOLERANCE)
    return Judgement(float_bits(low, high) - 4, phrase("near", value=text, nominal=f"{nominal:,.0f} V"))


def _frequency(value: float, text: str) -> Judgement:
    nominal = nearest(value, FREQUENCIES_HZ, FREQUENCY_TOLERANCE)
    if nominal is None:
        return Judgement(-3.0, phrase("frequency_odd", value=text))
    return Judgement(
        float_bits(nominal * 0.98, nominal * 1.02) - 4, phrase("near", value=text, nominal=f"{nominal:.0f} Hz")
    )


def together(values: Mapping[str, float]) -> list[Judgement]:
    """What values say about each other: phase against line voltage, and P against V·I·PF."""
    found: list[Judgement] = []
    phase, line = values.get("voltage_l1_v"), values.get("voltage_l12_v")
    if phase and line:
        ratio = line / phase
        fine = abs(ratio / _ROOT3 - 1) < 0.05 or abs(ratio / 2 - 1) < 0.05
        key = "line_to_phase" if fine else "line_to_phase_odd"
        found.append(Judgement(4.0 if fine else -2.0, phrase(key, ratio=f"{ratio:.2f}")))
    power = values.get("active_power_w")
    expected = sum(
        values.get(f"voltage_l{n}_v", 0.0) * values.get(f"current_l{n}_a", 0.0) * _factor(values, n) for n in (1, 2, 3)
    )
    if power and expected:
        ratio = abs(power) / expected
        fine = 0.9 < ratio < 1.1
        key = "power_agrees" if fine else "power_disagrees"
        facts = {"power": shown("active_power_w", power), "product": shown("active_power_w", expected)}
        found.append(Judgement(6.0 if fine else -2.0, Phrase(key, {**facts})))
    return found


def _factor(values: Mapping[str, float], phase: int) -> float:
    return abs(values.get(f"power_factor_l{phase}", values.get("power_factor", 1.0)))
