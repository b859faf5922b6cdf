"""A site file that changes while the agent runs: read again on request or when it was written, refused when broken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import structlog

from edge.site import Site, load_site
from telemetry import TelemetryError

log = structlog.get_logger()

_LOOK_EVERY_S: Final = 2.0


class SiteWatch:
    """Watches one site file.

    Parameters
    ----------
    path
        The file.
    look_every_s
        How often it is looked at for a change [s].
    """

    def __init__(self, path: Path, look_every_s: float = _LOOK_EVERY_S) -> None:
        self._path = path
        self._look_every_s = look_every_s
        self._seen = self._signature()
        self._asked = asyncio.Event()

    def request(self) -> None:
        """Read it again now, changed or not (SIGHUP): profiles beside it may have changed. From the event loop only."""
        self._asked.set()

    async def changes(self) -> AsyncIterator[Site]:
        """The site, each time it was changed or asked for; a file that cannot be used is refused with its sentence."""
        while True:
            try:
                async with asyncio.timeout(self._look_every_s):
                    await self._asked.wait()
            except TimeoutError:
                pass
            asked = self._asked.is_set()
            self._asked.clear()
            now = await asyncio.to_thread(self._signature)
            if not asked and now in {self._seen, None}:
                continue  # an editor may take it away for a moment, to put the new one in its place
            self._seen = now
            try:
                site = await asyncio.to_thread(load_site, self._path)
            except TelemetryError as error:
                log.error("site_refused", says=f"{error}. The site as it was before goes on.")  # noqa: TRY400 - expected
                continue
            yield site

    def _signature(self) -> tuple[int, int, int] | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino
