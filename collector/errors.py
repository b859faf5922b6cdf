"""What can be wrong in the collector.

CollectorError
├── EndpointError      the address for health and figures cannot be listened on
└── QuarantineError    the quarantine's file cannot be used: without it nothing that is refused may be acknowledged
"""

from __future__ import annotations


class CollectorError(Exception):
    """Anything wrong in the collector; the text says what, where and what to do."""


class EndpointError(CollectorError):
    """The address for health and figures cannot be listened on."""


class QuarantineError(CollectorError):
    """The quarantine's file cannot be opened, written or read."""
