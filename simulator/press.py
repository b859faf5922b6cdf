"""A press: its states, its shots, and the power each machine draws for the same work."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.calendar import MINUTES_PER_DAY
from simulator.description import Machine, Press, Production
from simulator.noise import Bools, Floats, Ints, ar1, key, normal, smooth, uniform
from simulator.schedule import RunState, WorkCalendar, break_mask, shift_mask, spans, warm_up_mask

_AHEAD = MINUTES_PER_DAY
_BEHIND = MINUTES_PER_DAY
"""Margins of the minute grid, so that a stop or a warm-up at the edge is seen from either side alike."""
_ORDER_DAYS_BACK = 60
HALL_C = 20.0


@dataclass(frozen=True, slots=True)
class Work:
    """What a press does, whichever machine stands there: all of shape (minutes,).

    `state` is a `RunState`, `shots` are per minute, `good` the parts of them that count, `cycle_s` the order's cycle.
    """

    state: Ints
    shots: Floats
    good: Floats
    cycle_s: Floats


def work(press: Press, calendar: WorkCalendar, seed: int, first: int, count: int, absent: tuple[int, int]) -> Work:
    """What a press does in `count` minutes from scenario minute `first` on.

    `absent` is the span of scenario minutes [from, until) in which no machine is there.
    """
    begin, size = first - _BEHIND, count + _BEHIND + _AHEAD
    minutes = np.arange(begin, begin + size, dtype=np.int64)
    shift = shift_mask(press.shifts, calendar, seed, press.device, begin, size)
    shift &= (minutes < absent[0]) | (minutes >= absent[1])
    warm_up = warm_up_mask(shift, press.warm_up_minutes) & ((minutes < absent[0]) | (minutes >= absent[1]))
    running = shift & ~break_mask(press.breaks, minutes)
    state = np.full(size, RunState.OFF, dtype=np.int64)
    state[warm_up] = RunState.WARM_UP
    state[shift] = RunState.IDLE
    state[running] = RunState.PRODUCTION
    production = press.production
    short = _stops(production.micro_stops_per_h, production.micro_stop_minutes, seed, f"{press.device}/short", minutes)
    state[running & short] = RunState.IDLE
    per_hour = production.breakdowns_per_100_h / 100
    long = _stops(per_hour, production.breakdown_minutes, seed, f"{press.device}/long", minutes)
    state[shift & long] = RunState.DOWN
    inside = slice(_BEHIND, _BEHIND + count)
    minutes, state = minutes[inside], state[inside]
    cycle = _cycle_times(production, seed, press.device, minutes)
    shots = np.where(state == RunState.PRODUCTION, 60.0 / cycle, 0.0)
    day = minutes // MINUTES_PER_DAY
    scrap = production.scrap * np.clip(1.0 + 0.5 * _by_day(key(seed, press.device, "scrap"), day, 0.3), 0.0, 3.0)
    return Work(state, shots, shots * (1.0 - scrap), cycle)


def _stops(per_hour: float, longest: int, seed: int, purpose: str, minutes: Ints) -> Bools:
    begins = uniform(key(seed, purpose, "begin"), minutes) < per_hour / 60.0
    lengths = 1 + (uniform(key(seed, purpose, "length"), minutes) * longest).astype(np.int64)
    return spans(begins, lengths)


def _cycle_times(production: Production, seed: int, device: str, minutes: Ints) -> Floats:
    """Each minute's cycle time [s]: the order's, which lasts for days, and the operator's few per mille."""
    days = np.arange(minutes[0] // MINUTES_PER_DAY - _ORDER_DAYS_BACK, minutes[-1] // MINUTES_PER_DAY + 1)
    changes = uniform(key(seed, device, "order"), days + 1000) < 1.0 / production.order_days
    changes[0] = True
    order = np.maximum.accumulate(np.where(changes, days, days[0]))
    deviation = np.clip(normal(key(seed, device, "cycle"), order + 1000), -2.5, 2.5)
    by_day = production.cycle_s * np.exp(production.cycle_spread * deviation)
    hand = 1.0 + 0.004 * smooth(key(seed, device, "operator"), minutes, 30)
    result: Floats = by_day[minutes // MINUTES_PER_DAY - days[0]] * hand
    return result


def _by_day(stream: int, day: Ints, rho: float) -> Floats:
    """An AR(1) over days, spread over the minutes whose `day` is given (rising)."""
    days = np.arange(day[0], day[-1] + 1, dtype=np.int64)
    result: Floats = ar1(stream, days, rho)[day - day[0]]
    return result


def expected_power(machine: Machine, done: Work, outdoor_c: Floats) -> Floats:
    """Power [W] a machine is expected to draw for work done, without noise; shape (minutes,)."""
    by_state = np.array(
        [machine.off_w, machine.idle_w, machine.warm_up_w, machine.production_w, machine.down_w], dtype=np.float64
    )
    heated = done.state != RunState.OFF
    producing = done.state == RunState.PRODUCTION
    barrel = machine.heat_w_per_k * (HALL_C - outdoor_c) * heated
    chiller = machine.chiller_w_per_k * np.maximum(0.0, outdoor_c - machine.chiller_from_c) * producing
    result: Floats = by_state[done.state] + barrel + chiller + 60.0 * machine.shot_wh * done.shots
    return result


def drawn_power(machine: Machine, done: Work, outdoor_c: Floats, seed: int, owner: str, minutes: Ints) -> Floats:
    """Power [W] it draws: the expected, with the day's material and the minute's scatter, both of mean zero."""
    noise = machine.noise
    material = noise.day * _by_day(key(seed, owner, "material"), minutes // MINUTES_PER_DAY, noise.day_rho)
    scatter = noise.minute * scatter_of(seed, owner, minutes)
    expected = expected_power(machine, done, outdoor_c)
    result: Floats = (expected + 60.0 * machine.shot_wh * done.shots * material) * (1.0 + scatter)
    return result


def scatter_of(seed: int, owner: str, minutes: Ints) -> Floats:
    """Noise of about unit variance with memories of a minute, a quarter of an hour and three hours; within ±4."""
    quick = 0.6 * normal(key(seed, owner, "minute"), minutes)
    slow = 0.6 * smooth(key(seed, owner, "quarter"), minutes, 15) + 0.6 * smooth(
        key(seed, owner, "hours"), minutes, 180
    )
    result: Floats = np.clip(quick + slow, -4.0, 4.0)
    return result


def tan_phi(machine: Machine, done: Work, seed: int, owner: str, minutes: Ints) -> Floats:
    """Reactive to active power by state; shape (minutes,)."""
    idle, production = (_tangent(cos) for cos in (machine.power_factor_idle, machine.power_factor_production))
    base = np.where(done.state == RunState.PRODUCTION, production, idle)
    result: Floats = base * (1.0 + 0.02 * smooth(key(seed, owner, "phi"), minutes, 20))
    return result


def _tangent(cos: float) -> float:
    return float(np.sqrt(1.0 - cos * cos) / cos)
