"""What a broker says of its limits, and what we need: each that is too tight, with the setting to change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from telemetry import MAX_BYTES

_INFLIGHT: Final = 100
"""Unconfirmed messages a broker should take and send at once: below it, the round trip bounds the throughput."""
_HEADER_BYTES: Final = 1024
_DAY_S: Final = 86_400


class Shortfall(NamedTuple):
    """One limit that is too tight.

    Attributes
    ----------
    limit
        The property or behaviour, in MQTT 5's words.
    ko, en
        What the broker says, what is needed, which setting to change.
    """

    limit: str
    ko: str
    en: str


def shortfalls(granted: Mapping[str, Any], *, shared: bool, expiry_s: int, queue: int | None = None) -> list[Shortfall]:
    """Compare what an MQTT 5 broker granted at connect with what is needed.

    Parameters
    ----------
    granted
        Properties of its CONNACK by name, e.g. ``{"ReceiveMaximum": 20}``; absent ones have MQTT 5's default.
    shared
        Whether a shared subscription is wanted.
    expiry_s
        How long the session shall be kept while we are away [s].
    queue
        Messages the broker was found to keep for an absent client; None when that was not tried.
    """
    found: list[Shortfall] = []

    def short(limit: str, says: object, need_ko: str, need_en: str, setting: str) -> None:
        found.append(
            Shortfall(limit, f"{limit} {says}; {need_ko} ({setting})", f"{limit} is {says}; {need_en} ({setting})")
        )

    receive = granted.get("ReceiveMaximum", 65_535)
    if receive < _INFLIGHT:
        short(
            "Receive Maximum", receive, f"{_INFLIGHT} 이상이 필요합니다", f"at least {_INFLIGHT} is needed",
            "mosquitto: max_inflight_messages, EMQX: mqtt.max_inflight",
        )  # fmt: skip
    packet = granted.get("MaximumPacketSize")
    if packet is not None and packet < MAX_BYTES + _HEADER_BYTES:
        need = MAX_BYTES + _HEADER_BYTES
        short(
            "Maximum Packet Size", packet, f"{need}바이트 이상이 필요합니다", f"at least {need} bytes are needed",
            "mosquitto: max_packet_size and message_size_limit, EMQX: mqtt.max_packet_size",
        )  # fmt: skip
    if granted.get("MaximumQoS", 2) < 1:
        short("Maximum QoS", 0, "1 이상이 필요합니다", "1 is needed", "mosquitto: max_qos, EMQX: mqtt.max_qos_allowed")
    if not granted.get("RetainAvailable", 1):
        short(
            "Retain Available", 0, "게이트웨이 정보가 보관되어야 합니다", "births and states must be retained",
            "mosquitto: retain_available, EMQX: mqtt.retain_available",
        )  # fmt: skip
    if shared and not granted.get("SharedSubscriptionAvailable", 1):
        short(
            "Shared Subscription Available", 0, "workers_group를 쓸 수 없습니다", "workers_group cannot be used",
            "EMQX: mqtt.shared_subscription",
        )  # fmt: skip
    expiry = granted.get("SessionExpiryInterval", expiry_s)
    if expiry < min(expiry_s, _DAY_S):
        short(
            "Session Expiry Interval", f"{expiry} s", f"{expiry_s}초가 필요합니다", f"{expiry_s} s are asked for",
            "mosquitto: persistent_client_expiration, EMQX: mqtt.session_expiry_interval",
        )  # fmt: skip
    if queue is not None:
        short(
            "queue of an absent client", queue, "한도를 두지 않거나 더 크게 하십시오",
            "make it larger; gateways send again what was dropped, later",
            "mosquitto: max_queued_messages, EMQX: mqtt.max_mqueue_len",
        )  # fmt: skip
    return found
