"""PLC memory on Modbus: from the name a programmer knows (D100, %MW20, M0010A) to function and address."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Annotated, Final, Literal

import msgspec

from edge.errors import UnknownProfileError
from edge.profiles.registers import FunctionCode
from telemetry import Document, parse_yaml

_LIBRARY: Final = resources.files("edge.profiles") / "memory"
_BASES: Final = {"decimal": 10, "octal": 8, "hexadecimal": 16}

Wire = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where an area begins in this plant's PLC: `device` stands at Modbus `address` (from 0)."""

    device: str
    address: Wire = 0


class Area(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of PLC memory.

    Parameters
    ----------
    prefix
        What its names begin with.
    function
        The Modbus function that reads it.
    numbering
        How names count: ``word_and_bit`` is a decimal word and one hexadecimal digit for the bit (M0010A).
    address
        Modbus address of number 0 when the vendor fixes it; else the plant's configuration must say it.
    count
        How many there are.
    """

    prefix: str
    function: FunctionCode
    numbering: Literal["decimal", "octal", "hexadecimal", "word_and_bit"]
    address: Wire | None = None
    count: int | None = None


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A name whose place on Modbus the source gives: checked whenever the map is loaded."""

    what: str
    at: str
    function: FunctionCode
    address: Wire
    starts: dict[str, Start] = {}


class PlcMemory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one family of PLCs puts its memory on Modbus.

    Parameters
    ----------
    name
        What site files call it.
    vendor, models
        Whose.
    source
        Public document the rules come from.
    verified
        Whether they were checked against the hardware itself.
    areas
        Its kinds of memory.
    examples
        Names whose place is known.
    """

    name: str
    vendor: str
    models: Annotated[list[str], msgspec.Meta(min_length=1)]
    source: str
    verified: bool
    areas: Annotated[list[Area], msgspec.Meta(min_length=1)]
    examples: Annotated[list[Example], msgspec.Meta(min_length=1)]


def plc_memories() -> list[str]:
    """Names of the built-in memory maps, sorted."""
    return sorted(entry.name.removesuffix(".yaml") for entry in _LIBRARY.iterdir() if entry.name.endswith(".yaml"))


@functools.cache
def load_memory(name: str) -> PlcMemory:
    """Load and check a built-in memory map.

    Raises
    ------
    UnknownProfileError
        When there is none of this name.
    """
    if name not in plc_memories():
        raise UnknownProfileError(f"unknown PLC memory map {name!r}; built in are {', '.join(plc_memories())}")
    return parse_memory((_LIBRARY / f"{name}.yaml").read_text(encoding="utf-8"), f"{name}.yaml")


def parse_memory(text: str, source: str) -> PlcMemory:
    """Check a memory map's YAML text; `source` is what errors call it.

    Raises
    ------
    DocumentError
        With line and field, when it breaks the model or an example does not hold.
    """
    document: Document = parse_yaml(text, source)
    try:
        memory = msgspec.convert(document.value, PlcMemory)
    except msgspec.ValidationError as error:
        raise document.error(str(error)) from error
    for index, example in enumerate(memory.examples):
        try:
            got = place_of(memory, example.at, example.starts)
        except ValueError as error:
            raise document.error(str(error), f"examples[{index}]") from error
        if got != (example.function, example.address):
            problem = f"{example.at} is {got[1]} of function {got[0]}, not {example.address} of {example.function}"
            raise document.error(problem, f"examples[{index}]")
    return memory


def place_of(memory: PlcMemory, at: str, starts: Mapping[str, Start]) -> tuple[FunctionCode, int]:
    """Function and wire address of a PLC's memory.

    Parameters
    ----------
    memory
        The family's rules.
    at
        The name in the PLC's program.
    starts
        Where areas begin in this plant, by prefix.

    Raises
    ------
    ValueError
        When no area has such a name, or nobody has said where the area begins.
    """
    area, number = _number(memory, at)
    start = starts.get(area.prefix)
    if start is not None:
        begin, first = start.address, _number(memory, start.device)[1]
    elif area.address is not None:
        begin, first = area.address, 0
    else:
        raise ValueError(
            f"where {area.prefix} begins is set in the PLC: copy it, as starts: "
            f"{{{area.prefix}: {{device: {area.prefix}0, address: 0}}}}"
        )
    address = begin + number - first
    if not 0 <= address <= 0xFFFF or (area.count is not None and number >= area.count):
        raise ValueError(f"{at} is outside {area.prefix} as it stands on Modbus")
    return area.function, address


def _number(memory: PlcMemory, at: str) -> tuple[Area, int]:
    text = at.strip().upper()
    fitting = [area for area in memory.areas if text.startswith(area.prefix)]
    for area in sorted(fitting, key=lambda candidate: -len(candidate.prefix)):
        digits = text[len(area.prefix) :]
        try:
            if area.numbering == "word_and_bit":
                return area, 16 * int(digits[:-1] or "0") + int(digits[-1:], 16)
            return area, int(digits, _BASES[area.numbering])
        except ValueError:
            continue
    known = ", ".join(area.prefix for area in memory.areas)
    raise ValueError(f"{at!r} is no memory of {memory.vendor} {memory.name}: {known} and a number")
