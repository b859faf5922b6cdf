"""Public holidays as a tariff means them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import holidays


def public_holidays(years: Iterable[int], working: frozenset[dt.date]) -> frozenset[dt.date]:
    """Korea's public holidays of these years but for those that are `working` days for the tariff.

    Sundays are no holidays here; the tariff treats them alike.
    """
    return frozenset(holidays.country_holidays("KR", years=sorted(set(years)))) - working
