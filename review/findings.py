"""What to look at first, said in one sentence each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from evaluation import Text
from review.result import Finding, MeterReview, SiteTotal
from review.sections import Anomaly, Idle, SpecificEnergy
from review.words import percent, won

_MOST = 12
"""Sentences, unless more gaps than that have to be told."""
_MOST_ANOMALIES = 3
"""Of a meter."""
_MUCH_IDLE_PCT = 2.0
"""Standby below this share of a machine's energy is not worth a sentence."""
_WELL_COVERED_PCT = 98.0
_MUCH_REST_PCT = 10.0
_STEADY_PCT = 25.0
"""A site whose base load makes this share of its energy draws it while nobody works."""
_ERRORS_APART = 2.0
_LEAST_TURNS = 6
"""Fewer turns of a shift say little of how they scatter."""
_PEAK_MAKERS = 3


def findings(total: SiteTotal, meters: Sequence[MeterReview], zone: ZoneInfo) -> list[Finding]:
    """What is not known first, then what machines used by its size, then the site as it always is."""
    energy = [*_standby(meters), *_anomalies(meters), *_shifts(meters)]
    energy.sort(key=lambda found: -abs(found.kwh or 0.0))
    site = [*_base(total), *_peak(total, meters, zone), *_rest(total)]
    gaps = list(_gaps(meters))
    return [*gaps, *energy[: max(_MOST - len(gaps) - len(site), 0)], *site]


def _gaps(meters: Sequence[MeterReview]) -> Iterator[Finding]:
    for meter in meters:
        if meter.coverage_pct < _WELL_COVERED_PCT:
            metered, gap = meter.coverage_pct, meter.longest_gap_h
            text = Text(
                f"{meter.device}: 기간의 {metered:.1f}%만 계측되었습니다 (가장 긴 공백 {gap:,.1f}시간). "
                "값은 모두 계측된 부분의 것입니다.",
                f"{meter.device}: only {metered:.1f}% of the period was metered (longest gap {gap:,.1f} h); "
                "all figures are of that part.",
            )
            yield Finding("coverage", meter.device, None, None, text)


def _standby(meters: Sequence[MeterReview]) -> Iterator[Finding]:
    for meter in meters:
        idle = meter.idle
        if idle is None or (idle.share_pct or 0.0) < _MUCH_IDLE_PCT:
            continue
        yield Finding("idle", meter.device, idle.kwh, idle.cost, _idle_text(meter, idle))


def _idle_text(meter: MeterReview, idle: Idle) -> Text:
    share, cost, kw = idle.share_pct or 0.0, idle.cost, idle.kwh / idle.hours
    device = meter.device
    if meter.main:
        how = Text(
            "공장 전체가 낮은 전력에 머문(밤·휴일로 보이는)", "the whole site at its low level (nights, days off) for"
        )
    elif idle.basis == "production":
        how = Text("생산 없이 켜져 있던", "on without making anything for")
    else:
        how = Text("낮은 전력에 머문(대기로 보이는)", "at its low level (standby, it seems) for")
    return Text(
        f"{device}: {how.ko} {idle.hours:,.1f}시간 동안 {idle.kwh:,.0f} kWh를 썼습니다 "
        f"(사용량의 {share:.1f}%{_won(cost, 'ko')}). 이때 평균 {kw:,.1f} kW입니다.",
        f"{device}: {how.en} {idle.hours:,.1f} h, {idle.kwh:,.0f} kWh ({share:.1f}% of its energy{_won(cost, 'en')}), "
        f"at {kw:,.1f} kW.",
    )


def _anomalies(meters: Sequence[MeterReview]) -> Iterator[Finding]:
    for meter in meters:
        largest = sorted(meter.anomalies, key=lambda found: -abs(found.excess_kwh))
        for found in largest[:_MOST_ANOMALIES]:
            yield Finding("anomaly", meter.device, found.excess_kwh, found.cost, _anomaly_text(meter.device, found))


def _anomaly_text(device: str, found: Anomaly) -> Text:
    one = found.first_day == found.last_day
    days = f"{found.first_day}" if one else f"{found.first_day} ~ {found.last_day}"
    pct = "" if found.excess_pct is None else f", {percent(found.excess_pct, 0, signed=True)}"
    more = found.excess_kwh > 0
    sure = Text("뚜렷함", "clear") if found.grade == "clear" else Text("의심", "likely")
    return Text(
        f"{device}: {days} 사용량이 예상보다 {abs(found.excess_kwh):,.0f} kWh {'많습니다' if more else '적습니다'} "
        f"({sure.ko}{pct}{_won(found.cost, 'ko')}).",
        f"{device}: {abs(found.excess_kwh):,.0f} kWh {'more' if more else 'less'} than expected, {days} "
        f"({sure.en}{pct}{_won(found.cost, 'en')}).",
    )


