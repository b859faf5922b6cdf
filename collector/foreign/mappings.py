"""All mappings of a collector: which topics to ask for, and who takes a message."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from collector.foreign.batch import to_batch
from collector.foreign.mapping import Route
from collector.foreign.patterns import covers
from collector.foreign.translate import translate
from collector.intake import Intake
from collector.refusals import Refusal
from collector.sifting import sift
from telemetry import BATCH, ROOT, Batch
from telemetry import topic as topic_of

_REMEMBERED = 16_384
_OURS = f"{ROOT}/"


class Taken(NamedTuple):
    """A route, and the parts of a topic it takes."""

    route: Route
    parts: dict[str, str]


class Filter(NamedTuple):
    """What a broker is asked for; messages that tell their time at QoS 1, others at QoS 0."""

    filter: str
    timed: bool


class Mappings:
    """Routes in the order in which they are asked."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = tuple(routes)
        self._route = lru_cache(_REMEMBERED)(self._look_up)

    @property
    def filters(self) -> list[Filter]:
        """Topic filters to subscribe to, without those that another covers; first those of messages with times."""
        wanted = dict.fromkeys(Filter(route.pattern.filter, route.timed) for route in self.routes)
        needed = [
            each
            for each in wanted
            if not any(other != each and other.timed is each.timed and covers(other.filter, each.filter)
                       for other in wanted)
        ]  # fmt: skip
        return sorted(needed, key=lambda each: not each.timed)

    def route(self, topic: str) -> Taken | None:
        """Who takes messages of a topic; None for nobody."""
        return self._route(topic)

    def _look_up(self, topic: str) -> Taken | None:
        for route in self.routes:
            parts = route.parts(topic)
            if parts is not None:
                return Taken(route, parts)
        return None

    def take_apart(self, topic: str, payload: bytes, received: int, now: int) -> Intake:
        """Decide what of a message that came at `received` may be stored at `now` [ms since 1970-01-01 UTC].

        There is nobody to answer: an intake without batch and refusals holds nothing that is mapped.
        """
        taken = self.route(topic)
        if taken is None:
            return Intake(None, None, [])
        route, parts = taken
        told = translate(route, parts, payload, received)
        batch, refusals = to_batch(told, timed=route.timed)
        return Intake(None, *_sifted(batch, refusals, now), filed=topic_of(told.site, told.gateway, BATCH))


def is_foreign(topic: str) -> bool:
    """Whether a topic is none of WattProof's own."""
    return not topic.startswith(_OURS)


def _sifted(batch: Batch | None, refusals: list[Refusal], now: int) -> tuple[Batch | None, list[Refusal]]:
    if batch is None:
        return None, refusals
    kept, more = sift(batch, now)
    return kept, [*refusals, *more]
