"""What a scan found, as it is shown, saved and read again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from edge.commissioning.errors import RecordError
from edge.commissioning.phrases import Phrase

LIVE_CHANNELS = (
    "voltage_l1_v", "voltage_l12_v", "temperature_c", "production_count", "active_power_w", "frequency_hz",
    "energy_import_wh", "run_state",
)  # fmt: skip
"""What a display is most likely to show, in the order in which one is chosen."""


def live_channel(channels: Iterable[str]) -> str:
    """The channel to compare with a display; empty when there is none."""
    known = list(channels)
    return next((name for name in LIVE_CHANNELS if name in known), next(iter(known), ""))


class Match(msgspec.Struct, frozen=True):
    """A profile that a unit's answers fit.

    Parameters
    ----------
    profile, vendor, model, kind
        Of the device profile.
    by
        How it was told: the device's own word (fingerprint), or values that make sense.
    score
        Of matches by the same means, the higher the likelier.
    sure
        ``likely``, or merely ``possible``.
    why
        What speaks for it and against it.
    values
        What its registers mean now, by channel [the channel's unit].
    text
        Of a device that describes itself (SunSpec): the profile worked out from that, as YAML.
    """

    profile: str
    vendor: str
    model: str
    kind: str
    by: Literal["fingerprint", "plausibility"]
    score: float
    sure: Literal["likely", "possible"]
    why: list[Phrase]
    values: dict[str, float]
    text: str = ""

    @property
    def device(self) -> str:
        """Vendor and model as people say them; a map that is nobody's own has no vendor."""
        return self.model if self.vendor == "any" else f"{self.vendor} {self.model}"

    @property
    def live(self) -> str:
        """The channel to compare with the device's display; empty when it has none."""
        return live_channel(self.values)


class FoundUnit(msgspec.Struct, frozen=True):
    """One unit that answered.

    Parameters
    ----------
    url, unit
        Where.
    latency_ms
        How long its answer to one register took [ms].
    matches
        Profiles it may be, the likeliest first; none when nothing fits.
    any_unit
        It answers to every unit number, so it is one device, named here by the lowest that was asked.
    parts
        What the same unit measures besides `matches`: an inverter's meter.
    """

    url: str
    unit: int
    latency_ms: float
    matches: list[Match]
    any_unit: bool = False
    parts: list[Match] = []

    @property
    def best(self) -> Match | None:
        """The likeliest profile."""
        return self.matches[0] if self.matches else None


class Found(msgspec.Struct, frozen=True):
    """A scan's result.

    Parameters
    ----------
    units
        Ranked: what is known best first, then by place.
    asked
        How many questions for a unit were asked.
    seconds
        How long it took [s].
    notes
        What else was seen, for the technician.
    """

    units: list[FoundUnit]
    asked: int
    seconds: float
    notes: list[Phrase] = []


def merged(parts: list[Found]) -> Found:
    """Several scans as one."""
    units = [unit for part in parts for unit in part.units]
    return Found(
        ranked(units),
        sum(part.asked for part in parts),
        sum(part.seconds for part in parts),
        [note for part in parts for note in part.notes],
    )


def ranked(units: list[FoundUnit]) -> list[FoundUnit]:
    """What is known best first, then by place."""

    def rank(unit: FoundUnit) -> tuple[int, str, int]:
        best = unit.best
        return (2 if best is None else 0 if best.sure == "likely" else 1, unit.url, unit.unit)

    return sorted(units, key=rank)


def load_found(path: Path) -> Found:
    """Read a saved scan (``wattproof edge scan … --save FILE``).

    Raises
    ------
    RecordError
        When it cannot be read or is none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Found)
    except OSError as error:
        raise RecordError(f"{path}: this scan cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise RecordError(f"{path}: this is no scan's result ({error}); make one with `edge scan … --save`") from error
