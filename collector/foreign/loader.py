"""Reading mappings: by name from the library, or from a YAML file; their examples are checked every time."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final

import msgspec

from collector.foreign.mapping import Route, prepare
from collector.foreign.mappings import Mappings
from collector.foreign.model import Example, Map, MappingDocument
from collector.foreign.times import read_time
from collector.foreign.translate import Translation, translate
from telemetry import Document, DocumentError, decode_yaml, parse_yaml

_LIBRARY: Final = resources.files("collector.foreign") / "library"
_EXAMPLE_SITE: Final = "example"
_EXAMPLE_RECEIVED: Final = 1_767_225_600_000


def builtin_mappings() -> list[str]:
    """Names of the mappings in the library, sorted."""
    return sorted(entry.name.removesuffix(".yaml") for entry in _LIBRARY.iterdir() if entry.name.endswith(".yaml"))


def load_mappings(wanted: Sequence[str | Map]) -> Mappings:
    """Load mappings; of two that take one topic, the first counts.

    Raises
    ------
    DocumentError
        With file, line and field: there is no such mapping, it breaks the model, or an example does not hold.
    """
    return Mappings([route for each in wanted for route in load_mapping(each)])


def load_mapping(wanted: str | Map) -> list[Route]:
    """Load and check one mapping; see `load_mappings`."""
    told = Map(wanted) if isinstance(wanted, str) else wanted
    return parse_mapping(*_text(told.map), told)


def parse_mapping(text: str, source: str, told: Map) -> list[Route]:
    """Check a mapping's YAML text; errors call it `source`."""
    document, mapping = _document(text, source)
    routes = prepare(document, mapping, told)
    _check_examples(document, mapping, told)
    return routes


def mapping_examples(wanted: str | Map) -> list[Example]:
    """Messages that a mapping's file brings along."""
    return _document(*_text(wanted if isinstance(wanted, str) else wanted.map))[1].examples


def _document(text: str, source: str) -> tuple[Document, MappingDocument]:
    document = parse_yaml(text, source)
    _refuse_bare_words(document)
    return document, decode_yaml(text, MappingDocument, source)


def _refuse_bare_words(document: Document) -> None:
    """Refuse ``words: {on: 1}``: YAML makes a truth value of ``on``, and of ``off``, ``yes`` and ``no``."""
    rules = document.value.get("rules") if isinstance(document.value, dict) else None
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        channels = rule.get("channels") if isinstance(rule, dict) else None
        for name, source in channels.items() if isinstance(channels, dict) else ():
            words = source.get("words") if isinstance(source, dict) else None
            if isinstance(words, dict) and any(isinstance(word, bool) for word in words):
                raise document.error(
                    'write the words in quotes, such as {"on": 1, "off": 0}: bare, YAML takes on, off, yes and no for'
                    " truth values",
                    f"rules[{index}].channels.{name}.words",
                )


def _text(name: str) -> tuple[str, str]:
    """Text of a mapping, and what to call it."""
    if "/" not in name and not name.endswith((".yaml", ".yml")):
        known = builtin_mappings()
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(known)}; a file ends in .yaml"
            raise DocumentError(f"mapping {name!r}", 0, "", f"not in the library; {hint}")
        return (_LIBRARY / f"{name}.yaml").read_text(encoding="utf-8"), f"{name}.yaml"
    try:
        return Path(name).read_text(encoding="utf-8"), name
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise DocumentError(f"mapping {name}", 0, "", f"cannot be read: {reason}") from error


def _check_examples(document: Document, mapping: MappingDocument, told: Map) -> None:
    if not mapping.examples:
        return
    site = mapping.site or told.site or _EXAMPLE_SITE
    zone = mapping.timezone or told.timezone or "UTC"
    plain = msgspec.structs.replace(mapping, site=site, timezone=zone)
    mappings = Mappings(prepare(document, plain, Map(told.map)))
    for index, example in enumerate(mapping.examples):
        path = f"examples[{index}]"
        found = mappings.route(example.topic)
        if found is None:
            raise document.error(f"no rule takes topic {example.topic!r}", f"{path}.topic")
        route, parts = found
        translation = translate(route, parts, example.payload.encode(), _EXAMPLE_RECEIVED)
        readings = readings_of(translation)
        if translation.refusals:
            raise document.error(f"it is refused: {translation.refusals[0].detail}", f"{path}.payload")
        if readings != example.readings:
            raise document.error(f"it becomes {msgspec.json.encode(readings).decode()}", f"{path}.readings")
        if example.time:
            _check_time(document, example, route, translation, f"{path}.time")


def _check_time(document: Document, example: Example, route: Route, translation: Translation, path: str) -> None:
    try:
        wanted = read_time(example.time, "iso8601", route.rules[0].zone, _EXAMPLE_RECEIVED)
    except ValueError as error:
        raise document.error(str(error), path) from error
    others = {row.time for row in translation.rows} - {wanted}
    if others:
        raise document.error(f"its readings have the time {min(others)} ms since 1970, not {wanted}", path)


def readings_of(translation: Translation) -> dict[str, dict[str, Any]]:
    """Values of a translation by device and channel; those that are none by their reason."""
    readings: dict[str, dict[str, Any]] = {}
    for row in translation.rows:
        values = {found.channel: found.value if found.reason is None else found.reason.value for found in row.found}
        readings.setdefault(row.device, {}).update(values)
    return readings
