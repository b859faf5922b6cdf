"""Runs in the peers' own environment: fits OpenDSM's daily model and camber's change points, prints one JSON line."""

from __future__ import annotations

import importlib.metadata
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from camber.mandv.models import best_model, fit_model
from opendsm.eemeter import DailyBaselineData, DailyModel, DailyReportingData

warnings.filterwarnings("ignore")
BASELINE, REPORTING = slice("2015-12-26", "2016-12-24"), slice("2017-01-05", "2018-01-04")


def meter(path: Path, runs: int) -> dict[str, object]:
    """Adjusted baselines and processor seconds of both peers, of the last of `runs`."""
    table = pd.read_csv(path, index_col=0)
    table.index = pd.to_datetime(table.index).tz_localize("America/Chicago")
    before, after = table.loc[BASELINE].dropna(), table.loc[REPORTING].dropna()
    electric = "electricity" in path.name
    found: dict[str, object] = {"meter": path.stem}
    for _ in range(runs):
        baseline = DailyBaselineData(before.copy(), is_electricity_data=electric)
        reporting = DailyReportingData(after.copy(), is_electricity_data=electric)
        started = time.process_time()
        predicted = (
            DailyModel().fit(baseline, ignore_disqualification=True).predict(reporting, ignore_disqualification=True)
        )
        found["opendsm_seconds"] = time.process_time() - started
    found["opendsm_adjusted"] = float(predicted["predicted"].sum())
    inputs = before["temperature"].to_numpy(), before["observed"].to_numpy()
    later = after["temperature"].to_numpy()
    for _ in range(runs):
        started = time.process_time()
        best_model(*inputs)
        found["camber_best_seconds"] = time.process_time() - started
    for kind in ("2P", "3PH", "3PC", "4P", "5P"):
        started = time.process_time()
        model = fit_model(*inputs, kind)
        adjusted = float(np.sum(model.predict(later)))
        found[f"camber_{kind}_seconds"] = time.process_time() - started
        found[f"camber_{kind}_adjusted"] = adjusted
    return found


versions = {name: importlib.metadata.version(name) for name in ("opendsm", "camber-toolkit")}
# OpenDSM compiles on its first fit: the first meter is run twice.
paths = sorted(Path(sys.argv[1]).glob("il-*-daily.csv"))
meters = [meter(path, 2 if index == 0 else 1) for index, path in enumerate(paths)]
print(json.dumps({"versions": versions, "meters": meters}))
