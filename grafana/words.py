"""The two languages of the dashboards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from telemetry import channel

Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = ("ko", "en")


@dataclass(frozen=True)
class Words:
    """Says everything in one language."""

    language: Language

    def __call__(self, ko: str, en: str) -> str:
        """Choose a text."""
        return ko if self.language == "ko" else en

    def channel(self, name: str) -> str:
        """Label of a channel, from telemetry's registry."""
        found = channel(name)
        return self(found.ko, found.en)
