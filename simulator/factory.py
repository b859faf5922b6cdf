"""The virtual factory: what its devices show at any time, and the truth about its saving."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.profiles import Profile, load_profile
from simulator.calendar import DAY_MS, Clock, iso_local, local_date, midnight_ms, public_holidays
from simulator.description import Device, FactoryFile
from simulator.devices import Devices
from simulator.errors import OutsideScenarioError, UnknownDeviceError
from simulator.loading import read_factory, replaced_press
from simulator.loads import World, work_span
from simulator.noise import Floats, Ints
from simulator.press import expected_power
from simulator.registers import image, quantise, shown
from simulator.schedule import WorkCalendar
from simulator.weather import DATA, load_weather
from telemetry import Table

Edges = Sequence[int] | npt.NDArray[np.int64]
_KEPT_READS = 64


@dataclass(frozen=True, slots=True)
class Truth:
    """The saving nobody can meter: expected energies of both machines for the same work and weather."""

    old_expected_kwh: float
    new_expected_kwh: float

    @property
    def saving_kwh(self) -> float:
        """Old less new [kWh]."""
        return self.old_expected_kwh - self.new_expected_kwh

    @property
    def saving_pct(self) -> float:
        """Of the old machine's energy [%]."""
        return 100.0 * self.saving_kwh / self.old_expected_kwh if self.old_expected_kwh else 0.0


@dataclass(frozen=True, slots=True)
class Span:
    """Real local days (Asia/Seoul), from `start` up to but not including `end`."""

    start: date
    end: date

    @property
    def start_ms(self) -> int:
        """Local midnight that begins it [ms since 1970-01-01 UTC]."""
        return midnight_ms(self.start)

    @property
    def end_ms(self) -> int:
        """Local midnight that ends it [ms since 1970-01-01 UTC]."""
        return midnight_ms(self.end)


@dataclass(frozen=True, slots=True)
class PlanWindows:
    """The evaluation's windows in real dates, one after the other without a gap."""

    baseline: Span
    installation: Span
    reporting: Span


