"""Many entries are replayed in one go, and what is in the way of one of them is its own affair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from collector import Choice, Quarantine
from collector.admission import Rules
from collector.counters import Tally
from collector.quarantine import Refused
from collector.refusals import Reason, Refusal, part_content
from collector.replay import replay
from storage import Store
from telemetry import Batch, Table
from tests.collector.parts import MAIN, SITE, Tripwire

START = 1_790_000_000_000
NOW = START + 86_400_000
MAIN_PART = "power_meter/main/active_power_w"
Reading = tuple[str, int, float]
"""Device, second, value [W]."""


def aside(quarantine: Quarantine, readings: Sequence[Reading], site: str = SITE) -> None:
    """Each in a message, and so in an entry, of its own."""
    topic = f"wattproof/1/{site}/gw-1/batch"
    quarantine.add_all(
        [
            Refused(topic, repr((number, each)).encode(), NOW, [refusal(*each)])
            for number, each in enumerate(readings, len(quarantine.list(10_000)))
        ]
    )


def refusal(device: str, second: int, value: float) -> Refusal:
    content = part_content("power_meter", device, "active_power_w", [(START + 1000 * second, value)])
    return Refusal(Reason.TYPE_CONFLICT, "", f"power_meter/{device}/active_power_w", 1, content)


def again(store: Store, quarantine: Quarantine) -> int:
    quarantine.ask(Choice())
    return replay(store, quarantine, Rules(), Tally(), NOW)


def stored(store: Store) -> list[float]:
    return [*map(float, store.read(MAIN, START, NOW)[1])]


def test_many_entries_cost_few_commits(store: Store, quarantine: Quarantine) -> None:
    aside(quarantine, [(device, second, float(second)) for second in range(250) for device in ("main", "press-1")])
    commits: list[Sequence[Batch]] = []
    assert again(Tripwire(store, commits.append), quarantine) == 500
    assert len(commits) <= 10
    assert (store.count(), quarantine.counters.readings, quarantine.counters.stored) == (500, 0, 500)
    assert stored(store) == [float(second) for second in range(250)]


def test_a_value_that_the_store_has_other_keeps_none_but_itself_out(store: Store, quarantine: Quarantine) -> None:
    store.write(
        [Batch(SITE, "gw-1", "a", 1, [Table.of("main", "power_meter", [START + 3000], {MAIN.channel: [-3.0]})])]
    )
    aside(quarantine, [("main", second, float(second)) for second in range(6)])
    assert again(store, quarantine) == 5
    assert stored(store) == [0.0, 1.0, 2.0, -3.0, 4.0, 5.0]
    assert [entry.id for entry in quarantine.list() if entry.state == "superseded"] == [4]
    assert (quarantine.counters.readings, quarantine.counters.stored) == (1, 5)


def test_of_two_entries_for_one_moment_the_first_is_stored_and_the_other_told(
    store: Store, quarantine: Quarantine
) -> None:
    aside(quarantine, [("main", 1, 1.0), ("main", 2, 2.0), ("main", 1, 10.0), ("main", 3, 3.0)])
    assert again(store, quarantine) == 3
    assert stored(store) == [1.0, 2.0, 3.0]
    assert [entry.id for entry in quarantine.list() if entry.state == "superseded"] == [3]


def test_what_is_refused_again_keeps_none_of_its_neighbours_out(store: Store, quarantine: Quarantine) -> None:
    aside(quarantine, [("main", 1, 1.0)])
    found = [(START + 2000, 2.0), (START + 3000, 9e12)]
    half = Refusal(Reason.STORE, "", MAIN_PART, 2, part_content("power_meter", "main", "active_power_w", found))
    quarantine.add(f"wattproof/1/{SITE}/gw-1/batch", b"", NOW, [half])
    aside(quarantine, [("main", 4, 4.0), ("main", 5, 5.0)])
    assert again(store, quarantine) == 4
    assert stored(store) == [1.0, 2.0, 4.0, 5.0]
    assert [(each.reason, each.readings) for each in quarantine.list() if each.state == "held"] == [("out_of_range", 1)]
    assert (quarantine.counters.readings, quarantine.counters.stored) == (1, 4)


def test_the_same_device_at_two_sites_is_two(store: Store, quarantine: Quarantine) -> None:
    for number, site in enumerate((SITE, "site-2")):
        aside(quarantine, [("main", 10 * number + second, float(second)) for second in range(3)], site)
    assert again(store, quarantine) == 6
    assert stored(store) == [0.0, 1.0, 2.0]
    other = replace(MAIN, site="site-2")
    assert [*store.read(other, START, NOW)[0]] == [START + 1000 * second for second in (10, 11, 12)]


def test_values_stay_what_they_are_to_the_bit(store: Store, quarantine: Quarantine) -> None:
    values = [-0.0, 5e-324, 0.1, 1 / 3, -1e9]
    aside(quarantine, [("main", second, value) for second, value in enumerate(values)])
    assert again(store, quarantine) == len(values)
    assert [value.hex() for value in stored(store)] == [value.hex() for value in values]
