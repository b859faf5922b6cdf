"""What the REST interface and the live feed say. Times are [ms since 1970-01-01 UTC], values in the channel's unit."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Source = Literal["counter", "power"]
Basis = Literal["learned", "learning", "young", "unlike", "beginning", "gaps", "missing", "slow"]
Outlook = Literal["within", "possible", "over", "exceeded"]


class Model(BaseModel):
    """Base of all answers: unchangeable, nothing undeclared in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Problem(Model):
    """A problem document (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = Field(description="One sentence: what is wrong and what to do.")
    instance: str = Field(description="Path of the request.")


class Health(Model):
    """Whether the service can serve."""

    ok: bool
    version: str
    engine: str
    detail: str
    facts: dict[str, str]


class Site(Model):
    """A factory."""

    site: str
    name: str
    timezone: str
    virtual: bool = Field(description="A simulated factory.")


class Device(Model):
    """A measured asset, as its gateway describes it; without a description, as the store knows it."""

    device: str
    kind: str
    label: str
    gateway: str = ""
    link: str = ""
    profile: str = ""
    every_ms: int = Field(description="Time between two readings [ms].")
    channels: list[str]


class Reading(Model):
    """The newest value of one channel."""

    device: str
    kind: str
    channel: str
    unit: str
    time: int
    value: float


class Line(Model):
    """One device's values on the common grid; null where the window holds no reading."""

    device: str
    label: str
    values: list[float | None]
    low: list[float | None] | None = Field(None, description="Least reading of each window; from quarter-hours only.")
    high: list[float | None] | None = Field(
        None, description="Largest reading of each window; from quarter-hours only."
    )


class DeclaredGap(Model):
    """Readings that were taken and lost, declared by their gateway."""

    device: str
    channel: str
    start: int
    end: int
    reason: str
    declared: int = Field(description="Readings the gateway declared lost: the most that can be missing.")
    missing: int = Field(description="Of these, the readings that are not stored now; the others came after all.")


class SeriesData(Model):
    """One channel of one or more devices, aggregated on one grid."""

    channel: str
    unit: str
    aggregate: str
    every_ms: int = Field(description="Width of a window: the resolution shown.")
    source: Literal["readings", "quarter-hours"] = Field(
        description="What the windows were made of; means of quarter-hours are weighted by time."
    )
    times: list[int] = Field(description="Start of each window.")
    lines: list[Line]
    gaps: list[DeclaredGap]


class Today(Model):
    """Energy since local midnight."""

    start: int
    since: int = Field(description="First reading counted; later than `start` when data begin later.")
    until: int
    energy_wh: float
    source: Source


class Demand(Model):
    """The running quarter-hour."""

    start: int
    end: int
    since: int = Field(description="First reading counted; later than `start` when data begin later.")
    until: int = Field(description="Last reading counted.")
    energy_wh: float
    average_w: float
    power_w: float = Field(description="Mean power of the window's last five minutes, which the projection carries on.")
    projected_wh: float = Field(description="Energy expected at the end of the window.")
    projected_w: float = Field(description="Demand expected at the end of the window.")
    low_w: float | None = Field(description="Lower end of the band of `projected_w`; null unless `basis` is `learned`.")
    high_w: float | None = Field(description="Upper end of it.")
    confidence: float | None = Field(description="How often the demand lies within the band, 0-1.")
    basis: Basis = Field(
        description="`learned`: the band is what past windows of this site were missed by. Else a simple projection "
        "without a band, because: `missing` a meter of the sum is silent; `slow` meters are read less often than every "
        "minute; `beginning` the window has just begun; `gaps` too much of it was not measured; `learning` the past "
        "is being read; `young` it holds fewer than 96 whole windows; `unlike` no past windows were like this one."
    )
    windows: int = Field(description="Past windows measured as a whole, of the last 14 days.")
    target_w: float | None
    outlook: Outlook | None = Field(
        description="`exceeded`: the energy so far alone is above the target. `over`: the expected demand is. "
        "`possible`: the upper end of the band is. `within`: none of them. Null without a target."
    )
    allowed_w: float | None = Field(
        description="Mean power that may be drawn from `until` to the end without passing the target; below 0 when it "
        "is passed already; null without a target."
    )
    source: Source


class DeviceNow(Model):
    """A device at this moment."""

    device: str
    kind: str
    label: str
    time: int | None = Field(description="Its newest reading.")
    silent: bool = Field(description="No reading for longer than max(5 × every_ms, 10 s).")
    power_w: float | None = Field(description="Active power; null without one, or when silent.")
    energy_today_wh: float | None
    values: dict[str, float] = Field(description="Newest value by channel, whatever its age.")


class Snapshot(Model):
    """A site at this moment: what the live feed pushes."""

    site: str
    at: int
    total_w: float | None = Field(description="Power drawn now; null when nothing current is known.")
    total_of: list[str] = Field(description="The devices the total is made of.")
    missing: list[str] = Field(description="Those of them that are silent and so not in the total.")
    today: Today | None
    demand: Demand | None
    devices: list[DeviceNow]
    alarms: int = Field(default=0, description="How many alarms of the site last; the site's alarms tell which.")


class DeviceHealth(Model):
    """A device as its gateway reaches it."""

    device: str
    kind: str
    label: str
    link: str
    profile: str
    every_ms: int
    time: int | None
    silent: bool
    errors: dict[str, int] = Field(description="Bad readings since the gateway started, by reason.")


class Gateway(Model):
    """A gateway and what hangs on it."""

    gateway: str
    online: bool | None = Field(description="Null when nobody has said.")
    since: int | None = Field(description="Since when it is online or offline, where known.")
    clean: bool = Field(description="Offline by its own word; false for a lost connection.")
    version: str
    started: int | None
    reported: int | None = Field(description="When it last told of itself through the store.")
    outbox_batches: float | None
    outbox_bytes: float | None
    lateness_ms: float | None
    readings: float | None
    devices: list[DeviceHealth]


class AlarmNow(Model):
    """Something that is, or lately was, not as it should be."""

    kind: str
    since: int | None = Field(description="Null when nobody can say.")
    until: int | None = Field(description="Null while it lasts.")
    site: str = Field(default="", description="Empty when it concerns every site; likewise gateway and device.")
    gateway: str = ""
    device: str = ""
    ko: str = Field(description="What it is and what to do, in Korean.")
    en: str = Field(description="The same in English.")


class PlanSummary(Model):
    """A plan of the plans folder; `problem` says why it cannot be used."""

    plan: str
    title_ko: str
    title_en: str
    site: str
    device: str
    problem: str


class ProgrammeSummary(Model):
    """A programme of the plans folder; `problem` says why it cannot be used."""

    programme: str
    title_ko: str
    title_en: str
    plans: int = Field(description="Plan files that it names.")
    problem: str


class WorkProgress(Model):
    """How far something is that takes long."""

    asked: bool = Field(description="Whether anybody asked for it, so that it is being made or is there.")
    done: int = Field(description="Parts done: meters read, plans evaluated.")
    of: int = Field(description="Parts in all; 0 while that is not known.")
    at: str = Field(description="What it is at; empty where that has no name.")
