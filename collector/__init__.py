"""MQTT in, store out, acknowledgement back; quarantine for what cannot be stored."""

from collector.collector import Collector
from collector.counters import Counters, Latency
from collector.errors import CollectorError, QuarantineError
from collector.intake import Reason
from collector.metrics import metrics
from collector.quarantine import Entry, Quarantine, QuarantineCounters
from collector.settings import Settings

__all__ = [
    "Collector",
    "CollectorError",
    "Counters",
    "Entry",
    "Latency",
    "Quarantine",
    "QuarantineCounters",
    "QuarantineError",
    "Reason",
    "Settings",
    "metrics",
]
