"""What every route needs, made once by `create_app` and kept on ``app.state.context``."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request

from api.alarms import count_lasting
from api.directory import Directory
from api.factory import Factory
from api.live import Feed
from api.models import Snapshot
from api.past_demand import PastDemand
from api.plans import Plans
from api.presence import Presence
from api.programmes import Programmes
from api.reviews import Reviews
from api.settings import Settings
from storage import Store


@dataclass(eq=False)
class Context:
    """The parts behind the routes."""

    store: Store
    settings: Settings
    clock: Callable[[], int]
    presence: Presence
    directory: Directory
    plans: Plans
    reviews: Reviews
    programmes: Programmes
    past_demand: PastDemand
    in_korean: Callable[[str], str]
    feed: Feed = field(init=False)
    _factories: dict[str, Factory] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.feed = Feed(self.look, self.settings.refresh_s)

    def look(self, site: str) -> Snapshot:
        """A site at this moment.

        Raises
        ------
        NotFoundError
            When there is no such site.
        StoreError
            When the store cannot be read.
        """
        self.directory.site(site)
        with self._lock:
            factory = self._factories.get(site)
            if factory is None:
                factory = Factory(site, self.store, self.directory, self.settings, self.clock, self.past_demand)
                self._factories[site] = factory
        return factory.look().model_copy(update={"alarms": count_lasting(site, self.presence)})


def get_context(request: Request) -> Context:
    """The context of the app that serves this request."""
    return cast("Context", request.app.state.context)


Ctx = Annotated[Context, Depends(get_context)]
