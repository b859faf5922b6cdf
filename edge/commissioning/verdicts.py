"""One line of the acceptance list, and the loads that several lines judge. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from edge.commissioning.phrases import Phrase
from edge.commissioning.samples import Samples

LEAST_A: Final = 0.05
LEAST_VA: Final = 5.0
"""Below these a phase has no load that would say anything."""

Result = Literal["pass", "warn", "fail", "not_possible"]


class Check(msgspec.Struct, frozen=True):
    """One line of the acceptance list.

    Parameters
    ----------
    check
        What was looked at.
    result
        Whether it is right; ``not_possible`` when it could not be told.
    reason
        Why, in figures.
    advice
        What to do about it.
    """

    check: str
    result: Result
    reason: Phrase
    advice: Phrase | None = None


def passed(check: str, reason: Phrase) -> Check:
    """It is right."""
    return Check(check, "pass", reason)


def warned(check: str, reason: Phrase, advice: Phrase) -> Check:
    """It may be wrong."""
    return Check(check, "warn", reason, advice)


def failed(check: str, reason: Phrase, advice: Phrase) -> Check:
    """It is wrong."""
    return Check(check, "fail", reason, advice)


def impossible(check: str, reason: Phrase) -> Check:
    """It could not be told."""
    return Check(check, "not_possible", reason)


@dataclass(frozen=True, slots=True)
class PhaseLoad:
    """Means of one phase under load.

    Parameters
    ----------
    name
        ``L1`` to ``L3``.
    volts, amperes, watts
        Of the phase; power with its sign.
    meters_factor
        The meter's own power factor, without sign; 0 when it tells none.
    """

    name: str
    volts: float
    amperes: float
    watts: float
    meters_factor: float

    @property
    def factor(self) -> float:
        """Power over V·I, with the power's sign."""
        return self.watts / (self.volts * self.amperes)


def phase_loads(samples: Samples) -> list[PhaseLoad]:
    """Phases that carry enough load to say something; only those with voltage, current and power of their own."""
    found = []
    for phase in ("l1", "l2", "l3"):
        volts, amperes = samples.mean(f"voltage_{phase}_v"), samples.mean(f"current_{phase}_a")
        watts = samples.mean(f"active_power_{phase}_w")
        if watts is None and phase == "l1" and samples.mean("voltage_l2_v") is None:
            watts = samples.mean("active_power_w")  # a meter of one phase has no name for it
        if volts is None or amperes is None or watts is None:
            continue
        if amperes >= LEAST_A and volts * amperes >= LEAST_VA:
            own = abs(samples.mean(f"power_factor_{phase}") or 0.0)
            found.append(PhaseLoad(phase.upper(), volts, amperes, watts, own))
    return found
