"""Sentences for the technician, in English and Korean.

Judgements carry a `Phrase`, a key with its facts, so that one result can be printed in either language and read by a
program. The sentences themselves stand in `edge.commissioning.sentences`.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from edge.commissioning.sentences import SENTENCES
from telemetry import UnknownChannelError, channel

Lang = Literal["en", "ko"]


class Phrase(msgspec.Struct, frozen=True):
    """A sentence before it is put into words.

    Parameters
    ----------
    key
        Of the sentence.
    facts
        What stands in its places.
    """

    key: str
    facts: dict[str, str | int | float] = {}

    def text(self, lang: Lang = "en") -> str:
        """The sentence."""
        return say(lang, self.key, **self.facts)


def phrase(key: str, **facts: str | float) -> Phrase:
    """Write a phrase as a call."""
    return Phrase(key, dict(facts))


def say(lang: Lang, key: str, **facts: str | float) -> str:
    """One sentence in one language; numbers as the sentence rounds them."""
    if "line" in facts:
        facts = {**facts, "line": place_in(lang, str(facts["line"]))}
    if key == "outside":
        facts = {**facts, "reason": say(lang, f"reason_{facts['reason']}")}
    for name in _NAMING & facts.keys():
        facts = {**facts, name: _CHANNEL.sub(lambda found: _named(found[0], lang), str(facts[name]))}
    english, korean = SENTENCES[key]
    return (korean if lang == "ko" else english).format(**facts)


_NAMING: Final = frozenset({"channel", "channels", "value", "values"})
"""Facts in which channels are told to people by their labels."""
_CHANNEL: Final = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")
_ABOUT: Final = frozenset({"zero", "tiny", "in_range", "odd", "near", "voltage_odd", "frequency_odd"})


def about(judged: Phrase, lang: Lang) -> str:
    """A judgement of one value, with the quantity it is about."""
    name = judged.facts.get("channel")
    text = judged.text(lang)
    return f"{label_of(name, lang)} {text}" if isinstance(name, str) and judged.key in _ABOUT else text


def place_in(lang: Lang, place: str) -> str:
    """A line's name and settings, as English writes them, in a language."""
    return place.replace(" at ", " ", 1) if lang == "ko" else place


def language_of(environment: str) -> Lang:
    """The language a ``LANG`` such as ``ko_KR.UTF-8`` asks for; English for any that is neither."""
    return "ko" if environment.lower().startswith("ko") else "en"


def _named(word: str, lang: Lang) -> str:
    try:
        return label_of(word, lang)
    except UnknownChannelError:
        return word


def label_of(name: str, lang: Lang) -> str:
    """What people call a channel."""
    known = channel(name)
    return known.ko if lang == "ko" else known.en


def shown(name: str, value: float) -> str:
    """A value as people read it on a display: ``230.1 V``, ``12.34 kW``."""
    known = channel(name)
    number = value * known.display_scale
    size = abs(number)
    digits = 3 if size < 10 else 2 if size < 100 else 1
    if float(value).is_integer() and known.display_scale == 1 and known.unit == "1":
        digits = 0
    return f"{number:,.{digits}f} {known.display_unit}".strip()
