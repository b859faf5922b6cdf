"""Sentences in both languages, and the questions a file leaves open."""

from __future__ import annotations

from typing import Literal

import msgspec

Language = Literal["ko", "en"]


class Words(msgspec.Struct, frozen=True):
    """A text in Korean and English."""

    ko: str
    en: str

    def said(self, language: Language) -> str:
        """The text in one language."""
        return self.ko if language == "ko" else self.en


class Question(msgspec.Struct, frozen=True):
    """Something that a file can mean in two ways.

    Parameters
    ----------
    text
        Both readings of it.
    settled_by
        The option that says which, as it is typed.
    """

    text: Words
    settled_by: str
