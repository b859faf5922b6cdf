"""How the current transformers are wired: direction, and which current goes with which voltage. Pure.

With a load of angle φ, a current measured against the next phase's voltage has the power factor cos(φ ± 120°). Two
exchanged currents of a usual load (φ 0 to 45°) so give one phase a clearly negative factor and one near zero or
negative, while the third stays as it is; a CT that is merely turned keeps the size of its factor and loses its sign.
"""

from __future__ import annotations

from typing import Final

from edge.commissioning.phrases import phrase, shown
from edge.commissioning.samples import Samples
from edge.commissioning.verdicts import Check, PhaseLoad, failed, impossible, passed, phase_loads, warned

_ALIKE: Final = 0.2
_LOW: Final = 0.35
_NOISE: Final = 0.02
"""A current without a load of its own has a factor of about nothing, on either side of 0."""


def ct_direction(samples: Samples) -> Check:
    """Negative power under load: a CT that points the wrong way, or a plant that feeds in."""
    loads = phase_loads(samples)
    if not loads:
        return _from_total(samples)
    text = ", ".join(f"{load.name} {shown('active_power_w', load.watts)}" for load in loads)
    negative = [load for load in loads if load.factor < -_NOISE]
    if not negative:
        return passed("ct_direction", phrase("direction_is", values=text))
    names = ", ".join(load.name for load in negative)
    if len(negative) == len(loads) > 1:
        return warned("ct_direction", phrase("direction_is", values=text), phrase("direction_all"))
    return failed("ct_direction", phrase("direction_is", values=text), phrase("direction_turn", phases=names))


def _from_total(samples: Samples) -> Check:
    total = samples.mean("active_power_w")
    if total is None:
        return impossible("ct_direction", phrase("no_channel"))
    if total < 0:
        reason = phrase("value_is", value=shown("active_power_w", total))
        return warned("ct_direction", reason, phrase("direction_total"))
    return impossible("ct_direction", phrase("no_load_per_phase"))


def phase_order(samples: Samples) -> Check:
    """Whether each current is measured against its own voltage."""
    loads = phase_loads(samples)
    if len(loads) < 3:
        return impossible("phase_order", phrase("three_needed", count=len(loads)))
    text = ", ".join(f"{load.name} {load.factor:+.2f}" for load in loads)
    reason = phrase("factors_are", values=text)
    sizes = [abs(load.factor) for load in loads]
    if all(load.factor < -_LOW for load in loads):
        return warned("phase_order", reason, phrase("order_rotated"))
    if max(sizes) - min(sizes) <= _ALIKE and min(sizes) > _LOW:
        return passed("phase_order", reason)
    if max(sizes) <= _LOW:
        return warned("phase_order", reason, phrase("order_all_low"))
    pair = _exchanged(loads)
    if pair is not None:
        return failed("phase_order", reason, phrase("order_exchanged", one=pair[0], other=pair[1]))
    return warned("phase_order", reason, phrase("order_uneven"))


def _exchanged(loads: list[PhaseLoad]) -> tuple[str, str] | None:
    """Two phases that fit badly while the third fits, at least one of them negative."""
    fine = [load for load in loads if load.factor > _LOW]
    odd = [load for load in loads if load.factor <= _LOW]
    if len(fine) == 1 and len(odd) == 2 and any(load.factor < 0 for load in odd):
        return odd[0].name, odd[1].name
    return None
