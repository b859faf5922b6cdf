"""A mapping file: how messages of meters and programs of others become readings."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from telemetry import Broker

TimeFormat = Literal["iso8601", "epoch", "epoch_s", "epoch_ms", "epoch_us", "epoch_ns"]
_Text = Annotated[str, msgspec.Meta(min_length=1)]


class Map(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping to be used, and what it is told beside its file.

    Parameters
    ----------
    map
        Name in the library, or path of a file (anything with a slash or ending in ``.yaml``).
    site, gateway, timezone, devices, every_s
        As in the file (see `MappingDocument`), and in place of what it says; `devices` in addition to it.
    """

    map: _Text
    site: str = ""
    gateway: str = ""
    timezone: str = ""
    devices: dict[str, str] = {}
    every_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 0


class Foreign(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is taken in from others.

    Parameters
    ----------
    maps
        Mappings, by name, path, or with what they are told.
    broker
        Where the others publish; the collector's own broker unless given.
    """

    maps: list[str | Map] = []
    broker: Broker | None = None


class Time(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a message says when it was measured.

    Parameters
    ----------
    path
        JSON path of the time.
    format
        ISO 8601 text, or seconds, ms, µs, ns since 1970-01-01 UTC; ``epoch`` is whichever of these makes it a time of
        this century, for senders whose unit is a setting of theirs.
    zone
        Time zone of a text that names none; the mapping's `timezone` unless given.
    """

    path: _Text
    format: TimeFormat = "iso8601"
    zone: str = ""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a channel's value comes from: one of `path`, `sum` and `value`.

    Parameters
    ----------
    path
        JSON path; ``$`` is the whole payload, for messages that are a number and nothing else.
    sum
        JSON paths whose numbers are added; all must be there.
    value
        A constant.
    unit
        The sender's unit (``kWh``); needed unless the channel is a pure number.
    scale, offset
        Applied to the sender's number, in this order, before its unit.
    text
        Whether numbers written as text are taken.
    decimal
        What stands before the fraction in such a text; ``comma`` is as good as `text`.
    words
        Numbers that texts and truth values stand for, in quotes, e.g. ``{"on": 1, "off": 0, "true": 1}``.
    """

    path: str = ""
    sum: list[_Text] = []
    value: float | None = None
    unit: str = ""
    scale: float = 1.0
    offset: float = 0.0
    text: bool = False
    decimal: Literal["point", "comma"] = "point"
    words: dict[str, float] = {}


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What messages under one topic hold.

    Parameters
    ----------
    topic
        Levels as they are, ``{name}`` for a level with a name, ``+`` for any; ``#`` at the end for any number.
    device
        Device id: text with parts of the topic (``{device}``) and of the message (``{.tags.meter}``).
    kind
        Kind of device.
    time
        Where the time is; without it, readings get the time their message came.
    each
        JSON path of a list, each element of which is taken as a message.
    where
        Values that must stand at JSON paths for the rule to apply.
    needs, lacks
        JSON paths that must, or must not, be there for it to apply.
    names
        By part of the topic: what it may be, and what it then stands for, e.g. ``phase: {0: l1}``.
    channels
        By channel, which may hold parts of the topic (``active_power_{phase}_w``): where its value is.
    """

    topic: _Text
    channels: Annotated[dict[str, Source], msgspec.Meta(min_length=1)]
    device: _Text = "{device}"
    kind: _Text = "power_meter"
    time: Time | None = None
    each: str = ""
    where: dict[str, str | int | float | bool] = {}
    needs: list[_Text] = []
    lacks: list[_Text] = []
    names: dict[str, dict[str | int, str]] = {}


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message as it was recorded, and what it must become: checked whenever the file is read.

    Parameters
    ----------
    topic, payload
        The message.
    readings
        By device and channel, the value [the channel's unit].
    time
        ISO 8601 time of the readings; where the message tells none, left out.
    """

    topic: _Text
    payload: str
    readings: dict[str, dict[str, float]]
    time: str = ""


class MappingDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping file.

    Parameters
    ----------
    mapping
        Its name.
    rules
        All rules of one topic apply to its messages; of different topics, the first that matches.
    source
        Where the message format is documented.
    site
        Site id: text with parts of the topic.
    gateway
        Id under which the readings arrive, as a gateway's; the mapping's name unless given.
    timezone
        Time zone of times that name none, e.g. ``Asia/Seoul``.
    devices
        Device ids by the sender's names; one that is not listed is its name in lower case.
    every_s
        How often its devices send [s]: pages show one that is silent for five times as long as silent.
    examples
        Messages and what they become.
    """

    mapping: _Text
    rules: Annotated[list[Rule], msgspec.Meta(min_length=1)]
    source: list[str] = []
    site: str = ""
    gateway: str = ""
    timezone: str = ""
    devices: dict[str, str] = {}
    every_s: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = 60.0
    examples: list[Example] = []
