"""Who is to blame for a commit that fails: a message in it, or what all commits hang on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from collector.inbox import Delivery

_REMEMBERED: Final = 4096


class Blame:
    """Tells messages that no commit succeeds with from times in which no commit succeeds (without memory, say).

    A message is to blame that fails by itself while commits of others succeed. It stays to blame when it comes again
    with nothing beside it, as the last one of a gateway does, until one fails that was never blamed: from then on,
    until a commit succeeds, no message is.
    """

    def __init__(self) -> None:
        self._working = False
        self._blamed: OrderedDict[int, None] = OrderedDict()

    def succeeded(self) -> None:
        """Note a commit that succeeded."""
        self._working = True

    def of(self, failed: Sequence[Delivery], *, others_succeeded: bool) -> int:
        """How many of the deliveries that failed one by one are to blame, the first ones.

        Parameters
        ----------
        failed
            In the order in which they were tried.
        others_succeeded
            Whether a commit of what came with them did.
        """
        keys = [hash((each.topic, each.payload)) for each in failed]
        if others_succeeded or all(key in self._blamed for key in keys):
            count = len(keys)
        else:
            count = int(self._working)  # of the first one nobody can know yet
            self._blamed.clear()
        self._working = others_succeeded
        for key in keys[:count]:
            self._blamed[key] = None
            self._blamed.move_to_end(key)
        while len(self._blamed) > _REMEMBERED:
            self._blamed.popitem(last=False)
        return count
