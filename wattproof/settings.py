"""Environment variables over a configuration: ``WATTPROOF_<SECTION>_<FIELD>``, one for every leaf."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from wattproof.errors import BadInputError

PREFIX = "WATTPROOF_"

S = TypeVar("S", bound=msgspec.Struct)


class Setting(msgspec.Struct, frozen=True):
    """One leaf of a configuration: where it stands, its type, and how the environment names it."""

    path: tuple[str, ...]
    type: Any
    variable: str


def settings(kind: type[msgspec.Struct], prefix: tuple[str, ...] = ()) -> Iterator[Setting]:
    """Every leaf of a configuration type, depth first; `prefix` is where the type itself stands."""

    def leaves(kind: type[msgspec.Struct], path: tuple[str, ...]) -> Iterator[Setting]:
        for field in msgspec.structs.fields(kind):
            here = (*path, field.name)
            nested = _struct_in(field.type)
            if nested is not None:
                yield from leaves(nested, here)
            else:
                yield Setting(here, field.type, PREFIX + "_".join((*prefix, *here)).upper())

    yield from leaves(kind, ())


def overlay(value: S, prefix: tuple[str, ...], environ: Mapping[str, str]) -> S:
    """Return `value` with the environment's values over its own.

    Raises
    ------
    BadInputError
        A variable's value has the wrong type, or breaks the model.
    """
    given = [setting for setting in settings(type(value), prefix) if setting.variable in environ]
    if not given:
        return value
    document: dict[str, Any] = msgspec.to_builtins(value)
    for setting in given:
        section = document
        for name in setting.path[:-1]:
            if section.get(name) is None:
                section[name] = {}
            section = section[name]
        section[setting.path[-1]] = _converted(setting, environ[setting.variable])
    try:
        return msgspec.convert(document, type(value))
    except msgspec.ValidationError as error:
        names = ", ".join(setting.variable for setting in given)
        raise BadInputError(f"environment ({names}): {_lowered(error)}") from error


def _converted(setting: Setting, text: str) -> Any:
    try:
        return msgspec.convert(text, setting.type, strict=False)
    except msgspec.ValidationError as error:
        raise BadInputError(f"environment variable {setting.variable}: {_lowered(error)}; it is {text!r}") from error


def _lowered(error: Exception) -> str:
    text = str(error)
    return text[0].lower() + text[1:]


def _struct_in(kind: Any) -> type[msgspec.Struct] | None:
    members = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    return next((m for m in members if isinstance(m, type) and issubclass(m, msgspec.Struct)), None)
