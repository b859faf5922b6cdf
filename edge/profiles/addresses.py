"""From the addresses a manual prints to the addresses on the wire."""

from __future__ import annotations

from typing import Final, Literal, TypeVar

import msgspec

from edge.profiles.fingerprint_model import Check
from edge.profiles.golden_model import Golden
from edge.profiles.model import ProfileDocument
from telemetry import Document

Base = Literal[0, 1, "4xxxx"]
REFERENCE: Final = "4xxxx"
_FUNCTION_OF: Final = {0: 1, 1: 2, 3: 4, 4: 3}
"""The first digit of a reference number and the function that reads it."""

P = TypeVar("P", bound=msgspec.Struct)


def wire_address(base: Base, function: int, address: int) -> int:
    """Address on the wire of a register as the manual counts it.

    Raises
    ------
    ValueError
        When it is outside the 65536 addresses of a device, or a reference number of another function's registers.
    """
    if base == REFERENCE:
        return _from_reference(function, address)
    first = address - base
    if not 0 <= first <= 0xFFFF:
        raise ValueError(f"{address} counted from {base} is outside the 65536 addresses of a device")
    return first


def _from_reference(function: int, number: int) -> int:
    table, entry = divmod(number, 100_000 if number >= 100_000 else 10_000)
    if _FUNCTION_OF.get(table) != function:
        means = {1: "1-9999", 2: "10001-", 3: "40001-", 4: "30001-"}[function]
        raise ValueError(f"{number} is no reference number of function {function} ({means})")
    if not 1 <= entry <= 0x1_0000:
        raise ValueError(f"{number} is outside the 65536 addresses of a device; reference numbers begin at {table}0001")
    return entry - 1


def on_the_wire(document: Document, profile: ProfileDocument) -> ProfileDocument:
    """Move every address of a profile to where it is on the wire.

    Raises
    ------
    DocumentError
        With line and field, when one is outside the device.
    """
    base = profile.address_base
    return msgspec.structs.replace(
        profile,
        address_base=0,
        fields=[_moved(document, base, item, f"fields[{n}]") for n, item in enumerate(profile.fields)],
        factors=[_moved(document, base, item, f"factors[{n}]") for n, item in enumerate(profile.factors)],
        identity=[_moved(document, base, item, f"identity[{n}]") for n, item in enumerate(profile.identity)],
        fingerprint=[_moved_check(document, base, item, n) for n, item in enumerate(profile.fingerprint)],
        goldens=[_moved_golden(document, base, item, n) for n, item in enumerate(profile.goldens)],
    )


def _moved(document: Document, base: Base, item: P, path: str, words: int | None = None) -> P:
    function, address = item.function, item.address  # type: ignore[attr-defined]  # all that is passed here has them
    count: int = item.words if words is None else words  # type: ignore[attr-defined]
    try:
        first = wire_address(base, function, address)
    except ValueError as error:
        raise document.error(str(error), f"{path}.address") from error
    if first + count > 0x1_0000:
        problem = f"{count} registers from {address} are outside the 65536 addresses of a device"
        raise document.error(problem, f"{path}.address")
    return msgspec.structs.replace(item, address=first)


def _moved_check(document: Document, base: Base, check: Check, number: int) -> Check:
    return check if check.address is None else _moved(document, base, check, f"fingerprint[{number}]")


def _moved_golden(document: Document, base: Base, golden: Golden, number: int) -> Golden:
    registers = [
        _moved(document, base, block, f"goldens[{number}].registers[{n}]", len(block.words))
        for n, block in enumerate(golden.registers)
    ]
    return msgspec.structs.replace(golden, registers=registers)
