"""Device profiles: what the registers of a power meter, a PLC or a sensor mean. Light: no network, no MQTT."""

from edge.errors import EncodeError, UnknownProfileError
from edge.profiles.blocks import BlockDecoder
from edge.profiles.codec import Registers, decode, decode_field, decode_identity, decoder, encode, encode_field
from edge.profiles.fingerprint import IDENTIFICATION, Answers, Question, questions, recognise
from edge.profiles.fingerprint_model import Check
from edge.profiles.golden_model import Frame, Golden, Words
from edge.profiles.inline import InlineProfile
from edge.profiles.loader import builtin_profiles, is_profile_path, load_profile, parse_profile
from edge.profiles.model import Factor, Field, Identity, Profile, Rate
from edge.profiles.plc_memory import load_memory, plc_memories
from edge.profiles.quirks import Limits, Quirk
from edge.profiles.registers import BITS_PER_READ, REGISTERS_PER_READ, FunctionCode, Order, RegisterType
from edge.profiles.sunspec import SunSpecDevice, discover, discover_async

__all__ = [
    "BITS_PER_READ",
    "IDENTIFICATION",
    "REGISTERS_PER_READ",
    "Answers",
    "BlockDecoder",
    "Check",
    "EncodeError",
    "Factor",
    "Field",
    "Frame",
    "FunctionCode",
    "Golden",
    "Identity",
    "InlineProfile",
    "Limits",
    "Order",
    "Profile",
    "Question",
    "Quirk",
    "Rate",
    "RegisterType",
    "Registers",
    "SunSpecDevice",
    "UnknownProfileError",
    "Words",
    "builtin_profiles",
    "decode",
    "decode_field",
    "decode_identity",
    "decoder",
    "discover",
    "discover_async",
    "encode",
    "encode_field",
    "is_profile_path",
    "load_memory",
    "load_profile",
    "parse_profile",
    "plc_memories",
    "questions",
    "recognise",
]
