from __future__ import annotations

from typing import Any

import httpx
import pytest

from api import Settings
from storage import DuckStore, Series, StoreUnavailableError
from tests.api.history import WORKS
from tests.api.parts import LABELS, POWER, SITE, Feeder, Running, now_ms, problem, serving
from tests.parts import wait_until

MINUTE = 60_000


def get(site: Running, path: str, **parameters: object) -> httpx.Response:
    return httpx.get(f"{site.url}{path}", params={k: str(v) for k, v in parameters.items()} or None, timeout=60)


def test_health_tells_the_engine_and_that_it_works(site: Running) -> None:
    found = get(site, "/api/health").json()
    assert found["ok"] is True
    assert found["engine"] == "duck"


def test_sites_have_the_names_their_gateways_gave_and_say_whether_they_are_simulated(site: Running) -> None:
    found = {entry["site"]: entry for entry in get(site, "/api/sites").json()}
    assert found[SITE] == {"site": SITE, "name": "김포 가상공장", "timezone": "Asia/Seoul", "virtual": True}
    assert found[WORKS] == {"site": WORKS, "name": WORKS, "timezone": "Asia/Seoul", "virtual": False}


def test_devices_come_main_meter_first_with_what_their_birth_says(site: Running) -> None:
    found = get(site, f"/api/sites/{SITE}/devices").json()
    assert [device["device"] for device in found] == list(LABELS)
    assert {device["device"]: device["label"] for device in found} == LABELS
    assert found[0]["gateway"] == "gw-1"
    assert found[0]["profile"] == "eastron-sdm630"


def test_latest_gives_stored_units(site: Running) -> None:
    found = {(r["device"], r["channel"]): r for r in get(site, f"/api/sites/{SITE}/latest").json()}
    assert found[("ambient", "temperature_c")]["value"] == 21.4
    assert found[("main", "active_power_w")]["unit"] == "W"


def test_a_series_keeps_gaps_as_null_and_names_those_that_were_declared(site: Running) -> None:
    now = now_ms()
    lately = {"device": "press-1", "start": now - 180 * MINUTE, "end": now, "every": 10_000}
    [gap] = get(site, f"/api/sites/{SITE}/series", **lately).json()["gaps"]
    begin = gap["start"] // 10_000 * 10_000 - 25 * MINUTE + 1  # not on the grid, which is one window longer then
    query = lately | {"start": begin, "end": begin + 45 * MINUTE}
    found = get(site, f"/api/sites/{SITE}/series", **query).json()
    times, values = found["times"], found["lines"][0]["values"]
    assert len(times) == len(values) == 271
    assert found["unit"] == "W"
    assert found["gaps"] == [gap]
    assert (gap["reason"], gap["declared"], gap["missing"]) == ("outbox_full", 300, 300)
    holes = [time for time, value in zip(times, values, strict=True) if value is None]
    assert holes, "the five minutes without readings are null"
    assert all(gap["start"] - 1000 < time < gap["end"] for time in holes)
    assert 28 <= len(holes) <= 30
    present = [value for value in values if value is not None]
    assert all(0.8 * POWER["press-1"] < value < 1.2 * POWER["press-1"] for value in present)


def test_several_devices_come_on_one_grid(site: Running) -> None:
    query = httpx.QueryParams([("device", "main"), ("device", "press-2"), ("device", "main")])
    found = httpx.get(f"{site.url}/api/sites/{SITE}/series", params=query).json()
    assert [line["device"] for line in found["lines"]] == ["main", "press-2"]
    assert found["every_ms"] == 5000
    assert all(len(line["values"]) == len(found["times"]) for line in found["lines"])
    assert found["lines"][1]["values"][-12:] == [None] * 12, "a silent device ends in nulls"


