"""MQTT topics: ``wattproof/1/{site}/{gateway}/{what}``, and ``wattproof/1/alarms/{collector}``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from telemetry.errors import InvalidNameError

ROOT: Final = "wattproof/1"
BATCH: Final = "batch"
BIRTH: Final = "birth"
STATE: Final = "state"
ACK: Final = "ack"
KINDS: Final = (BATCH, BIRTH, STATE, ACK)

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")
_MOST_SHOWN: Final = 100
"""Characters of a wrong name that are shown; MQTT allows 65,535."""


class Topic(NamedTuple):
    """A topic taken apart."""

    site: str
    gateway: str
    kind: str


def is_name(name: str) -> bool:
    """Whether `name` may be a site, gateway or device id; see `check_name`."""
    return _NAME.fullmatch(name) is not None


def check_name(name: str, what: str = "id") -> str:
    """Return `name` if it may be a site, gateway or device id.

    Raises
    ------
    InvalidNameError
        Unless it is 1-64 of ``a-z 0-9 - _``, with a letter or digit at both ends.
    """
    if _NAME.fullmatch(name):
        return name
    raise InvalidNameError(
        f"{what} {_shown(name)} cannot be used: 1-64 of a-z, 0-9, '-' and '_', a letter or digit at both ends"
    )


def _shown(name: str) -> str:
    return repr(name if len(name) <= _MOST_SHOWN else f"{name[:_MOST_SHOWN]}…")


def topic(site: str, gateway: str, kind: str) -> str:
    """Topic of one kind of message of one gateway; ``+`` may stand for a site or gateway."""
    return f"{ROOT}/{site}/{gateway}/{kind}"


def alarms_topic(source: str) -> str:
    """Topic under which a collector tells its alarms; ``+`` stands for any collector."""
    return f"{ROOT}/alarms/{source}"


@lru_cache(maxsize=16_384)
def parse_topic(text: str) -> Topic:
    """Take a topic apart.

    Raises
    ------
    InvalidNameError
        When it is none of WattProof's.
    """
    parts = text.split("/")
    if len(parts) != 5 or f"{parts[0]}/{parts[1]}" != ROOT or parts[4] not in KINDS:
        raise InvalidNameError(f"topic {_shown(text)} is not {ROOT}/SITE/GATEWAY/{'|'.join(KINDS)}")
    return Topic(check_name(parts[2], "site"), check_name(parts[3], "gateway"), parts[4])
