"""The acceptance list tells a wrong installation from a right one, and says when it cannot."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.commissioning import (
    RecordError,
    Samples,
    accept,
    failure_of,
    load_record,
    record_of,
    record_path,
    save_record,
)
from edge.commissioning.acceptance import DeviceAcceptance
from edge.commissioning.counting import Growth, counting, growth
from edge.errors import ConnectError, ExceptionReplyError, FrameError, LinkError, NoReplyError, StaleReplyError
from edge.profiles import load_profile, parse_profile

PROFILE = load_profile("eastron-sdm630")
Row = dict[str, float]
PHASES = ("l1", "l2", "l3")


def meter(
    *, angle: float = 30.0, amperes: float = 20.0, turned: str = "", order: str = "123", ct_power: float = 1.0
) -> Row:
    """One reading of a balanced load: `turned` phases have their CT the wrong way; `order`: whose current is where."""
    row: Row = {"frequency_hz": 60.0}
    for place, phase in enumerate(PHASES):
        shift = 120.0 * (int(order[place]) - 1 - place)
        factor = math.cos(math.radians(angle + shift)) * (-1 if phase in turned else 1)
        row[f"voltage_{phase}_v"] = 230.0
        row[f"current_{phase}_a"] = amperes
        row[f"active_power_{phase}_w"] = 230.0 * amperes * factor * ct_power
        row[f"power_factor_{phase}"] = factor
    row["active_power_w"] = sum(row[f"active_power_{phase}_w"] for phase in PHASES)
    row["power_factor"] = row["active_power_w"] / (3 * 230.0 * amperes * ct_power) if amperes else 0.0
    return row


def watched(row: Row, *, seconds: int = 600, counter: float = 1.0, failed: int = 0) -> Samples:
    """That reading for ten minutes, its counter running `counter` times as fast as its power."""
    samples = Samples("main", PROFILE)
    energy = 1_000_000.0
    for second in range(seconds + 1):
        samples.times.append(float(second))
        samples.rows.append({**row, "energy_import_wh": energy})
        energy += abs(row.get("active_power_w", 0.0)) * counter / 3600
    samples.reads, samples.failed = seconds, failed
    samples.errors = [failure_of(NoReplyError("no reply from unit 1"))] if failed else []
    return samples


def results(samples: Samples, *, synchronised: bool | None = True) -> dict[str, str]:
    return {check.check: check.result for check in accept(samples, clock_synchronised=synchronised)}


def test_a_right_installation_passes_every_check() -> None:
    assert set(results(watched(meter())).values()) == {"pass"}


@pytest.mark.parametrize("phase", PHASES)
def test_one_turned_ct_is_named_and_is_no_matter_of_phase_order(phase: str) -> None:
    checks = {check.check: check for check in accept(watched(meter(turned=phase)), clock_synchronised=True)}
    assert checks["ct_direction"].result == "fail"
    assert checks["phase_order"].result == "pass"
    advice = checks["ct_direction"].advice
    assert advice is not None
    assert phase.upper() in advice.text("en")
    assert phase.upper() in advice.text("ko")


@pytest.mark.parametrize("angle", [0.0, 20.0, 40.0])
@pytest.mark.parametrize(("order", "pair"), [("213", "L1 and L2"), ("132", "L2 and L3"), ("321", "L1 and L3")])
def test_exchanged_currents_are_named_whatever_the_loads_angle(angle: float, order: str, pair: str) -> None:
    checks = {c.check: c for c in accept(watched(meter(angle=angle, order=order)), clock_synchronised=True)}
    assert checks["phase_order"].result == "fail"
    advice = checks["phase_order"].advice
    assert advice is not None
    assert pair in advice.text("en")


@pytest.mark.parametrize("order", ["231", "312"])
def test_rotated_currents_do_not_pass(order: str) -> None:
    assert results(watched(meter(angle=30.0, order=order)))["phase_order"] in {"fail", "warn"}


def test_a_plant_that_feeds_in_is_asked_about_not_condemned() -> None:
    assert results(watched(meter(turned="l1l2l3")))["ct_direction"] == "warn"


def test_without_load_ct_checks_are_not_possible_and_say_so() -> None:
    found = results(watched(meter(amperes=0.0)))
    assert {found[name] for name in ("ct_direction", "phase_order", "power_factor", "ratio", "counter")} == {
        "not_possible"
    }


def test_a_ct_ratio_set_in_one_place_only_fails() -> None:
    assert results(watched(meter(ct_power=40.0)))["ratio"] == "fail"


def break_voltage(row: Row) -> None:
    row["voltage_l2_v"] = 0.2


def break_frequency(row: Row) -> None:
    row["frequency_hz"] = 57.0


def break_factor(row: Row) -> None:
    row["active_power_l1_w"] = 2 * row["voltage_l1_v"] * row["current_l1_a"]


@pytest.mark.parametrize(
    ("broken", "check"),
    [(break_voltage, "voltage"), (break_frequency, "frequency"), (break_factor, "power_factor")],
)
def test_what_cannot_be_fails_with_its_own_check(broken: Callable[[Row], None], check: str) -> None:
    row = meter()
    broken(row)
    assert results(watched(row))[check] == "fail"


@pytest.mark.parametrize(
    ("factor", "result"), [(1.0, "pass"), (1.12, "warn"), (1000.0, "fail"), (0.001, "fail"), (2.0, "fail")]
)
def test_the_counter_must_agree_with_the_power(factor: float, result: str) -> None:
    assert results(watched(meter(), counter=factor))["counter"] == result


@pytest.mark.parametrize("kind", [ConnectError, NoReplyError, FrameError, StaleReplyError])
def test_a_failed_read_is_told_in_both_languages_with_what_to_do(kind: type[LinkError]) -> None:
    failure = failure_of(kind("unit 7 on /dev/ttyUSB0"))
    assert re.match(r"unit 7 on /dev/ttyUSB0\. (Check|Raise) .*\.", failure.text("en"))
    assert "확인하십시오 (unit 7 on /dev/ttyUSB0)" in failure.text("ko") or "길게 하십시오" in failure.text("ko")


@pytest.mark.parametrize(
    ("code", "english", "korean"),
    [(2, "addresses", "주소"), (4, "display", "화면"), (6, "display", "화면"), (11, "gateway in between", "변환기")],
)
def test_a_refusal_is_told_by_what_it_is_about(code: int, english: str, korean: str) -> None:
    error = ExceptionReplyError("unit 7 refuses", code)
    said = failure_of(error)
    assert english in said.text("en").removeprefix("unit 7 refuses. ") == error.advice
    assert korean in said.text("ko")


def test_of_a_device_that_never_answered_nothing_is_said_but_that() -> None:
    silent = Samples("main", PROFILE, [0.0], [{}], reads=2, failed=2, errors=[failure_of(NoReplyError("unit 1"))])
    first, *others, _ = accept(silent, clock_synchronised=True)
    assert (first.check, first.result) == ("communication", "fail")
    assert {(each.result, each.reason.text("en")) for each in others} == {("not_possible", "nothing was read")}


def counted(*values: float, modulus: float | None = 10_000) -> Samples:
    """A PLC's production counter, read once a second."""
    field = {"channel": "production_count", "function": 3, "address": 0, "type": "uint32"}
    profile = parse_profile({"fields": [field | ({} if modulus is None else {"modulus": modulus})]}, "site.yaml")
    times = [float(second) for second in range(len(values))]
    return Samples("plc-1", profile, times, [{"production_count": value} for value in values], reads=len(values))


