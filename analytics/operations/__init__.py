"""For the factory manager, from the same arrays: idle time, load shape, demand, specific energy, anomalies, ranking."""

from analytics.operations.anomalies import Anomaly, Usual, find_anomalies, usual_scatter
from analytics.operations.demand import DemandForecast, Foretold, fit_demand_forecast, foretell_demand, power_left
from analytics.operations.idle import Idle, find_idle
from analytics.operations.load_shape import LoadDuration, PeakDay, base_load, load_duration, peak_days
from analytics.operations.ranking import Proposal, Ranked, expected_saving, rank_replacements
from analytics.operations.specific_energy import SpecificEnergy, specific_energy

__all__ = [
    "Anomaly",
    "DemandForecast",
    "Foretold",
    "Idle",
    "LoadDuration",
    "PeakDay",
    "Proposal",
    "Ranked",
    "SpecificEnergy",
    "Usual",
    "base_load",
    "expected_saving",
    "find_anomalies",
    "find_idle",
    "fit_demand_forecast",
    "foretell_demand",
    "load_duration",
    "peak_days",
    "power_left",
    "rank_replacements",
    "specific_energy",
    "usual_scatter",
]
