"""Standby (대기): what a machine draws while it makes nothing, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analytics.operations import find_idle
from evaluation import Text
from review.metered import Meter
from review.period import QUARTER_H, Bools, Floats
from review.quarters import Quarters
from review.result import Missing
from review.sections import Idle

_CLAIMED = 0.75
"""Share of a power's variance that two levels must explain: `find_idle`'s own."""
_LEAST_HOURS = 24.0


def standby(meter: Meter, counters: Sequence[Quarters], prices: Floats | None) -> Idle | Missing:
    """Idle time of a machine, its energy and cost; or why nothing is said of it.

    Where counters tell what it makes, a quarter-hour without a part is not producing; one with a single part is.
    """
    kw = meter.kw
    producing, told = _producing(counters, len(kw))
    by_counter = bool((told & np.isfinite(kw)).any())
    if by_counter:
        kw = np.where(told, kw, np.nan)
    known = np.isfinite(kw)
    if known.sum() * QUARTER_H < _LEAST_HOURS:
        hours = known.sum() * QUARTER_H
        return Missing("idle", Text(
            f"전력을 아는 시간이 {hours:g}시간뿐입니다. 하루는 있어야 합니다.",
            f"Power is known for {hours:g} hours only; a day is the least.",
        ))  # fmt: skip
    told_by = producing if by_counter else None
    found = find_idle(kw, QUARTER_H, producing=told_by, prices=prices, least_separation=_CLAIMED)
    if not np.isfinite(found.producing_power[0]):
        return _unclaimed(by_counter=by_counter, separation=float(found.separation[0]))
    idle = found.mask[0]
    made = known & (producing if by_counter else kw > found.threshold[0])
    total = float(kw[known].sum()) * QUARTER_H
    kwh = float(found.energy[0])
    return Idle(
        basis="production" if by_counter else "two_levels",
        separation=float(found.separation[0]),
        hours=float(found.hours[0]),
        kwh=kwh,
        share_pct=100.0 * kwh / total if total > 0 else None,
        cost=None if prices is None else float(found.cost[0]),
        idle_kw=float(found.idle_power[0]) if idle.any() else None,
        producing_kw=float(found.producing_power[0]),
        producing_hours=float(made.sum()) * QUARTER_H,
        off_hours=float((known & ~made & ~idle).sum()) * QUARTER_H,
    )


def _producing(counters: Sequence[Quarters], quarters: int) -> tuple[Bools, Bools]:
    """Whether anything was made, and whether all counters tell; shapes (quarters,)."""
    producing, told = np.zeros(quarters, dtype=np.bool_), np.full(quarters, bool(counters))
    for counter in counters:
        producing |= np.nan_to_num(counter.values) > 0
        told &= counter.known
    return producing, told | producing


def _unclaimed(*, by_counter: bool, separation: float) -> Missing:
    if by_counter:
        return Missing("idle", Text(
            "이 기간에는 생산이 없어 대기와 정지를 가를 수 없습니다.",
            "Nothing was made in the period, so standby cannot be told from being off.",
        ))  # fmt: skip
    return Missing("idle", Text(
        f"전력이 두 수준으로 나뉘지 않습니다 (설명력 {100 * separation:.0f}%, 기준 {100 * _CLAIMED:.0f}%). "
        "생산 수량 채널을 알려 주면 대기를 가릴 수 있습니다.",
        f"Its power does not fall into two levels (they explain {100 * separation:.0f}%, "
        f"{100 * _CLAIMED:.0f}% is asked); name the counter of what it makes.",
    ))  # fmt: skip
