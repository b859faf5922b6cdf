"""Commissioning: finding devices, naming them, reading them once, writing the site file, accepting the installation."""

from edge.commissioning.acceptance import DeviceAcceptance, accept
from edge.commissioning.candidates import Candidate, Region, rank
from edge.commissioning.errors import CommissioningError, FoundNothingError, RecordError, ScanRefusedError
from edge.commissioning.failures import failure_of
from edge.commissioning.found import Found, FoundUnit, Match, live_channel, load_found, merged
from edge.commissioning.identify import identify
from edge.commissioning.phrases import Lang, Phrase, about, label_of, language_of, phrase, place_in, say, shown
from edge.commissioning.plausibility import Judgement, judge, together
from edge.commissioning.probe import Described, Live, Raw, read_profile, read_raw, read_site, read_sunspec
from edge.commissioning.records import load_record, record_of, record_path, save_record
from edge.commissioning.samples import Samples, watch_site
from edge.commissioning.scan import scan_serial, scan_tcp
from edge.commissioning.site_writing import Answers, DraftBus, Named, draft, profile_files, site_text
from edge.commissioning.targets import (
    SERIAL_UNITS,
    Framing,
    LineFraming,
    LineTime,
    TcpTargets,
    line_settings,
    line_time,
    numbers,
    tcp_targets,
    window_s,
)
from edge.commissioning.verdicts import Check
from edge.commissioning.watching import Unwatched, Watch

__all__ = [
    "SERIAL_UNITS",
    "Answers",
    "Candidate",
    "Check",
    "CommissioningError",
    "Described",
    "DeviceAcceptance",
    "DraftBus",
    "Found",
    "FoundNothingError",
    "FoundUnit",
    "Framing",
    "Judgement",
    "Lang",
    "LineFraming",
    "LineTime",
    "Live",
    "Match",
    "Named",
    "Phrase",
    "Raw",
    "RecordError",
    "Region",
    "Samples",
    "ScanRefusedError",
    "TcpTargets",
    "Unwatched",
    "Watch",
    "about",
    "accept",
    "draft",
    "failure_of",
    "identify",
    "judge",
    "label_of",
    "language_of",
    "line_settings",
    "line_time",
    "live_channel",
    "load_found",
    "load_record",
    "merged",
    "numbers",
    "phrase",
    "place_in",
    "profile_files",
    "rank",
    "read_profile",
    "read_raw",
    "read_site",
    "read_sunspec",
    "record_of",
    "record_path",
    "save_record",
    "say",
    "scan_serial",
    "scan_tcp",
    "shown",
    "site_text",
    "tcp_targets",
    "together",
    "watch_site",
    "window_s",
]
