"""Non-routine adjustments move baseline, saving and band, and keep their reason."""

from __future__ import annotations

import numpy as np
import pytest

from analytics import Adjustment, AnalyticsError, AvoidedEnergy, adjust, avoided_energy, fit_linear


def avoided() -> AvoidedEnergy:
    rng = np.random.default_rng(20261122)
    drivers = rng.normal(100, 20, (60, 1))
    energy = 50 + 2 * drivers[:, 0] + rng.normal(0, 5, 60)
    model = fit_linear(drivers[:40], energy[:40], ["production"])
    after = 0.9 * energy[40:]
    return avoided_energy(model, drivers[:40], np.arange(40), drivers[40:], after, np.arange(45, 65))


def test_an_adjustment_raises_baseline_and_saving_and_widens_the_band_by_its_own_error() -> None:
    before = avoided()
    energy, error = np.zeros(20), np.zeros(20)
    energy[10:], error[10:] = 12.0, 3.0
    found = adjust(before, [Adjustment("a compressor joined the meter", energy, error)])
    assert found.adjusted - before.adjusted == pytest.approx(energy)
    assert found.cumulative - before.cumulative == pytest.approx(np.cumsum(energy))
    gained = found.band.standard_error**2 - before.band.standard_error**2
    assert gained == pytest.approx((3.0 * np.clip(np.arange(20) - 9, 0, None)) ** 2, abs=1e-6)
    assert [one.reason for one in found.adjustments] == ["a compressor joined the meter"]


def test_adjustments_err_independently_of_each_other_and_none_changes_nothing() -> None:
    before = avoided()
    one, two = (Adjustment(name, np.full(20, size), np.full(20, 4.0)) for name, size in (("a", 5.0), ("b", -5.0)))
    found = adjust(before, [one, two])
    assert found.cumulative == pytest.approx(before.cumulative)
    widened = float(found.band.standard_error[-1] ** 2 - before.band.standard_error[-1] ** 2)
    assert widened == pytest.approx(2 * 80.0**2)
    same = adjust(before, [])
    assert np.array_equal(same.band.scale, before.band.scale)
    assert [item.reason for item in adjust(adjust(before, [one]), [two]).adjustments] == ["a", "b"]


@pytest.mark.parametrize(
    ("adjustment", "problem"),
    [
        (Adjustment("  ", np.zeros(20), np.zeros(20)), "needs a reason"),
        (Adjustment("a", np.zeros(3), np.zeros(20)), "20 reporting intervals"),
        (Adjustment("a", np.full(20, np.nan), np.zeros(20)), "finite"),
        (Adjustment("a", np.zeros(20), np.full(20, -1.0)), "0 or more"),
    ],
)
def test_an_adjustment_without_reason_or_sense_is_refused(adjustment: Adjustment, problem: str) -> None:
    with pytest.raises(AnalyticsError, match=problem):
        adjust(avoided(), [adjustment])
