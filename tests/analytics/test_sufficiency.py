"""What two weeks or three months of baseline can show, said before the purchase."""

from __future__ import annotations

import numpy as np
import pytest

from analytics import BandMethod, Shortfall, Sufficiency, detectable_saving, fit_linear, sufficiency


def judged(days: int, scatter: float, *, expected: float = 0.1, intervals: int = 28) -> Sufficiency:
    rng = np.random.default_rng(20261122)
    drivers = rng.normal(100, 20, (days, 1))
    energy = 50 + 2 * drivers[:, 0] + rng.normal(0, scatter, days)
    model = fit_linear(drivers, energy, ["production"])
    return sufficiency(model, drivers, np.arange(days), intervals, expected=expected, confidence=0.9)


def test_twelve_weeks_of_a_steady_machine_will_do() -> None:
    found = judged(84, 10.0)
    assert found.enough
    assert found.intervals == 28
    assert 0 < found.detectable < 0.1
    assert 40 < found.effective <= 84


def test_what_is_detectable_is_the_share_of_the_detectable_saving() -> None:
    rng = np.random.default_rng(20261122)
    drivers = rng.normal(100, 20, (28, 1))
    model = fit_linear(drivers, 50 + 2 * drivers[:, 0] + rng.normal(0, 10, 28), ["production"])
    found = sufficiency(model, drivers, np.arange(28), 28, expected=0.1, confidence=0.9)
    least = detectable_saving(model, drivers, np.arange(28), 28, confidence=0.9, method=BandMethod.PLACEBO)
    assert found.detectable == pytest.approx(least / model.fitted.sum())


def test_a_small_saving_needs_a_longer_reporting_period_or_cannot_be_shown() -> None:
    long = judged(84, 15.0, expected=0.05, intervals=14)
    assert long.shortfalls == (Shortfall.SAVING_TOO_SMALL,)
    assert long.intervals is not None
    assert long.intervals > 14
    never = judged(28, 60.0, expected=0.01)
    assert not never.enough
    assert never.intervals is None


def test_a_baseline_in_which_no_placebo_fits_is_said_so_and_not_refused() -> None:
    found = judged(6, 1.0)
    assert Shortfall.NO_PLACEBO in found.shortfalls
    assert np.isfinite(found.detectable)


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="a share of one or more is needed"):
        judged(28, 1.0, expected=10.0)
    with pytest.raises(ValueError, match="over 0 intervals"):
        judged(28, 1.0, intervals=0)
