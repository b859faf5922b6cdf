"""What a meter's machine makes: counters that grow with it, and flows summed over time."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from review.errors import ReviewError
from review.period import QUARTER_H, Period
from review.quarters import Quarters, read_quarters
from review.settings import Product, Settings
from storage import Series, Store
from telemetry import CHANNELS

COUNTED: Final = {"production_count": "1", "air_volume_m3": "m³"}
"""Counters of what is made, and its unit."""
FLOWS: Final = {"flow_m3_h": "m³"}
"""Gauges of what flows in an hour, and the unit of what has flowed."""


def products_of(store: Store, site: str, device: str, settings: Settings) -> list[Series]:
    """What the meter's machine makes: what the settings name, else a counter of its own device.

    Raises
    ------
    ReviewError
        When the settings name one that the store does not hold, or that counts nothing.
    """
    held = store.series(site)
    named = settings.products.get(device)
    if named is None:
        own = Product(device)
        return [series for series in held if (series.device, series.channel) == (own.device, own.channel)]
    return [_named(held, site, product) for product in named]


def _named(held: list[Series], site: str, product: Product) -> Series:
    if product.channel not in COUNTED | FLOWS:
        raise ReviewError(
            f"{product.channel} of {product.device!r} is no product: name a counter of what is made "
            f"({', '.join(COUNTED)}) or a flow ({', '.join(FLOWS)})"
        )
    for series in held:
        if (series.device, series.channel) == (product.device, product.channel):
            return series
    there = ", ".join(sorted({series.channel for series in held if series.device == product.device}))
    raise ReviewError(
        f"site {site}: no {product.channel} of {product.device!r}; it has {there or 'nothing in the store'}"
    )


def unit_of(channel: str) -> str:
    """Unit of what a product's channel tells of."""
    return FLOWS.get(channel) or CHANNELS[channel].unit


def read_product(store: Store, series: Series, days: Period) -> Quarters:
    """What was made in each quarter-hour: a counter's growth, or a flow's mean times the time it covers.

    Raises
    ------
    storage.StoreError
        When the store cannot be read.
    """
    read = read_quarters(store, series, days)
    if series.channel not in FLOWS:
        return read
    flowed = read.values * QUARTER_H * np.clip(read.coverage, 0.0, 1.0)
    return replace(read, values=flowed)
