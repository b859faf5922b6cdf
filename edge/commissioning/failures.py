"""What to say to a technician about a read that failed: what happened, and what to do."""

from __future__ import annotations

from edge.commissioning.phrases import Phrase, phrase
from edge.errors import ExceptionReplyError, LinkError, exception_kind


def failure_of(error: LinkError) -> Phrase:
    """An error of a link as a sentence in either language; where and what stays as the link has it."""
    reason = error.quality.value
    if isinstance(error, ExceptionReplyError) and (kind := exception_kind(error.code)) != "request":
        reason = f"{reason}_{kind}"
    return phrase(f"link_{reason}", says=str(error))
