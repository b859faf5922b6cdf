"""Every dashboard in every language, as files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from grafana import edge_health, factory, machine
from grafana.layout import Dashboard
from grafana.words import LANGUAGES, Words

FOLDER: Final = Path(__file__).parent / "dashboards"
"""Where the generated files are kept and Grafana finds them."""

DASHBOARDS: Final[tuple[Callable[[Words], Dashboard], ...]] = (
    factory.dashboard,
    machine.dashboard,
    edge_health.dashboard,
)


def documents() -> dict[str, str]:
    """Text of every dashboard by its path below `FOLDER`, like ``ko/factory.json``."""
    texts: dict[str, str] = {}
    for language in LANGUAGES:
        words = Words(language)
        for make in DASHBOARDS:
            dashboard = make(words)
            document = json.dumps(dashboard.json(words), ensure_ascii=False, indent=2)
            texts[f"{language}/{dashboard.name}.json"] = document + "\n"
    return texts
