"""The technician's sentences, by key: English, Korean. Both have the same places."""

from __future__ import annotations

from typing import Final

from edge.commissioning.sentences.acceptance import ACCEPTANCE
from edge.commissioning.sentences.commands import COMMANDS
from edge.commissioning.sentences.findings import FINDINGS

__all__ = ["SENTENCES"]

SENTENCES: Final[dict[str, tuple[str, str]]] = {**FINDINGS, **COMMANDS, **ACCEPTANCE}
