"""One message of others into readings, and what of it cannot be one and why. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

import msgspec

from collector.foreign.mapping import Extract, ReadyRule, Route
from collector.foreign.paths import ABSENT, Path, look_up, path_text
from collector.foreign.patterns import fill
from collector.foreign.template import fill_template
from collector.foreign.times import read_time
from collector.refusals import Reason, Refusal
from telemetry import MAX_BYTES

Why = Literal["where", "needs", "lacks", "each"]
"""The condition of a rule that a message does not meet."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Found:
    """A channel's value in a message.

    Attributes
    ----------
    channel
        The channel.
    path, stands, unit
        Where it stands, what stands there, and the sender's unit.
    value
        In the channel's unit; meaningless when there is a `reason`.
    reason, detail
        Why it is no reading, in one word and in a sentence.
    """

    channel: str
    path: str
    stands: Sequence[Any]
    unit: str
    value: float = 0.0
    reason: Reason | None = None
    detail: str = ""

    @property
    def said(self) -> str:
        """What stands there, as JSON."""
        return " + ".join(_shown(value) for value in self.stands)


@dataclass(frozen=True, slots=True)
class Row:
    """What one rule found in a message, or in one element of it.

    Attributes
    ----------
    line
        Of the rule in its file.
    name, device, kind
        The device as its sender names it, as we do, and its kind.
    time, said
        Time of the readings [ms since 1970-01-01 UTC], and what the message says of it; empty for none.
    found
        Values, in the rule's order.
    missing
        Channels whose path is not in this message.
    """

    line: int
    name: str
    device: str
    kind: str
    time: int
    said: str
    found: tuple[Found, ...]
    missing: tuple[str, ...]


@dataclass(slots=True)
class Translation:
    """What a message became.

    Attributes
    ----------
    site, gateway
        Where its readings belong.
    rows
        What was found.
    refusals
        Why the message, or a part of it that has no place in `rows`, is set aside.
    document
        The payload, decoded; None when it is no JSON.
    """

    site: str
    gateway: str
    rows: list[Row] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    document: Any = None


def translate(route: Route, parts: dict[str, str], payload: bytes, received: int) -> Translation:
    """Translate a message that came at `received` [ms since 1970-01-01 UTC]; no payload makes this fail."""
    told = Translation(fill(route.site, parts).lower(), route.gateway)
    if len(payload) > MAX_BYTES:
        told.refusals.append(Refusal(Reason.OVERSIZED, f"{len(payload)} bytes; at most {MAX_BYTES} are taken"))
        return told
    try:
        told.document = read_json(payload)
    except ValueError as error:
        told.refusals.append(Refusal(Reason.MALFORMED, f"not JSON: {error}"))
        return told
    problems: list[str] = []
    for rule in route.rules:
        for document in _documents(rule, told.document):
            if why_not(rule, document) is None:
                row = _row(route, rule, parts, document, received, problems)
                if row is not None:
                    told.rows.append(row)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        told.refusals.append(Refusal(Reason.MALFORMED, problems[0] + more))
    return told


def read_json(payload: bytes) -> Any:
    """Decode JSON; also what programs write that is none: NaN and infinities, which are found out later.

    Raises
    ------
    ValueError
        When it is no JSON.
    """
    try:
        return msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as first:
        try:
            found = json.loads(payload)
            json.dumps(found, ensure_ascii=False).encode()  # halves of characters can be kept nowhere
        except (ValueError, RecursionError):
            raise ValueError(str(first)) from first
        return found


def _documents(rule: ReadyRule, document: Any) -> Iterator[Any]:
    if rule.each is None:
        yield document
        return
    listed = look_up(document, rule.each)
    if isinstance(listed, list):
        yield from listed


def why_not(rule: ReadyRule, document: Any) -> tuple[Why, str] | None:
    """Why a rule does not apply to a document: ``where``, ``needs`` or ``lacks``, and the path; None when it does."""
    for path, value in rule.where:
        if not _same(look_up(document, path), value):
            return "where", path_text(path)
    for path in rule.needs:
        if look_up(document, path) is ABSENT:
            return "needs", path_text(path)
    for path in rule.lacks:
        if look_up(document, path) is not ABSENT:
            return "lacks", path_text(path)
    return None


def applying(route: Route, document: Any) -> tuple[list[ReadyRule], list[tuple[ReadyRule, Why, str]]]:
    """The rules of a route that apply to a message, and those that do not, with why and the path.

    Of a rule for the elements of a list, the first element tells; ``each`` is why when there is no such list.
    """
    taken: list[ReadyRule] = []
    left: list[tuple[ReadyRule, Why, str]] = []
    for rule in route.rules:
        reasons = [why_not(rule, each) for each in _documents(rule, document)]
        if None in reasons:
            taken.append(rule)
        else:
            first = reasons[0] if reasons else None
            why, path = first or ("each", path_text(rule.each or ()))
            left.append((rule, why, path))
    return taken, left


