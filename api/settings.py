"""What the pages and the REST interface may be told."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

Language = Literal["ko", "en"]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of the API.

    Parameters
    ----------
    host, port
        Where to listen.
    language
        Language of a visitor who has not chosen one.
    timezone
        Time zone of sites that do not name their own.
    demand_target_kw
        The average power that no quarter-hour should exceed [kW]; None for no target.
    main_device
        Id of the device that meters everything a site draws. Where a site has no such device, its power meters are
        added up.
    plans
        Folder of evaluation plans (``*.yaml``); empty for none.
    reviews
        Folder of what energy reviews are told, a file by site (``<site>.yaml``): prices, shifts, and what new
        machines are expected to save. A site without a file is reviewed without them; empty for none.
    refresh_s
        How often the live feed looks at the store while anybody watches [s].
    evaluation_cache_s
        How long an evaluation or an energy review is shown before it is computed anew [s]; one of a changed plan, or of
        changed settings, is computed at once.
    virtual_sites
        Sites that are simulated; their pages say so.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    language: Language = "ko"
    timezone: str = "Asia/Seoul"
    demand_target_kw: float | None = None
    main_device: str = "main"
    plans: str = ""
    reviews: str = ""
    refresh_s: float = 1.0
    evaluation_cache_s: float = 60.0
    virtual_sites: tuple[str, ...] = ("gimpo-demo",)

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"timezone {self.timezone!r} is not known; use an IANA name such as Asia/Seoul") from error
        if not 0 <= self.port <= 65535:
            raise ValueError(f"port {self.port} is outside 0-65535")
        if self.demand_target_kw is not None and self.demand_target_kw <= 0:
            raise ValueError(f"demand_target_kw {self.demand_target_kw} must be above 0, or left out for no target")
        if self.refresh_s < 0.05:
            raise ValueError(f"refresh_s {self.refresh_s} is too short; at least 0.05")
