"""SunSpec: a device tells by itself what its registers mean. Walk its chain of models and make profiles of them.

From a base address on, the marker ``SunS`` is followed by models, each of them its number, its length and its points,
up to number 0xFFFF (SunSpec Alliance, "SunSpec Information Model Specification"). The walk asks for registers and is
told them; who reads them, and how, is not its business.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import msgspec
import yaml

from edge.profiles.codec import decode
from edge.profiles.loader import parse_profile
from edge.profiles.model import Profile, ProfileDocument, Rate
from edge.profiles.registers import REGISTERS_PER_READ, Order, RegisterType, number_reader, text_of
from edge.profiles.sunspec_models import COMMON, COMMON_TEXTS, FAMILIES, Point
from telemetry import Quality

BASES: Final = (40_000, 50_000, 0)
FUNCTION: Final = 3
_MARKER: Final = (0x5375, 0x6E53)  # "SunS"
_END: Final = 0xFFFF
_MOST_MODELS: Final = 64
"""Longer chains are registers that mean something else."""
_NO_FACTOR: Final = 0x8000
_MARKS: Final = {RegisterType.INT16: [0x8000], RegisterType.UINT16: [0xFFFF]}
"""How a point says that it is not implemented; a float says it with NaN, and a counter only with an everlasting 0."""

Read = Callable[[int, int, int], Sequence[int] | None]
"""Reads `count` registers from `address` with `function`; none when the device refuses them."""
AsyncRead = Callable[[int, int, int], Awaitable[Sequence[int] | None]]
Walk = Generator[tuple[int, int, int], Sequence[int] | None, "SunSpecDevice | None"]


@dataclass(frozen=True)
class Model:
    """One model of a chain: its number, the address of its ID, its length without ID and length."""

    number: int
    address: int
    length: int


@dataclass(frozen=True)
class SunSpecDevice:
    """What a walk has found.

    Parameters
    ----------
    base
        Address of the marker.
    models
        The whole chain, in order.
    identity
        What the common model says: vendor, model, serial number, firmware.
    profiles
        One for each meter and each inverter of the chain.
    texts
        The same as the YAML that `parse_profile` reads, for a file of the site; what was just read is their golden.
    complete
        Whether the chain ended as it must; else it was followed as far as it could be read.
    """

    base: int
    models: tuple[Model, ...]
    identity: dict[str, str]
    profiles: tuple[Profile, ...]
    texts: tuple[str, ...]
    complete: bool


def discover(read: Read) -> SunSpecDevice | None:
    """Walk a device's chain with `read`; none when it speaks no SunSpec."""
    steps = walk()
    try:
        question = next(steps)
        while True:
            question = steps.send(read(*question))
    except StopIteration as done:
        found: SunSpecDevice | None = done.value
        return found


async def discover_async(read: AsyncRead) -> SunSpecDevice | None:
    """As `discover`, with a reader to await."""
    steps = walk()
    try:
        question = next(steps)
        while True:
            question = steps.send(await read(*question))
    except StopIteration as done:
        found: SunSpecDevice | None = done.value
        return found


def walk() -> Walk:
    """Ask for registers (function, address, count), be sent words or none, and return what the device is."""
    for base in BASES:
        marker = yield FUNCTION, base, 2
        if marker is None or tuple(marker) != _MARKER:
            continue
        models, complete = yield from _chain(base + 2)
        registers: dict[int, int] = {}
        for model in models:
            if model.number == COMMON or model.number in FAMILIES:
                registers |= yield from _contents(model)
        return _described(base, models, registers, complete=complete)
    return None


def _chain(address: int) -> Generator[tuple[int, int, int], Sequence[int] | None, tuple[list[Model], bool]]:
    models: list[Model] = []
    while len(models) < _MOST_MODELS and address + 2 <= 0x1_0000:
        head = yield FUNCTION, address, 2
        if head is None:
            # Some devices end with the number alone, and refuse the length behind it.
            last = yield FUNCTION, address, 1
            return models, last is not None and last[0] == _END
        number, length = head
        if number == _END:
            return models, True
        if number == 0:
            return models, False
        models.append(Model(number, address, length))
        address += 2 + length
    return models, False


def _contents(model: Model) -> Generator[tuple[int, int, int], Sequence[int] | None, dict[int, int]]:
    """Words of a model by wire address; without those it refuses."""
    registers: dict[int, int] = {}
    end = min(model.address + 2 + model.length, 0x1_0000)
    for start in range(model.address, end, REGISTERS_PER_READ):
        count = min(REGISTERS_PER_READ, end - start)
        words = yield FUNCTION, start, count
        if words is not None:
            registers |= {start + number: word for number, word in enumerate(words)}
    return registers


