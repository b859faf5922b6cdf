"""Everything that draws power, by the minute and by the second.

Within a minute the power of a load moves from second to second around the minute's mean, its weights averaging exactly
one, so that the energy register is the integral of the power, not an approximation of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simulator.calendar import MINUTES_PER_DAY
from simulator.description import Building, Compressor, Machine, Press, Replacement
from simulator.noise import Floats, Ints, ar1, key, normal, smooth, uniform
from simulator.press import Work, drawn_power, scatter_of, tan_phi, work
from simulator.schedule import RunState, WorkCalendar, break_mask, shift_mask
from simulator.traces import Trace
from simulator.weather import Weather

POWER, REACTIVE = "power_w", "reactive_var"
STATE, SHOTS, GOOD, CYCLE = "state", "shots", "good", "cycle_s"
Weights = Callable[[Ints], Floats]
"""From scenario minutes, shape (n,), to each second's part of its minute's power, shape (n, 60)."""

_SECONDS = np.arange(60, dtype=np.int64)
# Injection, holding, plasticising, opening and ejecting: about what a clamp meter shows over one cycle.
_CYCLE_SHAPE = np.array([1.45, 1.45, 1.0, 1.0, 1.15, 1.15, 1.15, 0.6, 0.6, 0.6])


@dataclass(frozen=True, slots=True)
class Flow:
    """Power and energy at instants: power [W], reactive power [var], their totals since minute 0 [Wh, varh]."""

    power: Floats
    reactive: Floats
    energy: Floats
    reactive_energy: Floats


@dataclass(frozen=True, slots=True)
class Load:
    """A load: its minute grid (`POWER`, `REACTIVE`) and its weights within a minute."""

    name: str
    trace: Trace
    weights: Weights

    def at(self, seconds: Ints) -> Flow:
        """Power and energy at scenario seconds, shape (n,)."""
        minutes, second = seconds // 60, seconds % 60
        grid = self.trace.upto(int(minutes.max()))
        weights = self.weights(minutes)
        weights /= weights.mean(axis=1, keepdims=True)
        rows = np.arange(len(minutes))
        before = np.cumsum(weights, axis=1) - weights
        now, past = weights[rows, second], before[rows, second] / 60.0
        power, reactive = grid.columns[POWER][minutes], grid.columns[REACTIVE][minutes]
        return Flow(
            power * now,
            reactive * now,
            (grid.totals[POWER][minutes] + power * past) / 60.0,
            (grid.totals[REACTIVE][minutes] + reactive * past) / 60.0,
        )


@dataclass(frozen=True, slots=True)
class PressLoad:
    """A press: what it does (`STATE`, `SHOTS`, `GOOD`, `CYCLE`) and what that draws."""

    press: Press
    work: Trace
    load: Load


@dataclass(frozen=True, slots=True)
class World:
    """What all loads live in: the seed, days off, the weather."""

    seed: int
    calendar: WorkCalendar
    weather: Weather


def press_load(press: Press, world: World, swap: Replacement | None) -> PressLoad:
    """A press whose machine may be replaced at midnight of `swap.removed`."""
    seed, name = world.seed, press.device
    absent = (0, 0)
    if swap is not None:
        removed, started = (day - world.calendar.start for day in (swap.removed, swap.started))
        absent = (removed.days * MINUTES_PER_DAY, started.days * MINUTES_PER_DAY)

    def doing(first: int, count: int) -> Mapping[str, Floats]:
        done = work(press, world.calendar, seed, first, count, absent)
        return {STATE: done.state.astype(np.float64), SHOTS: done.shots, GOOD: done.good, CYCLE: done.cycle_s}

    done_trace = Trace(doing, (SHOTS, GOOD))

    def drawing(first: int, count: int) -> Mapping[str, Floats]:
        power, tangent = np.zeros(count), np.zeros(count)
        for machine, plate, begin, end in _standing(press.machine, swap, absent, first, first + count):
            minutes = np.arange(begin, end, dtype=np.int64)
            done, owner = work_span(done_trace, begin, end - begin), f"{name}/{plate}"
            there = slice(begin - first, end - first)
            power[there] = drawn_power(machine, done, world.weather.temperature(minutes), seed, owner, minutes)
            tangent[there] = tan_phi(machine, done, seed, owner, minutes)
        return {POWER: power, REACTIVE: power * tangent}

    def within(minutes: Ints) -> Floats:
        grid = done_trace.upto(int(minutes.max()))
        shots = grid.columns[SHOTS][minutes][:, np.newaxis]
        phase = grid.totals[SHOTS][minutes][:, np.newaxis] + shots * (_SECONDS + 0.5) / 60.0
        shape = _CYCLE_SHAPE[((phase % 1.0) * len(_CYCLE_SHAPE)).astype(np.int64)]
        flicker = 1.0 + 0.015 * normal(key(seed, name, "second"), _second_index(minutes))
        result: Floats = np.where(shots > 0.0, shape, 1.0) * flicker
        return result

    return PressLoad(press, done_trace, Load(name, Trace(drawing, (POWER, REACTIVE)), within))


def _standing(
    machine: Machine, swap: Replacement | None, absent: tuple[int, int], first: int, end: int
) -> Iterator[tuple[Machine, str, int, int]]:
    """Which machine stands there from which scenario minute to which, within [first, end)."""
    if swap is None:
        yield machine, "old", first, end
        return
    if first < absent[0]:
        yield machine, "old", first, min(end, absent[0])
    if end > absent[1]:
        yield swap.machine, "new", max(first, absent[1]), end


def work_span(trace: Trace, first: int, count: int) -> Work:
    """What a press does in a span of minutes, from its trace."""
    columns = trace.upto(first + count - 1).columns
    span = slice(first, first + count)
    return Work(columns[STATE][span].astype(np.int64), columns[SHOTS][span], columns[GOOD][span], columns[CYCLE][span])


def compressor_load(compressor: Compressor, world: World, presses: Sequence[PressLoad], building: Building) -> Load:
    """A compressor loading and unloading for those who run, stopped when nobody does."""
    seed, name = world.seed, compressor.device

    def share(first: int, count: int) -> tuple[Floats, Floats]:
        minutes = np.arange(first, first + count, dtype=np.int64)
        lines = shift_mask(building.lines_shifts, world.calendar, seed, "building", first, count)
        lines &= ~break_mask(building.breaks, minutes)
        needed, awake = compressor.leaks + compressor.other_lines * lines, lines.copy()
        for press in presses:
            state = press.work.upto(first + count - 1).columns[STATE][first : first + count]
            needed = needed + compressor.per_press * (state == RunState.PRODUCTION)
            awake |= state != RunState.OFF
        needed = needed * (1.0 + 0.10 * scatter_of(seed, name, minutes))
        loaded = np.clip(np.rint(60.0 * needed), 0.0, 60.0)  # whole seconds, as `within` plays them
        return loaded, awake.astype(np.float64)

    def drawing(first: int, count: int) -> Mapping[str, Floats]:
        loaded, awake = share(first, count)
        minutes = np.arange(first, first + count, dtype=np.int64)
        duty = loaded / 60.0
        running = compressor.load_w * duty + compressor.unload_w * (1.0 - duty)
        running *= 1.0 + 0.008 * smooth(key(seed, name, "oil"), minutes, 45)
        power = np.where(awake > 0.0, running, compressor.off_w)
        tangents = [_tangent(cos) for cos in (compressor.power_factor_load, compressor.power_factor_unload)]
        tangent = np.where(awake > 0.0, duty * tangents[0] + (1.0 - duty) * tangents[1], tangents[1])
        return {POWER: power, REACTIVE: power * tangent, "loaded": loaded * awake}

    trace = Trace(drawing, (POWER, REACTIVE))

    def within(minutes: Ints) -> Floats:
        loaded = trace.upto(int(minutes.max())).columns["loaded"][minutes][:, np.newaxis]
        turn = (uniform(key(seed, name, "turn"), minutes) * 60.0).astype(np.int64)[:, np.newaxis]
        playing = (_SECONDS + turn) % 60 < loaded
        level = np.where(loaded > 0.0, np.where(playing, compressor.load_w, compressor.unload_w), 1.0)
        result: Floats = level * (1.0 + 0.012 * normal(key(seed, name, "second"), _second_index(minutes)))
        return result

    return Load(name, trace, within)


def building_load(building: Building, world: World) -> Load:
    """The house and the lines without a meter of their own."""
    seed, name = world.seed, "building"
    noise = building.lines_noise

    def drawing(first: int, count: int) -> Mapping[str, Floats]:
        minutes = np.arange(first, first + count, dtype=np.int64)
        shift = shift_mask(building.lines_shifts, world.calendar, seed, name, first, count)
        people = np.where(shift, 1.0, 0.2)
        running = np.where(shift & ~break_mask(building.breaks, minutes), 1.0, np.where(shift, 0.45, 0.0))
        days = minutes // MINUTES_PER_DAY
        order = ar1(key(seed, name, "day"), np.arange(days[0], days[-1] + 1), noise.day_rho)[days - days[0]]
        lines = building.lines_w * running * np.maximum(0.2, 1.0 + noise.day * order)
        outdoor = world.weather.temperature(minutes)
        heating = building.heating_w_per_k * np.maximum(0.0, building.heating_below_c - outdoor)
        cooling = building.cooling_w_per_k * np.maximum(0.0, outdoor - building.cooling_above_c)
        power = building.base_w + lines + people * (building.lighting_w + heating + cooling)
        power *= 1.0 + noise.minute * scatter_of(seed, name, minutes)
        return {POWER: power, REACTIVE: power * _tangent(building.power_factor)}

    def within(minutes: Ints) -> Floats:
        index = _second_index(minutes)
        quick, slow = normal(key(seed, name, "second"), index), smooth(key(seed, name, "motors"), index, 12)
        result: Floats = 1.0 + np.clip(0.008 * quick + 0.02 * slow, -0.5, 0.5)
        return result

    return Load(name, Trace(drawing, (POWER, REACTIVE)), within)


def _second_index(minutes: Ints) -> Ints:
    result: Ints = minutes[:, np.newaxis] * 60 + _SECONDS
    return result


def _tangent(cos: float) -> float:
    return float(np.sqrt(1.0 - cos * cos) / cos)
