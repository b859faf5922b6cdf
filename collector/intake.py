"""Intake: a message taken apart into who sent it, what of it may be stored, and what must be set aside. Pure."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

import msgspec

from collector.refusals import Reason, Refusal
from collector.sifting import LARGEST, sift
from telemetry import (
    BATCH,
    MAX_BYTES,
    Batch,
    DamagedError,
    DecodeError,
    InvalidNameError,
    decode,
    has_checksum,
    parse_topic,
)

_HEAD: Final = 400
_NUMBER: Final = re.compile(rb'"epoch":"([!-~]{1,64}?)","seq":(\d{1,16}),')


class Sender(NamedTuple):
    """Whom to tell that a batch is safe."""

    site: str
    gateway: str
    epoch: str
    seq: int


class Intake(NamedTuple):
    """A message taken apart.

    Attributes
    ----------
    sender
        Whom to answer; None when the message does not tell.
    batch
        What may be stored; None when nothing may.
    refusals
        What may not.
    doubtful
        The checksum does not fit: perhaps this is not what was sent, and `sender` is somebody else.
    filed
        Topic under which refused parts are kept and replayed; the message's own unless given.
    """

    sender: Sender | None
    batch: Batch | None
    refusals: list[Refusal]
    doubtful: bool = False
    filed: str = ""


def take_apart(topic: str, payload: bytes, now: int) -> Intake:
    """Decide what of a message may be stored at `now` [ms since 1970-01-01 UTC]."""
    try:
        address = parse_topic(topic)
    except InvalidNameError as error:
        return Intake(None, None, [Refusal(Reason.TOPIC, str(error))])
    if address.kind != BATCH:
        return Intake(None, None, [Refusal(Reason.TOPIC, f"topic {topic!r} carries no batches")])
    try:
        batch = decode(payload, Batch)
    except DamagedError as error:
        reason = Reason.DAMAGED if has_checksum(payload) else Reason.MALFORMED
        return Intake(find_sender(topic, payload), None, [Refusal(reason, str(error))], doubtful=True)
    except DecodeError as error:
        reason = Reason.OVERSIZED if len(payload) > MAX_BYTES else Reason.MALFORMED
        return Intake(find_sender(topic, payload), None, [Refusal(reason, str(error))])
    sender = Sender(address.site, address.gateway, batch.epoch, batch.seq)
    refusal = check_whole(batch, address.site, address.gateway)
    if refusal is not None:
        return Intake(sender, None, [refusal])
    kept, refusals = sift(batch, now)
    return Intake(sender, kept, refusals)


def cut_off(topic: str, payload: bytes, left_out: int) -> Intake:
    """Set a message aside of which no more was kept than its beginning, because it is longer than any that is taken.

    Its checksum is in what was left out: perhaps it was only its length that was altered on the way.
    """
    told = f"{len(payload) + left_out} bytes, of which the first {len(payload)} are kept; at most {MAX_BYTES} are taken"
    return Intake(glance(topic, payload), None, [Refusal(Reason.OVERSIZED, told)], doubtful=True)


def glance(topic: str, payload: bytes) -> Sender | None:
    """Find epoch and seq where gateways write them, without reading the message."""
    found = _NUMBER.search(payload, 0, _HEAD)
    if found is None:
        return None
    try:
        address = parse_topic(topic)
    except InvalidNameError:
        return None
    return Sender(address.site, address.gateway, found[1].decode("ascii"), int(found[2]))


def check_whole(batch: Batch, site: str, gateway: str) -> Refusal | None:
    """Refuse a batch of another sender than its topic's, without a number, or with two values for one; else None."""
    if (batch.site, batch.gateway) != (site, gateway):
        told = f"says site {batch.site!r}, gateway {batch.gateway!r}; came as {site}/{gateway}"
        return Refusal(Reason.TOPIC_MISMATCH, told, readings=batch.readings)
    if not 1 <= batch.seq < LARGEST:
        return Refusal(Reason.MALFORMED, f"seq {batch.seq} is not 1 or more - at `$.seq`", readings=batch.readings)
    tables = len(batch.tables)
    if tables < 2 or len({(table.kind, table.device) for table in batch.tables}) == tables:
        return None
    seen: set[tuple[str, str, str]] = set()
    for table in batch.tables:
        for name in table.names:
            if (table.kind, table.device, name) in seen:
                told = f"two tables of {table.kind} {table.device!r} with {name}"
                return Refusal(Reason.DUPLICATE_TABLE, told, readings=batch.readings)
            seen.add((table.kind, table.device, name))
    return None


def find_sender(topic: str, payload: bytes) -> Sender | None:
    """Find epoch and seq in a payload of any shape, so that a gateway need not send what is set aside for ever."""
    try:
        address = parse_topic(topic)
        found: Any = msgspec.json.decode(payload)
    except (InvalidNameError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    epoch, seq = found.get("epoch"), found.get("seq")
    if isinstance(epoch, str) and isinstance(seq, int) and not isinstance(seq, bool) and 1 <= seq < LARGEST:
        return Sender(address.site, address.gateway, epoch, seq)
    return None
