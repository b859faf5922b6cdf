"""Naming a unit's model: by its fingerprint, and by which profile's registers hold values that make sense."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from edge.blocks import plan_blocks
from edge.commissioning.asking import Asking
from edge.commissioning.found import Match
from edge.commissioning.phrases import Phrase, phrase
from edge.commissioning.plausibility import Judgement, judge, together
from edge.links import Link
from edge.profiles import (
    Check,
    Profile,
    Question,
    builtin_profiles,
    decode,
    discover_async,
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
_WRONG: Final = {Quality.RANGE: -4.0, Quality.SENTINEL: -1.0}


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


async def identify(link: Link, unit: int, profiles: Sequence[Profile] | None = None) -> tuple[list[Match], list[Match]]:
    """Name a unit's model.

    Parameters
    ----------
    link, unit
        Whom to ask; only reads leave.
    profiles
        What it may be; by default everything built in. A device that describes itself (SunSpec) is believed first.

    Returns
    -------
    tuple of two lists of Match
        At most `SHOWN` that it may be, the likeliest first, the first with all its values, empty when nothing fits;
        and what it measures besides.

    Raises
    ------
    ConnectError
        When the way to the unit is closed.
    """
    asking = Asking(link, unit)
    try:
        own = await described(asking)
        if own:
            return own[:1], own[1:]
        candidates = [load_profile(name) for name in builtin_profiles()] if profiles is None else list(profiles)
        return await _ranked(asking, candidates), []
    finally:
        asking.close()


async def described(asking: Asking) -> list[Match]:
    """What a SunSpec device says of itself: one match for each meter and inverter of its chain; none for others."""
    device = await discover_async(asking.registers_of)
    if device is None:
        return []
    chain = ", ".join(str(model.number) for model in device.models)
    return [
        Match(
            profile=profile.name,
            vendor=profile.vendor,
            model=profile.model,
            kind=profile.kind,
            by="fingerprint",
            score=CERTAIN_BITS,
            sure="likely",
            why=[phrase("sunspec", chain=chain, base=device.base)],
            values=_good(decode(profile, asking.registers)),
            text=text,
        )
        for profile, text in zip(device.profiles, device.texts, strict=True)
    ]


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
    values = _good(decode(profile, asking.told(reads_of(profile))))
    bonus = _BITS_PER_CHANNEL * len(values) if complete else -_CLOSE_BITS
    return msgspec.structs.replace(match, values=match.values | values, score=round(match.score + bonus, 1))


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
        values = decode(keys, asking.told(reads_of(keys)))
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
