"""``python -m grafana``: write the dashboards into ``grafana/dashboards``."""

from __future__ import annotations

import sys

from grafana.generate import FOLDER, documents

for name, text in documents().items():
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{path}\n")
