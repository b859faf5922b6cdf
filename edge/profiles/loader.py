"""Reading device profiles: by name from the built-in library, or from a YAML file."""

from __future__ import annotations

import difflib
import functools
import hashlib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

import msgspec

from edge.document_part import Part
from edge.errors import UnknownProfileError
from edge.profiles.addresses import on_the_wire
from edge.profiles.goldens import check_goldens
from edge.profiles.inline import inline_profile
from edge.profiles.model import Profile, ProfileDocument
from edge.profiles.validation import check_profile
from edge.schema_words import explained
from telemetry import Document, InvalidNameError, check_name, parse_yaml

_INLINE_NAME: Final = "inline"
_SUNSPEC: Final = "sunspec"
_INLINE_KEYS: Final = frozenset({"extends", "memory"})
_LIBRARY: Final = resources.files("edge.profiles") / "library"


def builtin_profiles() -> list[str]:
    """Names of the built-in profiles, sorted."""
    return sorted(entry.name.removesuffix(".yaml") for entry in _LIBRARY.iterdir() if entry.name.endswith(".yaml"))


def is_profile_path(name_or_path: str | Path) -> bool:
    """Whether it means a file rather than a built-in profile."""
    return isinstance(name_or_path, Path) or "/" in name_or_path or name_or_path.endswith((".yaml", ".yml"))


def load_profile(name_or_path: str | Path | Mapping[str, Any]) -> Profile:
    """Load and check a device profile.

    Parameters
    ----------
    name_or_path
        Name of a built-in profile, path of a YAML file (anything with a slash or ending in ``.yaml``), or a profile
        written inline, as plain data.

    Raises
    ------
    UnknownProfileError
        When no built-in profile has this name or the file cannot be read.
    DocumentError
        With line and field, when the file breaks the model, names an unknown channel, or a golden does not hold.
    """
    if isinstance(name_or_path, Mapping):
        return parse_profile(name_or_path, "inline profile")
    if not is_profile_path(name_or_path):
        return _builtin(str(name_or_path))
    path = Path(name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UnknownProfileError(f"profile {path} cannot be read: {reason}") from error
    return parse_profile(text, str(path))


def parse_profile(value: str | Mapping[str, Any], source: str, within: Document | None = None) -> Profile:
    """Check a profile.

    Parameters
    ----------
    value
        A profile's YAML text, or a profile written inside another document, as plain data (see `edge.profiles.inline`).
        A text with `extends` or `memory` is read as one written inside a site file, too.
    source
        What errors call it; of an inline profile also its place in `within`, such as ``buses[0].devices[1].profile``.
    within
        The document an inline profile stands in, for errors with its lines.

    Raises
    ------
    DocumentError
        With line and field, when it breaks the model, names an unknown channel, or a golden does not hold.
    """
    if not isinstance(value, str):
        part = Document(source, value, None) if within is None else Part(within, source, value)
        return inline_profile(part, value, _INLINE_NAME)
    document = parse_yaml(value, source)
    if isinstance(document.value, dict) and not _INLINE_KEYS.isdisjoint(document.value):
        return inline_profile(document, document.value, Path(source).stem)
    try:
        written = msgspec.convert(document.value, ProfileDocument)
        check_name(written.name, "profile name")
    except InvalidNameError as error:
        raise document.error(str(error), "name") from error
    except msgspec.ValidationError as error:
        raise explained(document, error, ProfileDocument) from error
    based = on_the_wire(document, written)
    check_profile(document, based)
    check_goldens(document, based)
    return Profile(**msgspec.structs.asdict(based), digest=hashlib.sha256(value.encode()).hexdigest())


@functools.cache
def _builtin(name: str) -> Profile:
    names = builtin_profiles()
    if name == _SUNSPEC:
        raise UnknownProfileError(
            "a SunSpec device describes itself: `wattproof edge init` writes its profile beside the site file, or "
            "`wattproof edge probe URL UNIT --profile sunspec --save FILE.yaml` does; name that file"
        )
    if name not in names:
        near = difflib.get_close_matches(name, names, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else f"docs/devices.md lists the {len(names)} built in."
        raise UnknownProfileError(f"unknown device profile {name!r}; {hint} A file's name must end in .yaml")
    return parse_profile((_LIBRARY / f"{name}.yaml").read_text(encoding="utf-8"), f"{name}.yaml")