def _shifts(meters: Sequence[MeterReview]) -> Iterator[Finding]:
    """Shifts that take clearly more energy per unit than the best of their product."""
    for meter in meters:
        for product in dict.fromkeys(one.product for one in meter.specific_energy):
            told = [
                one for one in meter.specific_energy
                if one.product == product and one.shift and one.kwh_per_unit and one.turns >= _LEAST_TURNS
            ]  # fmt: skip
            best = min(told, key=lambda one: one.kwh_per_unit or 0.0, default=None)
            for one in told:
                if best is not None and _clearly_above(one, best):
                    yield _shift(meter, one, best)


def _clearly_above(one: SpecificEnergy, best: SpecificEnergy) -> bool:
    error = (one.standard_error or 0.0) ** 2 + (best.standard_error or 0.0) ** 2
    return (one.kwh_per_unit or 0.0) - (best.kwh_per_unit or 0.0) > _ERRORS_APART * float(error**0.5)


def _shift(meter: MeterReview, one: SpecificEnergy, best: SpecificEnergy) -> Finding:
    mine, other = one.kwh_per_unit or 0.0, best.kwh_per_unit or 0.0
    kwh, pct = one.made * (mine - other), 100.0 * (mine / other - 1.0)
    cost = None if meter.cost is None or not meter.energy_kwh else kwh * meter.cost / meter.energy_kwh
    return Finding("shift", meter.device, kwh, cost, Text(
        f"{meter.device}: {one.shift} 교대의 원단위가 {best.shift}보다 {pct:.0f}% 높습니다 "
        f"({mine:.4g} 대 {other:.4g}). 같았다면 덜 썼을 전력량은 {kwh:,.0f} kWh{_won(cost, 'ko')}입니다.",
        f"{meter.device}: {one.shift} takes {pct:.0f}% more energy per unit than {best.shift} "
        f"({mine:.4g} against {other:.4g}): {kwh:,.0f} kWh{_won(cost, 'en')} in all.",
    ))  # fmt: skip


def _base(total: SiteTotal) -> Iterator[Finding]:
    load = total.load
    if load is None or total.energy_kwh is None or load.base_share_pct < _STEADY_PCT:
        return
    kwh = total.energy_kwh * load.base_share_pct / 100.0
    yield Finding("base_load", None, kwh, None, Text(
        f"공장이 늘 쓰는 전력(기저부하)이 {load.base_kw:,.1f} kW로, 사용량의 {load.base_share_pct:.0f}%입니다. "
        "쉬는 날과 밤에 꺼도 되는 설비를 찾아보십시오.",
        f"{load.base_kw:,.1f} kW are drawn nearly always (base load), {load.base_share_pct:.0f}% of the energy; "
        "look for what may be switched off at night and on days of rest.",
    ))  # fmt: skip


def _rest(total: SiteTotal) -> Iterator[Finding]:
    if total.rest_kwh is None or total.rest_pct is None or total.rest_pct < _MUCH_REST_PCT:
        return
    yield Finding("rest", None, total.rest_kwh, None, Text(
        f"수전 전력량의 {total.rest_pct:.0f}% ({total.rest_kwh:,.0f} kWh)는 어느 설비의 것인지 계측되지 않습니다.",
        f"{total.rest_pct:.0f}% of what comes in ({total.rest_kwh:,.0f} kWh) is metered by no machine's meter.",
    ))  # fmt: skip


def _peak(total: SiteTotal, meters: Sequence[MeterReview], zone: ZoneInfo) -> Iterator[Finding]:
    load = total.load
    if load is None or load.peak_kw <= 0:
        return
    at = dt.datetime.fromtimestamp(load.peak_at / 1000, zone)
    drawn = [
        (one.load.at_site_peak_kw, one.device)
        for one in meters
        if [one.device] != total.of and one.load is not None and one.load.at_site_peak_kw is not None
    ]
    largest = sorted(drawn, reverse=True)[:_PEAK_MAKERS]
    makers = ", ".join(f"{name} {kw:,.1f} kW" for kw, name in largest)
    then = Text(f" 그때 {makers}.", f" Then: {makers}.") if makers else Text("", "")
    over = Text("", "")
    if load.over_target:
        count = load.over_target
        over = Text(f" 목표를 넘은 15분이 {count}번입니다.", f" {count} quarter-hours lie above the target.")
    factor = f"{load.load_factor_pct:.0f}%"
    yield Finding("peak", None, None, None, Text(
        f"최대수요는 {at:%Y-%m-%d %H:%M}의 {load.peak_kw:,.1f} kW이고, 부하율은 {factor}입니다.{then.ko}{over.ko}",
        f"Peak demand {load.peak_kw:,.1f} kW at {at:%Y-%m-%d %H:%M}, load factor {factor}.{then.en}{over.en}",
    ), [name for _, name in largest])  # fmt: skip


def _won(money: float | None, language: str) -> str:
    return "" if money is None else f", {won(money, language)}"
