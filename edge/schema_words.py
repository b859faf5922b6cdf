"""What a schema error means to a technician: which key or value was meant, and what is allowed there."""

from __future__ import annotations

import difflib
import re
from typing import Any, Final

import msgspec
from msgspec import inspect

from edge.defects import DefectError, defect, korean_of
from edge.document_part import place_of
from telemetry import Document, DocumentError

_UNKNOWN: Final = "unknown key"
_NOT_ALLOWED = re.compile(r"Invalid enum value (.*)", re.DOTALL)
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+|\.\.\.)\]")


def explained(document: Document, error: msgspec.ValidationError, kind: Any) -> DocumentError:
    """The document's error, with what is allowed where `kind` says so, in English and Korean.

    Parameters
    ----------
    document
        What was read.
    error
        What msgspec said when it was to become a `kind`.
    kind
        The type.
    """
    told = document.error(str(error))
    path = told.path.removeprefix(place_of(document)).removeprefix(".")
    if told.problem.startswith(_UNKNOWN):
        parent, _, key = path.rpartition(".")
        place = _at(kind, parent)
        if isinstance(place, inspect.StructType):
            names = [field.encode_name for field in place.fields]
            near = difflib.get_close_matches(key, names, n=1)
            known = ", ".join(names)
            if near:
                return _told(document, told, "unknown_key_near", near=near[0], known=known)
            return _told(document, told, "unknown_key", known=known)
    elif found := _NOT_ALLOWED.fullmatch(told.problem):
        values = _values(_at(kind, path))
        if values:
            return _told(document, told, "not_allowed", value=found[1], known=", ".join(map(str, values)))
    return DefectError(told, korean_of(told))


def _told(document: Document, told: DocumentError, key: str, **facts: str) -> DefectError:
    """The sentence `key` in the place of another error."""
    said = defect(document, "", key, **facts)
    return DefectError(DocumentError(told.source, told.line, told.path, said.problem), said.korean)


def _values(kind: inspect.Type | None) -> list[object]:
    if isinstance(kind, inspect.LiteralType):
        return list(kind.values)
    if isinstance(kind, inspect.EnumType):
        return [member.value for member in kind.cls]
    return []


def _at(kind: Any, path: str) -> inspect.Type | None:
    """The type of the field `path` of a `kind`."""
    here: inspect.Type | None = _plain(inspect.type_info(kind))
    for name, _ in _STEP.findall(path):
        if isinstance(here, inspect.StructType) and name:
            here = next((field.type for field in here.fields if field.encode_name == name), None)
        elif isinstance(here, inspect.ListType) and not name:
            here = here.item_type
        elif isinstance(here, inspect.DictType):
            here = here.value_type
        else:
            return None
        here = _plain(here)
    return here


def _plain(kind: inspect.Type | None) -> inspect.Type | None:
    """Without what only says that it may be left out, and without notes."""
    if isinstance(kind, inspect.Metadata):
        return _plain(kind.type)
    if isinstance(kind, inspect.UnionType):
        some = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        return _plain(some[0]) if len(some) == 1 else None
    return kind
