"""Profiles written where they are used: a technician maps a machine's registers to channels in the site file.

Such a profile needs no source, no fingerprint and no golden. It may take over a library profile (`extends`), moved by
an offset, and may name registers as the PLC's programmer does (`memory` and `at`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from edge.defects import DefectsError, defect, each
from edge.errors import UnknownProfileError
from edge.profiles.addresses import REFERENCE, on_the_wire
from edge.profiles.fingerprint_model import Check
from edge.profiles.golden_model import Golden
from edge.profiles.goldens import check_goldens
from edge.profiles.model import Factor, Field, Identity, Profile, ProfileDocument, ProfileKind
from edge.profiles.plc_memory import Start, load_memory, place_of
from edge.profiles.quirks import Quirk
from edge.profiles.registers import Address, FunctionCode, Order
from edge.profiles.validation import check_profile
from edge.schema_words import explained
from telemetry import Document, DocumentError, InvalidNameError, check_name


class InlineField(Field, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A field whose registers may be named as in the PLC's program.

    Parameters
    ----------
    at
        PLC memory, such as ``D100``, instead of `address`; `function` may be left out then.
    """

    function: FunctionCode | None = None  # type: ignore[assignment]  # filled in from `at` before it is used
    address: Address | None = None  # type: ignore[assignment]  # likewise
    order: Order | None = None  # type: ignore[assignment]  # a PLC's own must be said, a device's is ABCD
    at: str | None = None


class InlineProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A profile in a site file; what is left out is as in a profile's file, or as in the profile it extends.

    Parameters
    ----------
    extends
        A built-in profile whose fields it takes over, unless it has its own for a channel.
    address_offset
        Added to the addresses of what it takes over.
    memory
        The PLC memory map by which `at` is read: ``ls-xgt``, ``mitsubishi-fx3u``, ``mitsubishi-melsec``.
    starts
        Where areas of that memory begin on Modbus, by prefix.
    """

    extends: str = ""
    address_offset: int = 0
    memory: str = ""
    starts: dict[str, Start] = {}
    name: str = ""
    vendor: str = ""
    model: str = ""
    kind: ProfileKind | None = None
    source: str = ""
    verified: bool = False
    address_base: Literal[0, 1, "4xxxx"] = 0
    fields: list[InlineField] = []
    goldens: list[Golden] = []
    max_registers: int | None = None
    max_gap: int | None = None
    factors: list[Factor] = []
    identity: list[Identity] = []
    fingerprint: list[Check] = []
    functions: list[FunctionCode] = []
    pause_ms: int | None = None
    one_field_per_read: bool | None = None
    quirks: list[Quirk] = []


def inline_profile(document: Document, value: Mapping[str, Any], name: str) -> Profile:
    """Check a profile written inside another document.

    Parameters
    ----------
    document
        What errors are told in; `Part` for a place in a larger one.
    value
        The profile, as plain data.
    name
        What it is called when it gives itself no name.

    Raises
    ------
    DocumentError
        With line (where the document knows it) and field.
    """
    try:
        written = msgspec.convert(value, InlineProfile)
    except msgspec.ValidationError as error:
        raise explained(document, error, InlineProfile) from error
    if written.memory and written.address_base != 0:
        raise document.error("with `memory`, addresses count from 0; leave address_base out", "address_base")
    base = _extended(document, written)
    own, found = _all_placed(document, written)
    if not own and base is None:
        raise defect(document, "fields", "no_fields")
    try:
        check_name(written.name or name, "profile name")
    except InvalidNameError as error:
        raise document.error(str(error), "name") from error
    profile = on_the_wire(document, _as_document(written, own, written.name or name))
    if base is not None:
        profile = _joined(base, profile, written)
    try:
        check_profile(document, profile)
    except DocumentError as error:
        nowhere = tuple(one.path[: one.path.rindex("]") + 1] for one in found)
        found += [one for one in each(error) if not one.path.startswith(nowhere)]
    if found:
        raise DefectsError(found)
    check_goldens(document, profile)
    digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
    return Profile(**msgspec.structs.asdict(profile), digest=digest)


def _extended(document: Document, written: InlineProfile) -> Profile | None:
    """The library profile it takes over, moved."""
    if not written.extends:
        return None
    # The library itself is read through the loader, which reads inline profiles through here.
    from edge.profiles.loader import load_profile  # noqa: PLC0415

    try:
        base = load_profile(written.extends)
    except UnknownProfileError as error:
        raise document.error(str(error), "extends") from error
    by = written.address_offset
    lowest = min(member.address for member in base.members)
    highest = max(member.end for member in base.members)
    if lowest + by < 0 or highest + by > 0x1_0000:
        raise document.error(f"{by} moves {base.name} outside the 65536 addresses of a device", "address_offset")
    return msgspec.structs.replace(
        base,
        fields=[msgspec.structs.replace(field, address=field.address + by) for field in base.fields],
        factors=[msgspec.structs.replace(factor, address=factor.address + by) for factor in base.factors],
        identity=base.identity if by == 0 else [],
        fingerprint=base.fingerprint if by == 0 else [],
        goldens=[],  # they were held to where the library has it
    )


def _all_placed(document: Document, written: InlineProfile) -> tuple[list[Field], list[DocumentError]]:
    """Every field with function, address and order; one that has no place stands where no other is, and is told."""
    placed: list[Field] = []
    found: list[DocumentError] = []
    for index, field in enumerate(written.fields):
        try:
            placed.append(_placed(document, written, field, index))
        except DocumentError as error:
            found.append(error)
            last = 465_000 if written.address_base == REFERENCE else 65_000
            anywhere = msgspec.structs.replace(field, function=3, address=last - 4 * index, at=None)
            placed.append(_placed(document, written, anywhere, index))
    return placed, found


def _placed(document: Document, written: InlineProfile, field: InlineField, index: int) -> Field:
    """The field with function, address and order."""
    path = f"fields[{index}]"
    function, address, order = field.function, field.address, field.order
    if field.at is not None:
        if address is not None or not written.memory:
            raise defect(document, f"{path}.at", "at_place")
        try:
            own_function, place = place_of(load_memory(written.memory), field.at, written.starts)
        except UnknownProfileError as error:
            raise document.error(str(error), "memory") from error
        except ValueError as error:
            raise defect(document, f"{path}.at", "at", says=str(error)) from error
        function = own_function if function is None else function
        if (function in {1, 2}) != (own_function in {1, 2}):
            raise document.error(f"{field.at} is not read by function {function}", f"{path}.function")
        address = place
        if order is None and field.words > 1:
            raise defect(document, path, "field_order")
    if function is None or address is None:
        raise defect(document, path, "field_place")
    values = {key: getattr(field, key) for key in Field.__struct_fields__}
    return Field(**values | {"function": function, "address": address, "order": order or Order.ABCD})


def _as_document(written: InlineProfile, fields: list[Field], name: str) -> ProfileDocument:
    given = {
        key: value
        for key in ("max_registers", "max_gap", "pause_ms", "one_field_per_read")
        if (value := getattr(written, key)) is not None
    }
    return ProfileDocument(
        name=name,
        vendor=written.vendor,
        model=written.model,
        kind=written.kind or "plc",
        source=written.source or "the site file",
        verified=written.verified,
        address_base=written.address_base,
        fields=fields,
        goldens=written.goldens,
        factors=written.factors,
        identity=written.identity,
        fingerprint=written.fingerprint,
        functions=written.functions,
        quirks=written.quirks,
        **given,
    )


def _joined(base: Profile, own: ProfileDocument, written: InlineProfile) -> ProfileDocument:
    """Its own word first; where it has none, that of the profile it extends."""
    channels = {field.channel for field in own.fields}
    fields = [*own.fields, *(field for field in base.fields if field.channel not in channels)]
    used = {name for field in fields for name in (*field.multiply, *field.divide)}
    factors = {factor.name: factor for factor in (*base.factors, *own.factors) if factor.name in used}
    identity = {item.name: item for item in (*base.identity, *own.identity)}

    def first(key: str) -> Any:
        return getattr(base, key) if getattr(written, key) is None else getattr(own, key)

    return msgspec.structs.replace(
        own,
        vendor=own.vendor or base.vendor,
        model=own.model or base.model,
        kind=written.kind or base.kind,
        source=written.source or f"{base.source} (as {base.name})",
        fields=fields,
        factors=list(factors.values()),
        identity=list(identity.values()),
        fingerprint=own.fingerprint or [check for check in base.fingerprint if check.channel is None],
        functions=own.functions or base.functions,
        quirks=own.quirks or base.quirks,
        max_registers=first("max_registers"),
        max_gap=first("max_gap"),
        pause_ms=first("pause_ms"),
        one_field_per_read=first("one_field_per_read"),
    )