def test_a_chart_over_a_year_is_of_quarter_hours_with_their_peaks_and_says_so(site: Running) -> None:
    now = now_ms()
    year = get(site, f"/api/sites/{SITE}/series", device="main", start=now - 365 * 86_400_000, end=now).json()
    assert year["source"] == "quarter-hours"
    assert year["every_ms"] % 900_000 == 0
    line = year["lines"][0]
    assert len(line["values"]) == len(line["low"]) == len(line["high"]) == len(year["times"]) <= 4000
    # The newest window may have just begun: it holds one reading then, or none yet.
    held = [each for each in zip(line["low"], line["values"], line["high"], strict=True) if each[1] is not None]
    assert held
    assert all(low <= mean <= high for low, mean, high in held)
    assert any(low < mean < high for low, mean, high in held)
    hour = get(site, f"/api/sites/{SITE}/series", device="main").json()
    assert hour["source"] == "readings"
    assert hour["lines"][0]["high"] is None


def test_a_long_series_is_coarsened_and_a_too_fine_one_refused_with_the_width_that_would_do(site: Running) -> None:
    now = now_ms()
    day = {"device": "main", "start": now - 86_400_000, "end": now}
    assert len(get(site, f"/api/sites/{SITE}/series", **day).json()["times"]) <= 4000
    refused = get(site, f"/api/sites/{SITE}/series", **day, every=1000)
    assert refused.status_code == 400
    least = int(problem(refused).rsplit(" ", 1)[1])
    assert get(site, f"/api/sites/{SITE}/series", **day, every=least).status_code == 200
    assert get(site, f"/api/sites/{SITE}/series", **day, every=least - 100).status_code == 400


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/api/sites/nowhere/devices", 404, "there is no site 'nowhere'"),
        ("/api/sites/nowhere/live", 404, "there is no site 'nowhere'"),
        (f"/api/sites/{SITE}/series?device=ghost", 404, "has no device 'ghost'"),
        (f"/api/sites/{SITE}/series?device=ambient", 404, "has no channel 'active_power_w'; it has humidity_pct"),
        (f"/api/sites/{SITE}/series?device=main&start=5&end=5", 400, "`end` must be later than `start`"),
        (f"/api/sites/{SITE}/series?device=main&start=soon", 400, "`start`: input should be a valid integer"),
        (f"/api/sites/{SITE}/series", 400, "`device`: field required"),
        (f"/api/sites/{WORKS}/demand", 404, "no current power reading"),
        (f"/api/sites/{WORKS}/plans/none/evaluation", 404, "has no plan 'none'"),
        ("/api/nothing", 404, "nothing is served at /api/nothing"),
    ],
)
def test_a_problem_is_one_clear_sentence(site: Running, path: str, status: int, sentence: str) -> None:
    answer = get(site, path)
    assert answer.status_code == status
    assert sentence in problem(answer)
    assert answer.json()["status"] == status
    assert answer.json()["instance"] == path.partition("?")[0]


def test_a_day_without_a_reading_yet_has_no_energy(store: DuckStore) -> None:
    after_history = 1_780_239_600_000  # 2026-06-01 00:00 in Seoul; what is read on the day of a test may be history's
    with serving(store, Settings(), clock=lambda: after_history + 8 * 3_600_000) as site:
        answer = get(site, f"/api/sites/{WORKS}/energy/today")
    assert answer.status_code == 404
    assert "no energy reading since midnight" in problem(answer)


def test_the_snapshot_leaves_a_silent_device_without_power_and_says_so(site: Running, feeder: Feeder) -> None:
    def snapshot() -> dict[str, dict[str, object]]:
        found = get(site, f"/api/sites/{SITE}/now").json()
        return {device["device"]: device for device in found["devices"]}

    wait_until(lambda: not snapshot()["main"]["silent"], "the main meter is heard")
    found = snapshot()
    assert found["press-2"]["silent"] is True
    assert found["press-2"]["power_w"] is None
    assert found["press-1"]["silent"] is False


def counted(site: Running, what: str) -> dict[str, Any]:
    """What is counted since a boundary, once there is more than the first reading after it."""
    found: list[dict[str, Any]] = []

    def some() -> bool:
        answer = get(site, f"/api/sites/{SITE}/{what}")
        if answer.status_code == 200 and answer.json()["until"] > answer.json()["since"]:
            found.append(answer.json())
        return bool(found)

    wait_until(some, f"there is current power for {what}")
    return found[-1]


