"""From power to what a three-phase meter shows, consistently: P = Σ V·I·cos φ, S² = P² + Q² in every phase."""

from __future__ import annotations

import numpy as np

from simulator.noise import Floats, Ints, key, normal, smooth

NOMINAL_V = 220.0
"""Phase to neutral; 380 V between phases (한국 저압 3상 4선식)."""
_FEED_V = 221.5
_CABLE_DROP_PER_W = 1e-7
_PHASES = ("l1", "l2", "l3")


def phase_shares(seed: int, device: str) -> Floats:
    """How a load spreads over the phases: shape (3,), its sum 1, within a few per cent of a third each."""
    uneven = 1.0 + 0.025 * np.clip(normal(key(seed, device, "phases"), np.arange(3)), -2.0, 2.0)
    result: Floats = uneven / uneven.sum()
    return result


def feed_voltages(seed: int, seconds: Ints) -> Floats:
    """Voltage of each phase at the transformer [V], shape (n, 3)."""
    columns = []
    for number, phase in enumerate(_PHASES):
        slow = smooth(key(seed, "grid", "volt"), seconds, 1800) + 0.4 * smooth(key(seed, phase, "volt"), seconds, 300)
        quick = normal(key(seed, phase, "flicker"), seconds)
        columns.append(_FEED_V * (1.0 + 0.001 * (number - 1) + 0.004 * slow + 0.0006 * quick))
    return np.stack(columns, axis=1)


def frequency(seed: int, seconds: Ints) -> Floats:
    """Grid frequency [Hz], shape (n,)."""
    slow, quick = smooth(key(seed, "grid", "hz"), seconds, 120), normal(key(seed, "grid", "hertz"), seconds)
    result: Floats = 60.0 + np.clip(0.015 * slow + 0.003 * quick, -0.1, 0.1)
    return result


def meter_channels(
    seed: int, device: str, seconds: Ints, power: Floats, reactive: Floats, energy: Floats, reactive_energy: Floats
) -> dict[str, Floats]:
    """Every channel a power meter can have.

    Parameters
    ----------
    seed, device
        Whose small differences.
    seconds
        Scenario seconds, shape (n,).
    power, reactive
        By phase [W, var], shape (n, 3).
    energy, reactive_energy
        Registers [Wh, varh], shape (n,).

    Returns
    -------
    dict
        By channel, shape (n,) [the channel's unit].
    """
    total = power.sum(axis=1, keepdims=True)
    voltage = feed_voltages(seed, seconds) * (1.0 - np.minimum(0.05, _CABLE_DROP_PER_W * total))
    apparent = np.hypot(power, reactive)
    current = apparent / voltage
    cosine = np.divide(power, apparent, out=np.ones_like(power), where=apparent > 0.0)
    channels: dict[str, Floats] = {
        "active_power_w": power.sum(axis=1),
        "reactive_power_var": reactive.sum(axis=1),
        "apparent_power_va": apparent.sum(axis=1),
        "frequency_hz": frequency(seed, seconds),
        "energy_import_wh": energy,
        "energy_export_wh": np.zeros_like(energy),
        "reactive_energy_import_varh": reactive_energy,
        "reactive_energy_export_varh": np.zeros_like(energy),
        "current_n_a": _neutral(current),
    }
    va = channels["apparent_power_va"]
    channels["power_factor"] = np.divide(channels["active_power_w"], va, out=np.ones_like(va), where=va > 0.0)
    for number, phase in enumerate(_PHASES):
        after = _PHASES[(number + 1) % 3]
        v, w = voltage[:, number], voltage[:, (number + 1) % 3]
        channels[f"voltage_{phase}_v"] = v
        channels[f"voltage_{phase}{after[1]}_v"] = np.sqrt(v * v + w * w + v * w)
        channels[f"current_{phase}_a"] = current[:, number]
        channels[f"active_power_{phase}_w"] = power[:, number]
        channels[f"reactive_power_{phase}_var"] = reactive[:, number]
        channels[f"apparent_power_{phase}_va"] = apparent[:, number]
        channels[f"power_factor_{phase}"] = cosine[:, number]
        wave = smooth(key(seed, device, phase, "thd"), seconds, 60)
        channels[f"thd_voltage_{phase}_pct"] = 2.2 + 0.2 * np.clip(wave, -3.0, 3.0)
        channels[f"thd_current_{phase}_pct"] = 7.5 + 0.8 * np.clip(wave, -3.0, 3.0)
    return channels


def _neutral(current: Floats) -> Floats:
    """Neutral current [A] of three phase currents 120° apart with equal cos φ, shape (n, 3)."""
    one, two, three = current.T
    square = one**2 + two**2 + three**2 - one * two - two * three - three * one
    result: Floats = np.sqrt(np.maximum(square, 0.0))
    return result
