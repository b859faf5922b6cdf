"""Naming a unit's model: by its fingerprint, and by which profile's registers hold values that make sense."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from edge.blocks import plan_blocks
from edge.commissioning.found import Match
from edge.commissioning.phrases import Phrase, phrase
from edge.commissioning.plausibility import Judgement, judge, together
from edge.errors import ConnectError, ExceptionReplyError, LinkError, StaleReplyError
from edge.links import BASIC, REGULAR, Link, Read, ReadIdentification
from edge.profiles import (
    IDENTIFICATION,
    Answers,
    Check,
    Profile,
    Question,
    builtin_profiles,
    decode,
    load_profile,
    questions,
    recognise,
)
from telemetry import Quality

KEY_CHANNELS: Final = (
    "voltage_l1_v", "frequency_hz", "voltage_l2_v", "voltage_l3_v", "voltage_l12_v", "active_power_w", "power_factor",
    "current_l1_a", "current_l2_a", "current_l3_a", "power_factor_l1", "power_factor_l2", "power_factor_l3",
    "temperature_c", "humidity_pct", "run_state", "cycle_time_s", "production_count",
)  # fmt: skip
"""Quantities whose values say most about whether registers were read rightly."""
LIKELY_BITS: Final = 8.0
POSSIBLE_BITS: Final = 1.0
CERTAIN_BITS: Final = 24.0
BITS_PER_POINT: Final = 0.25
"""A register that names the model counts 40 points, as much as 10 bits: more than a voltage near a nominal one."""
SHOWN: Final = 3
_CLOSE_BITS: Final = 4.0
_BITS_PER_CHANNEL: Final = 0.1
_FIRST_LOOK: Final = 2
_MOST_KEYS: Final = 13
_ILLEGAL_FUNCTION: Final = 1
_REGULAR_OBJECTS: Final = 3
"""Objects 0-2 of the device identification are basic, those from 3 on regular."""
_WRONG: Final = {Quality.RANGE: -4.0, Quality.SENTINEL: -1.0}


class Asking:
    """What a unit was asked and has answered; nothing is asked twice.

    Parameters
    ----------
    link, unit
        Whom.
    """

    def __init__(self, link: Link, unit: int) -> None:
        self._link = link
        self._unit = unit
        self._asked: dict[Question, bool] = {}
        self._refused: set[Question] = set()
        self._without: set[int] = set()
        self.registers: dict[tuple[int, int], int] = {}
        self.objects: dict[int, str] = {}

    @property
    def answers(self) -> Answers:
        """Everything known of the unit."""
        return Answers(self.registers, self.objects, self._refused)

    async def has(self, asked: Iterable[Question]) -> bool:
        """Ask what was not asked yet, up to the first refusal; whether all of it was answered.

        Raises
        ------
        ConnectError
            When the way to the unit is closed.
        """
        for question in asked:
            if question not in self._asked:
                self._asked[question] = await self._ask(question)
            if not self._asked[question]:
                return False
        return True

    async def _ask(self, asked: Question) -> bool:
        wanted = [(asked.function, at) for at in range(asked.address, asked.address + asked.count)]
        if all(place in self.registers for place in wanted):
            return True
        if asked.function in self._without:
            self._refused.add(asked)
            return False
        try:
            if asked.function == IDENTIFICATION:
                return await self._identification(asked.address)
            words = await self._read(Read(self._unit, asked.function, asked.address, asked.count))
        except ConnectError:
            raise
        except ExceptionReplyError as error:
            self._refused.add(asked)
            if error.code == _ILLEGAL_FUNCTION:
                self._without.add(asked.function)
            return False
        except LinkError:
            if asked.function == IDENTIFICATION:
                self._without.add(IDENTIFICATION)  # many meters keep silent instead of refusing: once is enough
            return False
        self.registers.update(zip(wanted, words, strict=True))
        return True

    async def _read(self, read: Read) -> tuple[int, ...]:
        """Ask; once more over a link without a past where the same refusal twice is taken for an echo of the first."""
        try:
            return await self._link.read(read)
        except StaleReplyError:
            self._link.close()
            self._link = Link(self._link.address, self._link.timeout_s)
            return await self._link.read(read)

    def close(self) -> None:
        """Let go of the wire."""
        self._link.close()

    async def _identification(self, number: int) -> bool:
        if number not in self.objects:
            level = BASIC if number < _REGULAR_OBJECTS else REGULAR
            said = await self._link.identify(ReadIdentification(self._unit, level))
            self.objects.update({key: text.decode("latin-1") for key, text in said.items()})
        return number in self.objects


def reads_of(profile: Profile) -> list[Question]:
    """The questions that fetch every register of a profile."""
    return [Question(block.function, block.address, block.count) for block in plan_blocks(profile)]


def keys_of(profile: Profile, most: int) -> Profile:
    """A profile reduced to at most so many fields: those that say most about whether it fits."""
    ranks = {name: rank for rank, name in enumerate(KEY_CHANNELS)}
    known = sorted((field for field in profile.fields if field.channel in ranks), key=lambda f: ranks[f.channel])
    return msgspec.structs.replace(profile, fields=known[:most] or profile.fields[:most])


def weigh(values: dict[str, float | Quality]) -> list[Judgement]:
    """Evidence in decoded registers for the profile that decoded them."""
    good = {name: value for name, value in values.items() if not isinstance(value, Quality)}
    wrong = [
        Judgement(_WRONG[value], Phrase("outside", {"channel": name, "reason": value.value}))
        for name, value in values.items()
        if isinstance(value, Quality)
    ]
    return [*(judge(name, value) for name, value in good.items()), *together(good), *wrong]


async def identify(link: Link, unit: int, profiles: Sequence[Profile] | None = None) -> list[Match]:
    """Name a unit's model.

    Parameters
    ----------
    link, unit
        Whom to ask; only reads leave.
    profiles
        What it may be; by default everything built in.

    Returns
    -------
    list of Match
        At most `SHOWN`, the likeliest first, the first with all its values; empty when nothing fits.

    Raises
    ------
    ConnectError
        When the way to the unit is closed.
    """
    asking = Asking(link, unit)
    try:
        candidates = [load_profile(name) for name in builtin_profiles()] if profiles is None else list(profiles)
        return await _ranked(asking, candidates)
    finally:
        asking.close()


async def _ranked(asking: Asking, candidates: list[Profile]) -> list[Match]:
    matches: list[Match] = []
    for profile in sorted(candidates, key=_dearness):
        if not _settled(profile, matches) and (match := await _fits(asking, profile)) is not None:
            matches.append(match)
    by_name = {profile.name: profile for profile in candidates}
    best = max((match.score for match in matches), default=0.0)
    finals = [
        await _final(asking, match, by_name[match.profile]) if match.score > best - _CLOSE_BITS else match
        for match in matches
    ]
    finals.sort(key=lambda match: -match.score)
    return finals[:SHOWN]


def _dearness(profile: Profile) -> int:
    """A register that names the model is asked for first; function 43 last, which many meters answer with silence."""
    own = _identity(profile)
    return 0 if any(check.object is None for check in own) else 2 if own else 1


def _settled(profile: Profile, matches: list[Match]) -> bool:
    """Whether a profile need not be tried: another device has named itself, or is as good as certain."""
    certain = [match for match in matches if match.score >= CERTAIN_BITS]
    kind = _dearness(profile)
    if kind == 2:
        return bool(certain) and all(match.vendor != profile.vendor for match in certain)
    return kind == 1 and any(match.by == "fingerprint" for match in certain)


async def _final(asking: Asking, match: Match, profile: Profile) -> Match:
    """Of profiles that fit about equally well, the one that explains most registers fits best."""
    complete = await asking.has(reads_of(profile))
    values = _good(decode(profile, asking.registers))
    bonus = _BITS_PER_CHANNEL * len(values) if complete else -_CLOSE_BITS
    return msgspec.structs.replace(match, values=values, score=round(match.score + bonus, 1))


def _identity(profile: Profile) -> list[Check]:
    """What the device must say of itself, apart from measured values."""
    return [check for check in profile.fingerprint if check.channel is None]


async def _points(asking: Asking, profile: Profile) -> int | None:
    """What its own word adds to the score; none when it contradicts the profile."""
    own = msgspec.structs.replace(profile, fingerprint=_identity(profile))
    if not own.fingerprint:
        return 0
    complete = await asking.has(questions(own))
    points = recognise(own, asking.answers)
    return points if points or not complete else None


async def _fits(asking: Asking, profile: Profile) -> Match | None:
    """A first look at its own word and the two most telling fields spares most profiles, and the line, the rest."""
    points = await _points(asking, profile)
    if points is None:
        return None
    for most in (_FIRST_LOOK, _MOST_KEYS):
        keys = keys_of(profile, most)
        if not await asking.has(reads_of(keys)):
            return None
        values = decode(keys, asking.registers)
        evidence = weigh(values)
        bits = sum(judgement.bits for judgement in evidence) + points * BITS_PER_POINT
        if bits < 0:
            return None
    if bits < POSSIBLE_BITS:
        return None
    strongest = sorted(evidence, key=lambda judgement: -abs(judgement.bits))[:SHOWN]
    why = [judgement.why for judgement in strongest]
    return Match(
        profile=profile.name,
        vendor=profile.vendor,
        model=profile.model,
        kind=profile.kind,
        by="fingerprint" if points else "plausibility",
        score=round(bits, 1),
        sure="likely" if bits >= LIKELY_BITS else "possible",
        why=[phrase("fingerprint", points=points), *why] if points else why,
        values=_good(values),
    )


def _good(values: dict[str, float | Quality]) -> dict[str, float]:
    return {name: value for name, value in values.items() if not isinstance(value, Quality)}
