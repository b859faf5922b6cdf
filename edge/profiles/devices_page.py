"""The page of all devices, ``docs/devices.md``, written from the profiles themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from edge.profiles.loader import builtin_profiles, load_profile
from edge.profiles.model import Profile
from edge.profiles.plc_memory import load_memory, plc_memories
from edge.profiles.sunspec_models import FAMILIES

_KINDS: Final = {"power_meter": "Power meters", "plc": "PLCs", "sensor": "Sensors"}
_GENERIC: Final = "any"
"""The vendor of profiles that no vendor's device has."""


def models_of(profiles: Iterable[Profile]) -> set[tuple[str, str]]:
    """Vendor and model of every device the profiles describe; neutral profiles are none."""
    return {(profile.vendor, model) for profile in profiles if profile.vendor != _GENERIC for model in profile.covers}


def devices_page() -> str:
    """The page, in Markdown."""
    profiles = [load_profile(name) for name in builtin_profiles()]
    models = models_of(profiles)
    verified = sum(profile.verified for profile in profiles)
    lines = [
        "# Devices",
        "",
        "<!-- Written by `python -m edge.profiles`; a test keeps it equal to the library. -->",
        "",
        f"{len(profiles)} profiles describe {len(models)} models of {len({vendor for vendor, _ in models})} vendors; "
        f"{verified} of the profiles were checked on the hardware itself. A profile covers several models where its "
        "source gives them the same registers. Every profile carries its source, a fingerprint by which the device is "
        "recognised, and goldens that are checked whenever it is loaded.",
        "",
        f"SunSpec meters and inverters (models {', '.join(map(str, sorted(FAMILIES)))}) need no profile: they describe "
        "themselves, and what they say is mapped to channels. They are not counted here.",
    ]
    for kind, title in _KINDS.items():
        lines += ["", f"## {title}", "", "| vendor | models | profile | channels | on hardware | source |"]
        lines += ["|---|---|---|---:|---|---|"]
        of_kind = sorted((p for p in profiles if p.kind == kind), key=lambda p: (p.vendor.casefold(), p.name))
        lines += [_row(profile) for profile in of_kind]
    lines += ["", "## PLC memory by name", ""]
    lines += [
        "For profiles written in a site file: `memory` names one of these, and `at` a place in the PLC's program."
    ]
    lines += ["", "| vendor | models | memory | areas | source |", "|---|---|---|---|---|"]
    for name in plc_memories():
        memory = load_memory(name)
        areas = " ".join(f"`{area.prefix}`" for area in memory.areas)
        lines += [f"| {memory.vendor} | {', '.join(memory.models)} | `{name}` | {areas} | {_cell(memory.source)} |"]
    return "\n".join(lines) + "\n"


def _row(profile: Profile) -> str:
    verified = "yes" if profile.verified else "no"
    return (
        f"| {_cell(profile.vendor)} | {_cell(', '.join(profile.covers))} | `{profile.name}` | {len(profile.fields)} | "
        f"{verified} | {_cell(profile.source)} |"
    )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
