"""The words everyone shares: channels and units, readings, batches, topics, codecs. Pure: no I/O, no clock."""

from telemetry.batches import Batch, ClockState, Gap, Table
from telemetry.channels import CHANNELS, Channel, Kind, channel
from telemetry.codec import MAX_BYTES, decode, encode, json_schema
from telemetry.documents import Document, decode_yaml, parse_yaml
from telemetry.errors import DecodeError, DocumentError, InvalidNameError, TelemetryError, UnknownChannelError
from telemetry.messages import Acceptance, AcceptanceCheck, AcceptedDevice, Ack, Birth, BirthDevice, State, ranges
from telemetry.mqtt import Broker, Tls, new_client
from telemetry.readings import Quality, Reading
from telemetry.session import Retained, Session
from telemetry.topics import ACK, BATCH, BIRTH, STATE, Topic, check_name, parse_topic, topic

__all__ = [
    "ACK",
    "BATCH",
    "BIRTH",
    "CHANNELS",
    "MAX_BYTES",
    "STATE",
    "Acceptance",
    "AcceptanceCheck",
    "AcceptedDevice",
    "Ack",
    "Batch",
    "Birth",
    "BirthDevice",
    "Broker",
    "Channel",
    "ClockState",
    "DecodeError",
    "Document",
    "DocumentError",
    "Gap",
    "InvalidNameError",
    "Kind",
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
    "channel",
    "check_name",
    "decode",
    "decode_yaml",
    "encode",
    "json_schema",
    "new_client",
    "parse_topic",
    "parse_yaml",
    "ranges",
    "topic",
]
