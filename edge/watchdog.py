"""What the agent tells systemd: that it is ready, that it lives, that it stops. One datagram each, no library.

The protocol is sd_notify(3): ``READY=1``, ``WATCHDOG=1`` and ``STOPPING=1`` to the socket in ``$NOTIFY_SOCKET``, the
second at half the interval in ``$WATCHDOG_USEC``. The sign of life comes from the loop that polls, and only while the
work moves on: a loop that is stuck, or polls that have stopped, end it, and systemd starts the agent again.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Mapping

import structlog

log = structlog.get_logger()


class Watchdog:
    """Tells systemd how the agent is; does nothing where systemd did not start it.

    Parameters
    ----------
    address
        Path of systemd's socket, ``@…`` for an abstract one; empty for none.
    every_s
        Time between two signs of life [s]; 0 when systemd expects none.
    """

    def __init__(self, address: str = "", every_s: float = 0.0) -> None:
        self.every_s = every_s
        self._address = f"\0{address[1:]}" if address.startswith("@") else address

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Watchdog:
        """As systemd set it up; a watchdog that is meant for another process (``$WATCHDOG_PID``) is not fed."""
        try:
            interval_us = int(environment.get("WATCHDOG_USEC", "0"))
        except ValueError:
            interval_us = 0
        if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
            interval_us = 0
        return cls(environment.get("NOTIFY_SOCKET", ""), interval_us / 2_000_000)

    def ready(self) -> None:
        """The agent has begun to work."""
        self._say("READY=1")

    def stopping(self) -> None:
        """The agent is about to end, as it was asked to."""
        self._say("STOPPING=1")

    async def run(self, stuck: Callable[[], str]) -> None:
        """Give signs of life until cancelled, while `stuck` returns nothing; what it returns is the reason for none."""
        if not self._address or not self.every_s:
            return
        told = ""
        while True:
            reason = stuck()
            if not reason:
                self._say("WATCHDOG=1")
            elif reason != told:
                log.error("watchdog_withheld", reason=reason, advice="systemd will start the agent again")
            told = reason
            await asyncio.sleep(self.every_s)

    def _say(self, words: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as out:
                out.sendto(words.encode(), self._address)
        except OSError as error:
            log.warning("systemd_not_told", words=words, reason=str(error))
