"""Days that are not what a meter's own past, calendar, production and weather let expect."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from analytics import LinearModel, fit_linear, operations
from analytics.operations import Usual, find_anomalies, usual_scatter
from evaluation import Text
from review.day_drivers import KINDS, OWN, Days, day_drivers
from review.period import Bools, Floats, Ints
from review.result import Missing
from review.sections import Anomaly, Baseline
from review.tails import day_limit

LEAST_DAYS: Final = 21
"""Three weeks: every day of the week three times."""
LIMIT: Final = 4.0
"""Of the chart of a creeping change, in its standard deviations; those are estimated from a few weeks."""
CLEAR: Final = 5.0
"""Of a single day at least (`tails.day_limit`), and of what is left out of a baseline."""
_WEEKEND: Final = 2
"""Days that are no end of a stretch: what stands still tells nothing."""
_FLOOR: Final = 0.01
"""Share of the mean day's energy that days scatter by at least: what a meter of class 1 may be off."""
_MOSTLY: Final = 0.8
"""Share of the days that a fit without the far ones keeps, or none is left out."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What was found, or why nothing could be."""

    baseline: Baseline | None
    anomalies: list[Anomaly]
    missing: Missing | None


@dataclass(frozen=True, slots=True)
class _Model:
    """Fitted to `used` days; `scatter` of each kind of day [kWh], shape (kinds,)."""

    fitted: LinearModel
    used: Bools
    scatter: Floats

    def expected(self, drivers: Floats) -> tuple[Floats, Floats]:
        """Energy [kWh], and how much wider an error is than the baseline's own by its leverage; shapes (days,)."""
        base, design = self.fitted.design(drivers[self.used]), self.fitted.design(np.nan_to_num(drivers))
        leverage = np.einsum("ij,jk,ik->i", design, np.linalg.pinv(base.T @ base), design)
        return self.fitted.predict(np.nan_to_num(drivers)), np.sqrt(1.0 + leverage)


def deviations(kwh: Floats, made: Sequence[tuple[str, Floats]], days: Days, won_per_kwh: Floats | None) -> Watched:
    """Hold the period's days against those before, or, where those are too few, against one another.

    Parameters
    ----------
    kwh
        Of each day, NaN where it is not known whole, shape (days,).
    made
        By counter, what it counted each day, shape (days,).
    won_per_kwh
        Mean price of each day of the period, shape (days of the period,).

    Raises
    ------
    analytics.AnalyticsError
        When the days tell too little for a model.
    """
    within = np.arange(len(kwh)) >= days.begin
    names, drivers = day_drivers(days.kind, days.temperature, made, np.isfinite(kwh))
    usable = np.isfinite(kwh) & np.isfinite(drivers).all(axis=1)
    before = int((usable & ~within).sum()) >= LEAST_DAYS
    base = usable & (~within if before else within)
    if base.sum() < LEAST_DAYS:
        return Watched(None, [], _too_few(int((usable & ~within).sum()), int(base.sum())))
    if not kwh[base].mean() > 0:
        return Watched(None, [], _NO_LOAD)
    model = _fit(kwh, drivers, base, days.kind, names)
    expected, widening = model.expected(drivers)
    known = usable & _within(model, drivers)
    strange = np.where(known, (kwh - expected) / (widening * model.scatter[days.kind]), np.nan)
    rho = usual_scatter(strange[model.used][None], np.flatnonzero(model.used)).rho
    usual = Usual(np.ones(1), np.clip(rho, 0.0, None))
    alone = day_limit(model.fitted.residuals / model.scatter[days.kind[model.used]], int(within.sum()), CLEAR)
    found = find_anomalies(
        strange[within], np.zeros(int(within.sum())), usual, limit=LIMIT, sudden=alone, bridge=_WEEKEND
    )
    meant = np.where(known, expected, np.nan)[within]
    told = [_said(one, kwh[within], meant, days.dates[days.begin :], won_per_kwh, alone) for one in found]
    return Watched(_baseline(model, kwh, days, base, alone, before=before), told, None)