class Factory:
    """A factory laid over real time. All times are real, in [ms since 1970-01-01 UTC]. Thread-safe.

    Attributes
    ----------
    file
        What the factory file says.
    seed
        What everything random follows from.
    clock
        How real time is laid over the scenario's.
    """

    def __init__(self, file: FactoryFile, seed: int, clock: Clock) -> None:
        self.file = file
        self.seed = seed
        self.clock = clock
        scenario = file.scenario
        self._origin_ms = clock.real_ms(midnight_ms(scenario.start))
        holidays = scenario.holidays
        last = date(scenario.live.year + 2, 12, 31)
        closed = public_holidays(holidays.country, scenario.start, last) - set(holidays.worked)
        calendar = WorkCalendar(scenario.start, closed | set(holidays.closed))
        self._world = World(seed, calendar, load_weather(DATA / scenario.weather, scenario.start))
        self._devices = Devices(file, self._world)
        self._profiles: dict[str, Profile] = {device.id: load_profile(device.profile) for device in file.devices}
        self._reads: OrderedDict[tuple[str, int], dict[str, float]] = OrderedDict()

    @property
    def begins_ms(self) -> int:
        """When the scenario begins; there is nothing before."""
        return self._origin_ms

    def device(self, device: str) -> Device:
        """Look up a device.

        Raises
        ------
        UnknownDeviceError
            When the factory has none of this id.
        """
        for known in self.file.devices:
            if known.id == device:
                return known
        raise UnknownDeviceError(f"no device {device!r}; there are {', '.join(d.id for d in self.file.devices)}")

    def profile(self, device: str) -> Profile:
        """The profile a device answers by."""
        return self._profiles[self.device(device).id]

    def values(self, device: str, at_ms: int) -> dict[str, float]:
        """What a reader of the device's registers gets: every channel of its profile [the channel's unit].

        Registers are refreshed on the whole second, all of them at once, so any blocks read within a second agree.

        Raises
        ------
        UnknownDeviceError, OutsideScenarioError
        """
        return shown(self.profile(device), self._exact(device, at_ms))

    def registers(self, device: str, at_ms: int) -> dict[tuple[int, int], int]:
        """The device's registers: words by (function, wire address), as `values` reads them."""
        return image(self.profile(device), self._exact(device, at_ms))

    def history(self, start_ms: int, end_ms: int, every_ms: int = 900_000) -> Iterator[Table]:
        """What a gateway would have read at every multiple of `every_ms` in [start, end).

        Yields
        ------
        Table
            One per device and local day, days rising; every channel of the device's profile, as its registers hold it.

        Raises
        ------
        OutsideScenarioError
            When `start_ms` is before the scenario begins.
        """
        self._second(start_ms)
        day_start = start_ms
        while day_start < end_ms:
            day_end = min(end_ms, midnight_ms(local_date(day_start)) + DAY_MS)
            times = np.arange(-(-day_start // every_ms) * every_ms, day_end, every_ms, dtype=np.int64)
            seconds = (times - self._origin_ms) // 1000
            for device in self.file.devices if len(times) else ():
                columns = quantise(self._profiles[device.id], self._devices.channels(device.id, seconds))
                yield Table.of(
                    device.id,
                    device.kind,
                    times.tolist(),
                    {name: column.tolist() for name, column in columns.items()},
                )
            day_start = day_end

    def interval_energy(self, device: str, edges_ms: Edges) -> Floats:
        """Energy [kWh] between consecutive edges, shape (edges - 1,), without a register's rounding."""
        self._of_kind(device, "power_meter")
        energy = self._devices.flow(device, self._seconds(edges_ms)).energy
        result: Floats = np.diff(energy) / 1000.0
        return result

    def interval_production(self, device: str, edges_ms: Edges) -> Floats:
        """Parts counted between consecutive edges by a PLC, shape (edges - 1,)."""
        self._of_kind(device, "plc")
        result: Floats = np.diff(self._devices.parts(device, self._seconds(edges_ms)))
        return result

    def interval_temperature(self, device: str, edges_ms: Edges) -> Floats:
        """Mean temperature [°C] a sensor shows between consecutive edges (whole minutes), shape (edges - 1,)."""
        self._of_kind(device, "sensor")
        return self._devices.mean_temperature(self._seconds(edges_ms) // 60)

    def plan_windows(self) -> PlanWindows:
        """Baseline, installation and reporting in real local dates."""
        swap, real = self.file.replacement, self.clock.real_date
        start, removed = real(self.file.scenario.start), real(swap.removed)
        started, until = real(swap.started), real(swap.reporting_until)
        return PlanWindows(Span(start, removed), Span(removed, started), Span(started, until))

    def truth(self, start_ms: int, end_ms: int) -> Truth:
        """The replaced press's true saving in [start, end), real time, to the minute.

        Both machines' energies are expectations, without noise, under what was really done in that time: the same
        states, shots and weather.

        Raises
        ------
        OutsideScenarioError
            When `start_ms` is before the scenario begins.
        """
        first = self._second(start_ms) // 60
        count = max(0, (end_ms - start_ms) // 60_000)
        if not count:
            return Truth(0.0, 0.0)
        press, new = replaced_press(self.file), self.file.replacement.machine
        done = work_span(self._devices.press(press.device).work, first, count)
        outdoor = self._world.weather.temperature(np.arange(first, first + count, dtype=np.int64))
        old_kwh, new_kwh = (
            float(expected_power(machine, done, outdoor).sum()) / 60_000.0 for machine in (press.machine, new)
        )
        return Truth(old_kwh, new_kwh)

    def _exact(self, device: str, at_ms: int) -> dict[str, float]:
        """All channels at the last whole second; kept, because a device's blocks are read one after the other."""
        second = self._second(at_ms)
        known = self._reads.get((device, second))
        if known is None:
            columns = self._devices.channels(self.device(device).id, np.array([second], dtype=np.int64))
            known = {name: float(column[0]) for name, column in columns.items()}
            self._reads[device, second] = known
            while len(self._reads) > _KEPT_READS:
                self._reads.popitem(last=False)
        return known

    def _second(self, at_ms: int) -> int:
        if at_ms < self._origin_ms:
            raise OutsideScenarioError(
                f"{iso_local(at_ms)} is before the factory's first day, {iso_local(self._origin_ms)} (Asia/Seoul)"
            )
        return (at_ms - self._origin_ms) // 1000

    def _seconds(self, edges_ms: Edges) -> Ints:
        edges = np.asarray(edges_ms, dtype=np.int64)
        if len(edges):
            self._second(int(edges.min()))
        result: Ints = (edges - self._origin_ms) // 1000
        return result

    def _of_kind(self, device: str, kind: str) -> None:
        found = self.device(device)
        if found.kind != kind:
            raise UnknownDeviceError(f"{device!r} is a {found.kind}, not a {kind}")


def load_factory(path_or_builtin: str | Path = "gimpo", *, seed: int | None = None, now_ms: int) -> Factory:
    """Load a factory and lay it over real time.

    Parameters
    ----------
    path_or_builtin
        Path of a factory file, or the name of a built-in one.
    seed
        Instead of the file's.
    now_ms
        Now [ms since 1970-01-01 UTC]: this week's Monday (Asia/Seoul) becomes the scenario's `live`.

    Raises
    ------
    NoFactoryError, DocumentError, SimulatorError, edge.profiles.UnknownProfileError
    """
    file = read_factory(path_or_builtin)
    clock = Clock.from_now(now_ms, file.scenario.live)
    return Factory(file, file.seed if seed is None else seed, clock)
