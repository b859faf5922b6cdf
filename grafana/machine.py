"""One machine before and after its replacement."""

from __future__ import annotations

from grafana import influxql as q
from grafana.layout import Dashboard, Row, annotation, device_variable, site_variable, text_variable
from grafana.panels import Json, Query, quotient, stat, timeseries
from grafana.words import Words

_KWH = " * 0.001"


def dashboard(words: Words) -> Dashboard:
    """Daily energy, production and energy per part around the day a machine was replaced."""
    about = words(
        "일별 단순 비교입니다. 생산량과 기온 차이를 보정한 절감량과 그 불확도는 WattProof의 교체 평가에 있습니다.",
        "A plain comparison of days. The saving, adjusted for production and weather and with its uncertainty, is in "
        "WattProof's evaluation of the replacement.",
    )
    return Dashboard(
        name="machine",
        title=words("설비 교체 전후", "Machine before and after"),
        about=about,
        since="now-13w/d",
        until="now-1d/d",
        refresh="15m",
        variables=_variables(words),
        annotations=[
            annotation(
                words("교체", "Replaced"),
                q.first_after("power_meter", "energy_import_wh", q.DEVICE),
                "red",
            )
        ],
        rows=[
            Row(
                5,
                [
                    (4, _energy_of_day(words, q.BEFORE, words("교체 전", "before"))),
                    (4, _energy_of_day(words, q.AFTER, words("교체 후", "after"))),
                    (4, _parts_of_day(words, q.BEFORE, words("교체 전", "before"))),
                    (4, _parts_of_day(words, q.AFTER, words("교체 후", "after"))),
                    (4, _energy_of_part(words, q.BEFORE, words("교체 전", "before"))),
                    (4, _energy_of_part(words, q.AFTER, words("교체 후", "after"))),
                ],
            ),
            Row(9, [(24, _energy(words))]),
            Row(9, [(12, _parts(words)), (12, _specific(words))]),
            Row(8, [(24, _power(words))]),
        ],
    )


def _variables(words: Words) -> list[Json]:
    return [
        site_variable(words),
        device_variable("device", words("설비", "Machine"), "power_meter", default="press-2"),
        device_variable("plc", words("설비의 PLC", "The machine's PLC"), "plc", default="plc-2"),
        text_variable(
            "replaced",
            words("교체 시점", "Replaced at"),
            "now() - 4w",
            words(
                "작은따옴표로 감싼 날짜 '2026-03-02' (한국 시각 자정), 또는 now() - 4w 같은 상대 시각",
                "A date in single quotes, '2026-03-02' (midnight in Korea), or a relative time like now() - 4w",
            ),
        ),
    ]


def _energy_of_day(words: Words, period: str, when: str) -> Json:
    query = q.mean_day("power_meter", "energy_import_wh", period, q.DEVICE)
    title = words(f"하루 전력량, {when}", f"Energy per day, {when}")
    return stat(title, "watth", [Query(query, when)], every="1h", decimals=1)


def _parts_of_day(words: Words, period: str, when: str) -> Json:
    query = q.mean_day("plc", "production_count", period, q.PLC)
    title = words(f"하루 생산 수량, {when}", f"Parts per day, {when}")
    return stat(title, "short", [Query(query, when)], every="1h", decimals=0)


def _energy_of_part(words: Words, period: str, when: str) -> Json:
    energy, parts = words("전력량", "Energy"), words("수량", "Parts")
    queries = [
        Query(q.total("power_meter", "energy_import_wh", q.DEVICE, period=period, scale=_KWH), energy),
        Query(q.total("plc", "production_count", q.PLC, period=period), parts),
    ]
    title = words(f"개당 전력량, {when}", f"Energy per part, {when}")
    return stat(title, _per_part(words), queries, transformations=quotient(energy, parts, when), every="1h", decimals=3)


def _energy(words: Words) -> Json:
    queries = [Query(q.daily("power_meter", "energy_import_wh", q.DEVICE), words("하루 전력량", "Energy per day"))]
    about = words(
        "계량기 누적값의 증가분을 한국 날짜별로 더한 값.", "The meter's increases, added up by Korean calendar day."
    )
    title = words("하루 전력량", "Energy per day")
    return timeseries(title, "watth", queries, about=about, bars=True, lowest=0, every="1d")


def _parts(words: Words) -> Json:
    queries = [Query(q.daily("plc", "production_count", q.PLC), words("생산 수량", "Parts"))]
    title = words("하루 생산 수량", "Parts per day")
    return timeseries(title, "short", queries, bars=True, lowest=0, every="1d")


def _specific(words: Words) -> Json:
    energy, parts = words("전력량", "Energy"), words("수량", "Parts")
    queries = [
        Query(q.daily("power_meter", "energy_import_wh", q.DEVICE, scale=_KWH), energy),
        Query(q.daily_divisor("plc", "production_count", q.PLC), parts),
    ]
    about = words(
        "하루 전력량을 그날의 생산 수량으로 나눈 값. 생산이 없는 날은 비어 있습니다.",
        "A day's energy divided by the parts it produced; days without production are empty.",
    )
    title = words("개당 전력량", "Energy per part")
    panel = timeseries(title, _per_part(words), queries, about=about, bars=True, lowest=0, every="1d")
    return panel | {"transformations": quotient(energy, parts, title)}


def _power(words: Words) -> Json:
    query = q.mean("power_meter", "active_power_w", q.DEVICE, every="1h", by_device=False)
    title = words("시간 평균 전력", "Hourly average power")
    return timeseries(title, "watt", [Query(query, words.channel("active_power_w"))], lowest=0, every="1h")


def _per_part(words: Words) -> str:
    return words("suffix: kWh/개", "suffix: kWh/part")
