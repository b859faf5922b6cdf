from __future__ import annotations

from pathlib import Path

import pytest

import edge.profiles
from simulator import NoFactoryError, load_factory
from simulator.loading import BUILTIN, read_factory
from telemetry import DocumentError
from tests.simulator.conftest import NOW_MS

GIMPO = (BUILTIN / "gimpo.yaml").read_text(encoding="utf-8")

CHANGES = [
    ("seed: 20241202", "sead: 20241202", "sead", "unknown key"),
    ("      cycle_s: 32", "      cycle_time: 32", "cycle_time", "unknown key"),
    ("  start: 2024-12-02", "  start: 2024-12-03", "scenario.start", "no Monday"),
    ("started: 2025-01-27", "started: 2025-01-24", "replacement.started", "must come after"),
    ("  live: 2025-02-24", "  live: 2025-02-17", "scenario.live", "must not come before"),
    ("timezone: Asia/Seoul", "timezone: Europe/Berlin", "site.timezone", "Invalid enum value"),
    ("link: hall, unit: 2}", "link: hall, unit: 1}", "devices[2].unit", "already press-1"),
    ("link: hall, unit: 2}", "link: attic, unit: 2}", "devices[2].link", "no link 'attic'"),
    ("{id: press-1, kind", "{id: Press 1, kind", "devices[1].id", "cannot be used"),
    ('{name: plc, url: "tcp://127.0.0.1:0"}', '{name: plc, url: "tcp://127.0.0.1"}', "links[2].url", "write tcp://"),
    ("pty://?baud=9600", "pty://?baud=fast", "links[3].url", "pseudo-terminal is written"),
    ("{name: plc, url", "{name: hall, url", "links[2].name", "twice"),
    ("    plc: plc-1", "    plc: press-1", "presses[0].plc", "no device of kind plc"),
    ("    plc: plc-1", "    plc: plc-2", "presses[1].plc", "already measures"),
    ("profile: xy-md02", "profile: xy-md03", "devices[6].profile", "xy-md03"),
    ("profile: xy-md02", "profile: generic-plc", "devices[6].profile", "describes a plc"),
    ("  device: press-2\n  removed", "  device: compressor\n  removed", "replacement.device", "no press"),
    ('start: "24:00"', 'start: "24:30"', "presses[0].shifts[2].start", '"00:00" to "24:00"'),
    ('days: [sat], start: "08:00", end: "15:00", chance: 0.5', 'days: [samstag], start: "08:00", end: "15:00"',
     "presses[1].shifts[2].days[0]", "Invalid enum value"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "path", "problem"), CHANGES, ids=[change[1].strip() for change in CHANGES])
def test_a_wrong_factory_file_is_refused_with_its_line(
    tmp_path: Path, before: str, after: str, path: str, problem: str
) -> None:
    assert before in GIMPO
    file = tmp_path / "factory.yaml"
    text = GIMPO.replace(before, after, 1)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        load_factory(file, now_ms=NOW_MS)
    error = caught.value
    assert path in error.path
    assert problem in error.problem
    assert error.source == str(file)
    changed = next(n for n, (a, b) in enumerate(zip(GIMPO.split("\n"), text.split("\n"), strict=True), 1) if a != b)
    if path != "presses[1].plc":  # the second user of a device is refused, not the first
        assert error.line == changed


def test_a_device_nothing_measures_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "factory.yaml"
    extra = "  - {id: spare, kind: power_meter, label: 예비, profile: eastron-sdm630, link: hall, unit: 9}\n\nincoming:"
    file.write_text(GIMPO.replace("\nincoming:", extra, 1), encoding="utf-8")
    with pytest.raises(DocumentError, match="nothing says what 'spare' measures"):
        read_factory(file)


def test_a_missing_factory_names_the_ones_there_are(tmp_path: Path) -> None:
    with pytest.raises(NoFactoryError, match="built-in factories: gimpo"):
        read_factory(tmp_path / "none.yaml")
    with pytest.raises(NoFactoryError, match="busan"):
        read_factory("busan")


def test_the_calendar_of_days_off_can_be_changed(tmp_path: Path) -> None:
    file = tmp_path / "factory.yaml"
    file.write_text(
        GIMPO.replace("worked: []", "worked: [2025-01-27]").replace("closed: []", "closed: [2025-01-31]"),
        encoding="utf-8",
    )
    factory = load_factory(file, now_ms=NOW_MS)
    day = 86_400_000
    begin = factory.begins_ms + 56 * day
    parts = factory.interval_production("plc-2", [begin + n * day for n in range(6)])
    assert parts[0] > 500, "Monday 27 January is worked now"
    assert parts[1:].tolist() == [0.0, 0.0, 0.0, 0.0]


def test_a_profile_given_by_path_lies_beside_the_factory_file(tmp_path: Path) -> None:
    library = Path(edge.profiles.__file__).parent / "library"
    (tmp_path / "sensor.yaml").write_bytes((library / "xy-md02.yaml").read_bytes())
    file = tmp_path / "factory.yaml"
    file.write_text(GIMPO.replace("profile: xy-md02", "profile: ./sensor.yaml"), encoding="utf-8")
    assert load_factory(file, now_ms=NOW_MS).device("ambient").profile == str(tmp_path / "sensor.yaml")
    file.write_text(GIMPO.replace("profile: xy-md02", "profile: ./none.yaml"), encoding="utf-8")
    with pytest.raises(DocumentError, match=r"none\.yaml cannot be read"):
        read_factory(file)


def test_a_profile_that_asks_for_what_the_simulator_has_not_is_refused(tmp_path: Path) -> None:
    library = Path(edge.profiles.__file__).parent / "library"
    text = (library / "xy-md02.yaml").read_text(encoding="utf-8")
    more = "fields:\n  - {channel: pressure_pa, function: 4, address: 9, type: uint16}\n"
    (tmp_path / "sensor.yaml").write_text(text.replace("fields:\n", more), encoding="utf-8")
    file = tmp_path / "factory.yaml"
    file.write_text(GIMPO.replace("profile: xy-md02", "profile: ./sensor.yaml"), encoding="utf-8")
    with pytest.raises(DocumentError, match="the simulator has no pressure_pa for a sensor"):
        read_factory(file)