def _fit(kwh: Floats, drivers: Floats, base: Bools, kind: Ints, names: list[str]) -> _Model:
    """Least squares, without the days that are far off: they go one by one, the furthest first.

    One by one, because one day (a holiday that was worked) may draw the level of its few like away from all of them.
    """
    whole = model = _once(kwh, drivers, base, kind, names)
    least = max(_MOSTLY * base.sum(), LEAST_DAYS)
    while True:
        off = np.abs(model.fitted.residuals) / model.scatter[kind[model.used]]
        if off.max() <= CLEAR:
            return model
        if model.used.sum() - 1 < least:
            return whole
        used = model.used.copy()
        used[np.flatnonzero(model.used)[int(np.argmax(off))]] = False
        model = _once(kwh, drivers, used, kind, names)


def _once(kwh: Floats, drivers: Floats, used: Bools, kind: Ints, names: list[str]) -> _Model:
    fitted = fit_linear(drivers[used], kwh[used], names)
    rest, kinds = fitted.residuals, kind[used]
    freedom = np.sqrt(len(rest) / max(len(rest) - fitted.parameters, 1))
    floor = _FLOOR * float(kwh[used].mean())
    spread = usual_scatter(rest[None], np.arange(len(rest))).sigma[0]
    scatter = np.full(len(KINDS), max(freedom * float(spread), floor))
    for one in range(len(KINDS)):
        if np.count_nonzero(kinds == one) >= OWN:
            own = usual_scatter(rest[kinds == one][None], np.arange(np.count_nonzero(kinds == one))).sigma[0]
            scatter[one] = max(freedom * float(own), floor)
    return _Model(fitted, used, scatter)


def _within(model: _Model, drivers: Floats) -> Bools:
    """Days of a kind that the baseline knows: where a driver never changed there, a day with another value is none."""
    constant = np.array([model.fitted.dropped.get(name) == "constant" for name in model.fitted.names], dtype=np.bool_)
    same = np.isclose(drivers, drivers[model.used][0])
    known: Bools = (same | ~constant).all(axis=1)
    return known


def _baseline(model: _Model, kwh: Floats, days: Days, base: Bools, alone: float, *, before: bool) -> Baseline:
    at = np.flatnonzero(base)
    mean = float(kwh[model.used].mean())
    sigma = float(np.sqrt(np.mean(model.scatter[days.kind[model.used]] ** 2)))
    return Baseline(
        first_day=days.dates[int(at[0])],
        last_day=days.dates[int(at[-1])],
        days=int(model.used.sum()),
        before=before,
        terms=[name for name, kept in zip(model.fitted.names, model.fitted.kept, strict=True) if kept],
        sigma_kwh=sigma,
        sigma_pct=100.0 * sigma / mean,
        day_limit=alone,
    )


def _said(
    found: operations.Anomaly, kwh: Floats, expected: Floats, dates: list[dt.date], won: Floats | None, alone: float
) -> Anomaly:
    part = slice(found.start, found.end + 1)
    known = np.isfinite(expected[part]) & np.isfinite(kwh[part])
    used, meant = float(kwh[part][known].sum()), float(expected[part][known].sum())
    grade: Literal["clear", "likely"] = "clear" if found.strength >= alone else "likely"
    return Anomaly(
        first_day=dates[found.start],
        last_day=dates[found.end],
        kwh=used,
        expected_kwh=meant,
        excess_kwh=used - meant,
        excess_pct=100.0 * (used - meant) / meant if meant > 0 else None,
        cost=None if won is None else float((kwh[part] - expected[part])[known] @ won[part][known]),
        strength=found.strength,
        grade=grade,
    )


_NO_LOAD: Final = Missing(
    "anomalies",
    Text("견줄 날들에 쓴 전력이 없습니다.", "Nothing was used on the days to hold days against."),
)


def _too_few(past: int, own: int) -> Missing:
    return Missing("anomalies", Text(
        f"견줄 날이 모자랍니다. 온전히 계측된 날이 기간 전에 {past}일, 기간 안에 {own}일입니다 (최소 {LEAST_DAYS}일).",
        f"Too few days to hold days against: {past} known whole before the period, {own} within it; "
        f"{LEAST_DAYS} are the least.",
    ))  # fmt: skip
