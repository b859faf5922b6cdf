"""A mapping made ready: its paths, units and names looked up once, and everything wrong with it said with its line."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from collector.foreign.model import Map, MappingDocument, Rule, Source
from collector.foreign.paths import Path, parse_path, path_text
from collector.foreign.patterns import Pattern, fill, named_in, parse_pattern
from collector.foreign.template import Template, parse_template
from telemetry import Conversion, Document, channel, check_name, conversion


@dataclass(frozen=True, slots=True)
class Extract:
    """Where the value of one channel is.

    Attributes
    ----------
    template
        The channel, perhaps with parts of the topic.
    paths, where
        Where the numbers are; one, unless they are added. And how that is written.
    constant
        The value itself, when there is no path.
    unit
        The sender's unit, for people.
    convert
        From the sender's number to the channel's unit.
    text, comma, words
        As in `Source`; `comma` for the decimal comma.
    """

    template: str
    paths: tuple[Path, ...]
    where: str
    constant: float | None
    unit: str
    convert: Conversion
    text: bool
    comma: bool
    words: AnyMapping[str, float]


@dataclass(frozen=True, slots=True)
class ReadyRule:
    """A rule, its paths taken apart; `line` is where it begins in its file."""

    rule: Rule
    line: int
    device: Template
    time: Path | None
    zone: ZoneInfo | None
    each: Path | None
    where: tuple[tuple[Path, Any], ...]
    needs: tuple[Path, ...]
    lacks: tuple[Path, ...]
    extracts: tuple[Extract, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """All rules of one topic pattern.

    Attributes
    ----------
    mapping, source
        Name and file of the mapping.
    pattern
        Which topics they take.
    timed
        Whether its messages tell their time.
    site, gateway
        Where their readings belong; the site perhaps with parts of the topic.
    every_ms
        How often their devices send [ms].
    names
        What parts may be and stand for.
    devices
        Device ids by the sender's names.
    rules
        In the file's order.
    """

    mapping: str
    source: str
    pattern: Pattern
    timed: bool
    site: str
    gateway: str
    every_ms: int
    names: AnyMapping[str, AnyMapping[str, str]]
    devices: AnyMapping[str, str]
    rules: tuple[ReadyRule, ...]

    def parts(self, topic: str) -> dict[str, str] | None:
        """Parts of a topic, by what they stand for; None when it is not one of this route."""
        found = self.pattern.match(topic)
        if found is None:
            return None
        for name, known in self.names.items():
            if found[name] not in known:
                return None
            found[name] = known[found[name]]
        return found


def prepare(document: Document, mapping: MappingDocument, told: Map) -> list[Route]:
    """Make a mapping ready.

    Raises
    ------
    DocumentError
        With line and field, for whatever of it cannot be.
    """
    site = told.site or mapping.site
    gateway = told.gateway or mapping.gateway or mapping.mapping
    every_ms = round(1000 * (told.every_s or mapping.every_s))
    check = _Checks(document)
    check.at("gateway", lambda: check_name(gateway, "gateway"))
    devices = dict(mapping.devices) | told.devices
    for name, device in devices.items():
        check.at(f"devices.{name}", lambda device=device: check_name(device, "device"))
    by_topic: dict[str, list[int]] = {}
    for index, rule in enumerate(mapping.rules):
        by_topic.setdefault(rule.topic, []).append(index)
    routes = []
    for indices in by_topic.values():
        first, path = mapping.rules[indices[0]], f"rules[{indices[0]}]"
        pattern = check.at(f"{path}.topic", lambda first=first: parse_pattern(first.topic))
        here = site or ("{site}" if "site" in pattern.parts else "")
        check.at("site", lambda here=here, pattern=pattern: _check_site(here, pattern))
        names = {part: {str(key): value for key, value in known.items()} for part, known in first.names.items()}
        for index in indices:
            _check_alike(check, mapping.rules[index], first, pattern, f"rules[{index}]")
        ready = tuple(
            _rule(check, mapping.rules[index], pattern, names, told.timezone or mapping.timezone, f"rules[{index}]")
            for index in indices
        )
        timed = first.time is not None
        routes.append(
            Route(mapping.mapping, document.source, pattern, timed, here, gateway, every_ms, names, devices, ready)
        )
    return routes


class _Checks:
    """Says of every problem where it is."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def at(self, path: str, work: Any) -> Any:
        """Do something about the field `path`."""
        try:
            return work()
        except ValueError as error:
            raise self.document.error(str(error), path) from error

    def line(self, path: str) -> int:
        """Where a field is."""
        return self.document.line(path)


