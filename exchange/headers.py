"""What a column's name says: quantity, unit and meaning, from the words of Korean and English meter exports.

Lagging reactive energy at a consumer is drawn from the grid, leading is given back (IEC 62053-23, quadrants I and IV).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import msgspec

from exchange.mapping import Meaning
from exchange.units import convertible, unit_named
from telemetry import CHANNELS, Kind, units_named

_BRACKETS: Final = re.compile(r"^(.*?)[\s_]*[(\[]\s*([^)\]]*?)\s*[)\]]\s*$")
_WITHIN: Final = re.compile(r"^(.*?)[\s_]*[(\[]\s*([^)\]]*?)\s*[)\]]\s*(.+)$")
_SUFFIX: Final = re.compile(r"^(.*?)[\s_.]+([^\s_.]+)$")
_DEGREES: Final = re.compile(r"[\s_.]([cf])$", re.IGNORECASE)
_OWN: Final = re.compile(r"^([a-z0-9][a-z0-9_-]*)/([a-z0-9_]+)$")
_PHASE: Final = re.compile(
    r"(?:^|[\s_.(-])(?:l|phase|ph)[\s_.]?([123])(?:$|[\s_.)-])|([123])상|([rst])\s*상", re.IGNORECASE
)
_BETWEEN: Final = re.compile(
    r"(?<![a-z])(?:l([123])\s*[-_/]?\s*l([123])|([rst])\s*상?\s*-?\s*([rst])\s*상|([rst])\s*-\s*([rst])(?![a-z]))",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"(?:^|[\s_.(-])([123])(?:$|[\s_.)-])")
_QUANTITY: Final = re.compile(
    r"(?:상|선간)?(?:유효|무효|피상)?(?:전력|전압|전류)|(?:active|reactive|apparent|real)?(?:power|voltage|current|volts?|amps?)",
    re.IGNORECASE,
)
"""Beside a number, a name that says no more than this is of a phase; ``프레스 2 전력`` is of a machine."""


_FULL_WIDTH: Final = {ord("（"): "(", ord("）"): ")", ord("［"): "[", ord("］"): "]"} | {
    code: chr(code - 0xFEE0) for code in range(0xFF10, 0xFF5B) if chr(code - 0xFEE0).isalnum()
}
"""Letters, digits and brackets as wide as Korean ones."""

_AGREED: Final = re.compile(
    r"계약|요금|금액|단가|기본|목표|예측|예상|한도|정격|설비용량|contract|target|forecast|rated|tariff|price|cost|charge"
)
"""What nobody measured: agreed, billed, planned or foreseen."""

_LEAST: Final = re.compile(r"최소|최저|최고|minimum|lowest|highest")
"""Extremes, which are no means. The largest demand of a quarter-hour is one: see `columns.leave_out_peaks`."""


_OTHER: Final = re.compile(
    r"(?:가스|lng|lpg|유류|경유|등유|(?<!전)열|스팀|증기|온수|난방|용수|수도|급수)(?:사용량|소비량|에너지|열?량)"
    r"|(?:가스|lng|lpg|유류|경유|등유|스팀|증기|용수|수도|급수)$"
    r"|^(?:natural|total)?(?:gas|heat|heating|steam|hotwater|water|oil|fuel|diesel|propane)"
    r"(?:use|usage|used|consumption|consumed|demand|energy|volume|meter|total|register)*$"
)
"""Gas, heat and water, which are no electricity though their meters count kWh; a heat pump is."""


class Guess(msgspec.Struct, frozen=True):
    """What a column holds by its name; `unit` is None where the name does not say and there is more than one."""

    channel: str
    unit: str | None
    meaning: Meaning
    device: str | None = None


@dataclass(frozen=True, slots=True)
class _Word:
    pattern: re.Pattern[str]
    channel: str
    unit: str | None
    meaning: Meaning


def _word(pattern: str, channel: str, unit: str | None, meaning: Meaning) -> _Word:
    return _Word(re.compile(pattern), channel, unit, meaning)


_REGISTER: Final = re.compile(r"적산|누적|누계|지침|검침|cumul|register|accum|counter|total|index")
_EXPORT: Final = re.compile(r"송전|역송|잉여|발전|태양광|export|generat|deliveredtogrid|feedin|판매")
_MOMENT: Final = re.compile(r"순시|순간|instantaneous|momentary")
_LEADING: Final = re.compile(r"진상|leading|export|capacitive")

_NAMES: Final = (
    _word(r"역률|powerfactor|cosphi|^pf", "power_factor", None, "mean"),
    _word(r"습도|humidity", "humidity_pct", "%", "instant"),
    _word(r"기온|외기|온도", "temperature_c", "°C", "instant"),
    _word(r"temp", "temperature_c", None, "instant"),
    _word(r"생산수?량|생산수|수량|production|partcount|producedparts|piececount", "production_count", "1", "interval"),
    _word(r"운전상태|가동상태|runstate|machinestate", "run_state", "1", "instant"),
    _word(r"주파수|frequency", "frequency_hz", "Hz", "mean"),
    _word(r"무효전력량|reactiveenergy", "reactive_energy_import_varh", None, "interval"),
    _word(r"무효전력|reactivepower", "reactive_power_var", None, "mean"),
    _word(r"피상전력|apparentpower", "apparent_power_va", None, "mean"),
    _word(r"전력량|사용량|소비량|energy|usage|consumption", "energy_import_wh", None, "interval"),
    _word(r"전력|수요|부하|power|demand|load$", "active_power_w", None, "mean"),
)  # fmt: skip
"""By words alone, where no unit is given; the first that fits."""


def split_unit(header: str) -> tuple[str, str | None, str | None]:
    """A header's name and unit: ``사용량(kWh)``, ``power [kW]``, ``Usage_kWh``.

    Returns
    -------
    tuple
        Name, the unit in its usual spelling (None when it is none we know), and the text in brackets, if any.
    """
    header = header.translate(_FULL_WIDTH)
    if unit_named(header) is not None and len(header) > 1:
        return "", unit_named(header), None
    match = _BRACKETS.match(header)
    if match is not None:
        return match[1].strip(), unit_named(match[2]), match[2]
    match = _WITHIN.match(header)
    if match is not None and (unit := unit_named(match[2])) is not None:
        return f"{match[1]} {match[3]}".strip(), unit, match[2]
    match = _SUFFIX.match(header)
    # A single letter at the end of a name is more often a phase than a unit.
    if match is not None and len(match[2]) > 1 and match[2].casefold() != "min" and unit_named(match[2]) is not None:
        return match[1], unit_named(match[2]), None
    return header, None, None


def units_in_doubt(header: str) -> tuple[str, ...]:
    """Both units that a header may mean: ``mW`` is a thousandth, and where nobody minded the case a million."""
    header = header.translate(_FULL_WIDTH)
    for shape in (_BRACKETS, _WITHIN, _SUFFIX):
        match = shape.match(header)
        if match is not None and len(named := units_named(match[2])) > 1:
            return named
    return ()


def guess(header: str) -> Guess | None:
    """What a column holds by its name; None when the name says nothing we know."""
    name, unit, bracketed = split_unit(header)
    own = _OWN.match(name)
    if own is not None and own[2] in CHANNELS:
        return _own(own[2], unit, own[1])
    if name in CHANNELS or header in CHANNELS:
        return _own(name, unit, None) if name in CHANNELS else _own(header, None, None)
    words = re.sub(r"[\s_.()\[\]-]", "", name.casefold())
    if _AGREED.search(words) or _LEAST.search(words) or _OTHER.search(words):
        return None
    if unit is not None:
        return _by_unit(name, words, unit)
    # A unit that we do not know is of a quantity that we do not know.
    fitting = () if bracketed and bracketed.strip() and not units_in_doubt(header) else _NAMES
    found = next((_named(word, words) for word in fitting if word.pattern.search(words)), None)
    found = None if found is not None and _is_generated(found.channel, words) else found
    degrees = _DEGREES.search(header)
    if found is not None and found.channel == "temperature_c" and degrees is not None:
        return msgspec.structs.replace(found, unit=f"°{degrees[1].upper()}")
    return found


def units_of(channel: str) -> tuple[str, ...]:
    """Units that a file may give a channel in, the likely ones first."""
    known = convertible(CHANNELS[channel].unit)
    likely = {"Wh": ("kWh", "Wh", "MWh"), "W": ("kW", "W", "MW"), "varh": ("kvarh", "varh"), "var": ("kvar", "var")}
    first = likely.get(CHANNELS[channel].unit, ())
    return (*first, *(unit for unit in known if unit not in first))


def _own(channel: str, unit: str | None, device: str | None) -> Guess:
    registered = CHANNELS[channel]
    return Guess(channel, unit or registered.unit, "register" if registered.kind is Kind.COUNTER else "instant", device)


def _named(word: _Word, words: str) -> Guess:
    meaning: Meaning = word.meaning
    if meaning == "interval" and _REGISTER.search(words):
        meaning = "register"
    channel = word.channel
    if channel == "energy_import_wh" and _EXPORT.search(words):
        channel = "energy_export_wh"
    return Guess(channel, word.unit, meaning)


def _by_unit(name: str, words: str, unit: str) -> Guess | None:
    summed: Meaning = "register" if _REGISTER.search(words) else "interval"
    if unit in convertible("Wh"):
        return Guess("energy_export_wh" if _EXPORT.search(words) else "energy_import_wh", unit, summed)
    if unit in convertible("varh"):
        way = "export" if _LEADING.search(words) else "import"
        return Guess(f"reactive_energy_{way}_varh", unit, summed)
    for registered, channel in (
        ("W", "active_power{}_w"), ("var", "reactive_power{}_var"), ("VA", "apparent_power{}_va"),
        ("V", "voltage{}_v"), ("A", "current{}_a"),
    ):  # fmt: skip
        if unit in convertible(registered):
            found = channel.format(_phase(name))
            meaning: Meaning = "instant" if _MOMENT.search(words) else "mean"
            return Guess(found, unit, meaning) if found in CHANNELS and not _is_generated(found, words) else None
    for word in _NAMES:
        if word.pattern.search(words) and unit in convertible(CHANNELS[word.channel].unit):
            return msgspec.structs.replace(_named(word, words), unit=unit)
    if unit in {"°C", "°F"}:
        return Guess("temperature_c", unit, "instant")
    return Guess("frequency_hz", unit, "mean") if unit == "Hz" else None


def _is_generated(channel: str, words: str) -> bool:
    """Whether a power is a generator's: it is none of the load's, and no channel is of what is given back."""
    return channel.startswith(("active_power", "apparent_power")) and _EXPORT.search(words) is not None


def _phase(name: str) -> str:
    pair = _BETWEEN.search(name)
    if pair is not None:
        first, second = (
            each if each.isdigit() else str("rst".index(each.lower()) + 1) for each in pair.groups() if each
        )
        return f"_l{first}{second}"
    match = _PHASE.search(name)
    if match is not None:
        return f"_l{match[1] or match[2] or 'rst'.index(match[3].lower()) + 1}"
    number = _NUMBER.search(name)
    rest = re.sub(r"[\s_.()-]", "", _NUMBER.sub("", name))
    return f"_l{number[1]}" if number is not None and _QUANTITY.fullmatch(rest) else ""
