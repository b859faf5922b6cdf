"""The gateway agent: device profiles, Modbus links, polling, the outbox, publishing.

Names are imported when they are first used, so that ``edge.profiles`` alone needs neither pymodbus nor paho.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge.agent import Summary, run_agent
    from edge.births import birth_of
    from edge.checking import Problem, check_site
    from edge.errors import EdgeError, EncodeError, LinkError, OutboxError, OutboxFullError, UnknownProfileError
    from edge.outbox import Counters, Outbox
    from edge.plans import BusPlan, DevicePlan, Plan, PlannedRead
    from edge.publisher import Publisher
    from edge.rates import Rates
    from edge.reload import SiteWatch
    from edge.site import Bus, Device, Site, SiteName, load_site, parse_site, plan_of

_HOME = {
    "Bus": "edge.site",
    "BusPlan": "edge.plans",
    "Counters": "edge.outbox",
    "Device": "edge.site",
    "DevicePlan": "edge.plans",
    "EdgeError": "edge.errors",
    "EncodeError": "edge.errors",
    "LinkError": "edge.errors",
    "Outbox": "edge.outbox",
    "OutboxError": "edge.errors",
    "OutboxFullError": "edge.errors",
    "Plan": "edge.plans",
    "PlannedRead": "edge.plans",
    "Problem": "edge.checking",
    "Publisher": "edge.publisher",
    "Rates": "edge.rates",
    "Site": "edge.site",
    "SiteName": "edge.site",
    "SiteWatch": "edge.reload",
    "Summary": "edge.agent",
    "UnknownProfileError": "edge.errors",
    "birth_of": "edge.births",
    "check_site": "edge.checking",
    "load_site": "edge.site",
    "parse_site": "edge.site",
    "plan_of": "edge.site",
    "run_agent": "edge.agent",
}

__all__ = [
    "Bus",
    "BusPlan",
    "Counters",
    "Device",
    "DevicePlan",
    "EdgeError",
    "EncodeError",
    "LinkError",
    "Outbox",
    "OutboxError",
    "OutboxFullError",
    "Plan",
    "PlannedRead",
    "Problem",
    "Publisher",
    "Rates",
    "Site",
    "SiteName",
    "SiteWatch",
    "Summary",
    "UnknownProfileError",
    "birth_of",
    "check_site",
    "load_site",
    "parse_site",
    "plan_of",
    "run_agent",
]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'edge' has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)
