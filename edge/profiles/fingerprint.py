"""Recognising a device: what to ask it, and how well its answers fit a profile's fingerprint. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from edge.profiles.codec import Registers, decode
from edge.profiles.fingerprint_model import Check
from edge.profiles.model import Factor, Field, Profile
from edge.profiles.registers import Number, RegisterType, number_reader, text_of
from telemetry import Quality, channel

IDENTIFICATION: Final = 43
"""The function (with MEI type 14) that reads a device's identification objects."""


@dataclass(frozen=True, order=True)
class Question:
    """Something to ask a device; the same question of many profiles is asked once.

    For function 43 `address` is the object's number and `count` 1.
    """

    function: int
    address: int
    count: int


@dataclass(frozen=True)
class Answers:
    """What a device has answered so far; what was not asked, or not answered in time, is simply absent.

    Parameters
    ----------
    registers
        Words (bits as 0 or 1) by (function, wire address).
    objects
        Texts of the device identification, by object number.
    refused
        Questions that the device answered with a Modbus exception: it has no such registers.
    """

    registers: Registers = field(default_factory=dict)
    objects: Mapping[int, str] = field(default_factory=dict)
    refused: Collection[Question] = ()


def questions(profile: Profile) -> list[Question]:
    """Everything its fingerprint needs to know of a device, each question once, in the order of the checks."""
    asked = [question for check in profile.fingerprint for question in _questions(profile, check)]
    return list(dict.fromkeys(asked))


def recognise(profile: Profile, answers: Answers) -> int:
    """How well a device's answers fit.

    Parameters
    ----------
    profile
        Candidate; without a fingerprint it scores 0.
    answers
        To `questions` of this profile, and any others.

    Returns
    -------
    int
        Points of the checks that hold, at most 100. 0 when the device contradicts one: it names itself otherwise, a
        fixed register holds another value, or it refuses a register that every such device has. A measured value that
        is not plausible only adds nothing: a meter without voltage shows 0 Hz. Neither does silence speak against it.
    """
    total = 0
    for check in profile.fingerprint:
        if check.object is None and any(question in answers.refused for question in _questions(profile, check)):
            return 0
        holds = _channel_holds(profile, check, answers) if check.channel is not None else _holds(check, answers)
        if holds:
            total += check.worth
        elif holds is False and check.channel is None:
            return 0
    return min(total, 100)


def _questions(profile: Profile, check: Check) -> list[Question]:
    if check.object is not None:
        return [Question(IDENTIFICATION, check.object, 1)]
    if check.function is not None and check.address is not None:
        return [Question(check.function, check.address, check.words)]
    measured = next(field for field in profile.fields if field.channel == check.channel)
    needed = {*measured.multiply, *measured.divide}
    places: list[Field | Factor] = [measured, *(factor for factor in profile.factors if factor.name in needed)]
    return [Question(place.function, place.address, place.words) for place in places]


def _channel_holds(profile: Profile, check: Check, answers: Answers) -> bool | None:
    """Whether a measured value is plausible; none when it was not answered."""
    name = check.channel or ""
    value = decode(profile, answers.registers).get(name)
    if value is None or isinstance(value, Quality):
        return None if value is None else False
    known = channel(name)
    if check.equals is not None:
        return value == check.equals
    low = known.low if check.low is None else check.low
    high = known.high if check.high is None else check.high
    return low <= value <= high


def _holds(check: Check, answers: Answers) -> bool | None:
    """Whether a device's own word or a fixed register is as it must be; none when it was not answered."""
    if check.object is not None:
        said = answers.objects.get(check.object)
        return None if said is None else _is_text(check, said)
    if check.function is None or check.address is None:
        return None
    words = [answers.registers.get((check.function, check.address + n)) for n in range(check.words)]
    known = [word for word in words if word is not None]
    if len(known) < len(words):
        return None
    if check.type is RegisterType.STRING:
        return _is_text(check, text_of(known, check.order))
    return _is_number(check, number_reader(check.type, check.order)(known))


def _is_text(check: Check, text: str) -> bool:
    if check.contains is not None:
        return check.contains.casefold() in text.casefold()
    return text.strip() == check.equals


def _is_number(check: Check, number: Number | None) -> bool:
    if number is None:
        return False
    if check.equals is not None:
        return number == check.equals
    return (check.low is None or check.low <= number) and (check.high is None or number <= check.high)
