"""What can be wrong in the collector.

CollectorError
├── ClockError         this computer does not know the time: nobody else's times can be judged by it
├── EndpointError      the address for health and figures cannot be listened on
└── QuarantineError    the quarantine's file cannot be used: without it nothing that is refused may be acknowledged
"""

from __future__ import annotations


class CollectorError(Exception):
    """Anything wrong in the collector; the text says what, where and what to do."""


class ClockError(CollectorError):
    """Our own clock was evidently never set."""


class EndpointError(CollectorError):
    """The address for health and figures cannot be listened on."""


class QuarantineError(CollectorError):
    """The quarantine's file cannot be opened, written or read."""
