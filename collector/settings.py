"""How a collector works; part of the configuration."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from collector.endpoint import Endpoint
from collector.foreign.model import Foreign

_SESSION_S = 7 * 86_400


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of one collector.

    Parameters
    ----------
    client_id
        Its identity at the broker: stable, and its own; the broker keeps what arrives while it is away.
    workers_group
        Name of the group of like collectors that share the work (an MQTT 5 shared subscription); empty for one alone.
    worker
        Which of the group this is, from 1; its identity at the broker is ``client_id-worker``.
    max_batch_messages
        Most messages written to the store in one commit.
    max_waiting_messages, max_waiting_bytes
        Most held in memory while the store is slow or away; beyond it, messages are left to be sent again.
    unknown_devices
        Whether readings of a device that neither `devices` nor a birth names are stored, or set aside.
    devices
        Known devices by site, beside those that births name.
    oldest_days
        Older readings than this are set aside [days]; 0 for none. A gateway's backlog may be 90 days old.
    quarantine_max_mb
        Room for what is set aside [MB]; beyond it the most abundant sort of it is only counted.
    quarantine_keep_days
        How long an entry of the quarantine stays after a replay stored it or a person dropped it [days]; then only its
        number is kept. As long as a gateway's backlog may be old, so that what was dropped and comes again is known; 0
        for ever. What is held never leaves by itself.
    endpoint
        Where health, readiness and figures can be read over HTTP; not at all unless given.
    foreign
        Meters and programs of others whose messages are taken in, by mapping files.
    """

    client_id: Annotated[str, msgspec.Meta(min_length=1)] = "wattproof-collector"
    max_batch_messages: Annotated[int, msgspec.Meta(ge=1)] = 2048
    max_waiting_messages: Annotated[int, msgspec.Meta(ge=1)] = 8192
    max_waiting_bytes: Annotated[int, msgspec.Meta(ge=1_000_000)] = 16_000_000
    workers_group: Annotated[str, msgspec.Meta(pattern="^[a-z0-9_-]*$")] = ""
    worker: Annotated[int, msgspec.Meta(ge=1)] = 1
    unknown_devices: Literal["store", "quarantine"] = "store"
    devices: dict[str, list[str]] = {}
    oldest_days: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    quarantine_max_mb: Annotated[int, msgspec.Meta(ge=1)] = 256
    quarantine_keep_days: Annotated[float, msgspec.Meta(ge=0)] = 90.0
    endpoint: Endpoint | None = None
    foreign: Foreign = Foreign()

    @property
    def identity(self) -> str:
        """Client id at the broker."""
        return f"{self.client_id}-{self.worker}" if self.workers_group else self.client_id

    @property
    def session_expiry_s(self) -> int:
        """How long the broker shall keep what waits for it while it is away [s].

        One of a group leaves at once: what the broker would keep for it, the others would never see. What it had in
        flight, gateways send again.
        """
        return 0 if self.workers_group else _SESSION_S

    def subscription(self, filter_: str) -> str:
        """The topic filter of one's own or, in a group, the shared one."""
        return f"$share/{self.workers_group}/{filter_}" if self.workers_group else filter_
