"""Unheard acknowledgements: seen because a gateway sends again, and again, what it was told is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_TIMES: Final = 3
_APART_MS: Final = 5_000
"""Copies that come closer together have been waiting together, for a store that was away [ms]."""
_PATIENCE_MS: Final = 180_000
"""A gateway that hears nothing sends its oldest batch again within 50 s [ms]."""


@dataclass(slots=True)
class _Sample:
    epoch: str
    seq: int
    at: int
    repeats: int = 0


class Unheard:
    """Follows one batch of each gateway until it does not come again. Not thread-safe."""

    def __init__(self) -> None:
        self._samples: dict[tuple[str, str], _Sample] = {}
        self._unheard: dict[tuple[str, str], int] = {}

    def stored(self, site: str, gateway: str, epoch: str, seq: int, now: int) -> None:
        """Note that a batch was stored and acknowledged; `now` [ms] is of any clock that never goes back."""
        key = (site, gateway)
        sample = self._samples.get(key)
        if sample is None or now - sample.at > _PATIENCE_MS:
            self._samples[key] = _Sample(epoch, seq, now)
        elif sample.seq == seq and sample.epoch == epoch and now - sample.at >= _APART_MS:
            sample.at = now
            sample.repeats += 1
            if sample.repeats >= _TIMES:
                self._unheard[key] = now

    def gateways(self, now: int) -> set[tuple[str, str]]:
        """Gateways (site, gateway) that evidently hear no acknowledgement."""
        self._unheard = {key: at for key, at in self._unheard.items() if now - at <= _PATIENCE_MS}
        return set(self._unheard)
