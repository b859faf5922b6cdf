"""Write what is published of the profiles: ``python -m edge.profiles`` from the repository's root."""

from __future__ import annotations

import json
from pathlib import Path

from rich import print as say

from edge.profiles.devices_page import devices_page, models_of
from edge.profiles.loader import builtin_profiles, load_profile
from edge.profiles.schema import profile_schema


def main() -> None:
    """Write ``docs/profiles.schema.json`` and ``docs/devices.md``, and say how many models there are."""
    schema = json.dumps(profile_schema(), indent=2, ensure_ascii=False) + "\n"
    Path("docs/profiles.schema.json").write_text(schema, encoding="utf-8")
    Path("docs/devices.md").write_text(devices_page(), encoding="utf-8")
    profiles = [load_profile(name) for name in builtin_profiles()]
    say(f"{len(profiles)} profiles, {len(models_of(profiles))} models")


if __name__ == "__main__":
    main()
