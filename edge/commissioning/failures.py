"""What to say to a technician about a read that failed: what happened, and what to do."""

from __future__ import annotations

from edge.commissioning.phrases import Phrase, phrase
from edge.errors import LinkError


def failure_of(error: LinkError) -> Phrase:
    """An error of a link as a sentence in either language; where and what stays as the link has it."""
    return phrase(f"link_{error.quality.value}", says=str(error))