def _described(base: int, models: list[Model], registers: dict[int, int], *, complete: bool) -> SunSpecDevice:
    common = next((model for model in models if model.number == COMMON), None)
    identity = _identity(common, registers) if common else {}
    measuring = [model for model in models if model.number in FAMILIES]
    seen: dict[int, int] = {}
    texts = []
    for model in measuring:
        seen[model.number] = seen.get(model.number, 0) + 1
        name = f"sunspec-{model.number}" + (f"-{seen[model.number]}" if seen[model.number] > 1 else "")
        texts.append(_profile_text(name, base, model, common, identity, registers))
    profiles = tuple(parse_profile(text, "sunspec") for text in texts if text)
    return SunSpecDevice(base, tuple(models), identity, profiles, tuple(text for text in texts if text), complete)


def _identity(common: Model, registers: dict[int, int]) -> dict[str, str]:
    said = {}
    for name, (offset, count) in COMMON_TEXTS.items():
        words = _words(registers, common.address + offset, count)
        if words and (text := text_of(words)):
            said[name] = text
    return said


def _words(registers: dict[int, int], address: int, count: int) -> list[int] | None:
    words = [registers[at] for at in range(address, address + count) if at in registers]
    return words if len(words) == count else None


def _profile_text(
    name: str, base: int, model: Model, common: Model | None, identity: dict[str, str], registers: dict[int, int]
) -> str:
    """A profile's YAML; empty when the model holds nothing that can be mapped."""
    family = FAMILIES[model.number]
    points = [point for point in family.points if _is_there(point, model, registers)]
    if not points:
        return ""
    factors = sorted({at for point in points if (at := _factor(point, model, registers)) is not None})
    document: dict[str, Any] = {
        "name": name,
        "vendor": identity.get("vendor", "SunSpec"),
        "model": identity.get("model", f"model {model.number}"),
        "kind": "power_meter",
        "source": (
            f"SunSpec model {model.number} ({family.what}) found at {model.address}; SunSpec Alliance, "
            "github.com/sunspec/models"
        ),
        "verified": False,
        "address_base": 0,
        "max_gap": REGISTERS_PER_READ,
        "fingerprint": [
            {"function": FUNCTION, "address": base, "type": "uint32", "equals": _MARKER[0] << 16 | _MARKER[1]},
            {"function": FUNCTION, "address": model.address, "equals": model.number},
        ],
        "factors": [
            {"name": f"sf_{at}", "function": FUNCTION, "address": at, "type": "int16", "power_of_ten": True,
             "sentinels": [_NO_FACTOR]}
            for at in factors
        ],
        "fields": [_field(point, model, registers) for point in points],
        "goldens": [],
    }  # fmt: skip
    if common:
        document["identity"] = [
            {"name": what, "function": FUNCTION, "address": common.address + COMMON_TEXTS[what][0],
             "registers": COMMON_TEXTS[what][1]}
            for what in identity
        ]  # fmt: skip
    return _with_golden(document, model, registers)


def _with_golden(document: dict[str, Any], model: Model, registers: dict[int, int]) -> str:
    held = {(FUNCTION, at): word for at, word in registers.items()}
    words = [registers[at] for at in range(model.address, model.address + 2 + model.length) if at in registers]
    golden: dict[str, Any] = {
        "what": "as read when the device was found",
        "registers": [{"function": FUNCTION, "address": model.address, "words": words}],
        "values": {document["fields"][0]["channel"]: "sentinel"},
    }
    document["goldens"] = [golden]
    profile = msgspec.convert(document, ProfileDocument)
    golden["values"] = {
        name: value.value if isinstance(value, Quality) else value for name, value in decode(profile, held).items()
    }
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def _is_there(point: Point, model: Model, registers: dict[int, int]) -> bool:
    """Whether the device has the point; one that says "not implemented" is left out unless every device has it."""
    words = _words(registers, model.address + point.offset, point.type.words)
    inside = point.offset + point.type.words <= 2 + model.length
    if words is None or not inside:
        return False
    return point.mandatory or number_reader(point.type, Order.ABCD, _MARKS.get(point.type, []))(words) is not None


def _factor(point: Point, model: Model, registers: dict[int, int]) -> int | None:
    """Address of its scale factor; a factor that is not implemented means that there is none to apply."""
    if point.factor is None or registers.get(model.address + point.factor, _NO_FACTOR) == _NO_FACTOR:
        return None
    return model.address + point.factor


def _field(point: Point, model: Model, registers: dict[int, int]) -> dict[str, Any]:
    field: dict[str, Any] = {
        "channel": point.channel,
        "function": FUNCTION,
        "address": model.address + point.offset,
        "type": point.type.value,
    }
    if point.scale != 1:
        field["scale"] = point.scale
    if point.type in _MARKS:
        field["sentinels"] = _MARKS[point.type]
    factor = _factor(point, model, registers)
    if factor is not None:
        field["multiply"] = [f"sf_{factor}"]
    if point.rate is not Rate.FAST:
        field["rate"] = point.rate.value
    if point.type is RegisterType.UINT32:
        exponent = 0 if factor is None else registers[factor] - (registers[factor] >> 15 << 16)
        field["modulus"] = float(Fraction(2**32) * Fraction(10) ** max(-12, min(12, exponent)))
    return field
