"""Which devices exist: those the configuration lists, and those a gateway's birth has ever named."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from telemetry import Birth


class Registry:
    """Known devices by site. Thread-safe.

    A device is unknown only when somebody has said which devices there are, and it is not among them: its site is
    listed in the configuration, or its gateway's birth has been heard. Births add up while the collector runs, so that
    the backlog of a device that has been removed since is still its own.

    Parameters
    ----------
    listed
        Devices by site, from the configuration.
    """

    def __init__(self, listed: Mapping[str, Sequence[str]]) -> None:
        self._listed = {site: frozenset(devices) for site, devices in listed.items()}
        self._lock = threading.Lock()
        self._born: dict[tuple[str, str], frozenset[str]] = {}

    def born(self, birth: Birth) -> None:
        """Take in what a gateway tells of its devices."""
        key = (birth.site, birth.gateway)
        with self._lock:
            self._born[key] = self._born.get(key, frozenset()) | {device.device for device in birth.devices}

    def knows(self, site: str, gateway: str, device: str) -> bool:
        """Whether a device is known, or nobody has said which are."""
        listed, born = self._listed.get(site), self._born.get((site, gateway))
        if listed is None and born is None:
            return True
        return device in (listed or ()) or device in (born or ())
