"""How often the review marks a day of a meter that nothing happened to, and finds what did happen.

``python -m tests.review.ordinary_meters [METERS]`` prints it for simulated meters; docs/review.md quotes it.
"""

from __future__ import annotations

import datetime as dt
import sys
from typing import Final

import numpy as np

from review import Anomaly
from review.day_drivers import Days
from review.deviations import deviations

START: Final = dt.date(2026, 3, 2)
DAYS: Final = 84
BEGIN: Final = 56
DATES: Final = [START + dt.timedelta(day) for day in range(DAYS)]
KIND: Final = np.array([max(0, day % 7 - 4) for day in range(DAYS)])
SCATTER: Final = 0.03
FAULTY_DAY: Final = 72
LASTING_FROM: Final = 70


def noise(rng: np.random.Generator, freedom: float, rho: float) -> np.ndarray:
    """AR(1) of unit variance whose shocks are Student's t of `freedom` (infinite: normal), shape (days,)."""
    warm_up = 50
    normal = np.isinf(freedom)
    shocks = rng.standard_normal(DAYS + warm_up) if normal else rng.standard_t(freedom, DAYS + warm_up)
    shocks = shocks if normal else shocks / np.sqrt(freedom / (freedom - 2.0))
    found = np.empty_like(shocks)
    found[0] = shocks[0]
    for day in range(1, len(shocks)):
        found[day] = rho * found[day - 1] + np.sqrt(1.0 - rho**2) * shocks[day]
    return found[warm_up:]


def anomalies(seed: int, freedom: float, rho: float, change: np.ndarray | None = None) -> list[Anomaly]:
    """Of the last four of twelve weeks, days 3 % apart; every other meter has a counter, two of four follow weather."""
    rng = np.random.default_rng(seed)
    kwh, made, warm = np.array([1000.0, 500.0, 200.0])[KIND], [], None
    if seed % 2:
        parts = np.where(KIND == 0, rng.normal(2000.0, 200.0, DAYS), 0.0)
        kwh, made = np.array([600.0, 500.0, 200.0])[KIND] + 0.2 * parts, [("plc", parts)]
    if seed // 2 % 2:
        season = np.sin(2.0 * np.pi * (np.arange(DAYS) + rng.uniform(0.0, 365.0)) / 365.0)
        warm = 12.0 + 8.0 * season + rng.normal(0.0, 2.5, DAYS)
        kwh = kwh * (1.0 + 0.004 * (warm - 12.0))
    kwh = kwh * (1.0 + SCATTER * noise(rng, freedom, rho)) * (1.0 if change is None else change)
    return deviations(kwh, made, Days(DATES, BEGIN, KIND, warm), None).anomalies


def shares(meters: int, freedom: float, rho: float) -> tuple[float, float, float]:
    """Shares of meters: marked with nothing wrong; two weeks of 10 % more found; a day of 40 % less found."""
    lasting, day = np.ones(DAYS), np.ones(DAYS)
    lasting[LASTING_FROM:] = 1.1
    day[FAULTY_DAY] = 0.6
    marked = found = single = 0
    for seed in range(meters):
        marked += bool(anomalies(seed, freedom, rho))
        more = anomalies(seed, freedom, rho, lasting)
        found += any(one.excess_kwh > 0 and one.last_day > DATES[LASTING_FROM] for one in more)
        less = anomalies(seed, freedom, rho, day)
        single += any(one.first_day <= DATES[FAULTY_DAY] <= one.last_day for one in less)
    return marked / meters, found / meters, single / meters


def main() -> None:
    """Print the table."""
    meters = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    sys.stdout.write(f"{meters} meters each, seeds 0 to {meters - 1}; eight weeks of baseline, four weeks looked at\n")
    sys.stdout.write("shocks   rho   marked   two weeks +10 %   a day -40 %\n")
    for name, freedom in (("normal", np.inf), ("t of 4", 4.0)):
        for rho in (0.0, 0.3, 0.6, 0.8):
            marked, found, single = shares(meters, freedom, rho)
            sys.stdout.write(f"{name}   {rho:.1f}   {marked:6.1%}   {found:15.1%}   {single:11.1%}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
