"""The acceptance list: what must be right before a technician leaves. Pure; `edge.commissioning.samples` watches.

Every judgement has a reason in figures, and where something is wrong, what to do about it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final, Literal

import msgspec

from edge.commissioning.counting import counting, growth
from edge.commissioning.phases import ct_direction, phase_order
from edge.commissioning.phrases import Phrase, phrase, shown
from edge.commissioning.plausibility import FREQUENCIES_HZ, LINE_NOMINALS_V, PHASE_NOMINALS_V, nearest
from edge.commissioning.samples import Samples
from edge.commissioning.verdicts import Check, failed, impossible, passed, phase_loads, warned
from telemetry import Kind, channel

_ERRORS_WARN: Final = 0.01
_VOLTAGE_FINE: Final = 0.10
_VOLTAGE_WARN: Final = 0.15
_FREQUENCY_FINE: Final = 0.01
_FREQUENCY_WARN: Final = 0.02
_FACTOR_LOW: Final = 0.3
_POWER_FINE: Final = 0.05
_POWER_WARN: Final = 0.15
_COUNTER_FINE: Final = 0.05
_COUNTER_WARN: Final = 0.20
_STEPS_NEEDED: Final = 10
_FLOAT32_DIGITS: Final = 2.0**-23
_FACTORS: Final = (1000.0, 100.0, 10.0, 0.1, 0.01, 0.001)


def accept(samples: Samples, *, clock_synchronised: bool | None) -> list[Check]:
    """Judge one device.

    Parameters
    ----------
    samples
        From `watch_site`.
    clock_synchronised
        Whether a time server disciplines this gateway's clock; None when that cannot be told.
    """
    checks: list[Callable[[Samples], Check]] = [communication]
    if samples.profile.kind == "power_meter":
        checks += [voltage, frequency, ct_direction, phase_order, ratio, power_factor, counter]
    else:
        checks += [values]
        if any(channel(name).kind is Kind.COUNTER for name in samples.profile.channels):
            checks += [counting]
    judged = [check(samples) for check in checks]
    if not any(samples.rows):  # of a device that never answered nothing else can be said
        judged[1:] = [impossible(each.check, phrase("nothing_read")) for each in judged[1:]]
    return [*judged, clock(clock_synchronised)]


def communication(samples: Samples) -> Check:
    """Errors among all reads."""
    if not samples.reads:
        return impossible("communication", phrase("nothing_read"))
    share = samples.failed / samples.reads
    facts: dict[str, str | int | float] = {
        "failed": samples.failed, "reads": samples.reads, "share": f"{share * 100:.1f}",
    }  # fmt: skip
    reason = Phrase("errors_share", facts)
    if not share:
        return passed("communication", reason)
    advice = samples.errors[0] if samples.errors else phrase("errors_advice")
    return (warned if share <= _ERRORS_WARN else failed)("communication", reason, advice)


def values(samples: Samples) -> Check:
    """Of a PLC or a sensor: every channel has a value."""
    missing = [name for name in samples.profile.channels if samples.mean(name) is None]
    if missing:
        return failed("values", phrase("values_missing", channels=", ".join(missing)), phrase("values_advice"))
    return passed("values", phrase("values_all", count=len(samples.profile.channels)))


def voltage(samples: Samples) -> Check:
    """Every voltage near a nominal one."""
    means = {
        name: mean
        for name in samples.profile.channels
        if name.startswith("voltage_") and (mean := samples.mean(name)) is not None
    }
    if not means:
        return impossible("voltage", phrase("no_channel"))
    worst: tuple[float, str] = (0.0, "")
    for name, mean in means.items():
        nominals = LINE_NOMINALS_V if name in {"voltage_l12_v", "voltage_l23_v", "voltage_l31_v"} else PHASE_NOMINALS_V
        nominal = min(nominals, key=lambda each, mean=mean: abs(mean / each - 1))
        worst = max(worst, (abs(mean / nominal - 1), name))
    text = ", ".join(shown(name, mean) for name, mean in means.items())
    reason = phrase("voltage_is", values=text)
    if worst[0] <= _VOLTAGE_FINE:
        return passed("voltage", reason)
    dead = means[worst[1]] < 1
    advice = phrase("voltage_dead" if dead else "voltage_advice", channel=worst[1])
    return (warned if worst[0] <= _VOLTAGE_WARN else failed)("voltage", reason, advice)


def frequency(samples: Samples) -> Check:
    """Near 50 or 60 Hz."""
    mean = samples.mean("frequency_hz")
    if mean is None:
        return impossible("frequency", phrase("no_channel"))
    reason = phrase("value_is", value=shown("frequency_hz", mean))
    if nearest(mean, FREQUENCIES_HZ, _FREQUENCY_FINE):
        return passed("frequency", reason)
    result = warned if nearest(mean, FREQUENCIES_HZ, _FREQUENCY_WARN) else failed
    return result("frequency", reason, phrase("frequency_advice"))


def power_factor(samples: Samples) -> Check:
    """Between 0.3 and 1 where there is load."""
    loads = phase_loads(samples)
    if not loads and samples.mean("current_l1_a") is not None:
        return impossible("power_factor", phrase("no_load"))
    named = [samples.mean(f"power_factor{suffix}") for suffix in ("", "_l1", "_l2", "_l3")]
    factors = [abs(load.factor) for load in loads] or [abs(each) for each in named if each]
    if not factors:
        return impossible("power_factor", phrase("no_load"))
    text = ", ".join(f"{each:.2f}" for each in factors)
    if max(factors) > 1 + _POWER_FINE:
        return failed("power_factor", phrase("value_is", value=text), phrase("power_factor_above"))
    if min(factors) < _FACTOR_LOW:
        return warned("power_factor", phrase("value_is", value=text), phrase("power_factor_low"))
    return passed("power_factor", phrase("value_is", value=text))


def ratio(samples: Samples) -> Check:
    """Power against V·I·PF: a CT or PT ratio that is set in one place and not in another shows here."""
    power, load = samples.mean("active_power_w"), phase_loads(samples)
    factor = samples.mean("power_factor")
    if power is None or not load or factor is None:
        return impossible("ratio", phrase("no_load" if power is not None and not load else "no_channel"))
    product = sum(each.volts * each.amperes * (each.meters_factor or abs(factor)) for each in load)
    if not product or not power:
        return impossible("ratio", phrase("no_load"))
    share = abs(power) / product
    reason = phrase(
        "ratio_is",
        power=shown("active_power_w", power),
        product=shown("active_power_w", product),
        share=f"{share:.3g}",
    )
    if abs(share - 1) <= _POWER_FINE:
        return passed("ratio", reason)
    return (warned if abs(share - 1) <= _POWER_WARN else failed)("ratio", reason, phrase("ratio_advice"))


def counter(samples: Samples) -> Check:
    """The energy counter against the integral of power over the same time."""
    energy, power = samples.series("energy_import_wh"), samples.series("active_power_w")
    if len(energy) < 2 or len(power) < 2:
        return impossible("counter", phrase("no_channel"))
    # The counter stands still between its own steps, so both are compared over the same readings.
    expected = sum((later[0] - earlier[0]) * (later[1] + earlier[1]) / 2 for earlier, later in pairwise(power)) / 3600
    known = samples.field("energy_import_wh")
    grown = growth([value for _, value in energy], known.modulus if known is not None else None)
    if grown.resets:
        before, after = (shown("energy_import_wh", value) for value in grown.resets[0])
        reason = phrase("counting_fell", channel="energy_import_wh", before=before, after=after)
        return warned("counter", reason, phrase("counting_reset"))
    counted = grown.total
    step = _step(samples, energy[-1][1])
    if expected <= _STEPS_NEEDED * step:
        return impossible("counter", _too_coarse(step, expected * 3600 / (power[-1][0] - power[0][0])))
    share = counted / expected
    reason = phrase("counter_is", counted=f"{counted:,.1f}", expected=f"{expected:,.1f}")
    if abs(share - 1) <= _COUNTER_FINE + step / expected:
        return passed("counter", reason)
    if abs(share - 1) <= _COUNTER_WARN:
        return warned("counter", reason, phrase("counter_watch_longer"))
    unit = nearest(share, _FACTORS, _COUNTER_WARN) if share > 0 else None
    advice = phrase("counter_unit", factor=f"{unit:g}") if unit else phrase("counter_advice")
    return failed("counter", reason, advice)


def _too_coarse(step: float, watts: float) -> Phrase:
    """That the counter moves in steps [Wh] too large for this power [W]."""
    if watts <= 0:
        return phrase("no_load")
    return phrase("counter_coarse", step=f"{step:.3g}", minutes=f"{_STEPS_NEEDED * step / watts * 60:.0f}")


def _step(samples: Samples, value: float) -> float:
    """The smallest step its register can make [Wh]."""
    known = samples.field("energy_import_wh")
    if known is None:
        return 0.0
    return abs(value) * _FLOAT32_DIGITS if known.type.is_float and known.words == 2 else abs(known.scale)


def clock(synchronised: bool | None) -> Check:  # noqa: FBT001 - one fact, three-valued
    """Whether this gateway's clock follows a time server."""
    if synchronised is None:
        return impossible("clock", phrase("clock_unknown"))
    if synchronised:
        return passed("clock", phrase("clock_fine"))
    return warned("clock", phrase("clock_free"), phrase("clock_advice"))


class DeviceAcceptance(msgspec.Struct, frozen=True):
    """The list of one device; `digest` is its profile's."""

    device: str
    profile: str
    digest: str
    checks: list[Check]

    @property
    def result(self) -> Literal["pass", "warn", "fail"]:
        """The worst of its checks; one that was not possible warns."""
        results = {check.result for check in self.checks}
        return "fail" if "fail" in results else "warn" if results & {"warn", "not_possible"} else "pass"
