"""What each device of the factory shows at an instant, before its registers round it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simulator.calendar import MINUTES_PER_DAY
from simulator.description import FactoryFile
from simulator.electricity import meter_channels, phase_shares
from simulator.errors import UnknownDeviceError
from simulator.loads import (
    CYCLE,
    GOOD,
    STATE,
    Flow,
    Load,
    PressLoad,
    World,
    building_load,
    compressor_load,
    press_load,
)
from simulator.noise import Floats, Ints, key, normal, smooth, uniform
from simulator.traces import Trace

_TEMPERATURE = "temperature_c"


def offered(kind: str) -> frozenset[str]:
    """Channels the simulator can show for a kind of device."""
    if kind == "power_meter":
        one = np.zeros((1, 3))
        return frozenset(meter_channels(0, "", np.zeros(1, dtype=np.int64), one, one, one[:, 0], one[:, 0]))
    if kind == "plc":
        return frozenset({"production_count", "run_state", "cycle_time_s"})
    return frozenset({_TEMPERATURE, "humidity_pct"})


class Devices:
    """The factory's devices, computed when they are asked for and no further than they are asked."""

    def __init__(self, file: FactoryFile, world: World) -> None:
        self._file = file
        self._world = world
        swap = file.replacement
        self._presses = [
            press_load(press, world, swap if press.device == swap.device else None) for press in file.presses
        ]
        compressor = compressor_load(file.compressor, world, self._presses, file.building)
        self._metered: dict[str, Load] = {press.load.name: press.load for press in self._presses}
        self._metered[compressor.name] = compressor
        self._loads = [*self._metered.values(), building_load(file.building, world)]
        self._ambient = Trace(self._ambient_minutes, (_TEMPERATURE,))

    def press(self, device: str) -> PressLoad:
        """The press a meter or a PLC belongs to."""
        for press in self._presses:
            if device in (press.press.device, press.press.plc):
                return press
        raise UnknownDeviceError(f"{device!r} is no press and no press's PLC")

    def channels(self, device: str, seconds: Ints) -> dict[str, Floats]:
        """Every channel of a device at scenario seconds, shape (n,) [the channel's unit]."""
        if device == self._file.ambient.device:
            return self._outdoors(seconds)
        if device == self._file.incoming.device or device in self._metered:
            power, reactive, flow = self._phases(device, seconds)
            seed = self._world.seed
            return meter_channels(seed, device, seconds, power, reactive, flow.energy, flow.reactive_energy)
        press = self.press(device)
        columns = press.work.upto(int(seconds.max()) // 60).columns
        minutes = seconds // 60
        return {
            "production_count": np.floor(self.parts(device, seconds)),
            "run_state": columns[STATE][minutes],
            "cycle_time_s": columns[CYCLE][minutes],
        }

    def parts(self, device: str, seconds: Ints) -> Floats:
        """Good parts since the counter was new, shape (n,), parts in the making included."""
        minutes = seconds // 60
        grid = self.press(device).work.upto(int(minutes.max()))
        before = np.floor(2000.0 * self._draw(device))
        result: Floats = before + grid.totals[GOOD][minutes] + grid.columns[GOOD][minutes] * (seconds % 60) / 60.0
        return result

    def flow(self, device: str, seconds: Ints) -> Flow:
        """A meter's power and its registers at scenario seconds."""
        if device in self._metered:
            return self._with_register(device, self._metered[device].at(seconds))
        return self._phases(device, seconds)[2]

    def mean_temperature(self, minutes: Ints) -> Floats:
        """Mean of the sensor's temperature [°C] between consecutive scenario minutes, shape (minutes - 1,)."""
        totals = self._ambient.upto(int(minutes.max())).totals[_TEMPERATURE]
        result: Floats = np.diff(totals[minutes]) / np.diff(minutes)
        return result

    def _phases(self, device: str, seconds: Ints) -> tuple[Floats, Floats, Flow]:
        """Power and reactive power by phase, shape (n, 3), and in all."""
        if device in self._metered:
            flow = self.flow(device, seconds)
            shares = phase_shares(self._world.seed, device)
            return np.outer(flow.power, shares), np.outer(flow.reactive, shares), flow
        incoming = self._file.incoming
        power = np.full((len(seconds), 3), incoming.no_load_w / 3.0)
        reactive = np.zeros((len(seconds), 3))
        energy: Floats = incoming.no_load_w * seconds.astype(np.float64) / 3600.0
        reactive_energy = np.zeros(len(seconds))
        for load in self._loads:
            part, shares = load.at(seconds), phase_shares(self._world.seed, load.name)
            power += (1.0 + incoming.loss) * np.outer(part.power, shares)
            reactive += (1.0 - incoming.compensation) * np.outer(part.reactive, shares)
            energy = energy + (1.0 + incoming.loss) * part.energy
            reactive_energy = reactive_energy + (1.0 - incoming.compensation) * part.reactive_energy
        flow = Flow(power.sum(axis=1), reactive.sum(axis=1), energy, reactive_energy)
        return power, reactive, self._with_register(device, flow)

    def _with_register(self, device: str, flow: Flow) -> Flow:
        """With what the register showed when the scenario began: a few hundred kWh since the meter was mounted."""
        before = np.floor(400_000.0 * self._draw(device))
        return Flow(flow.power, flow.reactive, flow.energy + before, flow.reactive_energy + np.floor(0.6 * before))

    def _draw(self, device: str) -> float:
        return float(uniform(key(self._world.seed, device, "register"), np.zeros(1, dtype=np.int64))[0])

    def _ambient_minutes(self, first: int, count: int) -> Mapping[str, Floats]:
        minutes = np.arange(first, first + count, dtype=np.int64)
        gusts = 0.15 * smooth(key(self._world.seed, "ambient", "gusts"), minutes, 10)
        return {_TEMPERATURE: self._world.weather.temperature(minutes) + gusts}

    def _outdoors(self, seconds: Ints) -> dict[str, Floats]:
        minutes, seed = seconds // 60, self._world.seed
        temperature = self._ambient.upto(int(minutes.max())).columns[_TEMPERATURE][minutes]
        quick = 0.03 * normal(key(seed, "ambient", "second"), seconds)
        of_day = 2.0 * np.pi * (minutes % MINUTES_PER_DAY) / MINUTES_PER_DAY
        humidity = (
            60.0 + 12.0 * np.cos(of_day - 0.4 * np.pi) + 10.0 * smooth(key(seed, "ambient", "wet"), minutes, 2000)
        )
        return {_TEMPERATURE: temperature + quick, "humidity_pct": np.clip(humidity, 12.0, 98.0)}
