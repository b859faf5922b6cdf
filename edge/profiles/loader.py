"""Reading device profiles: by name from the built-in library, or from a YAML file."""

from __future__ import annotations

import difflib
import functools
import hashlib
from importlib import resources
from pathlib import Path

import msgspec

from edge.errors import UnknownProfileError
from edge.profiles.addresses import on_the_wire
from edge.profiles.goldens import check_goldens
from edge.profiles.model import Profile, ProfileDocument
from edge.profiles.validation import check_profile
from telemetry import InvalidNameError, check_name, parse_yaml

_LIBRARY = resources.files("edge.profiles") / "library"


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
    check_profile(document, written)
    based = on_the_wire(document, written)
    check_goldens(document, based)
    return Profile(**msgspec.structs.asdict(based), digest=hashlib.sha256(text.encode()).hexdigest())


@functools.cache
def _builtin(name: str) -> Profile:
    names = builtin_profiles()
    if name not in names:
        near = difflib.get_close_matches(name, names, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else f"built in are {', '.join(names)}"
        raise UnknownProfileError(f"unknown device profile {name!r}; {hint} A file's name must end in .yaml")
    return parse_profile((_LIBRARY / f"{name}.yaml").read_text(encoding="utf-8"), f"{name}.yaml")
