"""What a broker says of its limits, and what we need: each that is too tight, with the setting to change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from collector.broker_probe import PROBE_MESSAGES, Probed
from telemetry import MAX_BYTES

_INFLIGHT: Final = 100
"""Unconfirmed messages a broker should take and send at once: below it, the round trip bounds the throughput."""
_HEADER_BYTES: Final = 1024
_DAY_S: Final = 86_400
_QUEUE: Final = "mosquitto: max_queued_messages, max_queued_bytes, memory_limit; EMQX: mqtt.max_mqueue_len"


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


def shortfalls(
    granted: Mapping[str, Any],
    *,
    shared: bool,
    expiry_s: int,
    probed: Probed | None = None,
) -> list[Shortfall]:
    """Compare what an MQTT 5 broker granted at connect, and was found to do, with what is needed.

    Parameters
    ----------
    granted
        Properties of its CONNACK by name, e.g. ``{"ReceiveMaximum": 20}``; absent ones have MQTT 5's default.
    shared
        Whether a shared subscription is wanted.
    expiry_s
        How long the session shall be kept while we are away [s].
    probed
        What was found out by trying.
    """
    found: list[Shortfall] = []

    def short(limit: str, says: object, need_ko: str, need_en: str, setting: str) -> None:
        found.append(
            Shortfall(limit, f"{limit} = {says}, {need_ko} ({setting})", f"{limit} is {says}; {need_en} ({setting})")
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
            "Retain Available", 0, "브로커가 게이트웨이 정보를 보관(retain)해야 합니다",
            "births and states must be retained",
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
    return [*found, *_tried(probed or Probed())]


def _tried(probed: Probed) -> Iterator[Shortfall]:
    if probed.queue is not None and probed.queue < PROBE_MESSAGES:
        yield Shortfall(
            "queue",
            f"수신이 밀린 클라이언트 앞으로 보낸 {PROBE_MESSAGES}건(각 1 kB) 가운데 {probed.queue}건만"
            f" 보관됩니다. 더 크게 하십시오 ({_QUEUE})",
            f"of {PROBE_MESSAGES} messages of 1 kB for a client that is behind, {probed.queue} are kept; make it"
            f" larger, gateways send again what is dropped, later ({_QUEUE})",
        )
    if probed.largest is False:
        setting = "mosquitto: message_size_limit and memory_limit, EMQX: mqtt.max_packet_size"
        yield Shortfall(
            "largest message",
            f"{MAX_BYTES:,}바이트 메시지가 전달되지 않습니다 ({setting})",
            f"a message of {MAX_BYTES} bytes does not come through ({setting})",
        )
