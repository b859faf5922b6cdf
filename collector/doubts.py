"""Doubts about a message: damaged on its way, or made so by its sender."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Final

from collector.inbox import Delivery

_TIMES: Final = 3
_REMEMBERED: Final = 4096


class Doubts:
    """Remembers messages whose checksum does not fit.

    An accident on the line does not strike twice in the same way: what is sent again arrives intact, or damaged
    differently. The same wrong bytes sent three times are what their sender means to send. Copies that the broker
    repeats of its own accord (``dup``) prove nothing, and are not counted.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, int] = OrderedDict()

    def sent_so(self, delivery: Delivery) -> bool:
        """Note a delivery; True once its very bytes have been sent three times."""
        key = hashlib.sha256(delivery.topic.encode("utf-8", "surrogateescape") + b"\0" + delivery.payload).digest()
        times = self._seen.pop(key, 0) + (not delivery.dup)
        self._seen[key] = times
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return times >= _TIMES
