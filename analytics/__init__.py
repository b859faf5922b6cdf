"""Pure functions on numpy arrays: from registers to avoided energy and its band. No I/O, no clock, no globals."""

from analytics.avoided import AvoidedEnergy, avoided_energy, detectable_saving
from analytics.band import Band, prefix_variances, saving_band
from analytics.conditions import DriverCoverage, driver_coverage
from analytics.errors import AnalyticsError, TooFewIntervalsError
from analytics.gauges import interval_mean
from analytics.goodness import Goodness, effective_size, goodness, lag1_autocorrelation
from analytics.noise import Noise, Sample, estimate_noise
from analytics.registers import Flag, IntervalValues, interval_energy
from analytics.regression import LinearModel, fit_linear

__all__ = [
    "AnalyticsError",
    "AvoidedEnergy",
    "Band",
    "DriverCoverage",
    "Flag",
    "Goodness",
    "IntervalValues",
    "LinearModel",
    "Noise",
    "Sample",
    "TooFewIntervalsError",
    "avoided_energy",
    "detectable_saving",
    "driver_coverage",
    "effective_size",
    "estimate_noise",
    "fit_linear",
    "goodness",
    "interval_energy",
    "interval_mean",
    "lag1_autocorrelation",
    "prefix_variances",
    "saving_band",
]
