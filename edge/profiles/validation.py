"""What a profile's file must keep beyond its types: registers that can be read, names that exist."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import ParamSpec

from edge.defects import DefectsError, defect
from edge.profiles.fingerprint_model import Check
from edge.profiles.model import Factor, Field, ProfileDocument
from edge.profiles.registers import RegisterType, bits, permutation
from telemetry import Document, DocumentError, Kind, UnknownChannelError, channel

P = ParamSpec("P")


def check_profile(document: Document, profile: ProfileDocument) -> None:
    """Refuse a profile, its addresses on the wire, that cannot be meant.

    Raises
    ------
    DocumentError
        With line and field; `edge.defects.DefectsError` with all of them when there are several.
    """
    found = list(_defects(document, profile))
    if found:
        raise found[0] if len(found) == 1 else DefectsError(found)


def _defects(document: Document, profile: ProfileDocument) -> Iterator[DocumentError]:
    for index, field in enumerate(profile.fields):
        yield from _told(_check_field, document, profile, field, f"fields[{index}]")
        if field.channel in {other.channel for other in profile.fields[:index]}:
            yield defect(document, f"fields[{index}].channel", "channel_twice", channel=field.channel)
    yield from _overlaps(document, profile.fields)
    for index, factor in enumerate(profile.factors):
        yield from _told(_check_factor, document, profile, factor, index)
    for index, item in enumerate(profile.identity):
        yield from _told(_check_text_or_number, document, item.type, item.registers, f"identity[{index}]")
    if len({item.name for item in profile.identity}) != len(profile.identity):
        yield document.error("a name is given twice", "identity")
    for index, check in enumerate(profile.fingerprint):
        yield from _told(_check_fingerprint, document, profile, check, f"fingerprint[{index}]")
    if len({quirk.function for quirk in profile.quirks}) != len(profile.quirks):
        yield document.error("a function is given twice", "quirks")
    if len(set(profile.models)) != len(profile.models):
        yield document.error("a model is given twice", "models")


def _told(check: Callable[P, None], *args: P.args, **keys: P.kwargs) -> Iterator[DocumentError]:
    """What one check refuses; it says the first thing that is wrong with one member."""
    try:
        check(*args, **keys)
    except DocumentError as error:
        yield error


def _check_field(document: Document, profile: ProfileDocument, field: Field, path: str) -> None:
    try:
        known = channel(field.channel)
    except UnknownChannelError as error:
        raise defect(document, f"{path}.channel", "channel_unknown", says=str(error)) from error
    _check_number(document, field, path)
    _check_bits(document, field, path)
    _check_offered(document, profile, field, path)
    if not math.isfinite(field.offset):
        raise document.error(f"offset {field.offset} is not a number to add", f"{path}.offset")
    if field.enum and (field.scale != 1 or field.offset or field.multiply or field.divide):
        raise document.error("an enum gives values itself; leave scale, offset and factors out", f"{path}.enum")
    if field.modulus is not None:
        if known.kind is not Kind.COUNTER:
            raise defect(document, f"{path}.modulus", "no_counter", channel=field.channel)
        if not (math.isfinite(field.modulus) and field.modulus > 0):
            raise defect(document, f"{path}.modulus", "modulus", modulus=field.modulus)
    for key, names in (("multiply", field.multiply), ("divide", field.divide)):
        for number, name in enumerate(names):
            if name not in {factor.name for factor in profile.factors}:
                raise defect(document, f"{path}.{key}[{number}]", "factor_missing", name=name)


def _check_factor(document: Document, profile: ProfileDocument, factor: Factor, index: int) -> None:
    path = f"factors[{index}]"
    if factor.name in {other.name for other in profile.factors[:index]}:
        raise document.error(f"{factor.name} is defined twice", f"{path}.name")
    if not any(factor.name in (*field.multiply, *field.divide) for field in profile.fields):
        raise document.error(f"no field uses {factor.name}", f"{path}.name")
    _check_number(document, factor, path)
    _check_offered(document, profile, factor, path)
    if factor.enum and (factor.scale != 1 or factor.power_of_ten):
        raise document.error("an enum gives factors itself; leave scale and power_of_ten out", f"{path}.enum")
    for number, value in factor.enum.items():
        if not (math.isfinite(value) and value > 0):
            raise document.error(f"factor {value} must be above 0", f"{path}.enum.{number}")
    if factor.type is RegisterType.BIT and not factor.enum:
        raise document.error("one bit is no factor; say what it means in an enum", f"{path}.type")


def _check_number(document: Document, member: Field | Factor, path: str) -> None:
    if member.type is RegisterType.STRING:
        raise document.error("a text is no number; texts belong to identity", f"{path}.type")
    of_register = isinstance(member, Field) and member.bit is not None
    if (member.type is RegisterType.BIT and not of_register) != (member.function in {1, 2}):
        raise defect(document, f"{path}.function", "function_type", function=member.function, type=member.type)
    if member.scale == 0 or not math.isfinite(member.scale):
        raise document.error(f"scale {member.scale} makes every value the same", f"{path}.scale")
    if member.type is not RegisterType.BIT:
        try:
            permutation(member.order, 2 * member.words)
        except ValueError as error:
            raise document.error(str(error), f"{path}.order") from error
    size = 16 if of_register else bits(member.type)
    for number, sentinel in enumerate(member.sentinels):
        if not 0 <= sentinel < 1 << size:
            problem = f"{sentinel} is no bit pattern of {member.type} (0..{(1 << size) - 1:#x})"
            raise document.error(problem, f"{path}.sentinels[{number}]")


def _check_bits(document: Document, field: Field, path: str) -> None:
    if field.bit is not None and (field.type is not RegisterType.BIT or field.mask is not None):
        raise document.error("`bit` belongs to type bit, without a mask", f"{path}.bit")
    if field.mask is not None:
        if field.type.is_float or field.type.is_signed or field.type is RegisterType.BIT:
            raise document.error(f"a mask belongs to a uint or bcd, not to {field.type}", f"{path}.mask")
        if field.mask >= 1 << bits(field.type):
            raise document.error(f"{field.mask:#x} has more bits than {field.type}", f"{path}.mask")


def _check_offered(document: Document, profile: ProfileDocument, member: Field | Factor, path: str) -> None:
    if profile.functions and member.function not in profile.functions:
        raise document.error(f"the device does not answer function {member.function}, says `functions`", path)
    if member.function in {3, 4} and member.words > _most(profile, member.function):
        key = "max_registers" if member.words > profile.max_registers else "quirks"
        raise document.error(f"{member.type} needs {member.words} registers in one read", key)


def _most(profile: ProfileDocument, function: int) -> int:
    own = [quirk.max_registers for quirk in profile.quirks if quirk.function == function]
    return own[0] if own and own[0] is not None else profile.max_registers


def _overlaps(document: Document, fields: Sequence[Field]) -> Iterator[DocumentError]:
    """Registers that mean two numbers, once for each pair of fields; the bits of one number may share it."""
    owners: dict[tuple[int, int], tuple[int, Field]] = {}
    told: set[tuple[int, int]] = set()
    for index, field in enumerate(fields):
        for address in range(field.address, field.end):
            before, other = owners.setdefault((field.function, address), (index, field))
            same = (other.address, other.words) == (field.address, field.words)
            apart = field.bits is not None and other.bits is not None and not field.bits & other.bits
            if before == index or (before, index) in told or (same and apart) or _same_number(field, other):
                continue
            told.add((before, index))
            yield defect(
                document,
                f"fields[{index}].address",
                "overlap",
                register=address,
                function=field.function,
                channel=other.channel,
            )


def _same_number(one: Field, other: Field) -> bool:
    """Two channels of one quantity, such as a state and the alarm it implies."""
    return (one.address, one.type, one.order) == (other.address, other.type, other.order) and bool(
        one.enum or other.enum
    )


def _check_text_or_number(document: Document, kind: RegisterType, registers: int | None, path: str) -> None:
    if (kind is RegisterType.STRING) != (registers is not None):
        raise document.error("a string, and nothing else, says how many `registers` it takes", f"{path}.registers")
    if kind is RegisterType.BIT:
        raise document.error("a single bit tells nothing of a device", f"{path}.type")


def _check_fingerprint(document: Document, profile: ProfileDocument, check: Check, path: str) -> None:
    if sum(asked is not None for asked in (check.object, check.address, check.channel)) != 1:
        raise document.error("say one of `object`, `address` and `channel`", path)
    if (check.address is None) != (check.function is None):
        raise document.error("a register is a function and an address", path)
    text = check.object is not None or check.type is RegisterType.STRING
    if check.address is not None:
        _check_text_or_number(document, check.type, check.registers, path)
    if check.channel is not None and check.channel not in {field.channel for field in profile.fields}:
        raise document.error(f"the profile has no channel {check.channel}", f"{path}.channel")
    ranged = check.low is not None or check.high is not None
    asks = (check.equals is not None) + (check.contains is not None) + ranged
    if asks > 1 or (asks == 0 and check.channel is None):
        raise document.error("say one of `equals`, `contains`, and `low` and `high`", path)
    if text and (ranged or isinstance(check.equals, int | float)):
        raise document.error("a text equals or contains a text", path)
    if not text and (check.contains is not None or isinstance(check.equals, str)):
        raise document.error("a number equals a number or lies between `low` and `high`", path)
