"""The messages beside the batch: birth, state and acknowledgement."""

from __future__ import annotations

from typing import Literal

import msgspec


class BirthDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One device as its gateway describes it.

    Parameters
    ----------
    device, kind
        As in the batch's tables.
    label
        Name for people, in the site's language.
    link
        Where it is read, e.g. ``tcp://127.0.0.1:5020 unit 1``.
    profile, profile_digest
        Name of the device profile and SHA-256 of its text (hexadecimal).
    every_ms
        Shortest time between two readings [ms]; a device that is silent for several of these is silent.
    channels
        What it delivers.
    """

    device: str
    kind: str
    label: str
    link: str
    profile: str
    profile_digest: str
    every_ms: int
    channels: list[str]


class AcceptanceCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that was looked at when a device was commissioned.

    Parameters
    ----------
    check
        What: ``voltage``, ``ct_direction``, ``phase_order``, …
    result
        Whether it is right; ``not_possible`` when it could not be told, for the reason given.
    reason, advice
        Sentences for people, in the technician's language; the advice is empty when nothing is to be done.
    """

    check: str
    result: Literal["pass", "warn", "fail", "not_possible"]
    reason: str
    advice: str = ""


class AcceptedDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What commissioning found of one device, and the profile it was read by."""

    device: str
    profile: str
    profile_digest: str
    checks: list[AcceptanceCheck]


class Acceptance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The record of a gateway's commissioning; `at` [ms since 1970-01-01 UTC], watched for `seconds` [s]."""

    at: int
    seconds: float
    devices: list[AcceptedDevice]


class Birth(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a gateway tells of itself when it starts (retained).

    Parameters
    ----------
    epoch
        Under which it puts batches now; new with every start. An epoch that comes back after another was born is a
        second machine under the same id.
    started
        When it was last started or its site file last changed [ms since 1970-01-01 UTC].
    host
        Name of the machine it runs on, for people who look for it; left out where nobody told.
    acceptance
        The latest record of its commissioning; left out by a gateway that has none.
    """

    site: str
    gateway: str
    epoch: str
    started: int
    version: str
    site_name: str
    timezone: str
    devices: list[BirthDevice]
    acceptance: Acceptance | None = None
    host: str = ""


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whether a gateway is connected (retained; the last will says it is not).

    Parameters
    ----------
    online
        Whether it is.
    at
        When the gateway said so [ms since 1970-01-01 UTC]; 0 in the last will, which is written beforehand.
    epoch
        The epoch of its birth: which start of which machine says so, or is gone; left out where nobody told.
    """

    online: bool
    at: int
    epoch: str = ""

    def repeats(self, said: State | None) -> bool:
        """Whether this is no more than a gateway had said: that it is online, by the same start, and no later."""
        return said is not None and self.online and self.epoch == said.epoch and self.at <= said.at


class Ack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The collector's word that batches are safe.

    Parameters
    ----------
    epoch
        The outbox the batches came from.
    stored
        Inclusive ranges ``[first, last]`` of sequence numbers that the store has committed.
    quarantined
        Ranges that are safe but set aside; the gateway need not keep them either.
    declined
        Ranges that hold batches which came while there was no room for them (the database was away). There is room
        now: what of them is still in flight shall be sent again without waiting.
    """

    epoch: str
    stored: list[tuple[int, int]] = []
    quarantined: list[tuple[int, int]] = []
    declined: list[tuple[int, int]] = []

    def sequences(self) -> list[int]:
        """Every sequence number this ack covers, rising."""
        ranges = (*self.stored, *self.quarantined)
        return sorted({seq for first, last in ranges for seq in range(first, last + 1)})


def ranges(sequences: list[int]) -> list[tuple[int, int]]:
    """Fold sequence numbers, in any order, into inclusive ranges."""
    if len(sequences) < 2:
        return [(seq, seq) for seq in sequences]
    folded: list[tuple[int, int]] = []
    for seq in sorted(set(sequences)):
        if folded and seq == folded[-1][1] + 1:
            folded[-1] = (folded[-1][0], seq)
        else:
            folded.append((seq, seq))
    return folded
