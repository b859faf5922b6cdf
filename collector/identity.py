"""Two gateways under one name: seen because their words alternate, which those of one gateway never do."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

WINDOW_MS: Final = 600_000
_RETURNS: Final = 2
_MOST_SWITCHES: Final = 16


class _Switch(NamedTuple):
    at: int
    told: int
    instance: str


class Identities:
    """Watches under which identity (outbox epoch, installation) each gateway speaks. Not thread-safe.

    A new outbox, a replaced device or a restored backup change the identity once and for good. Two machines that run
    under one name return to an identity that another has replaced, again and again. What is told late (a broker's
    queue, a backlog) is no return: only what is newer than everything heard before counts.
    """

    def __init__(self) -> None:
        self._heard: dict[tuple[str, str], deque[_Switch]] = {}
        self._twice: dict[tuple[str, str], int] = {}

    def heard(self, site: str, gateway: str, instance: str, told: int, now: int) -> bool:
        """Note that a gateway spoke.

        Parameters
        ----------
        site, gateway, instance
            Who, and under which identity.
        told
            How new what it said is: the time of its newest reading, or of its birth [ms since 1970-01-01 UTC].
        now
            Time here [ms since 1970-01-01 UTC].

        Returns
        -------
        bool
            Whether this shows, now, that two speak under this name.
        """
        key = (site, gateway)
        switches = self._heard.get(key)
        if switches is None:
            switches = self._heard[key] = deque(maxlen=_MOST_SWITCHES)
        if switches and told <= switches[-1].told:
            return False
        if not switches or switches[-1].instance != instance:
            switches.append(_Switch(now, told, instance))
        else:
            switches[-1] = switches[-1]._replace(told=told)
            return False
        recent = [switch for switch in switches if now - switch.at <= WINDOW_MS]
        returns = sum(
            any(earlier.instance == switch.instance for earlier in recent[:index])
            for index, switch in enumerate(recent)
        )
        if returns < _RETURNS:
            return False
        self._twice[key] = now
        return True

    def twice(self, now: int) -> set[tuple[str, str]]:
        """Gateways (site, gateway) that were seen twice within the window before `now`."""
        self._twice = {key: at for key, at in self._twice.items() if now - at <= WINDOW_MS}
        return set(self._twice)