def test_a_production_counter_that_passes_its_modulus_goes_on_counting() -> None:
    assert growth([9_997, 9_999, 1, 4], 10_000) == Growth(7, 1, ())
    check = counting(counted(9_997, 9_999, 1, 4))
    assert (check.result, check.reason.text("en")) == ("pass", "Parts produced 4 (+7)")


def test_a_production_counter_that_is_set_back_is_told_and_its_step_is_not_made_up() -> None:
    assert growth([6_000, 6_002, 0, 3], 10_000) == Growth(5, 0, ((6_002, 0),))
    check = counting(counted(6_000, 6_002, 0, 3))
    assert (check.result, check.reason.text("en")) == ("warn", "Parts produced fell from 6,002 to 0")
    assert check.advice is not None
    assert "modulus" in check.advice.text("ko")
    assert counting(counted(9_999, 1, modulus=None)).result == "warn"


def test_a_counter_above_its_modulus_shows_that_the_modulus_is_wrong() -> None:
    check = counting(counted(10_000, 10_001))
    assert (check.result, check.reason.text("en")) == (
        "fail",
        "Parts produced shows 10,001, but its modulus is 10,000",
    )


def test_the_list_of_a_plc_has_its_counters_and_that_of_a_sensor_has_none() -> None:
    assert results(counted(1, 2))["counting"] == "pass"
    sensor = Samples("ambient", load_profile("xy-md02"), [0.0], [{"temperature_c": 20.0}], reads=1)
    assert "counting" not in results(sensor)
    assert counting(counted(1)).result == "not_possible"


def test_an_energy_counter_that_falls_is_no_wrong_unit() -> None:
    samples = watched(meter())
    samples.rows[300]["energy_import_wh"] = 5.0
    assert results(samples)["counter"] == "warn"


def test_a_counter_too_coarse_for_the_time_is_not_judged_but_told_how_long_it_takes() -> None:
    checks = {c.check: c for c in accept(watched(meter(amperes=0.2), seconds=3), clock_synchronised=True)}
    assert checks["counter"].result == "not_possible"
    assert "min" in checks["counter"].reason.text("en")


@pytest.mark.parametrize(("failed", "result"), [(0, "pass"), (3, "warn"), (60, "fail")])
def test_communication_is_judged_by_its_error_rate(failed: int, result: str) -> None:
    assert results(watched(meter(), failed=failed))["communication"] == result


@pytest.mark.parametrize(("state", "result"), [(True, "pass"), (False, "warn"), (None, "not_possible")])
def test_the_gateways_clock_is_on_the_list(state: bool | None, result: str) -> None:
    assert results(watched(meter()), synchronised=state)["clock"] == result


def test_a_sensor_without_a_value_fails() -> None:
    samples = Samples("ambient", load_profile("xy-md02"), [0.0], [{"temperature_c": 21.0}], 1, 0)
    assert results(samples)["values"] == "fail"


def test_the_record_keeps_profile_digest_and_date_and_comes_back_the_same(tmp_path: Path) -> None:
    checks = accept(watched(meter(turned="l2")), clock_synchronised=True)
    found = DeviceAcceptance("main", PROFILE.name, PROFILE.digest, checks)
    assert found.result == "fail"
    file = record_path(tmp_path / "site.yaml")
    assert file.name == "site.acceptance.json"
    record = record_of([found], 1_700_000_000_000, 60.0, "ko")
    save_record(file, record)
    assert load_record(file) == record
    assert record.devices[0].profile_digest == PROFILE.digest
    assert load_record(tmp_path / "none.json") is None


def test_a_broken_record_is_told(tmp_path: Path) -> None:
    file = tmp_path / "site.acceptance.json"
    file.write_text('{"at": 1}')
    with pytest.raises(RecordError, match="run `edge commission` again"):
        load_record(file)
