"""The factory in real time."""

from __future__ import annotations

from grafana import influxql as q
from grafana.layout import Dashboard, Row, device_variable, site_variable, text_variable
from grafana.panels import (
    CALM,
    Json,
    Query,
    Thresholds,
    bargauge,
    gauge,
    mapping,
    stat,
    state_timeline,
    timeseries,
)
from grafana.words import Words

_PHASES = ("l1", "l2", "l3")


def dashboard(words: Words) -> Dashboard:
    """Power, energy, demand, the supply's quality, climate and production, as they are now."""
    return Dashboard(
        name="factory",
        title=words("공장 실시간", "Factory in real time"),
        about=words(
            "지금 공장 전체와 설비별 전력, 오늘 전력량, 15분 수요전력, 전압·전류·역률, 온도, 생산.",
            "Power of the factory and its machines now, today's energy, 15-minute demand, supply, climate, production.",
        ),
        since="now-1h",
        until="now",
        refresh="10s",
        variables=_variables(words),
        rows=[
            Row(6, [(5, _power_now(words)), (5, _today(words)), (7, _demand_now(words)), (7, _parts_today(words))]),
            Row(9, [(14, _power(words)), (10, _power_of_devices(words))]),
            Row(9, [(14, _demand(words)), (10, _today_of_devices(words))]),
            Row(8, [(8, _voltage(words)), (8, _current(words)), (8, _power_factor(words))]),
            Row(8, [(8, _temperature(words)), (8, _run_state(words)), (8, _cycle_time(words))]),
        ],
    )


def _variables(words: Words) -> list[Json]:
    return [
        site_variable(words),
        device_variable("main", words("수전 계량기", "Incoming meter"), "power_meter", default="main"),
        device_variable("devices", words("설비", "Devices"), "power_meter", several=True),
        text_variable(
            "target",
            words("목표 수요전력 (kW)", "Demand target (kW)"),
            "300",
            words("15분 수요전력이 넘지 말아야 할 값", "What the 15-minute demand should not exceed"),
        ),
    ]


def _power_now(words: Words) -> Json:
    query = q.mean("power_meter", "active_power_w", q.MAIN)
    return stat(words("현재 전력", "Power now"), "watt", [Query(query, words("수전", "Incoming"))], decimals=1)


def _today(words: Words) -> Json:
    query = q.daily("power_meter", "energy_import_wh", q.MAIN, step="1m")
    about = words(
        "한국 시각 자정부터. 계량기 누적값의 증가분을 더하며, 리셋과 롤오버는 빼고 셉니다.",
        "Since midnight in Korea: the sum of the meter's increases, resets and rollovers left out.",
    )
    queries = [Query(query, words("오늘", "Today"))]
    return stat(words("오늘 전력량", "Energy today"), "watth", queries, about=about, last_for="1d", decimals=1)


def _demand_now(words: Words) -> Json:
    query = q.mean("power_meter", "active_power_w", q.MAIN, every="15m", by_device=False, scale=" / ($target * 10)")
    about = words(
        "이번 15분의 평균전력을 목표로 나눈 값.", "Average power of the running quarter-hour as a share of the target."
    )
    return gauge(
        words("15분 수요전력 / 목표", "15-minute demand / target"),
        "percent",
        [Query(query, words("수요전력", "Demand"))],
        thresholds=Thresholds("green", ((90, "orange"), (100, "red"))),
        highest=120,
        about=about,
        last_for="30m",
    )


def _parts_today(words: Words) -> Json:
    query = q.daily("plc", "production_count", step="1m", by_device=True)
    title = words("오늘 생산 수량", "Parts produced today")
    return stat(title, "short", [Query(query, "$tag_device")], last_for="1d", decimals=0)


def _power(words: Words) -> Json:
    queries = [
        Query(q.mean("power_meter", "active_power_w", q.MAIN), words("수전 $tag_device", "Incoming $tag_device")),
        Query(q.mean("power_meter", "active_power_w", q.DEVICES, q.NOT_MAIN), "$tag_device"),
    ]
    return timeseries(words("유효전력", "Active power"), "watt", queries)


def _power_of_devices(words: Words) -> Json:
    query = q.mean("power_meter", "active_power_w", q.DEVICES)
    title = words("설비별 현재 전력", "Power now, by device")
    return bargauge(title, "watt", [Query(query, "$tag_device")], thresholds=CALM)


def _demand(words: Words) -> Json:
    target = words("목표", "Target")
    queries = [
        Query(
            q.increase("power_meter", "energy_import_wh", q.MAIN, every="15m", scale=" * 4"),
            words("15분 수요전력", "15-minute demand"),
        ),
        Query(q.level("power_meter", "energy_import_wh", "$target * 1000", q.MAIN), target),
    ]
    about = words(
        "누적 전력량의 15분 증가분 × 4. 마지막 막대는 아직 진행 중인 15분입니다.",
        "Increase of the energy register per quarter-hour, times 4. The last bar is the quarter-hour still running.",
    )
    title = words("15분 수요전력 (24시간)", "15-minute demand (24 hours)")
    return timeseries(
        title, "watt", queries, about=about, bars=True, lowest=0, every="15m", last_for="24h", dashed=target
    )


def _today_of_devices(words: Words) -> Json:
    query = q.daily("power_meter", "energy_import_wh", q.DEVICES, step="1m", by_device=True)
    title = words("설비별 오늘 전력량", "Energy today, by device")
    return bargauge(title, "watth", [Query(query, "$tag_device")], thresholds=CALM, last_for="1d")


def _voltage(words: Words) -> Json:
    return timeseries(words("상전압", "Phase voltage"), "volt", _by_phase(words, "voltage_{}_v"))


def _current(words: Words) -> Json:
    return timeseries(words("전류", "Current"), "amp", _by_phase(words, "current_{}_a"), lowest=0)


def _power_factor(words: Words) -> Json:
    frequency = words.channel("frequency_hz")
    queries = [
        Query(q.mean("power_meter", "power_factor", q.DEVICES), "$tag_device"),
        Query(q.mean("power_meter", "frequency_hz", q.MAIN), frequency),
    ]
    title = words("역률, 주파수", "Power factor, frequency")
    return timeseries(title, "none", queries, shared_axis=[(frequency, "hertz")])


def _by_phase(words: Words, pattern: str) -> list[Query]:
    names = [pattern.format(phase) for phase in _PHASES]
    return [Query(q.mean("power_meter", name, q.MAIN), words.channel(name)) for name in names]


def _temperature(words: Words) -> Json:
    humidity = words.channel("humidity_pct")
    queries = [
        Query(q.mean("sensor", "temperature_c"), f"{words.channel('temperature_c')} $tag_device"),
        Query(q.mean("sensor", "humidity_pct", by_device=False), humidity),
    ]
    return timeseries(
        words("온도, 습도", "Temperature, humidity"), "celsius", queries, shared_axis=[(humidity, "percent")]
    )


def _run_state(words: Words) -> Json:
    states = mapping(
        [
            (0, words("정지", "Off"), "gray"),
            (1, words("대기", "Idle"), "yellow"),
            (2, words("예열", "Warm-up"), "orange"),
            (3, words("생산", "Production"), "green"),
        ]
    )
    query = q.state("plc", "run_state")
    return state_timeline(words("운전 상태", "Run state"), "none", [Query(query, "$tag_device")], states=states)


def _cycle_time(words: Words) -> Json:
    query = q.mean("plc", "cycle_time_s")
    return timeseries(words.channel("cycle_time_s"), "s", [Query(query, "$tag_device")], lowest=0)
