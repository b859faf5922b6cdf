"""The three words an evaluator may say, and why one was said."""

from __future__ import annotations

import enum

import msgspec

from evaluation.wording import Text


class Verdict(enum.StrEnum):
    """The three words an evaluator may say."""

    PROVEN = "proven"
    NOT_PROVEN = "not_proven"
    NOT_PROVABLE = "not_provable"

    @property
    def ko(self) -> str:
        """The word in Korean."""
        return {"proven": "입증", "not_proven": "미입증", "not_provable": "판정불가"}[self.value]

    @property
    def en(self) -> str:
        """The word in English."""
        return {"proven": "proven", "not_proven": "not proven", "not_provable": "not provable"}[self.value]


class Reason(msgspec.Struct, frozen=True):
    """Why the verdict is what it is.

    Parameters
    ----------
    code
        Stable word for programs, e.g. ``baseline_coverage``.
    text
        The reason.
    cure
        What would change it; ``None`` where nothing needs to.
    doubt
        Whether it decided nothing and should still be weighed.
    """

    code: str
    text: Text
    cure: Text | None = None
    doubt: bool = False
