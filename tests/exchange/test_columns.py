"""What columns are: by their names, by what a person says, and what is asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import exchange
from exchange.errors import MappingError
from exchange.headers import Guess, guess
from exchange.units import conversion, convertible
from telemetry import CHANNELS, UnknownChannelError, units_for
from telemetry import conversion as exact_conversion
from tests.exchange.parts import STEEL, column, day, questions, stamps, steel, table, understood


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("사용량(kWh)", Guess("energy_import_wh", "kWh", "interval")),
        ("유효전력량", Guess("energy_import_wh", None, "interval")),
        ("적산전력량 [kWh]", Guess("energy_import_wh", "kWh", "register")),
        ("전력지침(MWh)", Guess("energy_import_wh", "MWh", "register")),
        ("송전 전력량(kWh)", Guess("energy_export_wh", "kWh", "interval")),
        ("최대수요(kW)", Guess("active_power_w", "kW", "mean")),
        ("유효전력 R상(㎾)", Guess("active_power_l1_w", "kW", "mean")),
        ("전류 T상(A)", Guess("current_l3_a", "A", "mean")),
        ("순시전력(kW)", Guess("active_power_w", "kW", "instant")),
        ("전류_2(A)", Guess("current_l2_a", "A", "mean")),
        ("phase 2 current (A)", Guess("current_l2_a", "A", "mean")),
        ("프레스 2 전력(kW)", Guess("active_power_w", "kW", "mean")),
        ("Pump 3 (kW)", Guess("active_power_w", "kW", "mean")),
        ("컴프레서 1 전류(A)", None),
        ("Voltage L1-N (V)", Guess("voltage_l1_v", "V", "mean")),
        ("Voltage L1-L2 (V)", Guess("voltage_l12_v", "V", "mean")),
        ("RS상 전압(V)", Guess("voltage_l12_v", "V", "mean")),
        ("선간전압 T-R(V)", Guess("voltage_l31_v", "V", "mean")),
        ("지상무효전력량(kVarh)", Guess("reactive_energy_import_varh", "kvarh", "interval")),
        ("진상무효(kVarh)", Guess("reactive_energy_export_varh", "kvarh", "interval")),
        ("역률", Guess("power_factor", None, "mean")),
        ("역률(%)", Guess("power_factor", "%", "mean")),
        ("기온", Guess("temperature_c", "°C", "instant")),
        ("외기온도(℃)", Guess("temperature_c", "°C", "instant")),
        ("temperature", Guess("temperature_c", None, "instant")),
        ("temp_air_c", Guess("temperature_c", "°C", "instant")),
        ("Outdoor Temp F", Guess("temperature_c", "°F", "instant")),
        ("Outdoor Temp (°F)", Guess("temperature_c", "°F", "instant")),
        ("상대습도(%)", Guess("humidity_pct", "%", "instant")),
        ("생산량", Guess("production_count", "1", "interval")),
        ("생산수량(개)", Guess("production_count", "개", "interval")),
        ("Usage_kWh", Guess("energy_import_wh", "kWh", "interval")),
        ("Total Energy (Wh)", Guess("energy_import_wh", "Wh", "register")),
        ("power [kW]", Guess("active_power_w", "kW", "mean")),
        ("frequency (Hz)", Guess("frequency_hz", "Hz", "mean")),
        ("energy_import_wh", Guess("energy_import_wh", "Wh", "register")),
        ("press-1/active_power_w [W]", Guess("active_power_w", "W", "instant", "press-1")),
        ("CO2(tCO2)", None),
        ("Gas (kWh)", None),
        ("Gas consumption kWh", None),
        ("Heat_Energy_kWh", None),
        ("가스사용량(kWh)", None),
        ("도시가스 사용량", None),
        ("LNG 사용량", None),
        ("열사용량(kWh)", None),
        ("용수 사용량", None),
        ("Heat pump (kWh)", Guess("energy_import_wh", "kWh", "interval")),
        ("Water pump 2 power (kW)", Guess("active_power_w", "kW", "mean")),
        ("가스압축기 전력(kW)", Guess("active_power_w", "kW", "mean")),
        ("전열 사용량(kWh)", Guess("energy_import_wh", "kWh", "interval")),
        ("난방 전력량(kWh)", Guess("energy_import_wh", "kWh", "interval")),
        ("요금(원)", None),
        ("NSM", None),
        ("Load_Type", None),
        ("비고", None),
    ],
)
def test_headers_of_meters_and_utilities_are_recognised(header: str, found: Guess | None) -> None:
    assert guess(header) == found


@pytest.mark.parametrize("channel", sorted(CHANNELS))
def test_every_channel_of_the_registry_is_recognised_by_its_own_name(channel: str) -> None:
    found = guess(f"main/{channel} [{CHANNELS[channel].unit}]")
    assert found is not None
    assert (found.device, found.channel, found.unit) == ("main", channel, CHANNELS[channel].unit)


@pytest.mark.parametrize(
    ("unit", "to", "value", "becomes"),
    [
        ("kWh", "Wh", 3.17, 3170.0), ("MWh", "Wh", 0.25, 250_000.0), ("kW", "W", 6.5, 6500.0),
        ("%", "1", 73.21, 0.7321),
        ("°F", "°C", 212.0, 100.0), ("°F", "°C", -40.0, -40.0), ("K", "°C", 273.15, 0.0), ("ratio", "%", 0.5, 50.0),
        ("bar", "Pa", 6.0, 600_000.0), ("kgf/cm2", "Pa", 1.0, 98_066.5), ("L/min", "m³/h", 1000.0, 60.0),
        ("KWH", "Wh", 1.0, 1000.0),
    ],
)  # fmt: skip
def test_units_are_converted_by_exact_factors(unit: str, to: str, value: float, becomes: float) -> None:
    assert conversion(unit, to, "x").apply(np.array([value]))[0] == becomes


@given(
    st.lists(st.floats(-1e290, 1e290), min_size=1, max_size=30),
    st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=30),
    st.integers(0, 12),
)
@example([0.0291, 5e-324, -0.0], [291, 1], 4)
def test_a_file_and_a_message_with_the_same_number_become_the_same_value(
    wild: list[float], digits: list[int], places: int
) -> None:
    values = np.array([*wild, *(each / 10**places for each in digits)])
    for stored in {channel.unit for channel in CHANNELS.values()}:
        for unit in units_for(stored):
            of_file = conversion(unit, stored, "x").apply(values)
            one = exact_conversion(unit, stored)
            assert of_file.tolist() == [one(each) for each in values.tolist()], unit


def test_what_no_float_holds_becomes_infinite_and_is_refused_as_implausible() -> None:
    assert conversion("GWh", "Wh", "x").apply(np.array([1e308, -1e308, 1.0])).tolist() == [np.inf, -np.inf, 1e9]


@pytest.mark.parametrize(
    ("unit", "to", "said"),
    [
        ("kWh", "Wh", "× 1,000"), ("Wh", "Wh", "× 1"), ("%", "1", "÷ 100"), ("°F", "°C", "(x - 32) × 5 ÷ 9"),
        ("K", "°C", "(x - 273.15)"), ("psi", "Pa", "× 6,894.757293"), ("MJ", "Wh", "× 2,500 ÷ 9"),
        ("L/min", "m³/h", "× 0.06"), ("Wmin", "Wh", "÷ 60"),
    ],
)  # fmt: skip
def test_a_factor_is_said_as_a_person_writes_it(unit: str, to: str, said: str) -> None:
    assert conversion(unit, to, "x").said == said


def test_a_unit_that_is_a_thousandth_or_a_million_is_asked_about(tmp_path: Path) -> None:
    for header in ("전력(mW)", "power_mw"):
        (settled,) = questions(understood(tmp_path, day(header=f"일시,{header}")))
        assert settled == f"--column '{header}=active_power_w:MW' | --column '{header}=active_power_w:mW'"
        found = understood(tmp_path, day(header=f"일시,{header}"), f"{header}=active_power_w:mW")
        assert found.series[0].whole().values[0] == 0.001


def test_joules_are_never_taken_for_electricity_unless_somebody_says_so(tmp_path: Path) -> None:
    assert guess("가스 사용량(MJ)") is None
    assert guess("Heat energy (GJ)") is None
    found = understood(tmp_path, day(header="일시,사용량(MJ)"), "사용량(MJ)=energy_import_wh")
    assert column(found) == ("main", "energy_import_wh", "MJ", "interval")
    assert found.series[0].whole().values[0] == 1e6 / 3600


def test_the_registrys_own_units_leave_values_alone_bit_for_bit() -> None:
    values = np.array([-0.0, 5e-324, 1e300, 0.1])
    for channel in CHANNELS.values():
        assert channel.unit in convertible(channel.unit)
        assert (
            conversion(channel.unit, channel.unit, "x").apply(values).view(np.int64).tolist()
            == values.view(np.int64).tolist()
        )


def test_a_unit_of_another_quantity_is_refused_listing_those_that_fit(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"'kW' cannot become Wh; it may be Wh, kWh"):
        understood(tmp_path, day(), "사용량(kWh)=energy_import_wh:kW")


def test_the_steel_files_two_power_factors_are_asked_about_and_settled_by_one_option() -> None:
    found = steel()
    assert len(questions(found)) == 1
    assert "Lagging_Current_Power_Factor=power_factor" in questions(found)[0]
    settled = steel("Lagging_Current_Power_Factor=power_factor")
    assert settled.questions == []
    assert [column(settled, nth) for nth in range(4)] == [
        ("main", "energy_import_wh", "kWh", "interval"),
        ("main", "reactive_energy_import_varh", "kvarh", "interval"),
        ("main", "reactive_energy_export_varh", "kvarh", "interval"),
        ("main", "power_factor", "%", "mean"),
    ]
    assert "Leading_Current_Power_Factor" in settled.left_out


def test_a_missing_unit_is_asked_for_unless_the_values_tell(tmp_path: Path) -> None:
    energy = understood(tmp_path, day(header="일시,사용량"))
    assert questions(energy) == ["--column '사용량=energy_import_wh:kWh' | --column '사용량=energy_import_wh:Wh'"]
    settled = understood(tmp_path, day(header="일시,사용량"), "사용량=energy_import_wh:kWh")
    assert (settled.questions, settled.series[0].whole().values[0]) == ([], 1000.0)
    percent = understood(tmp_path, day(lambda nth: 60 + nth % 30, "일시,역률"))
    ratio = understood(tmp_path, day(lambda nth: 0.6 + nth % 30 / 100, "일시,역률"))
    assert [each.series[0].unit for each in (percent, ratio)] == ["%", "ratio"]
    assert percent.series[0].whole().values[0] == ratio.series[0].whole().values[0] == 0.6
    heat = understood(tmp_path, day(lambda nth: 20 + nth % 3, "time,temperature"))
    assert "temperature_c:°C" in questions(heat)[0]
    assert "temperature_c:°F" in questions(heat)[0]


def test_an_energy_that_only_rises_is_asked_about_because_it_looks_like_a_register(tmp_path: Path) -> None:
    rising = understood(tmp_path, day(lambda nth: 1000 + 2 * nth))
    assert questions(rising)[0].endswith(":register'")
    assert (
        understood(tmp_path, day(lambda nth: 1000 + 2 * nth), "사용량(kWh)=energy_import_wh:kWh:register").questions
        == []
    )
    falling = understood(tmp_path, day(lambda nth: nth % 4, "일시,누적 사용량(kWh)"))
    assert "amounts of intervals" in falling.questions[0].text.en


def test_whose_readings_they_are_is_asked_when_nothing_says(tmp_path: Path) -> None:
    assert questions(understood(tmp_path, day(), mapping=exchange.Mapping())) == ["--device main"]


def test_columns_that_are_left_out_are_named_with_the_reason(tmp_path: Path) -> None:
    text = table("일시,사용량(kWh),비고,기온", ((at, 1 + nth % 2, "x", 3) for nth, at in enumerate(stamps(96))))
    found = understood(tmp_path, text, "기온=-")
    assert {name: why.en for name, why in found.left_out.items()} == {
        "비고": "not a quantity known by its name",
        "기온": "left out, as said",
    }


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("nonsense", "write HEADER=CHANNEL"),
        ("x=energy_import_wh:kWh:sometimes", "none of interval"),
        ("x=energy_import_wh:kWh:mean", "may be interval or register"),
        ("x=active_power_w:kW:register", "may be mean or instant"),
        ("absent=active_power_w:kW", "no column 'absent'; it has 일시"),
    ],
)
def test_a_column_said_wrongly_is_refused_with_what_to_write(tmp_path: Path, said: str, sentence: str) -> None:
    with pytest.raises(MappingError, match=sentence):
        understood(tmp_path, day(), said)


def test_an_unknown_channel_is_refused_with_the_nearest_names(tmp_path: Path) -> None:
    with pytest.raises(UnknownChannelError, match="energy_import_wh"):
        understood(tmp_path, day(), "사용량(kWh)=energy_imported_wh")


def test_the_mapping_that_is_written_down_reads_the_file_the_same_way(tmp_path: Path) -> None:
    first = steel("Lagging_Current_Power_Factor=power_factor")
    text = exchange.mapping_text(exchange.summarise(first), STEEL.name)
    assert "# channel: docs/channels.md" in text
    again = exchange.understand(STEEL, exchange.parse_mapping(text, "map.yaml"))
    assert again.mapping == first.mapping
    assert [each.whole().values.tolist() for each in again.series] == [
        each.whole().values.tolist() for each in first.series
    ]


def test_what_is_open_stands_in_the_mapping_as_a_comment_and_is_asked_again(tmp_path: Path) -> None:
    shown = stamps(20, "2018-01-02 09:00", shape="%d/%m/%Y %H:%M")
    file = table("date,usage", [(at, f'"{1 + nth % 3},234"') for nth, at in enumerate(shown)])
    found = understood(tmp_path, file, mapping=exchange.Mapping())
    text = exchange.mapping_text(exchange.summarise(found), "meter.csv")
    assert "# device: main" in text
    assert text.count("# To be settled: ") == len(found.questions) == 5
    again = understood(tmp_path, file, mapping=exchange.parse_mapping(text, "map.yaml"))
    assert questions(again) == questions(found)
