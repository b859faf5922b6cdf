"""Thirteen weeks of a factory like the demo's, as line protocol, ending at a fixed time."""

from __future__ import annotations

import datetime as dt
import math
import urllib.request
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from telemetry import Quality
from tests.grafana.queries import request

SEOUL = ZoneInfo("Asia/Seoul")
NOW = dt.datetime(2026, 11, 20, 15, 7, tzinfo=SEOUL)
"""A Friday afternoon, within a quarter-hour."""
REPLACED = dt.datetime(2026, 10, 23, tzinfo=SEOUL)
"""Press 2 is replaced four weeks before `NOW`."""
FIRST = NOW - dt.timedelta(weeks=14)
LIVE = NOW - dt.timedelta(hours=2)
"""Before it one row per 15 minutes (imported history), after it one per 10 seconds."""
SITE = "gimpo-demo"
ROLLOVER_WH = 4_000_000.0
"""Press 1's energy register starts again at 0 here."""
BEFORE_WH, AFTER_WH = 500.0, 350.0
"""Energy of one part on press 2, before and after its replacement."""
PARTS_PER_HOUR = 60.0
IDLE_W = 1500.0
ERRORS = [quality.error_channel for quality in Quality if quality is not Quality.GOOD]


def times() -> Iterator[tuple[int, float]]:
    """Time [ms UTC] and hours since the row before."""
    at, before = FIRST, FIRST
    while at <= NOW:
        yield int(at.timestamp() * 1000), (at - before).total_seconds() / 3600
        before = at
        at += dt.timedelta(minutes=15) if at < LIVE else dt.timedelta(seconds=10)


def working(at_ms: int) -> bool:
    """Whether the presses run: weekdays, 8 to 20 o'clock."""
    local = dt.datetime.fromtimestamp(at_ms / 1000, SEOUL)
    return local.weekday() < 5 and 8 <= local.hour < 20


def press_power(device: str, at_ms: int) -> float:
    """Mean power [W] of a press."""
    if not working(at_ms):
        return IDLE_W
    replaced = device == "press-2" and at_ms >= REPLACED.timestamp() * 1000
    return PARTS_PER_HOUR * (AFTER_WH if replaced else BEFORE_WH)


def lines() -> Iterator[str]:
    """Line protocol, milliseconds."""
    energy = dict.fromkeys(("main", "press-1", "press-2", "compressor"), 0.0)
    parts, readings, timeouts = 0.0, 0.0, 0.0
    for at, hours in times():
        power = {press: press_power(press, at) for press in ("press-1", "press-2")}
        power["compressor"] = 22_000.0 if working(at) else 0.0
        power["main"] = sum(power.values()) + 4_000.0
        for device, watts in power.items():
            energy[device] += watts * hours
            shown = energy[device] % ROLLOVER_WH if device == "press-1" else energy[device]
            yield f"power_meter,site={SITE},device={device} {_meter(watts, shown)} {at}"
        parts += PARTS_PER_HOUR * hours if working(at) else 0.0
        state = 2 if working(at) else 0
        for device in ("plc-1", "plc-2"):
            count = math.floor(parts)
            yield f"plc,site={SITE},device={device} production_count={count},run_state={state},cycle_time_s=58.5 {at}"
        yield f"sensor,site={SITE},device=ambient temperature_c=21.5,humidity_pct=44 {at}"
        if at < LIVE.timestamp() * 1000:
            continue
        readings += 400
        timeouts += 1 if at % 600_000 < 10_000 else 0
        state_of = f"outbox_depth_count=2,outbox_bytes=20480,lateness_ms=3,readings_count={readings}"
        yield f"gateway,site={SITE},device=gw-1 {state_of} {at}"
        errors = ",".join(f"{name}={timeouts if 'timeout' in name else 0}" for name in ERRORS)
        for device in ("main", "press-1"):
            yield f"link,site={SITE},device={device} {errors} {at}"
    lost = int((NOW - dt.timedelta(hours=1)).timestamp() * 1000)
    series = f"site={SITE},device=press-1,channel=active_power_w,reason=outbox_full"
    yield f"gap,{series} end_ms={lost + 60_000}i,readings=60i {lost}"


def _meter(watts: float, energy_wh: float) -> str:
    amps = watts / (math.sqrt(3) * 380 * 0.9)
    phases = ",".join(f"voltage_l{n}_v=219.8,current_l{n}_a={amps:.3f}" for n in (1, 2, 3))
    return f"active_power_w={watts},energy_import_wh={energy_wh},power_factor=0.9,frequency_hz=60,{phases}"


def fill(url: str, database: str) -> None:
    """Write everything into a database that is there."""
    rows = list(lines())
    for start in range(0, len(rows), 10_000):
        body = "\n".join(rows[start : start + 10_000]).encode()
        with urllib.request.urlopen(request(url, f"/write?db={database}&precision=ms", body), timeout=30) as answer:
            assert answer.status == 204
