"""How a counter grew, past its modulus and through resets. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from edge.commissioning.phrases import phrase, shown
from edge.commissioning.samples import Samples
from edge.commissioning.verdicts import Check, failed, impossible, passed, warned
from telemetry import Kind, channel

_ROOM_ABOVE_USUAL: Final = 10.0
"""A step through the modulus may be so many times the largest other one, as in `analytics.interval_energy`."""
_LEAST_ROOM: Final = 1e-3
"""Of the modulus: believed even when nothing else was counted."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What a counter did.

    Parameters
    ----------
    total
        Growth [the channel's unit], what a reset swallowed left out.
    rollovers
        How often it passed its modulus.
    resets
        Values before and after each fall that the modulus does not explain.
    """

    total: float
    rollovers: int
    resets: tuple[tuple[float, float], ...]


def growth(values: Sequence[float], modulus: float | None) -> Growth:
    """How a counter grew over its readings [the channel's unit]; `modulus` is the value at which it begins again."""
    steps = [(before, after, after - before) for before, after in pairwise(values)]
    usual = max((step for _, _, step in steps if step > 0), default=0.0)
    total, rollovers, resets = 0.0, 0, []
    for before, after, step in steps:
        if step >= 0:
            total += step
        elif modulus is not None and step + modulus <= max(_ROOM_ABOVE_USUAL * usual, _LEAST_ROOM * modulus):
            total += step + modulus
            rollovers += 1
        else:
            resets.append((before, after))
    return Growth(total, rollovers, tuple(resets))


def counting(samples: Samples) -> Check:
    """Every counter of a PLC: that it counts, begins again where its profile says, and is not set back."""
    counters = [name for name in samples.profile.channels if channel(name).kind is Kind.COUNTER]
    said = []
    for name in counters:
        values = [value for _, value in samples.series(name)]
        field = samples.field(name)
        modulus = field.modulus if field is not None else None
        if len(values) < 2:
            continue
        if modulus is not None and max(values) >= modulus:
            reason = phrase("counting_above", channel=name, value=shown(name, max(values)), modulus=f"{modulus:,.0f}")
            return failed("counting", reason, phrase("counting_modulus"))
        grown = growth(values, modulus)
        if grown.resets:
            before, after = grown.resets[0]
            reason = phrase("counting_fell", channel=name, before=shown(name, before), after=shown(name, after))
            return warned("counting", reason, phrase("counting_reset"))
        said.append(f"{name} {shown(name, values[-1])} (+{shown(name, grown.total)})")
    if not said:
        return impossible("counting", phrase("no_channel"))
    return passed("counting", phrase("value_is", value=", ".join(said)))
