"""Hints: numbers of a message that no rule reads, and which channel each may be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from collector.foreign.mapping import ReadyRule
from collector.foreign.paths import Path, leaves, path_text
from collector.foreign.translate import used_paths
from telemetry import CHANNELS

_WORDS: Final[tuple[tuple[str, str], ...]] = (
    (r"react\w*energy|varh", "reactive_energy_import_varh"),
    (r"(act_)?ret(urned)?(_|$)|export|feed", "energy_export_wh"),
    (r"energy|(^|_)(k?wh|total|totals|act)$", "energy_import_wh"),
    (r"apparent|aprt|(^|_)k?va$", "apparent_power_l1_va"),
    (r"reactive|(^|_)k?var$", "reactive_power_l1_var"),
    (r"factor|(^|_)(pf|cosphi)", "power_factor_l1"),
    (r"power|(^|_)k?w$", "active_power_l1_w"),
    (r"volt|(^|_)u\d?$", "voltage_l1_v"),
    (r"current|amp|(^|_)i\d?$", "current_l1_a"),
    (r"freq|hertz", "frequency_hz"),
    (r"temp|(^|_)tc$", "temperature_c"),
    (r"humid|(^|_)rh$", "humidity_pct"),
    (r"press", "pressure_pa"),
    (r"flow", "flow_m3_h"),
    (r"count|pieces|parts", "production_count"),
)
_PHASED: Final = re.compile(r"_l1(?=_|$)")
_LETTER: Final = re.compile(r"(?:^|_)([abc])_")
_NUMBER: Final = re.compile(r"(?:^|_)l?([123])(?:_|$)")


class Hint(msgspec.Struct, frozen=True):
    """A number that no rule reads.

    Attributes
    ----------
    path, said
        Where it stands, and what stands there.
    channel
        What it may be; empty when nothing comes to mind.
    """

    path: str
    said: float
    channel: str


def hints(rules: Sequence[ReadyRule], document: Any, most: int) -> list[Hint]:
    """Numbers of a document that none of these rules reads; of a list, those of its first element only."""
    used = used_paths(rules)
    found: list[Hint] = []
    for path, value in leaves(document, 10_000):
        if len(found) >= most:
            break
        if isinstance(value, bool) or not isinstance(value, int | float) or path in used or _later(path, used):
            continue
        found.append(Hint(path_text(path), value, suggest(path)))
    return found


def _later(path: Path, used: set[Path]) -> bool:
    """Whether a path is like one that is read, in a later element of a list, or like one that is told already."""
    first = tuple(0 if isinstance(step, int) else step for step in path)
    return first != path and (first in used or isinstance(path[0], int) or (len(path) > 2 and isinstance(path[1], int)))


def suggest(path: Path) -> str:
    """The channel that a path may be, by its words; empty when nothing comes to mind."""
    names = [step for step in path if isinstance(step, str)]
    if not names:
        return ""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", names[-1]).lower().replace("-", "_").replace(" ", "_")
    for expression, channel in _WORDS:
        if re.search(expression, name):
            return _phase(channel, name, path)
    return ""


def _phase(channel: str, name: str, path: Path) -> str:
    whole = _PHASED.sub("", channel)
    letter, number = _LETTER.search(name), _NUMBER.search(name)
    if letter:
        return _PHASED.sub(f"_l{'abc'.index(letter[1]) + 1}", channel)
    if number:
        return _PHASED.sub(f"_l{number[1]}", channel)
    if isinstance(path[-1], int) and path[-1] < 3:
        return _PHASED.sub(f"_l{path[-1] + 1}", channel)
    return whole if whole in CHANNELS else channel
