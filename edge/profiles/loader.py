"""Reading device profiles: by name from the built-in library, or from a YAML file."""

from __future__ import annotations

import difflib
import functools
import hashlib
import math
from importlib import resources
from pathlib import Path

import msgspec

from edge.errors import UnknownProfileError
from edge.profiles.codec import decode
from edge.profiles.model import Field, Profile, ProfileDocument, RegisterType
from telemetry import (
    Document,
    InvalidNameError,
    Kind,
    UnknownChannelError,
    channel,
    check_name,
    parse_yaml,
)

_LIBRARY = resources.files("edge.profiles") / "library"
# A golden is what a display or a manual showed: fewer digits than the register holds.
_GOLDEN_TOLERANCE = 1e-6


def builtin_profiles() -> list[str]:
    """Names of the built-in profiles, sorted."""
    return sorted(entry.name.removesuffix(".yaml") for entry in _LIBRARY.iterdir() if entry.name.endswith(".yaml"))


def is_profile_path(name_or_path: str | Path) -> bool:
    """Whether it means a file rather than a built-in profile."""
    return isinstance(name_or_path, Path) or "/" in name_or_path or name_or_path.endswith((".yaml", ".yml"))


def load_profile(name_or_path: str | Path) -> Profile:
    """Load and check a device profile.

    Parameters
    ----------
    name_or_path
        Name of a built-in profile, or path of a YAML file (anything with a slash or ending in ``.yaml``).

    Raises
    ------
    UnknownProfileError
        When no built-in profile has this name or the file cannot be read.
    DocumentError
        With line and field, when the file breaks the model, names an unknown channel, or a golden does not hold.
    """
    if not is_profile_path(name_or_path):
        return _builtin(str(name_or_path))
    path = Path(name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UnknownProfileError(f"profile {path} cannot be read: {reason}") from error
    return parse_profile(text, str(path))


def parse_profile(text: str, source: str) -> Profile:
    """Check a profile's YAML text; `source` is what errors call it.

    Raises
    ------
    DocumentError
        With line and field, when it breaks the model, names an unknown channel, or a golden does not hold.
    """
    document = parse_yaml(text, source)
    try:
        written = msgspec.convert(document.value, ProfileDocument)
        check_name(written.name, "profile name")
    except InvalidNameError as error:
        raise document.error(str(error), "name") from error
    except msgspec.ValidationError as error:
        raise document.error(str(error)) from error
    _check_fields(document, written)
    based = _from_zero(document, written)
    profile = Profile(**msgspec.structs.asdict(based), digest=hashlib.sha256(text.encode()).hexdigest())
    _check_goldens(document, profile)
    return profile


@functools.cache
def _builtin(name: str) -> Profile:
    names = builtin_profiles()
    if name not in names:
        near = difflib.get_close_matches(name, names, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else f"built in are {', '.join(names)}"
        raise UnknownProfileError(f"unknown device profile {name!r}; {hint} A file's name must end in .yaml")
    return parse_profile((_LIBRARY / f"{name}.yaml").read_text(encoding="utf-8"), f"{name}.yaml")


def _check_fields(document: Document, profile: ProfileDocument) -> None:
    seen: set[str] = set()
    for index, field in enumerate(profile.fields):
        path = f"fields[{index}]"
        try:
            known = channel(field.channel)
        except UnknownChannelError as error:
            raise document.error(str(error), f"{path}.channel") from error
        if field.channel in seen:
            raise document.error(f"{field.channel} is defined twice", f"{path}.channel")
        seen.add(field.channel)
        _check_numbers(document, field, path)
        if field.modulus is not None and known.kind is not Kind.COUNTER:
            raise document.error(f"{field.channel} is no counter and cannot roll over", f"{path}.modulus")
        if field.words > profile.max_registers:
            raise document.error(f"{field.type} needs {field.words} registers in one read", "max_registers")


def _check_numbers(document: Document, field: Field, path: str) -> None:
    if (field.type is RegisterType.BIT) != (field.function in {1, 2}):
        problem = f"function {field.function} does not read {field.type}: 1 and 2 read bits, 3 and 4 read registers"
        raise document.error(problem, f"{path}.function")
    if field.scale == 0 or not math.isfinite(field.scale):
        raise document.error(f"scale {field.scale} makes every value the same", f"{path}.scale")
    if not math.isfinite(field.offset):
        raise document.error(f"offset {field.offset} is not a number to add", f"{path}.offset")
    if field.modulus is not None and not (math.isfinite(field.modulus) and field.modulus > 0):
        raise document.error(f"modulus {field.modulus} must be above 0", f"{path}.modulus")
    bits = 1 if field.type is RegisterType.BIT else 16 * field.words
    for number, sentinel in enumerate(field.sentinels):
        if not 0 <= sentinel < 1 << bits:
            problem = f"{sentinel} is no bit pattern of {field.type} (0..{(1 << bits) - 1:#x})"
            raise document.error(problem, f"{path}.sentinels[{number}]")


def _from_zero(document: Document, profile: ProfileDocument) -> ProfileDocument:
    """Move every address to where it is on the wire."""
    base = profile.address_base
    fields = []
    for index, field in enumerate(profile.fields):
        first = field.address - base
        if not 0 <= first <= 0x1_0000 - field.words:
            problem = f"{field.address} counted from {base} is outside the 65536 addresses of a device"
            raise document.error(problem, f"fields[{index}].address")
        fields.append(msgspec.structs.replace(field, address=first))
    goldens = [
        msgspec.structs.replace(
            golden, registers=[msgspec.structs.replace(w, address=w.address - base) for w in golden.registers]
        )
        for golden in profile.goldens
    ]
    return msgspec.structs.replace(profile, address_base=0, fields=fields, goldens=goldens)


def _check_goldens(document: Document, profile: Profile) -> None:
    for index, golden in enumerate(profile.goldens):
        words: dict[tuple[int, int], int] = {
            (block.function, block.address + offset): word
            for block in golden.registers
            for offset, word in enumerate(block.words)
        }
        decoded = decode(profile, words)
        for name, expected in golden.values.items():
            got = decoded.get(name)
            if isinstance(expected, str) or not isinstance(got, float):
                agrees = got == expected
            else:
                agrees = math.isclose(got, expected, rel_tol=_GOLDEN_TOLERANCE, abs_tol=_GOLDEN_TOLERANCE)
            if not agrees:
                problem = f"the registers mean {'nothing' if got is None else got}, not {expected}"
                raise document.error(problem, f"goldens[{index}].values.{name}")
