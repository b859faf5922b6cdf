"""The pages' sentences in Korean and English, from one file that holds both side by side."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from api.settings import Language
from telemetry import CHANNELS, channel, decode_yaml

LANGUAGES: tuple[Language, Language] = ("ko", "en")


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sentence; a language cannot be left out."""

    ko: str
    en: str

    def said(self, language: Language) -> str:
        """The sentence in `language`."""
        return self.ko if language == "ko" else self.en


@cache
def catalog() -> dict[str, Text]:
    """Every sentence by its key.

    Raises
    ------
    telemetry.DocumentError
        When ``texts.yaml`` lacks a language somewhere.
    """
    path = Path(__file__).with_name("texts.yaml")
    return decode_yaml(path.read_text(encoding="utf-8"), dict[str, Text], path.name)


class Speaker:
    """Says sentences in one language: ``t("device.silent_since", time="14:02")``."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, **values: object) -> str:
        """The sentence of `key`, its names filled in.

        Raises
        ------
        KeyError
            When there is no such sentence, or a name it needs is not given: a defect of the page.
        """
        text = catalog()[key].said(self.language)
        return text.format(**values) if values else text

    def known(self, key: str, otherwise: str) -> str:
        """The sentence of `key`, or `otherwise`: for words that come with the data (reasons, kinds, marks)."""
        text = catalog().get(key)
        return text.said(self.language) if text else otherwise

    def channel(self, name: str) -> str:
        """A channel's label; its name for one that only the store knows."""
        if name not in CHANNELS:
            return name
        found = channel(name)
        return found.ko if self.language == "ko" else found.en

    def unit(self, name: str) -> str:
        """What stands behind a channel's number: its unit with the space before it, a word where it counts things."""
        said = CHANNELS[name].display_unit if name in CHANNELS else ""
        return self.known(f"unit.{name}", f"{'' if said in ('', '%') else ' '}{said}")
