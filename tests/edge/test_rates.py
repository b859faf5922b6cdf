"""Several rates per device: what is fast, what is slow, and what is read once."""

from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from edge.polled_device import PolledDevice
from edge.profiles import Profile, Rate, load_profile
from edge.rates import Pace, Rates, pace, with_rates
from edge.site import pace_of, parse_site, profile_of
from tests.edge.test_site import SITE

PLC = load_profile("generic-plc")


def rated(**channels: Rate) -> Profile:
    return with_rates(PLC, Rates(channels={"run_state": Rate.FAST, "cycle_time_s": Rate.FAST} | channels))


def reads(device: PolledDevice, monotonic: float) -> list[tuple[int, int]]:
    return [(block.address, block.count) for block, _ in device.plan(device.rates_due(monotonic))]


@pytest.mark.parametrize(
    ("every_ms", "rates", "site_every_ms", "site_rates", "expected"),
    [
        (None, Rates(), 1000, Rates(), Pace(1000, 10_000)),
        (500, Rates(), 1000, Rates(), Pace(500, 5_000)),
        (None, Rates(slow_ms=60_000), 1000, Rates(), Pace(1000, 60_000)),
        (None, Rates(), 1000, Rates(fast_ms=2000, slow_ms=30_000), Pace(2000, 30_000)),
        (None, Rates(fast_ms=100), 1000, Rates(slow_ms=30_000), Pace(100, 30_000)),
        (60_000, Rates(), 1000, Rates(slow_ms=30_000), Pace(60_000, 60_000)),
    ],
)
def test_the_device_has_the_first_word_then_the_site_and_slow_is_ten_times_fast(
    every_ms: int | None, rates: Rates, site_every_ms: int, site_rates: Rates, expected: Pace
) -> None:
    assert pace(every_ms, rates, site_every_ms, site_rates) == expected


def test_the_site_file_says_what_fast_and_slow_mean_and_which_channels_are_what() -> None:
    text = SITE.replace("unit: 2, every_ms: 500", "unit: 2, rates: {slow_ms: 7000, channels: {run_state: slow}}")
    site = parse_site("rates: {fast_ms: 250}\n" + text.replace("gateway:", "gateway:"), "site.yaml", Path())
    plc = site.buses[0].devices[1]
    assert pace_of(site, plc) == Pace(250, 7000)
    assert {field.channel: field.rate for field in profile_of(plc).fields}["run_state"] is Rate.SLOW


def test_what_is_due_together_shares_its_reads_and_what_is_not_is_left_alone() -> None:
    device = PolledDevice("plc", 1, rated(production_count=Rate.SLOW), Pace(1000, 3000))
    assert reads(device, 100.0) == [(0, 4)]  # everything at the start, in one read
    seen = []
    now = 100.0
    device.schedule(device.rates_due(now), 5_000_000.0, now)
    for _ in range(6):
        now = device.due
        seen.append((round(now - 100.0, 3), reads(device, now)))
        device.schedule(device.rates_due(now), 5_000_000.0 + (now - 100.0) * 1000, now)
    fast, both = [(2, 2)], [(0, 4)]
    assert seen == [(1.0, both), (2.0, fast), (3.0, fast), (4.0, both), (5.0, fast), (6.0, fast)]


def test_what_is_read_once_is_read_when_the_device_is_reached_and_again_when_it_was_away() -> None:
    device = PolledDevice("plc", 1, rated(production_count=Rate.ONCE), Pace(1000, 3000))
    assert Rate.ONCE in device.rates_due(100.0)
    device.schedule(device.rates_due(100.0), 5_000_000.0, 100.0, reached=False)
    assert Rate.ONCE in device.rates_due(device.due)  # not reached yet
    assert device.due == pytest.approx(101.0)
    device.schedule(device.rates_due(device.due), 5_001_000.0, 101.0)
    assert Rate.ONCE not in device.rates_due(1e9)
    device.came_back()
    assert Rate.ONCE in device.rates_due(device.due)


def test_a_slow_period_that_is_no_multiple_of_the_fast_one_is_kept_all_the_same() -> None:
    device = PolledDevice("plc", 1, rated(production_count=Rate.SLOW), Pace(1000, 2500))
    device.schedule(device.rates_due(0.0), 10_000_000.0, 0.0)
    taken: dict[Rate, int] = dict.fromkeys(Rate, 0)
    while device.due <= 30.001:
        now = device.due
        due: Iterable[Rate] = device.rates_due(now)
        for rate in due:
            taken[rate] += 1
        device.schedule(tuple(due), 10_000_000.0 + now * 1000, now)
    assert (taken[Rate.FAST], taken[Rate.SLOW]) == (30, 12)


def test_the_words_on_rates_do_not_change_the_profile_itself() -> None:
    assert with_rates(PLC, Rates()) is PLC
    changed = rated(production_count=Rate.ONCE)
    assert changed.digest == PLC.digest
    assert msgspec.structs.replace(changed, fields=PLC.fields) == PLC
