"""The one configuration of the server side: a YAML file, and the environment over it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from api import Settings as ApiSettings
from collector import Settings as CollectorSettings
from storage import Settings as StoreSettings
from telemetry import Broker, decode_yaml
from wattproof.errors import BadInputError
from wattproof.settings import PREFIX, overlay, settings

DEFAULT_FILE = "wattproof.yaml"
_FILE_VARIABLE = f"{PREFIX}CONFIG"
_SECRETS = frozenset({"password", "influx_password", "influx_token"})
_MASK = "********"


class LogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is logged, to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class EmbeddedBroker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The broker that `wattproof up` brings along.

    With `enabled` it listens on `host` and `port`, with credentials it keeps in `data_dir`; without, the broker of the
    `broker` section is used.
    """

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = 1883


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything the server side can be told; relative paths in `store` and `api` are inside `data_dir`."""

    data_dir: str = "wattproof-data"
    broker: Broker = Broker()
    embedded_broker: EmbeddedBroker = EmbeddedBroker()
    store: StoreSettings = StoreSettings()
    collector: CollectorSettings = CollectorSettings()
    api: ApiSettings = ApiSettings()
    log: LogSettings = LogSettings()

    @property
    def folder(self) -> Path:
        """`data_dir` as a path."""
        return Path(self.data_dir)

    @property
    def store_settings(self) -> StoreSettings:
        """The store's section, its file inside `data_dir`."""
        return msgspec.structs.replace(self.store, path=str(self.folder / self.store.path))

    @property
    def api_settings(self) -> ApiSettings:
        """The API's section, its folders inside `data_dir` (``plans`` and ``reviews`` there unless named)."""
        plans, reviews = self.api.plans or "plans", self.api.reviews or "reviews"
        return msgspec.structs.replace(self.api, plans=str(self.folder / plans), reviews=str(self.folder / reviews))


def environment_names() -> set[str]:
    """Every environment variable that the configuration understands."""
    return {setting.variable for setting in settings(Config)} | {_FILE_VARIABLE}


def find_file(option: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Choose the configuration file: the option, ``WATTPROOF_CONFIG``, or ``wattproof.yaml`` here if there is one."""
    if option is not None:
        return option
    if environ.get(_FILE_VARIABLE):
        return Path(environ[_FILE_VARIABLE])
    here = Path(DEFAULT_FILE)
    return here if here.exists() else None


def load(file: Path | None, environ: Mapping[str, str]) -> Config:
    """Read the configuration from a file (or nothing) and the environment.

    Raises
    ------
    BadInputError
        The file is unreadable, or a variable is unknown or has a wrong value.
    DocumentError
        The file breaks the model; names line and field.
    """
    known = environment_names()
    strangers = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
    if strangers:
        raise BadInputError(
            f"environment variable {strangers[0]} is unknown; `wattproof config show --variables` lists those that are"
        )
    text = read_text(file, "configuration") if file is not None else ""
    return overlay(decode_yaml(text, Config, str(file or "configuration")), (), environ)


def read_text(path: Path, what: str) -> str:
    """Text of a file.

    Raises
    ------
    BadInputError
        It is absent, unreadable or not UTF-8; the sentence names `what` it should have been.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInputError(f"{path}: no such {what} file; check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise BadInputError(f"{path}: this {what} file cannot be read: {reason}") from error


def shown(config: msgspec.Struct) -> dict[str, Any]:
    """Plain form of a configuration for people, secrets masked."""
    plain: dict[str, Any] = msgspec.to_builtins(config)
    return _masked(plain)


def _masked(value: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _masked(item) if isinstance(item, dict) else _MASK if key in _SECRETS and item else item
        for key, item in value.items()
    }
