"""A second collector under our identity: seen because the broker lets each in once, and so cuts us off repeatedly."""

from __future__ import annotations

from collections import deque
from typing import Final

_TAKEN_OVER: Final = "Session taken over"
"""What a broker may say to whom it cuts off (reason code 142: MQTT 5.0, section 3.14.2.1); mosquitto 2.0 does not."""
_TIMED_OUT: Final = "Keep alive timeout"
"""A line that went silent: nobody ended that connection."""
_SAID, _EVIDENT = 2, 6
"""How often within the window it must be said, or seen: two fight for the identity every second or two."""
_WINDOW_MS: Final = 60_000
_OVER_MS: Final = 180_000
"""When nobody has cut us off for so long, there is no second one any more [ms]."""


class Namesake:
    """Counts how often a connection that was logged in is ended from the other side. Not thread-safe.

    A collector that is started anew, or comes back over a new line while the broker still holds its old one, ends
    that once, and nobody is left to hear of it.
    """

    def __init__(self) -> None:
        self._cuts: deque[tuple[int, str]] = deque(maxlen=_EVIDENT)
        self._seen: int | None = None

    def cut_off(self, reason: str, now: int) -> None:
        """Note that a connection ended, and why; `now` [ms] is of any clock that never goes back."""
        if reason == _TIMED_OUT:
            return
        self._cuts.append((now, reason))
        recent = [why for at, why in self._cuts if now - at <= _WINDOW_MS]
        if len(recent) >= _EVIDENT or recent.count(_TAKEN_OVER) >= _SAID:
            self._seen = now

    def seen(self, now: int) -> bool:
        """Whether there evidently is a second one."""
        return self._seen is not None and now - self._seen <= _OVER_MS