def _check_site(site: str, pattern: Pattern) -> None:
    if not site:
        raise ValueError("say which site: site: gimpo-1 (in a trial --site gimpo-1), or a part {site} of the topic")
    unknown = [part for part in named_in(site) if part not in pattern.parts]
    if unknown:
        raise ValueError(f"{{{unknown[0]}}} is no part of topic {pattern.text!r}")
    check_name(fill(site, dict.fromkeys(pattern.parts, "x")), "site")


def _check_alike(check: _Checks, rule: Rule, first: Rule, pattern: Pattern, path: str) -> None:
    def alike() -> None:
        if (rule.time is None) is not (first.time is None):
            raise ValueError(f"all rules of topic {rule.topic!r} must tell the time, or none")
        if rule.names not in ({}, first.names):
            raise ValueError(f"names of topic {rule.topic!r} belong into its first rule")

    def known() -> None:
        unknown = [part for part in rule.names if part not in pattern.parts]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no part of topic {pattern.text!r}")

    check.at(path, alike)
    check.at(f"{path}.names", known)


def _rule(
    check: _Checks, rule: Rule, pattern: Pattern, names: dict[str, dict[str, str]], timezone: str, path: str
) -> ReadyRule:
    def paths(field: str, given: Any) -> tuple[Path, ...]:
        return tuple(check.at(f"{path}.{field}", lambda text=text: parse_path(text)) for text in given)

    zone = rule.time.zone if rule.time is not None and rule.time.zone else timezone
    check.at(f"{path}.kind", lambda: check_name(rule.kind, "kind"))
    return ReadyRule(
        rule,
        check.line(path),
        check.at(f"{path}.device", lambda: parse_template(rule.device, pattern)),
        paths("time.path", [rule.time.path])[0] if rule.time is not None else None,
        check.at(f"{path}.time.zone" if rule.time and rule.time.zone else "timezone", lambda: _zone(zone)),
        paths("each", [rule.each])[0] if rule.each else None,
        tuple(zip(paths("where", rule.where), rule.where.values(), strict=True)),
        paths("needs", rule.needs),
        paths("lacks", rule.lacks),
        tuple(
            check.at(f"{path}.channels.{name}", lambda name=name, source=source: _extract(name, source, pattern, names))
            for name, source in rule.channels.items()
        ),
    )


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no time zone {name!r}; write it as Asia/Seoul or UTC") from error


def _extract(name: str, source: Source, pattern: Pattern, names: dict[str, dict[str, str]]) -> Extract:
    if (bool(source.path), bool(source.sum), source.value is not None).count(True) != 1:
        raise ValueError("give one of path, sum and value")
    parts = named_in(name)
    for part in parts:
        if part not in pattern.parts:
            raise ValueError(f"{{{part}}} is no part of topic {pattern.text!r}")
        if part not in names:
            raise ValueError(f"say under names: what {{{part}}} may be, as in names: {{{part}: {{0: l1}}}}")
    stored = ""
    for values in product(*(sorted(set(names[part].values())) for part in parts)):
        known = channel(fill(name, dict(zip(parts, values, strict=True))))
        if stored not in ("", known.unit):
            raise ValueError(f"channels of {name!r} have different units; give them rules of their own")
        stored = known.unit
    convert = conversion(source.unit, stored, source.scale, source.offset)
    texts = [source.path] if source.path else source.sum
    paths = tuple(parse_path(text) for text in texts)
    where = " + ".join(path_text(path) for path in paths)
    comma = source.decimal == "comma"
    text = source.text or comma
    return Extract(name, paths, where, source.value, source.unit or "1", convert, text, comma, source.words)
