"""What can be wrong with a store.

StoreError
├── StoreUnavailableError    not reachable, overloaded or out of disk: keep the data and try again
└── StoreRefusedError        it will not serve us (credentials, missing database, damaged file): a person must act
"""

from __future__ import annotations


class StoreError(Exception):
    """Anything wrong with a store; the text says what, where and what to do."""


class StoreUnavailableError(StoreError):
    """For now. Nothing was acknowledged; the same write may be tried again."""


class StoreRefusedError(StoreError):
    """Until a person acts. Nothing was acknowledged; the same write may be tried again after that."""
