"""``/api/v2/write`` against a server others wrote; it speaks no InfluxQL, so its own API says what arrived."""

from __future__ import annotations

import json
import math
import urllib.parse
import urllib.request

import pytest

from storage import InfluxStore, StoreRefusedError
from storage.influx.lines import requests
from storage.influx.server import reach
from storage.intake import take
from telemetry import Gap
from tests.parts import Database, wait_until
from tests.storage.parts import MAIN, POWER, batch

NOW = 1_795_305_600_000


def exported(server: Database, name: str) -> dict[int, float]:
    """What VictoriaMetrics holds under a metric name, by its export API."""
    with urllib.request.urlopen(f"{server.url}/internal/force_flush", timeout=60):
        pass
    query = urllib.parse.urlencode({"match[]": f'{name}{{site="{MAIN.site}",device="main"}}'})
    with urllib.request.urlopen(f"{server.url}/api/v1/export?{query}", timeout=60) as answer:
        parts = [json.loads(line) for line in answer]
    return {time: value for part in parts for time, value in zip(part["timestamps"], part["values"], strict=True)}


def test_written_values_arrive(victoria_metrics: Database) -> None:
    server = reach(victoria_metrics.url, "wattproof", "any", "any", "", "", compress=False, days=(0, 0))
    sent: dict[int, float | None] = {NOW + 1000 * n: 100 * math.sin(n) for n in range(50)}
    gap = Gap("main", "power_meter", POWER, NOW + 60_000, NOW + 90_000, "outbox_full", 30)
    intake = take([batch(sent, gaps=[gap])])
    [pieces] = requests(intake.blocks, intake.gaps, 5000)
    assert server.write([line for piece in pieces for line in piece.lines()]) is None
    name = f"power_meter_{POWER}"
    wait_until(lambda: len(exported(victoria_metrics, name)) == 50, "VictoriaMetrics shows what it was sent")
    got = exported(victoria_metrics, name)
    assert list(got) == list(sent)
    # It keeps floats as decimals that share an exponent: of these values 12 digits or more come back, not every bit.
    assert all(math.isclose(got[time], value or 0.0, rel_tol=1e-11) for time, value in sent.items())
    assert exported(victoria_metrics, "gap_readings") == {NOW + 60_000: 30.0}
    server.close()


def test_it_is_refused_for_nothing_can_be_read_there(victoria_metrics: Database) -> None:
    store = InfluxStore(victoria_metrics.url, token="any", org="any")
    health = store.health()
    assert not health.ok
    assert "does not answer InfluxQL (is it VictoriaMetrics?)" in health.detail
    gap = Gap("refused", "power_meter", POWER, NOW, NOW, "outbox_full", 1)
    refused = (
        lambda: store.read(MAIN, 0, NOW),
        lambda: store.write([batch({NOW: 1.0})]),
        lambda: store.write([batch({}, gaps=[gap])]),
    )
    for use in refused:
        with pytest.raises(StoreRefusedError, match="written there cannot be read again; name an InfluxDB"):
            use()
    store.close()
