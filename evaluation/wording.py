"""What is said to people, in both languages."""

from __future__ import annotations

import msgspec


class Text(msgspec.Struct, frozen=True):
    """One sentence in Korean and in English."""

    ko: str
    en: str

    def said(self, language: str) -> str:
        """The sentence in `language` (``ko`` or ``en``)."""
        return self.ko if language == "ko" else self.en
