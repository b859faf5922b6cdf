"""The site as a whole: its main meter, or the sum of its meters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluation import Text
from review.load import profile_of, shape_of
from review.machine import Context, cost_of
from review.metered import Meter
from review.period import QUARTER_H, Floats
from review.result import Missing, SiteTotal

_OVERLAP = -0.01
"""Meters that count more than the main one by this share lie behind one another, or not behind it."""


def site_power(meters: Sequence[Meter], main: Meter | None) -> Floats:
    """The site's power, shape (quarters,) [kW]: the main meter's, else the meters' sum where all of them are known."""
    if main is not None:
        return main.kw
    power: Floats = np.stack([meter.kw for meter in meters if meter.energy_kwh is not None]).sum(axis=0)
    return power


def site_total(
    meters: Sequence[Meter], main: Meter | None, context: Context, *, every: bool
) -> tuple[SiteTotal, list[Missing]]:
    """What the site used in the period.

    Parameters
    ----------
    meters
        Those reviewed, in the period.
    main
        The main meter in the period, where the site has one.
    every
        Whether `meters` are all that the site has: what the rest is can be told only then.
    """
    of = [main] if main is not None else [meter for meter in meters if meter.energy_kwh is not None]
    missing = []
    silent = [meter.device for meter in meters if meter.energy_kwh is None]
    if silent and main is None:
        names = ", ".join(silent)
        missing.append(
            Missing("energy", Text(f"합계에 {names}의 값이 없습니다.", f"Nothing of {names} is in the sum."))
        )
    energies = [meter.energy_kwh for meter in of if meter.energy_kwh is not None]
    costs = [cost for meter in of if (cost := cost_of(meter, context.prices)) is not None]
    kw, days = context.site_kw, context.days
    known = np.isfinite(kw)
    coverage = float(main.quarters.coverage.mean()) if main is not None else float(known.mean())
    load = shape_of(kw, days, target_kw=context.settings.demand_target_kw)
    if load is None:
        missing.append(Missing("load", Text(
            "모든 계측기를 함께 아는 15분이 없어, 공장 전체의 전력은 말할 수 없습니다.",
            "No quarter-hour is known of all meters at once, so the site's power cannot be said.",
        )))  # fmt: skip
    rest_kwh, rest_pct, doubt = _rest(meters, main if every else None)
    return SiteTotal(
        of=[meter.device for meter in of],
        energy_kwh=sum(energies) if energies else None,
        cost=sum(costs) if costs else None,
        coverage_pct=100.0 * coverage,
        rest_kwh=rest_kwh,
        rest_pct=rest_pct,
        load=load,
        profile=profile_of(kw, days.sums(kw) * QUARTER_H, days, context.settings.shifts, context.kind),
    ), missing + doubt


def _rest(meters: Sequence[Meter], main: Meter | None) -> tuple[float | None, float | None, list[Missing]]:
    """What the main meter counted and the others did not, where all of them are known [kWh, %]."""
    others = [meter for meter in meters if main is not None and meter.device != main.device]
    others = [meter for meter in others if meter.energy_kwh is not None]
    if main is None or not others:
        return None, None, []
    rest = main.kwh - np.sum([meter.kwh for meter in others], axis=0)
    known = np.isfinite(rest)
    whole = float(main.kwh[known].sum())
    if whole <= 0:
        return None, None, []
    left = float(rest[known].sum())
    if left < _OVERLAP * whole:
        return None, None, [Missing("rest", Text(
            f"다른 계측기의 합이 수전 계량기보다 {-left:,.0f} kWh 많습니다. 한 계측기가 다른 계측기 뒤에 있거나, "
            "수전 계량기를 거치지 않는 부하가 있습니다.",
            f"The other meters count {-left:,.0f} kWh more than the main one: one of them lies behind another, or not "
            "behind the main one.",
        ))]  # fmt: skip
    return left, 100.0 * left / whole, []
