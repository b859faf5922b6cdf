"""Pure functions on numpy arrays: from registers to a saving, its band and its worth. No I/O, no clock, no globals."""

from analytics.adjustments import adjust
from analytics.avoided import Adjustment, AvoidedEnergy, BandMethod, avoided_energy, detectable_saving
from analytics.band import Band, given_slow_part, prefix_variances, saving_band
from analytics.candidate_saving import candidate_saving
from analytics.candidates import (
    Candidate,
    Selection,
    Spread,
    as_project,
    change_point_candidate,
    levels_candidate,
    linear_candidate,
    select,
    spread,
    time_of_week_candidate,
)
from analytics.change_point import ChangePoint, Shape, fit_change_point
from analytics.conditions import DriverCoverage, Grade, driver_coverage, grade
from analytics.doubts import CrossCheck, cross_check, mark_outliers
from analytics.economics import (
    Ranged,
    annuity,
    cost_of_conserved_energy,
    emissions,
    internal_rate,
    net_present_value,
    oil_equivalent,
    simple_payback,
    subsidy_per_kwh,
)
from analytics.errors import AnalyticsError, NotInForceError, TooFewIntervalsError, UnknownEffectError
from analytics.events import Event, EventKind, find_events
from analytics.fleet import NoSaving, WhyNot, fleet_energy, fleet_mean, fleet_saving
from analytics.gauges import interval_mean, interval_share
from analytics.goodness import Goodness, effective_size, goodness, lag1_autocorrelation
from analytics.grids import Step, batch_edges, calendar_edges, resample, shift_edges, stack
from analytics.least_squares import Solution, solve, standard_errors
from analytics.levels import Levels, fit_levels, fit_mean
from analytics.machine_states import MachineModel, fit_machine
from analytics.noise import Noise, Sample, estimate_noise
from analytics.placebo import Calibration, Placebos, calibrate, calibrated_band, place
from analytics.portfolio import Portfolio, as_student, portfolio
from analytics.published import CLASSIC, DAILY, MONTHLY, fractional_half_width
from analytics.registers import Exchange, Flag, IntervalValues, interval_energy
from analytics.regression import LinearModel, fit_linear
from analytics.robust import BootstrapBand, block_bootstrap, hac_standard_error
from analytics.savings import (
    Estimate,
    Intensity,
    PeakChange,
    Performance,
    cusum,
    intensity,
    normalised_saving,
    peak_change,
    performance,
)
from analytics.stamps import StampKind, Stamps, read_stamps
from analytics.sufficiency import Shortfall, Sufficiency, sufficiency
from analytics.terms import LinearTerms, fit_terms
from analytics.time_of_week import TimeOfWeek, fit_time_of_week

__all__ = [
    "CLASSIC",
    "DAILY",
    "MONTHLY",
    "Adjustment",
    "AnalyticsError",
    "AvoidedEnergy",
    "Band",
    "BandMethod",
    "BootstrapBand",
    "Calibration",
    "Candidate",
    "ChangePoint",
    "CrossCheck",
    "DriverCoverage",
    "Estimate",
    "Event",
    "EventKind",
    "Exchange",
    "Flag",
    "Goodness",
    "Grade",
    "Intensity",
    "IntervalValues",
    "Levels",
    "LinearModel",
    "LinearTerms",
    "MachineModel",
    "NoSaving",
    "Noise",
    "NotInForceError",
    "PeakChange",
    "Performance",
    "Placebos",
    "Portfolio",
    "Ranged",
    "Sample",
    "Selection",
    "Shape",
    "Shortfall",
    "Solution",
    "Spread",
    "StampKind",
    "Stamps",
    "Step",
    "Sufficiency",
    "TimeOfWeek",
    "TooFewIntervalsError",
    "UnknownEffectError",
    "WhyNot",
    "adjust",
    "annuity",
    "as_project",
    "as_student",
    "avoided_energy",
    "batch_edges",
    "block_bootstrap",
    "calendar_edges",
    "calibrate",
    "calibrated_band",
    "candidate_saving",
    "change_point_candidate",
    "cost_of_conserved_energy",
    "cross_check",
    "cusum",
    "detectable_saving",
    "driver_coverage",
    "effective_size",
    "emissions",
    "estimate_noise",
    "find_events",
    "fit_change_point",
    "fit_levels",
    "fit_linear",
    "fit_machine",
    "fit_mean",
    "fit_terms",
    "fit_time_of_week",
    "fleet_energy",
    "fleet_mean",
    "fleet_saving",
    "fractional_half_width",
    "given_slow_part",
    "goodness",
    "grade",
    "hac_standard_error",
    "intensity",
    "internal_rate",
    "interval_energy",
    "interval_mean",
    "interval_share",
    "lag1_autocorrelation",
    "levels_candidate",
    "linear_candidate",
    "mark_outliers",
    "net_present_value",
    "normalised_saving",
    "oil_equivalent",
    "peak_change",
    "performance",
    "place",
    "portfolio",
    "prefix_variances",
    "read_stamps",
    "resample",
    "saving_band",
    "select",
    "shift_edges",
    "simple_payback",
    "solve",
    "spread",
    "stack",
    "standard_errors",
    "subsidy_per_kwh",
    "sufficiency",
    "time_of_week_candidate",
]
