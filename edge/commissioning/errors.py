"""What can be wrong when a gateway is commissioned.

EdgeError
└── CommissioningError
    ├── ScanRefusedError     a scan that is too large, or whose target is none
    ├── FoundNothingError    a scan's result that nothing can be made of
    └── RecordError          an acceptance record or a scan's result that cannot be read
"""

from __future__ import annotations

from edge.errors import EdgeError


class CommissioningError(EdgeError):
    """Anything wrong when a gateway is commissioned; the text says what, where and what to do."""


class ScanRefusedError(CommissioningError):
    """A scan that is not begun: its target is none, or is larger than a scan by accident may be."""


class FoundNothingError(CommissioningError):
    """A site file was asked for, and there is no device to put in it."""


class RecordError(CommissioningError):
    """An acceptance record or a saved scan that cannot be read."""
