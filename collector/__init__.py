"""MQTT in, store out, acknowledgement back; quarantine for what cannot be stored."""

from collector.broker_check import Told, ask
from collector.broker_probe import PROBE_MESSAGES, Probed, probe
from collector.collector import Collector
from collector.counters import Counters, Latency
from collector.endpoint import Endpoint, EndpointServer, Page
from collector.errors import CollectorError, EndpointError, QuarantineError
from collector.limits import Shortfall, shortfalls
from collector.metrics import metrics
from collector.quarantine import Quarantine
from collector.quarantine_entry import Choice, Entry, QuarantineCounters
from collector.reason_words import in_words
from collector.refusals import Reason
from collector.settings import Settings
from collector.vitals import complaints, pages

__all__ = [
    "PROBE_MESSAGES",
    "Choice",
    "Collector",
    "CollectorError",
    "Counters",
    "Endpoint",
    "EndpointError",
    "EndpointServer",
    "Entry",
    "Latency",
    "Page",
    "Probed",
    "Quarantine",
    "QuarantineCounters",
    "QuarantineError",
    "Reason",
    "Settings",
    "Shortfall",
    "Told",
    "ask",
    "complaints",
    "in_words",
    "metrics",
    "pages",
    "probe",
    "shortfalls",
]
