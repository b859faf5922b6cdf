"""Device profiles: what the registers of a power meter, a PLC or a sensor mean. Light: no network, no MQTT."""

from edge.errors import EncodeError, UnknownProfileError
from edge.profiles.codec import Registers, decode, decode_field, decoder, encode, encode_field
from edge.profiles.loader import builtin_profiles, is_profile_path, load_profile, parse_profile
from edge.profiles.model import (
    REGISTERS_PER_READ,
    Field,
    FunctionCode,
    Golden,
    Order,
    Profile,
    RegisterType,
    Words,
)

__all__ = [
    "REGISTERS_PER_READ",
    "EncodeError",
    "Field",
    "FunctionCode",
    "Golden",
    "Order",
    "Profile",
    "RegisterType",
    "Registers",
    "UnknownProfileError",
    "Words",
    "builtin_profiles",
    "decode",
    "decode_field",
    "decoder",
    "encode",
    "encode_field",
    "is_profile_path",
    "load_profile",
    "parse_profile",
]
