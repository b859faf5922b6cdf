"""What an entry of the quarantine is, how entries are chosen, and what the quarantine counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from telemetry import InvalidNameError, parse_topic

State = Literal["held", "asked", "stored", "dropped", "summarised", "superseded", "replaced"]
"""Held; asked to be replayed; stored by a replay; given up by a person; only counted, its content gave way to others';
superseded by another value that the store has; replaced in the store by an entry that was to overwrite it.

``stored``, ``dropped`` and ``summarised`` keep no content. Only ``stored`` leaves the ledger's quarantined readings: of
two values for one moment the store has one, and the other is here.
"""


class Entry(msgspec.Struct, frozen=True):
    """One thing set aside.

    Attributes
    ----------
    id
        Rises with every entry.
    received
        When the message came [ms since 1970-01-01 UTC].
    topic
        What it came under.
    reason, detail
        Why it is here: in one word, and in a sentence.
    part
        ``kind/device/channel`` of the readings set aside; empty when it is the whole message.
    readings
        How many readings; 0 where that cannot be known.
    content
        The message's payload, byte for byte, or the part's readings as JSON.
    state
        What has become of it.
    entries
        How many refusals it stands for; more than one only when summarised.
    decided, note
        When the state was last changed [ms since 1970-01-01 UTC], 0 for never; and what was said then.
    """

    id: int
    received: int
    topic: str
    reason: str
    detail: str
    part: str
    readings: int
    content: bytes
    state: State = "held"
    entries: int = 1
    decided: int = 0
    note: str = ""

    @property
    def closed(self) -> bool:
        """Whether its end is reached, so that it leaves in time."""
        return self.state in {"stored", "dropped", "superseded", "replaced"}


class Choice(msgspec.Struct, frozen=True):
    """Which entries are meant: those that meet all that is given; everything when nothing is."""

    ids: Sequence[int] = ()
    reason: str = ""
    site: str = ""
    gateway: str = ""
    device: str = ""
    states: Sequence[State] = ()

    def condition(self) -> tuple[str, list[object]]:
        """The choice as an SQL condition and its parameters."""
        terms, values = ["1"], list[object]()
        for column, wanted in (
            ("id", self.ids),
            ("reason", [self.reason] if self.reason else []),
            ("site", [self.site] if self.site else []),
            ("gateway", [self.gateway] if self.gateway else []),
            ("device", [self.device] if self.device else []),
            ("state", self.states),
        ):
            if wanted:
                terms.append(f"{column} IN ({', '.join('?' * len(wanted))})")
                values += wanted
        return " AND ".join(terms), values


@dataclass(frozen=True, slots=True)
class QuarantineCounters:
    """What the quarantine holds.

    Attributes
    ----------
    entries, messages
        Entries that wait for a person, and whole messages among them.
    readings
        Readings set aside and not stored since: held, dropped, superseded or only counted. The ledger's "quarantined".
    stored
        Readings a replay has brought into the store; no part of `readings`.
    dropped, summarised
        Readings a person gave up, and readings that are only counted because the quarantine was full.
    superseded
        Readings in whose place the store has another value: they were kept out for it, or overwritten by it.
    left
        Entries that were decided long ago and have left; their readings are counted above for ever.
    bytes
        What the contents take [bytes].
    """

    entries: int = 0
    messages: int = 0
    readings: int = 0
    stored: int = 0
    dropped: int = 0
    summarised: int = 0
    superseded: int = 0
    left: int = 0
    bytes: int = 0


def names(topic: str, part: str) -> tuple[str, str, str]:
    """Site, gateway and device of an entry, as far as topic and part tell."""
    kind_device = part.removeprefix("gap ").split("/")
    device = kind_device[1] if len(kind_device) > 2 else ""
    try:
        address = parse_topic(topic)
    except InvalidNameError:
        return "", "", device
    return address.site, address.gateway, device
