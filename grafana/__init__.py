"""Grafana's dashboards, generated from one source: ``python -m grafana`` writes them."""

from grafana.generate import DASHBOARDS, FOLDER, documents
from grafana.words import LANGUAGES, Language, Words

__all__ = ["DASHBOARDS", "FOLDER", "LANGUAGES", "Language", "Words", "documents"]
