"""Energy reviews of sites, computed once for everyone who asks, away from the requests."""

from __future__ import annotations

import concurrent.futures
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import msgspec

from api.errors import ReviewProblemError
from api.models import Site
from api.settings import Settings
from evaluation import EvaluationError
from review import Review, ReviewError, last_full_days, products_of_plans, review, site_settings
from review import Settings as ReviewSettings
from storage import Store
from telemetry import DocumentError

KEPT: Final = 24
"""Reviews remembered: whoever asks for one day after the other must not fill the memory."""

_AT_ONCE: Final = 2


_REFUSED = (ReviewError, DocumentError, EvaluationError)
"""What asking again would not change."""


@dataclass(frozen=True, slots=True)
class _Slot:
    told: ReviewSettings
    until: int
    future: Future[Review]


class Reviews:
    """Reviews a site's period at most once per `cache_ms`, at most two at a time. Thread-safe.

    Parameters
    ----------
    store
        Where readings are.
    settings
        Of the API: its folders of review settings (``<site>.yaml``) and of plans, main meter and demand target.
    cache_ms
        How long a review is used again [ms]; one whose settings changed is made at once.
    clock
        Present time [ms UTC].
    """

    def __init__(self, store: Store, settings: Settings, cache_ms: int, clock: Callable[[], int]) -> None:
        self._store = store
        self._settings = settings
        self._cache_ms = cache_ms
        self._clock = clock
        self._lock = threading.Lock()
        self._slots: OrderedDict[tuple[str, date, date], _Slot] = OrderedDict()
        self._pool = ThreadPoolExecutor(_AT_ONCE, "review")

    def told(self, site: Site) -> ReviewSettings:
        """What a site's reviews are told: its file, products that its plans name, and what the API knows of every site.

        Raises
        ------
        ReviewProblemError
            When the file cannot be used.
        """
        own = ReviewSettings()
        if self._settings.reviews:
            folder = Path(self._settings.reviews)
            try:
                own = site_settings(folder, site.site)
            except (DocumentError, OSError, UnicodeDecodeError) as error:
                # Without the folder: where the server keeps its files is no visitor's business.
                raise ReviewProblemError(str(error).replace(f"{folder}/", "")) from error
        planned = products_of_plans(Path(self._settings.plans), site.site) if self._settings.plans else {}
        target = own.demand_target_kw
        return msgspec.structs.replace(
            own,
            timezone=site.timezone,
            main_device=self._settings.main_device,
            products={**planned, **own.products},
            plans=self._settings.plans,
            demand_target_kw=self._settings.demand_target_kw if target is None else target,
        )

    def days(self, site: Site, first: date | None, last: date | None, count: int) -> tuple[date, date]:
        """First and last day of a review: as asked, else the newest `count` whole days, or those that there are.

        Raises
        ------
        ReviewProblemError
            When the site has no such days.
        StoreError
            When the store cannot be read.
        """
        if last is not None:
            return first or last - timedelta(count - 1), last
        try:
            newest = last_full_days(self._store, site.site, self.told(site), count=count)
        except ReviewError as error:
            raise ReviewProblemError(str(error)) from error
        return first or newest[0], newest[1]

    def review(self, site: Site, first: date, last: date, wait_s: float | None = None) -> Review | None:
        """Review a period, or give what was found a moment ago; None when that takes longer than `wait_s`.

        What takes longer goes on by itself, for whoever asks again.

        Raises
        ------
        ReviewProblemError
            When there is no review of this period.
        StoreError
            When the store cannot be read.
        """
        future = self._future(site, first, last)
        concurrent.futures.wait([future], wait_s)
        if not future.done():
            return None
        try:
            return future.result()
        except _REFUSED as error:
            raise ReviewProblemError(str(error)) from error

    def close(self) -> None:
        """Begin no more of them."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _future(self, site: Site, first: date, last: date) -> Future[Review]:
        told, now = self.told(site), self._clock()
        key = (site.site, first, last)
        with self._lock:
            slot = self._slots.get(key)
            if slot is not None and slot.told == told and not _over(slot, now):
                return slot.future
            future = self._pool.submit(review, self._store, site.site, (), first, last, told)
            self._slots[key] = _Slot(told, now + self._cache_ms, future)
            self._slots.move_to_end(key)
            while len(self._slots) > KEPT:
                self._slots.popitem(last=False)
            return future


def _over(slot: _Slot, now: int) -> bool:
    """Whether it must be made anew: old, or failed by what may be well again; never while it is being made."""
    if not slot.future.done():
        return False
    error = slot.future.exception()
    return now >= slot.until or (error is not None and not isinstance(error, _REFUSED))
