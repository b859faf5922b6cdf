"""European meters: told apart by what real ones answered, and by what their makers' documents print."""

from collections.abc import Mapping, Sequence

import pytest

from edge.profiles import Answers, builtin_profiles, decode, load_profile, recognise

Registers = Mapping[tuple[int, int], int]


def words(function: int, address: int, values: Sequence[int]) -> dict[tuple[int, int], int]:
    return {(function, address + offset): value for offset, value in enumerate(values)}


def text(function: int, address: int, said: str, registers: int) -> dict[tuple[int, int], int]:
    data = said.encode("ascii").ljust(2 * registers, b"\0")
    return words(function, address, [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)])


def ranking(registers: Registers) -> list[str]:
    """Profiles that fit, the best first."""
    answers = Answers(dict(registers))
    points = {name: recognise(load_profile(name), answers) for name in builtin_profiles()}
    return sorted((name for name in points if points[name]), key=lambda name: -points[name])


IEM3255 = {
    **text(3, 49, "iEM3255", 20),
    **words(3, 3027, [0x436F, 0x4A85]),
    **words(3, 3109, [0x4248, 0x4329]),
}
"""Of a real meter: github.com/SolarNetwork/solarnetwork-node, test-pm3200-data-01.txt; wire addresses."""
PM5330 = {
    **text(3, 49, "PM5330", 20),
    **words(3, 89, [0x3BA9]),
    **words(3, 3027, [0x438E, 0x86AF]),
    **words(3, 3109, [0x4270, 0x070C]),
}
"""Of a real meter: the same repository, PM5100DataTests.java."""


@pytest.mark.parametrize(
    ("registers", "name"),
    [
        (IEM3255, "schneider-iem3x55"),
        ({**IEM3255, **text(3, 49, "iEM3250", 20)}, "schneider-iem3x50"),
        ({**IEM3255, **text(3, 49, "PM3255", 20)}, "schneider-pm3200"),
        (PM5330, "schneider-pm5100"),
        (text(3, 0x8960, "B23 312-100", 6), "abb-b23-b24"),
        (text(3, 0x8960, "B24 112-100", 6), "abb-b23-b24"),
        (text(3, 0x8960, "B21 112-100", 6), "abb-b21"),
        (text(3, 0x8960, "A43 212-100", 6), "abb-a43-a44"),
        (words(3, 0x0B, [1651]), "carlo-gavazzi-em24-e1"),
        (words(4, 0x0B, [331]), "carlo-gavazzi-em300"),
        (words(4, 0x0B, [341]), "carlo-gavazzi-em300"),
        (words(4, 0x0B, [104]), "carlo-gavazzi-em100"),
        (words(3, 0xFC02, [0x0020]), "eastron-sdm120"),
        (words(3, 0xFC02, [0x0089]), "eastron-sdm72d-m-2"),
        ({**words(3, 0xC350, [0x53, 0x4F, 0x43, 0x4F]), **text(3, 0xC38A, "Countis E44", 8)}, "socomec-countis-e44"),
        ({**words(3, 0xC350, [0x53, 0x4F, 0x43, 0x4F]), **text(3, 0xC38A, "DIRIS A-10", 8)}, "socomec-diris-a10"),
        ({**words(3, 0xC350, [0x53, 0x4F, 0x43, 0x4F]), **text(3, 0xC38A, "Countis E27", 8)}, "socomec-countis-e23"),
    ],
)
def test_a_meter_that_says_what_it_is_is_believed(registers: Registers, name: str) -> None:
    assert ranking(registers)[0] == name


def test_a_meter_that_names_itself_is_not_taken_for_its_sister() -> None:
    assert "schneider-iem3x50" not in ranking(IEM3255)
    assert "abb-b21" not in ranking(text(3, 0x8960, "B23 312-100", 6))
    assert "carlo-gavazzi-em24-e1" not in ranking(words(3, 0x0B, [341]))


def test_the_sum_of_the_phases_is_the_total_in_the_registers_of_a_real_meter() -> None:
    powers = words(3, 3053, [0x3F1A, 0x1B51, 0x3F01, 0x7FC3, 0xBFDB, 0x7E8E, 0xBF1B, 0x6208])
    values = decode(load_profile("schneider-iem3x55"), powers)
    phases = [values[f"active_power_{phase}_w"] for phase in ("l1", "l2", "l3")]
    assert sum(value for value in phases if isinstance(value, float)) == pytest.approx(values["active_power_w"])


def test_the_word_order_of_carlo_gavazzi_is_least_significant_first() -> None:
    meter = load_profile("carlo-gavazzi-em300")
    assert decode(meter, words(4, 0x34, [0x0001, 0x0000])) == {"energy_import_wh": 100.0}
    assert decode(meter, words(4, 0x34, [0x0000, 0x0001])) == {"energy_import_wh": 6_553_600.0}


@pytest.mark.parametrize("name", ["eastron-sdm630", "eastron-sdm120"])
def test_the_makers_example_frame_is_kept_as_a_frame(name: str) -> None:
    frames = [frame for golden in load_profile(name).goldens for frame in golden.frames]
    assert [frame.reply for frame in frames] == ["01 04 04 43 66 33 34 1B 38"]