def test_demand_and_todays_energy_come_from_the_main_meters_counter(site: Running, feeder: Feeder) -> None:
    demand = counted(site, "demand")
    assert demand["source"] == "counter"
    assert demand["target_w"] == 100_000
    assert demand["end"] - demand["start"] == 15 * MINUTE
    assert demand["start"] % (15 * MINUTE) == 0
    # Where the quarter-hour has just begun, the two readings it lies between are a part of what was counted.
    steps = 2 * feeder.every_s * 1000 / (demand["until"] - demand["since"])
    assert demand["average_w"] == pytest.approx(POWER["main"], rel=0.01 + steps)
    assert 0.8 * POWER["main"] < demand["projected_w"] < 1.2 * POWER["main"]
    today = counted(site, "energy/today")
    counted_h = (today["until"] - today["since"]) / 3_600_000
    assert today["energy_wh"] == pytest.approx(POWER["main"] * counted_h, rel=0.001)


def test_gateways_tell_their_state_their_outbox_and_errors_by_reason(site: Running) -> None:
    found = get(site, f"/api/sites/{SITE}/gateways").json()
    assert [gateway["gateway"] for gateway in found] == ["gw-1", "gw-9", "history"]
    live, lost, history = found
    assert live["online"] is True
    assert live["outbox_batches"] == 3
    errors = {device["device"]: device["errors"] for device in live["devices"]}
    assert errors["press-2"] == {"frame": 2, "timeout": 17}
    assert errors["main"] == {}, "a reason that never occurred is no error"
    assert (lost["online"], lost["clean"]) == (False, False)
    assert (history["online"], history["clean"]) == (False, True)
    assert history["devices"] == [], "its devices have been taken over by the gateway that is online"


def test_without_births_devices_and_gateways_are_known_from_the_store(site: Running) -> None:
    found = get(site, f"/api/sites/{WORKS}/gateways").json()
    assert [(gateway["gateway"], gateway["online"]) for gateway in found] == [("", None)]
    assert [device["device"] for device in found[0]["devices"]] == ["press-2", "plc-2"]


def test_plans_are_listed_with_the_problem_of_one_that_cannot_be_read(site: Running) -> None:
    good, bad = get(site, f"/api/sites/{WORKS}/plans").json()
    assert (good["plan"], good["device"], good["problem"]) == ("press-2-2026", "press-2", "")
    assert bad["plan"] == "scribble"
    assert bad["problem"].startswith("scribble.yaml:"), "the file is named, its folder is nobody's business"


def test_an_evaluation_is_the_whole_document(site: Running) -> None:
    answer = get(site, f"/api/sites/{WORKS}/plans/press-2-2026/evaluation")
    assert answer.status_code == 200
    found = answer.json()
    assert found["verdict"] == "proven"
    saving = found["saving"]
    assert saving["low"] < 0.2 * saving["adjusted_kwh"] < saving["high"]
    assert len(found["intervals"]["start_ms"]) == 84


def test_the_openapi_document_describes_every_answer(site: Running) -> None:
    document = get(site, "/api/openapi.json").json()
    schemas = document["components"]["schemas"]
    assert "saving" in schemas["Evaluation"]["properties"]
    assert "Snapshot" in schemas
    referred = {part.split('"')[0] for part in get(site, "/api/openapi.json").text.split("#/components/schemas/")[1:]}
    assert referred <= set(schemas), "no schema is referred to that is not there"
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["description"], f"{path} has a description"


def test_a_store_that_is_gone_is_a_503_in_one_sentence(tmp_path_factory: pytest.TempPathFactory) -> None:
    class Gone(DuckStore):
        def series(self, site: str | None = None) -> list[Series]:
            raise StoreUnavailableError("the disk is full; make room")

    opened = Gone(tmp_path_factory.mktemp("gone") / "readings.duckdb")
    with serving(opened, Settings()) as running:
        answer = get(running, "/api/sites")
        assert answer.status_code == 503
        assert problem(answer) == "the disk is full; make room"
        page = get(running, f"/sites/{SITE}", lang="en")
        assert page.status_code == 503
        assert "The store cannot be reached" in page.text
    opened.close()
