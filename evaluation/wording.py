"""What is said to people, in both languages, and numbers as they are written everywhere: pages, reports, terminal."""

from __future__ import annotations

import msgspec


class Text(msgspec.Struct, frozen=True):
    """One sentence in Korean and in English."""

    ko: str
    en: str

    def said(self, language: str) -> str:
        """The sentence in `language` (``ko`` or ``en``)."""
        return self.ko if language == "ko" else self.en


def number(value: float | None, unit: str = "", digits: int = 0, *, signed: bool = False) -> str:
    """With thousands separators, a true minus (U+2212) and its unit, percent without a space: ``−45 kWh``, ``9%``.

    A dash for none. What rounds to nothing has no sign; `signed` shows the plus as well.
    """
    if value is None:
        return "–"
    text = f"{value:{'+' if signed else ''},.{digits}f}"
    text = text.lstrip("+-") if not text.strip("+-0.,") else text.replace("-", "−")
    return f"{text}{'' if unit.startswith('%') else ' '}{unit}".rstrip()


def short(value: float, figures: int = 4) -> str:
    """So many significant figures, with thousands separators and a true minus."""
    return f"{value:,.{figures}g}".replace("-", "−")
