"""The gateway agent: device profiles, Modbus links, polling, the outbox, publishing.

Names are imported when they are first used, so that ``edge.profiles`` alone needs neither pymodbus nor paho.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge.agent import Summary, birth_of, run_agent
    from edge.errors import EdgeError, EncodeError, LinkError, OutboxError, OutboxFullError, UnknownProfileError
    from edge.outbox import Counters, Outbox
    from edge.publisher import Publisher
    from edge.site import Bus, Device, Site, SiteName, load_site, parse_site

_HOME = {
    "Bus": "edge.site",
    "Counters": "edge.outbox",
    "Device": "edge.site",
    "EdgeError": "edge.errors",
    "EncodeError": "edge.errors",
    "LinkError": "edge.errors",
    "Outbox": "edge.outbox",
    "OutboxError": "edge.errors",
    "OutboxFullError": "edge.errors",
    "Publisher": "edge.publisher",
    "Site": "edge.site",
    "SiteName": "edge.site",
    "Summary": "edge.agent",
    "UnknownProfileError": "edge.errors",
    "birth_of": "edge.agent",
    "load_site": "edge.site",
    "parse_site": "edge.site",
    "run_agent": "edge.agent",
}

__all__ = [
    "Bus",
    "Counters",
    "Device",
    "EdgeError",
    "EncodeError",
    "LinkError",
    "Outbox",
    "OutboxError",
    "OutboxFullError",
    "Publisher",
    "Site",
    "SiteName",
    "Summary",
    "UnknownProfileError",
    "birth_of",
    "load_site",
    "parse_site",
    "run_agent",
]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'edge' has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)
