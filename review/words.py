"""Numbers as a review's sentences say them: as on the pages."""

from __future__ import annotations


def number(value: float, digits: int = 0, *, signed: bool = False) -> str:
    """With thousands separators and a true minus (U+2212); what rounds to nothing has no sign."""
    text = f"{value:+,.{digits}f}" if signed else f"{value:,.{digits}f}"
    return text.lstrip("+-") if not text.strip("+-0.,") else text.replace("-", "−")


def percent(value: float, digits: int = 1, *, signed: bool = False) -> str:
    """A percentage that is already one."""
    return f"{number(value, digits, signed=signed)}%"


def span(low: float, high: float, digits: int) -> str:
    """From .. to."""
    return f"{number(low, digits)} ~ {number(high, digits)}"


def won(value: float, language: str) -> str:
    """Money."""
    return f"{number(value)}원" if language == "ko" else f"{number(value)} won"
