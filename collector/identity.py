"""Two gateways under one name: seen because their words alternate, which those of one gateway never do."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final, NamedTuple

WINDOW_MS: Final = 600_000
_RETURNS: Final = 2
_MOST_SWITCHES: Final = 16


class _Switch(NamedTuple):
    at: int
    instance: str


@dataclass(slots=True)
class _Speaker:
    """Who speaks under a name now, how new the newest word is [ms], and who began to when."""

    instance: str
    told: int
    switches: deque[_Switch]


class Identities:
    """Watches under which identity (outbox epoch, installation) each gateway speaks. Not thread-safe.

    A new outbox, a replaced device or a restored backup change the identity once and for good. Two machines that run
    under one name return to an identity that another has replaced, again and again. What is told late (a broker's
    queue, a backlog) is no return: only what is newer than everything heard before counts.
    """

    def __init__(self) -> None:
        self._heard: dict[tuple[str, str], _Speaker] = {}
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
        speaker = self._heard.get(key)
        if speaker is None:
            self._heard[key] = _Speaker(instance, told, deque([_Switch(now, instance)], _MOST_SWITCHES))
            return False
        if told <= speaker.told:
            return False
        speaker.told = told
        if speaker.instance == instance:
            return False
        speaker.instance = instance
        speaker.switches.append(_Switch(now, instance))
        recent = [switch for switch in speaker.switches if now - switch.at <= WINDOW_MS]
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
