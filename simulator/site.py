"""The gateway's site file for the virtual factory: what a technician would write for a real one."""

from __future__ import annotations

import json
import math
from typing import Any

import yaml

from simulator.factory import Factory
from telemetry import Broker

_RTU_TIMEOUT_MS = 1000
_TCP_TIMEOUT_MS = 500


def site_document(factory: Factory, links: dict[str, str], broker: Broker, gateway: str = "gw-1") -> str:
    """Write the edge's site file (YAML).

    Parameters
    ----------
    factory
        Whose devices it lists.
    links
        Each link's URL, as `serve` tells when it is ready.
    broker
        Where the gateway publishes; the file holds its password.
    gateway
        The gateway's id.
    """
    site = factory.file.site
    lines = [
        "# Site file of a WattProof gateway, written by the simulator for its virtual factory.",
        "# For a real factory: the same keys, your meters' addresses.",
        f"site: {{id: {site.id}, name: {_text(site.name)}, timezone: {site.timezone}}}",
        f"gateway: {gateway}",
        "broker:",
        *_broker_lines(broker),
        "every_ms: 1000 # how often each device is read",
        "flush_ms: 250 # how often what was read is committed to the outbox",
        "buses:",
    ]
    for link in factory.file.links:
        slow = links[link.name].startswith("rtu:")
        lines += [
            f"  - name: {link.name}",
            f"    url: {_text(links[link.name])}",
            f"    timeout_ms: {_RTU_TIMEOUT_MS if slow else _TCP_TIMEOUT_MS}",
            "    devices:",
        ]
        lines += [
            f"      - {{id: {device.id}, kind: {device.kind}, label: {_text(device.label)}, "
            f"profile: {_profile(device.profile)}, unit: {device.unit}}}"
            for device in factory.file.devices
            if device.link == link.name
        ]
    return "\n".join(lines) + "\n"


def _broker_lines(broker: Broker) -> list[str]:
    lines = [
        f"  host: {_text(broker.host)}",
        f"  port: {broker.port}",
        f"  username: {_text(broker.username)}",
        f"  password: {_text(broker.password)}",
    ]
    if broker.tls is not None:
        tls = broker.tls
        files = f"ca: {_text(tls.ca)}, certificate: {_text(tls.certificate)}, key: {_text(tls.key)}"
        lines.append(f"  tls: {{{files}}}")
    return [*lines, f'  protocol: "{broker.protocol}"', f"  keepalive_s: {broker.keepalive_s}"]


def _profile(profile: str | dict[str, Any]) -> str:
    """A name, or a profile on one line; YAML, because the keys of an enum are numbers."""
    if isinstance(profile, str):
        return _text(profile)
    line = yaml.safe_dump(profile, default_flow_style=True, allow_unicode=True, sort_keys=False, width=math.inf)
    return str(line).strip()


def _text(value: str) -> str:
    """A JSON string is a YAML string, whatever is in it."""
    return json.dumps(value, ensure_ascii=False)
