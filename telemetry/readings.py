"""Readings: one value of one channel at one time, and why a reading may be bad."""

from __future__ import annotations

import enum

import msgspec


class Quality(enum.StrEnum):
    """Whether a reading may be believed, and if not, why not.

    Only ``GOOD`` readings travel as values. Every other is counted under its reason, as ``errors_<reason>_count``.
    """

    GOOD = "good"
    CONNECT = "connect"
    """The link to the device could not be opened."""
    TIMEOUT = "timeout"
    """The device did not answer in time."""
    EXCEPTION = "exception"
    """The device answered with a Modbus exception."""
    FRAME = "frame"
    """The answer was broken (CRC, length) or belonged to another question."""
    STALE = "stale"
    """The answer may belong to an earlier question."""
    SENTINEL = "sentinel"
    """The register holds the device's own mark for "no value"."""
    RANGE = "range"
    """The value lies outside the channel's plausible range."""

    @property
    def error_channel(self) -> str:
        """Name of the counter that counts this reason; empty for ``GOOD``."""
        return "" if self is Quality.GOOD else f"errors_{self.value}_count"


class Reading(msgspec.Struct, frozen=True):
    """One value of one channel.

    Parameters
    ----------
    device
        Device id, unique within its site.
    channel
        A name of the channel registry.
    time
        When the register was read [ms since 1970-01-01 UTC].
    value
        The value [the channel's unit]; meaningless unless `quality` is good.
    quality
        Good, or the reason it is not.
    """

    device: str
    channel: str
    time: int
    value: float
    quality: Quality = Quality.GOOD