def _same(found: Any, wanted: Any) -> bool:
    return isinstance(found, bool) is isinstance(wanted, bool) and bool(found == wanted)


def _row(
    route: Route, rule: ReadyRule, parts: dict[str, str], document: Any, received: int, problems: list[str]
) -> Row | None:
    found: list[Found] = []
    missing: list[str] = []
    for extract in rule.extracts:
        channel = fill(extract.template, parts)
        said = [look_up(document, path) for path in extract.paths]
        if any(value is ABSENT or value is None for value in said):
            missing.append(channel)
        else:
            found.append(_found(channel, extract, said))
    if all(not each.path for each in found) and any(extract.paths for extract in rule.extracts):
        return None  # constants alone are no news
    name = fill_template(rule.device, parts, document)
    if name is None:
        problems.append(f"the message does not name its device ({rule.rule.device})")
        return None
    time, told = received, ""
    if rule.time is not None and rule.rule.time is not None:
        value = look_up(document, rule.time)
        if value is ABSENT or value is None:
            problems.append(f"no time at {path_text(rule.time)}; without time: in the rule, that of arrival counts")
            return None
        try:
            time, told = read_time(value, rule.rule.time.format, rule.zone, received), _shown(value)
        except ValueError as error:
            problems.append(f"{error} - at {path_text(rule.time)}")
            return None
    device = route.devices.get(name) or name.lower()
    return Row(rule.line, name, device, rule.rule.kind, time, told, tuple(found), tuple(missing))


def _found(channel: str, extract: Extract, said: list[Any]) -> Found:
    if extract.constant is not None:
        said = [extract.constant]
    try:
        numbers = [_number(extract, value) for value in said]
        return Found(channel, extract.where, said, extract.unit, extract.convert(_sum(numbers)))
    except (OverflowError, ValueError):
        reason, told = Reason.NOT_FINITE, "no finite number; leave such a reading out"
    except TypeError as error:
        reason, told = Reason.WRONG_TYPE, str(error)
    found = Found(channel, extract.where, said, extract.unit, 0.0, reason)
    return replace(found, detail=f"{found.said[:60]}: {told}")


def _sum(numbers: Sequence[float]) -> float:
    """The sum of the decimals that were written: 0.1 and 0.2 are 0.3; OverflowError where one is not finite."""
    if len(numbers) == 1:
        return numbers[0]
    if not all(map(math.isfinite, numbers)):
        raise OverflowError(numbers)
    return float(sum(Decimal(repr(number)) for number in numbers))


def _number(extract: Extract, value: Any) -> float:
    """A number; TypeError when it is none that this extract takes, OverflowError when it is too large for one."""
    word = str(value).lower() if isinstance(value, bool) else value
    if isinstance(word, str) and word in extract.words:
        return extract.words[word]
    if isinstance(value, bool):
        raise TypeError("a truth value; say under words: what it stands for")
    if isinstance(value, int | float):
        return float(value) if isinstance(value, float) or abs(value) > 2**53 else value
    if not isinstance(value, str):
        raise TypeError("no number but an object or a list; name the element that is meant")
    if extract.words and not extract.text:
        raise TypeError(f"text that is none of the words {', '.join(extract.words)}; add it under words:")
    if not extract.text:
        raise TypeError("text; with text: true, numbers written as text are taken")
    if extract.comma and "." in value:
        raise TypeError("text that is no number; a decimal comma, no thousands separators")
    plain = value.replace(",", ".") if extract.comma else value
    if not _NUMBER.fullmatch(plain.strip()):
        raise TypeError(
            "text that is no number; a decimal point (a comma with decimal: comma), no thousands separators"
        )
    return float(plain)


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:200]


def used_paths(rules: Sequence[ReadyRule]) -> set[Path]:
    """Every path that rules read, list elements under their list's path without an index."""
    used: set[Path] = set()
    for rule in rules:
        prefix: Path = (*rule.each, 0) if rule.each is not None else ()
        named = [piece[1] for piece in rule.device if not isinstance(piece, str) and not piece[0]]
        paths = [*(path for extract in rule.extracts for path in extract.paths), *named, *rule.needs]
        paths += [path for path, _ in rule.where] + ([rule.time] if rule.time is not None else [])
        used.update((*prefix, *path) for path in paths)
    return used
