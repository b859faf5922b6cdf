"""Whether gateways read, keep and deliver."""

from __future__ import annotations

from grafana import influxql as q
from grafana.layout import Dashboard, Row, device_variable, site_variable
from grafana.panels import (
    ANY_IS_BAD,
    Json,
    Query,
    Thresholds,
    at_least,
    bargauge,
    mapping,
    stat,
    state_timeline,
    table,
    timeseries,
)
from grafana.words import Words
from telemetry import Quality

_REASONS = tuple(quality.error_channel for quality in Quality if quality is not Quality.GOOD)
_STEP = "$__interval"
# One channel per kind of device that every device of that kind delivers.
_SIGNS_OF_LIFE = (("power_meter", "active_power_w"), ("plc", "production_count"), ("sensor", "temperature_c"))


def dashboard(words: Words) -> Dashboard:
    """Outbox, lateness, errors by reason, readings, last reading and declared gaps."""
    return Dashboard(
        name="edge",
        title=words("게이트웨이 상태", "Edge health"),
        about=words(
            "게이트웨이가 제때 읽고, 잃지 않고, 보내고 있는지.",
            "Whether gateways read in time, lose nothing and deliver.",
        ),
        since="now-3h",
        until="now",
        refresh="10s",
        variables=[
            site_variable(words),
            device_variable("gateways", words("게이트웨이", "Gateways"), "gateway", several=True),
        ],
        rows=[
            Row(
                5,
                [
                    (6, _waiting(words)),
                    (6, _lateness_now(words)),
                    (6, _errors_total(words)),
                    (6, _lost(words)),
                ],
            ),
            Row(8, [(8, _depth(words)), (8, _bytes(words)), (8, _lateness(words))]),
            Row(8, [(12, _errors(words)), (12, _errors_by_reason(words))]),
            Row(8, [(12, _rate(words)), (12, _alive(words))]),
            Row(9, [(12, _last_readings(words)), (12, _gaps(words))]),
        ],
    )


def _waiting(words: Words) -> Json:
    query = q.highest("gateway", "outbox_depth_count", q.GATEWAYS)
    thresholds = Thresholds("green", ((100, "orange"), (1000, "red")))
    title = words("전송 대기", "Batches waiting")
    return stat(title, "short", [Query(query, "$tag_device")], thresholds=thresholds, decimals=0)


def _lateness_now(words: Words) -> Json:
    query = q.highest("gateway", "lateness_ms", q.GATEWAYS)
    thresholds = Thresholds("green", ((500, "orange"), (2000, "red")))
    title = words("수집 지연", "Polling lateness")
    return stat(title, "ms", [Query(query, "$tag_device")], thresholds=thresholds, decimals=0)


def _errors_total(words: Words) -> Json:
    queries = [Query(q.total("link", name, step=_STEP), words.channel(name)) for name in _REASONS]
    title = words("기간 중 오류", "Errors in this time")
    return stat(title, "short", queries, thresholds=ANY_IS_BAD, decimals=0)


def _lost(words: Words) -> Json:
    query = q.lost()
    about = words("보관하지 못했다고 게이트웨이가 신고한 계측 수.", "Readings that gateways declared as not kept.")
    queries = [Query(query, words("손실", "Lost"))]
    title = words("신고된 손실 구간", "Declared gaps")
    return stat(title, "short", queries, about=about, thresholds=ANY_IS_BAD, decimals=0)


def _depth(words: Words) -> Json:
    query = q.highest("gateway", "outbox_depth_count", q.GATEWAYS)
    return timeseries(
        words("전송 대기 추이", "Batches waiting over time"), "short", [Query(query, "$tag_device")], lowest=0
    )


def _bytes(words: Words) -> Json:
    query = q.highest("gateway", "outbox_bytes", q.GATEWAYS)
    return timeseries(words.channel("outbox_bytes"), "decbytes", [Query(query, "$tag_device")], lowest=0)


def _lateness(words: Words) -> Json:
    query = q.highest("gateway", "lateness_ms", q.GATEWAYS)
    return timeseries(
        words("수집 지연 추이", "Polling lateness over time"), "ms", [Query(query, "$tag_device")], lowest=0
    )


def _errors(words: Words) -> Json:
    queries = [Query(q.increase("link", name), f"$tag_device · {words.channel(name)}") for name in _REASONS]
    title = words("장치별 오류", "Errors by device")
    return timeseries(title, "short", queries, bars=True, stacked=True, lowest=0, every="10s")


def _errors_by_reason(words: Words) -> Json:
    queries = [
        Query(q.total("link", name, step=_STEP, by_device=True), f"$tag_device · {words.channel(name)}")
        for name in _REASONS
    ]
    title = words("기간 중 오류, 원인별", "Errors in this time, by reason")
    return bargauge(title, "short", queries, thresholds=ANY_IS_BAD)


def _rate(words: Words) -> Json:
    query = q.rate("gateway", "readings_count", q.GATEWAYS)
    title = words("초당 계측 수", "Readings per second")
    return timeseries(title, "cps", [Query(query, "$tag_device")], lowest=0, every="10s")


def _alive(words: Words) -> Json:
    silent = mapping([(0, words("없음", "silent"), "red")])
    states = [*silent, at_least(1, words("수신", "heard"), "green")]
    queries = [Query(q.count(kind, name), "$tag_device") for kind, name in _SIGNS_OF_LIFE]
    title = words("데이터 수신", "Data received")
    return state_timeline(title, "short", queries, states=states, every="1m")


def _last_readings(words: Words) -> Json:
    queries = [Query(q.newest(kind, name), table=True) for kind, name in _SIGNS_OF_LIFE]
    columns = [
        ("Time", words("마지막 계측", "Last reading"), "dateTimeFromNow"),
        ("device", words("장치", "Device"), ""),
        ("last", words("값", "Value"), ""),
    ]
    about = words("최근 30일 안의 마지막 값.", "The last value within 30 days.")
    title = words("장치별 마지막 계측", "Last reading of each device")
    return table(title, "none", queries, columns=columns, about=about, last_for="30d")


def _gaps(words: Words) -> Json:
    query = q.gaps()
    columns = [
        ("Time", words("시작", "From"), "dateTimeAsIso"),
        ("device", words("장치", "Device"), ""),
        ("channel", words("채널", "Channel"), ""),
        ("reason", words("원인", "Reason"), ""),
        ("readings", words("계측 수", "Readings"), "short"),
        ("end_ms", words("끝", "Until"), "dateTimeAsIso"),
    ]
    title = words("신고된 손실 구간 목록", "Declared gaps, one by one")
    return table(title, "none", [Query(query, table=True)], columns=columns)
