"""What a factory file says: typed, in the order a reader of the YAML meets it. `loading` reads and checks it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import msgspec

Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
PowerFactor = Annotated[float, msgspec.Meta(gt=0, le=1)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ClockTime = Annotated[str, msgspec.Meta(pattern=r"^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$")]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the file; an unknown key is an error."""


class Site(_Part, frozen=True):
    """Who the factory is. The timezone is fixed: the simulator's calendar counts on there being no summer time."""

    id: str
    name: str
    timezone: Literal["Asia/Seoul"]


class Holidays(_Part, frozen=True):
    """Days off: the country's public holidays, without those `worked`, with those `closed` besides."""

    country: Literal["KR"]
    worked: list[date] = []
    closed: list[date] = []


class Scenario(_Part, frozen=True):
    """The fixed period that real time is laid over: both dates are Mondays."""

    start: date
    live: date
    weather: str
    holidays: Holidays


class Link(_Part, frozen=True):
    """A way to devices: ``tcp://127.0.0.1:0`` (0: any free port) or ``pty://?baud=9600``."""

    name: str
    url: str


class Device(_Part, frozen=True):
    """A device on a link, answering to a Modbus unit, as a profile describes it.

    `profile` is a built-in one's name, the path of a YAML file beside this one, or a profile written here, as in a
    site file.
    """

    id: str
    kind: Literal["power_meter", "plc", "sensor"]
    label: str
    profile: str | dict[str, Any]
    link: str
    unit: Annotated[int, msgspec.Meta(ge=1, le=247)]


class Shift(_Part, frozen=True):
    """Hours worked on some weekdays; `end` before `start` runs past midnight.

    `chance` is drawn once per week: 1 is always worked, 0.4 in two weeks of five.
    """

    days: Annotated[list[Weekday], msgspec.Meta(min_length=1)]
    start: ClockTime
    end: ClockTime
    chance: Fraction = 1.0


class Break(_Part, frozen=True):
    """A pause every day, machines idling."""

    start: ClockTime
    end: ClockTime


class Production(_Part, frozen=True):
    """How a press makes parts; none of it depends on which machine stands there.

    Parameters
    ----------
    cycle_s
        Usual time from shot to shot [s].
    cycle_spread
        Standard deviation of an order's cycle time, as a fraction.
    order_days
        Days an order lasts on average.
    scrap
        Fraction of shots that is no good part.
    micro_stops_per_h, micro_stop_minutes
        Short stops per running hour, and the longest.
    breakdowns_per_100_h, breakdown_minutes
        Long stops per 100 running hours, and the longest.
    """

    cycle_s: Positive
    cycle_spread: NotNegative
    order_days: Annotated[float, msgspec.Meta(ge=1)]
    scrap: Annotated[float, msgspec.Meta(ge=0, lt=1)]
    micro_stops_per_h: NotNegative
    micro_stop_minutes: Annotated[int, msgspec.Meta(ge=1, le=60)]
    breakdowns_per_100_h: NotNegative
    breakdown_minutes: Annotated[int, msgspec.Meta(ge=1, le=240)]


class Noise(_Part, frozen=True):
    """Deviations from the expected power, as fractions.

    `day` is the standard deviation of the day's energy per shot (material, mould), an AR(1) from day to day with lag-1
    correlation `day_rho`; `minute` that of the power from minute to minute.
    """

    day: NotNegative
    day_rho: Annotated[float, msgspec.Meta(ge=0, lt=1)]
    minute: NotNegative


class Machine(_Part, frozen=True):
    """What a press draws: ``state power + shot energy × shots + heat_w_per_k × (20 °C − outdoor)``.

    Parameters
    ----------
    name
        What the plate says.
    off_w, warm_up_w, idle_w, down_w, production_w
        Power in each state [W]; in production on top of the shots' energy.
    shot_wh
        Energy per shot [Wh].
    heat_w_per_k
        Barrel heat lost to a colder hall, whenever it is heated [W/K].
    chiller_w_per_k, chiller_from_c
        Cooling water in production, above this outdoor temperature [W/K, °C].
    noise
        Around all that, its mean zero.
    power_factor_idle, power_factor_production
        cos φ, lagging.
    """

    name: str
    off_w: NotNegative
    warm_up_w: NotNegative
    idle_w: NotNegative
    down_w: NotNegative
    production_w: NotNegative
    shot_wh: NotNegative
    heat_w_per_k: NotNegative
    chiller_w_per_k: NotNegative
    chiller_from_c: float
    noise: Noise
    power_factor_idle: PowerFactor
    power_factor_production: PowerFactor


class Press(_Part, frozen=True):
    """An injection moulding machine: its meter, its PLC, its hours, its production, the machine itself."""

    device: str
    plc: str
    warm_up_minutes: Annotated[int, msgspec.Meta(ge=0, le=240)]
    shifts: Annotated[list[Shift], msgspec.Meta(min_length=1)]
    breaks: list[Break]
    production: Production
    machine: Machine


class Replacement(_Part, frozen=True):
    """One press is exchanged: switched off from midnight of `removed` to midnight of `started`.

    `reporting_until` ends the evaluation's reporting period; `saving_pct` is the true saving in it, expected energy
    of the old machine against the new one under the same production, hours and weather [%].
    """

    device: str
    removed: date
    started: date
    reporting_until: date
    saving_pct: float
    machine: Machine


class Compressor(_Part, frozen=True):
    """A screw compressor that loads and unloads, and stops when nobody needs air.

    The share of time loaded is `leaks` plus each running press's part and, while they run, the other lines' part.
    """

    device: str
    load_w: Positive
    unload_w: Positive
    off_w: NotNegative
    leaks: Fraction
    per_press: Fraction
    other_lines: Fraction
    power_factor_load: PowerFactor
    power_factor_unload: PowerFactor


class Building(_Part, frozen=True):
    """All that has no meter of its own: base load, lighting, heating and cooling, and the other lines.

    Parameters
    ----------
    base_w
        Day and night [W].
    lighting_w, heating_w_per_k, cooling_w_per_k
        While people are in; a fifth of it (frost protection, night light) otherwise [W, W/K].
    heating_below_c, cooling_above_c
        Outdoor temperatures at which they begin [°C].
    lines_w
        The other lines in operation [W]; `lines_shifts` and `breaks` say when.
    lines_noise
        Of the other lines.
    power_factor
        cos φ of it all, lagging.
    """

    base_w: Positive
    lighting_w: NotNegative
    heating_w_per_k: NotNegative
    heating_below_c: float
    cooling_w_per_k: NotNegative
    cooling_above_c: float
    lines_w: NotNegative
    lines_shifts: list[Shift]
    breaks: list[Break]
    lines_noise: Noise
    power_factor: PowerFactor


class Incoming(_Part, frozen=True):
    """The main meter: the sum of everything, the transformer's and cables' losses, capacitors for reactive power."""

    device: str
    no_load_w: NotNegative
    loss: Fraction
    compensation: Fraction


class Ambient(_Part, frozen=True):
    """The outdoor sensor."""

    device: str


class FactoryFile(_Part, frozen=True):
    """A whole factory."""

    site: Site
    seed: int
    scenario: Scenario
    links: Annotated[list[Link], msgspec.Meta(min_length=1)]
    devices: Annotated[list[Device], msgspec.Meta(min_length=1)]
    incoming: Incoming
    presses: Annotated[list[Press], msgspec.Meta(min_length=1)]
    replacement: Replacement
    compressor: Compressor
    building: Building
    ambient: Ambient
