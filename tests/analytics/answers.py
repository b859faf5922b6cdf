"""Every model's answers on made data, as one JSON object: to be compared between runs, machines and numpy builds.

``python -m tests.analytics.answers``
"""

from __future__ import annotations

import json
import sys

import numpy as np

from analytics import (
    BandMethod,
    Shape,
    avoided_energy,
    candidate_saving,
    fit_change_point,
    fit_linear,
    fit_terms,
    fit_time_of_week,
)


def answers(noise: float = 0.0) -> dict[str, list[float]]:
    """Adjusted baselines and half widths; `noise` is added to energy, temperature and parts, relative to them."""
    # Made without transcendental functions of numpy, whose last digit depends on the machine.
    step = np.arange(400)
    weather = ((step * 7919) % 997) / 997 + ((step * 31) % 365) / 365
    temperature = 2.0 + 14.0 * weather
    parts = 500.0 + ((step * 104729) % 401)
    scatter = (((step * 15485863) % 1009) / 1009 - 0.5) * 6
    energy = 20 + 0.4 * parts + 1.5 * np.maximum(temperature - 18, 0) + 0.9 * np.maximum(9 - temperature, 0) + scatter
    energy, temperature, parts = (
        exact * (1 + noise * (((step * each) % 1000) / 1000 - 0.5))
        for exact, each in ((energy, 2654435761), (temperature, 40503), (parts, 69069))
    )
    before, after = step < 280, step >= 300
    drivers = np.column_stack((parts, temperature))
    found: dict[str, list[float]] = {}

    model = fit_linear(drivers[before], energy[before], ("parts", "temperature"))
    avoided = avoided_energy(
        model, drivers[before], step[before], drivers[after], energy[after], step[after], method=BandMethod.PLACEBO
    )
    found["linear"] = [float(avoided.adjusted.sum()), float(avoided.band.whole.half_width(0.9)[0])]
    for shape in Shape:
        fitted = fit_change_point(energy[None, before], temperature[before], parts[before, None], shape=shape)
        expected = fitted.predict(temperature[after], parts[after, None])
        whole = candidate_saving(fitted.design(temperature, parts[:, None])[0], energy, before, after, step)
        found[f"change point {shape.value}"] = [float(expected.sum()), float(whole.band.whole.half_width(0.9)[0])]
    terms = fit_terms(
        energy[None, before], drivers[before], ("parts", "temperature"), interactions=[("parts", "temperature")]
    )
    found["terms"] = [float(terms.predict(drivers[after]).sum())]
    hour = step % 24
    towt = fit_time_of_week(energy[None, before], hour[before], temperature[before], count=24)
    found["time of week"] = [float(towt.predict(hour[after], temperature[after]).sum())]
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(answers()) + "\n")
