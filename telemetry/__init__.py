"""The words everyone shares (channels, units, readings, batches, topics, codecs), and the wire they travel on (MQTT).

The words are pure: no I/O, no clock. paho is imported only by whoever speaks MQTT.
"""

from telemetry.alarms import Alarm, AlarmKind, Alarms
from telemetry.batches import MAX_CHANNELS_TEXT, Batch, ClockState, Gap, Table, channel_names
from telemetry.channels import CHANNELS, Channel, Kind, channel
from telemetry.codec import MAX_BYTES, decode, encode, has_checksum, json_schema, with_checksum
from telemetry.documents import Document, decode_yaml, parse_yaml
from telemetry.errors import (
    DamagedError,
    DecodeError,
    DocumentError,
    InvalidNameError,
    TelemetryError,
    UnknownChannelError,
)
from telemetry.messages import Acceptance, AcceptanceCheck, AcceptedDevice, Ack, Birth, BirthDevice, State, ranges
from telemetry.mqtt import Broker, Tls, new_client
from telemetry.packets import Publish
from telemetry.readings import Quality, Reading
from telemetry.session import Retained, Session
from telemetry.topics import (
    ACK,
    BATCH,
    BIRTH,
    ROOT,
    STATE,
    Topic,
    alarms_topic,
    check_name,
    is_name,
    parse_topic,
    topic,
)
from telemetry.units import Conversion, conversion, units_for, units_named
from telemetry.version import VERSION

__all__ = [
    "ACK",
    "BATCH",
    "BIRTH",
    "CHANNELS",
    "MAX_BYTES",
    "MAX_CHANNELS_TEXT",
    "ROOT",
    "STATE",
    "VERSION",
    "Acceptance",
    "AcceptanceCheck",
    "AcceptedDevice",
    "Ack",
    "Alarm",
    "AlarmKind",
    "Alarms",
    "Batch",
    "Birth",
    "BirthDevice",
    "Broker",
    "Channel",
    "ClockState",
    "Conversion",
    "DamagedError",
    "DecodeError",
    "Document",
    "DocumentError",
    "Gap",
    "InvalidNameError",
    "Kind",
    "Publish",
    "Quality",
    "Reading",
    "Retained",
    "Session",
    "State",
    "Table",
    "TelemetryError",
    "Tls",
    "Topic",
    "UnknownChannelError",
    "alarms_topic",
    "channel",
    "channel_names",
    "check_name",
    "conversion",
    "decode",
    "decode_yaml",
    "encode",
    "has_checksum",
    "is_name",
    "json_schema",
    "new_client",
    "parse_topic",
    "parse_yaml",
    "ranges",
    "topic",
    "units_for",
    "units_named",
    "with_checksum",
]
