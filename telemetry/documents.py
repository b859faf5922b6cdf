"""YAML documents (configuration, site files, profiles, plans) into typed structures, every error with its line."""

from __future__ import annotations

import re
from typing import Any, ClassVar, TypeVar

import msgspec
import yaml

from telemetry.errors import DocumentError, TelemetryError

T = TypeVar("T")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Leaves dates as text: msgspec reads them, and can say where one is that does not exist."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_PATH = re.compile(r"^(?P<problem>.*?)(?: - at (?:`key` in )?`(?P<path>\$[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_UNKNOWN = re.compile(r"unknown field `([^`]+)`")


def decode_yaml(text: str, kind: type[T], source: str) -> T:
    """Read a YAML document as a `kind`.

    Parameters
    ----------
    text
        The document.
    kind
        A ``msgspec.Struct`` (give it ``forbid_unknown_fields=True``) or any other type msgspec converts to.
    source
        What to call the document in errors; usually its path.

    Raises
    ------
    DocumentError
        With source, line and field path: not YAML, a key twice, an unknown or missing key, a wrong type or value.
    """
    document = parse_yaml(text, source)
    try:
        return msgspec.convert(document.value, kind)
    except (msgspec.ValidationError, TelemetryError) as error:
        raise document.error(str(error)) from error


class Document:
    """A parsed YAML document that still knows its lines.

    Attributes
    ----------
    value
        Plain Python: dict, list, str, int, float, bool, None.
    """

    def __init__(self, source: str, value: Any, root: yaml.Node | None) -> None:
        self.source = source
        self.value = value
        self._root = root

    def line(self, path: str) -> int:
        """Line, from 1, where the field `path` (``$.a[0].b`` or ``a[0].b``) begins; its nearest parent's if absent."""
        node = self._root
        line = node.start_mark.line + 1 if node else 0
        for name, index in _STEP.findall(path if path.startswith("$") else f"$.{path}"):
            if isinstance(node, yaml.MappingNode):
                for key, value in node.value:
                    if key.value == name:
                        node, line = value, key.start_mark.line + 1
                        break
                else:
                    break
            elif isinstance(node, yaml.SequenceNode) and index.isdigit() and int(index) < len(node.value):
                node = node.value[int(index)]
                line = node.start_mark.line + 1
            else:
                break
        return line

    def error(self, problem: str, path: str = "") -> DocumentError:
        """Error about the field `path`; without one, the path that msgspec wrote into `problem` is used."""
        if not path:
            match = _PATH.match(problem)
            if match and match["path"]:
                problem, path = match["problem"], match["path"]
        unknown = _UNKNOWN.search(problem)
        if unknown:
            path = f"{path or '$'}.{unknown[1]}"
            problem = "unknown key; check its spelling and indentation"
        elif problem.startswith("Object missing required field"):
            problem = problem.replace("Object missing required field", "missing key")
        elif problem == "Invalid RFC3339 encoded date":
            problem = "not a date of the calendar; write it as 2026-01-31"
        elif problem.startswith("Expected"):
            problem = problem[0].lower() + problem[1:]
        return DocumentError(self.source, self.line(path), path.removeprefix("$").removeprefix("."), problem)


def parse_yaml(text: str, source: str) -> Document:
    """Parse a YAML document, keeping its lines.

    Raises
    ------
    DocumentError
        When it is not YAML, or a mapping has a key twice.
    """
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        value = loader.construct_document(root) if root is not None else {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        raise DocumentError(source, line, "", f"not valid YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError) as error:
        # PyYAML trips over a value that does not fit its tag, as in `!!bool perhaps`, in ways of all kinds.
        told = [*str(error).splitlines(), type(error).__name__][0]
        raise DocumentError(source, 0, "", f"not valid YAML: {told}") from error
    finally:
        loader.dispose()
    if root is not None:
        _refuse_duplicate_keys(root, source, set())
    return Document(source, value, root)


def _refuse_duplicate_keys(node: yaml.Node, source: str, seen: set[int]) -> None:
    if id(node) in seen:  # an alias; its anchor has been checked
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        keys: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in keys and key.value != "<<":
                raise DocumentError(source, line, key.value, f"key given twice, first on line {keys[key.value]}")
            keys[key.value] = line
            _refuse_duplicate_keys(value, source, seen)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_duplicate_keys(item, source, seen)
