"""docker-compose.yml as Compose reads it: merged anchors, interpolation, and the shape of what it may hold."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
COMPOSE = ROOT / "docker-compose.yml"

_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?:(:[-?])([^}]*))?\})")

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT, "minItems": 1}
_BYTES = {"type": "string", "pattern": r"^\d+[kmg]$"}
_SPAN = {"type": "string", "pattern": r"^(\d+(h|m|s|ms))+$"}
_BIND = {
    "type": "object",
    "required": ["type", "source", "target", "bind"],
    "properties": {
        "type": {"const": "bind"},
        "source": {"type": "string", "pattern": r"^\./"},
        "target": {"type": "string", "pattern": "^/"},
        "read_only": {"type": "boolean"},
        "bind": {
            "type": "object",
            "properties": {"create_host_path": {"type": "boolean"}},
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}
_HEALTHCHECK = {
    "type": "object",
    "properties": {
        "test": {"type": "array", "items": _TEXT, "minItems": 2},
        "disable": {"const": True},
        "interval": _SPAN,
        "timeout": _SPAN,
        "start_period": _SPAN,
        "retries": {"type": "integer", "minimum": 1},
    },
    "additionalProperties": False,
}
_SERVICE = {
    "type": "object",
    "required": ["image", "restart", "logging", "security_opt"],
    "properties": {
        "image": _TEXT,
        "build": {
            "type": "object",
            "required": ["context", "target"],
            "properties": {
                "context": {"const": "."},
                "target": _TEXT,
                "args": {"type": "object", "additionalProperties": _TEXT},
            },
            "additionalProperties": False,
        },
        "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
        "init": {"type": "boolean"},
        "user": {"type": "string", "pattern": r"^[^:]+:[^:]+$"},
        "read_only": {"type": "boolean"},
        "tmpfs": _TEXTS,
        "cap_drop": _TEXTS,
        "security_opt": _TEXTS,
        "network_mode": {"const": "none"},
        "profiles": _TEXTS,
        "entrypoint": _TEXTS,
        "command": _TEXTS,
        "environment": {
            "type": "object",
            "propertyNames": {"pattern": "^[A-Z][A-Z0-9_]*$"},
            # Anything but a text would reach the container as YAML's idea of it.
            "additionalProperties": _TEXT,
        },
        "ports": {"type": "array", "items": {"type": "string", "pattern": r"^(\S+:)?\d+:\d+$"}},
        "volumes": {
            "type": "array",
            "items": {"oneOf": [{"type": "string", "pattern": "^[^:]+:/[^:]+(:ro)?$"}, _BIND]},
        },
        "depends_on": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["condition"],
                "properties": {"condition": {"enum": ["service_started", "service_healthy"]}},
                "additionalProperties": False,
            },
        },
        "healthcheck": _HEALTHCHECK,
        "logging": {
            "type": "object",
            "required": ["driver"],
            "properties": {"driver": _TEXT, "options": {"type": "object", "additionalProperties": _TEXT}},
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "required": ["name", "services"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$"},
        "services": {"type": "object", "additionalProperties": _SERVICE},
        "volumes": {"type": "object", "additionalProperties": {"type": "null"}},
    },
    "patternProperties": {"^x-": {}},
    "additionalProperties": False,
}
"""What the file may hold: the part of the Compose specification that it uses, no key beyond it."""


def compose(environment: dict[str, str]) -> dict[str, Any]:
    """The file as Compose sees it with these variables."""
    document: dict[str, Any] = interpolated(yaml.safe_load(COMPOSE.read_text(encoding="utf-8")), environment)
    return document


def interpolated(value: Any, environment: dict[str, str]) -> Any:
    """Values with ``${NAME}``, ``${NAME:-default}``, ``${NAME:?error}`` and ``$$`` replaced, as Compose does."""
    if isinstance(value, dict):
        return {key: interpolated(item, environment) for key, item in value.items()}
    if isinstance(value, list):
        return [interpolated(item, environment) for item in value]
    return _VARIABLE.sub(lambda match: _value(match, environment), value) if isinstance(value, str) else value


def _value(match: re.Match[str], environment: dict[str, str]) -> str:
    escaped, name, operator, rest = match.groups()
    if escaped:
        return "$"
    found = environment.get(name, "")
    if not found and operator == ":?":
        raise KeyError(f"{name}: {rest}")
    return found or (rest or "")


def variables() -> set[str]:
    """Names of the variables that the file takes from ``.env``."""
    return {match[2] for match in _VARIABLE.finditer(COMPOSE.read_text(encoding="utf-8")) if match[2]}


def example_environment() -> dict[str, str]:
    """Content of ``.env.example``."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
