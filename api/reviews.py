"""Energy reviews of sites, made once for everyone who asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import msgspec

from api.errors import ReviewProblemError
from api.models import Site
from api.once import Once, Progress
from api.settings import Settings
from evaluation import EvaluationError
from review import Review, ReviewError, last_full_days, products_of_plans, review, site_settings
from review import Settings as ReviewSettings
from storage import Store
from telemetry import DocumentError

_AT_ONCE: Final = 2
_REFUSED = (ReviewError, DocumentError, EvaluationError)
"""What asking again would not change."""


class Reviews:
    """Reviews a site's period at most once per `cache_ms`, at most two at a time. Thread-safe.

    Parameters
    ----------
    store
        Where readings are.
    settings
        Of the API: its folders of review settings (``<site>.yaml``) and of plans, main meter and demand target.
    cache_ms
        How long a review is used again at least [ms]; one whose settings changed is made at once.
    clock
        Present time [ms UTC].
    """

    def __init__(self, store: Store, settings: Settings, cache_ms: int, clock: Callable[[], int]) -> None:
        self._store = store
        self._settings = settings
        self._once: Once[Review] = Once("review", _AT_ONCE, cache_ms, clock, _REFUSED)

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
        told = self.told(site)

        def make(progress: Progress) -> Review:
            return review(self._store, site.site, (), first, last, told, progress)

        try:
            return self._once.get((site.site, first, last), told, make, wait_s)
        except _REFUSED as error:
            raise ReviewProblemError(str(error)) from error

    def progress(self, site: Site, first: date, last: date) -> Progress | None:
        """How far the review of a period is, meters read and in all; None when nobody asked for it."""
        return self._once.progress((site.site, first, last))

    def close(self) -> None:
        """Begin no more of them."""
        self._once.close()
