"""What the document on InfluxDB tells people to write is understood."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import msgspec
import pytest
import yaml

from storage import InfluxStore, Settings, open_store
from storage.influx import connection

DOCS = Path(__file__).parent.parent.parent / "docs"


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / name).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("name", ["influxdb.md", "influxdb.ko.md"])
def test_every_configuration_shown_opens_a_store(name: str) -> None:
    shown = blocks(name, "yaml")
    assert len(shown) == 4
    for block in shown:
        store = open_store(msgspec.convert(yaml.safe_load(block)["store"], Settings))
        assert isinstance(store, InfluxStore)
        store.close()


def test_both_languages_show_the_same_blocks() -> None:
    for language in ("yaml", "sql", "sh"):
        assert blocks("influxdb.md", language) == blocks("influxdb.ko.md", language)


@pytest.mark.parametrize("name", ["influxdb.md", "influxdb.ko.md"])
def test_the_defaults_and_limits_that_it_names_are_the_programs(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    for setting in ("keep_raw_days", "keep_rollup_days"):
        assert f"| `{setting}` | {getattr(Settings(), setting)} |" in text
    assert set(inspect.signature(InfluxStore).parameters) >= {"keep_raw_days", "keep_rollup_days", "compress"}
    assert (connection.TRIES, connection.PATIENCE_S, connection.TIMEOUT_MS[1]) == (3, 2.0, 30_000)
