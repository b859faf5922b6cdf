"""`edge check`: everything that is wrong with a site file, all at once, each problem with its line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from edge.defects import korean_of
from edge.document_part import Part
from edge.mending import Step, pattern_of, touches, understood
from edge.profiles import InlineProfile
from edge.site import Site, devices_of, read_text
from edge.site_checks import problems_of
from telemetry import Document, DocumentError, parse_yaml


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong.

    Parameters
    ----------
    source
        The file: the site file, or a profile it names.
    line
        From 1; 0 when no line can be named.
    path
        The field, as in ``buses[0].devices[2].unit``.
    sentence
        What is wrong and what would be right.
    sentence_ko
        The same in Korean.
    """

    source: str
    line: int
    path: str
    sentence: str
    sentence_ko: str


def check_site(path: Path | str) -> list[Problem]:
    """Find everything that is wrong with a site file; nothing when it can be used.

    A key that cannot be understood is reported and left out, so that what depends on the others is checked as well.
    """
    path = Path(path)
    try:
        document = parse_yaml(read_text(path), str(path))
    except DocumentError as error:
        return [_problem(error)]
    value = _copied(document.value) if document.value is not None else {}
    site, found, mended = understood(document, value, Site, _site_stand_in)
    if site is not None:
        for inner, places in _inline_profiles(document, site):
            found += inner
            mended |= places
        found += [problem for problem in problems_of(document, site, path.parent) if not touches(problem.path, mended)]
    unique = {(each.source, each.line, each.path, each.problem): each for each in found}
    return sorted(map(_problem, unique.values()), key=lambda each: (each.source != str(path), each.line, each.path))


def _copied(value: Any) -> Any:
    """The same, without the parts that YAML's aliases share: each is mended by itself."""
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value


def _problem(error: DocumentError) -> Problem:
    return Problem(error.source, error.line, error.path, error.problem, korean_of(error))


def _inline_profiles(document: Document, site: Site) -> Iterator[tuple[list[DocumentError], set[str]]]:
    """What cannot be understood of the profiles written in the site file, and where; they are mended in place."""
    for index, bus in enumerate(site.buses):
        for device, place in devices_of(bus, index):
            if isinstance(device.profile, dict):
                part = Part(document, f"{place}.profile", device.profile)
                profile, found, mended = understood(part, device.profile, InlineProfile, _profile_stand_in)
                if profile is None:
                    mended.add(f"{place}.profile")
                # Of a field that was not understood nothing more is said.
                yield found, mended | {where.rpartition(".")[0] for where in mended if "fields[" in where}


def _site_stand_in(steps: list[Step], number: int) -> Any:
    """What stands for a required key that is missing or cannot be understood; None for one that can be left out."""
    device = {"id": f"unnamed-{number}", "profile": "generic-plc", "unit": 247 - number % 200}
    bus = {"name": f"unnamed-{number}", "url": f"tcp://unnamed-{number}.invalid", "devices": [device]}
    required: dict[str, Any] = {
        "site": {"id": "unnamed", "name": "unnamed"},
        "site.id": "unnamed",
        "site.name": "unnamed",
        "gateway": "unnamed",
        "buses": [bus],
        "buses[]": bus,
        **{f"buses[].{key}": value for key, value in bus.items()},
        "buses[].devices[]": device,
        **{f"buses[].devices[].{key}": value for key, value in device.items()},
    }
    return required.get(pattern_of(steps))


def _profile_stand_in(steps: list[Step], number: int) -> Any:
    """The same in a profile; a field that cannot be understood stands where no other is."""
    place = {"channel": f"unnamed-{number}", "type": "uint16", "function": 3, "address": 0xFFFF - number}
    return {"fields[]": place, **{f"fields[].{key}": value for key, value in place.items()}}.get(pattern_of(steps))
