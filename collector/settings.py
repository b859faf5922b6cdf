"""How a collector works; part of the configuration."""

from __future__ import annotations

from typing import Annotated

import msgspec


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of one collector.

    Parameters
    ----------
    client_id
        Its identity at the broker: stable, and its own; the broker keeps what arrives while it is away.
    max_batch_messages
        Most messages written to the store in one commit.
    max_waiting_messages, max_waiting_bytes
        Most held in memory while the store is slow or away; beyond it, messages are left to be sent again.
    """

    client_id: Annotated[str, msgspec.Meta(min_length=1)] = "wattproof-collector"
    max_batch_messages: Annotated[int, msgspec.Meta(ge=1)] = 256
    max_waiting_messages: Annotated[int, msgspec.Meta(ge=1)] = 4096
    max_waiting_bytes: Annotated[int, msgspec.Meta(ge=1_000_000)] = 64_000_000
