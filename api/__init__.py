"""FastAPI: REST, live feed and pages.

Names are loaded when they are first used, so that reading a configuration needs no web framework.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from api.settings import Language, Settings

if TYPE_CHECKING:
    from api.app import create_app
    from api.errors import ApiError
    from api.server import new_server

__all__ = ["ApiError", "Language", "Settings", "create_app", "new_server"]

_HOMES = {"create_app": "api.app", "new_server": "api.server", "ApiError": "api.errors"}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'api' has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)
