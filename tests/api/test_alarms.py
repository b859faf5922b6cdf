"""What collectors tell of is on the gateways page and in REST, once, in both languages, for as long as it lasts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

import telemetry
from api import Settings
from api.alarms import list_alarms
from api.presence import Presence
from collector.sentences import SENTENCES
from storage import DuckStore
from telemetry import Alarm, Alarms, Broker
from tests.api.parts import SITE, Running, now_ms, serving
from tests.browser import Visit
from tests.parts import wait_until
from wattproof.in_korean import in_korean

TWICE = Alarm(
    "gateway_id_twice", 0, "두 대가 같은 이름을 씁니다.", "Two machines use this name.", site=SITE, gateway="gw-1"
)


def tell(broker: Broker, source: str, *alarms: Alarm, at: int = 1) -> None:
    client = telemetry.new_client(broker, f"tell-{source}", clean=True)
    client.connect(broker.host, broker.port)
    client.loop_start()
    payload = telemetry.encode(Alarms(source, at, list(alarms))) if alarms else b""
    client.publish(telemetry.alarms_topic(source), payload, qos=1, retain=True).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, store: DuckStore, plans: Path, broker: Broker) -> Iterator[Running]:
    """A site of which two collectors tell the same, one something that is over, and one is gone."""
    now = now_ms()
    first = msgspec.structs.replace(TWICE, since=now - 300_000)
    second = msgspec.structs.replace(TWICE, since=now - 200_000)
    over = Alarm("store_unavailable", now - 900_000, "저장소에 연결할 수 없습니다.", "No store.", until=now - 800_000)
    elsewhere = Alarm("gateway_offline", now, "다른 곳", "elsewhere", site="another-site", gateway="gw-1")
    gone = Alarm("collector_offline", 0, "수집기 c-3의 연결이 끊겼습니다.", "Collector c-3 is gone.")
    tell(broker, "c-1", first, over)
    tell(broker, "c-2", second, elsewhere)
    tell(broker, "c-3", gone, at=0)
    with serving(store, Settings(plans=str(plans)), broker) as running:
        yield running
    for source in ("c-1", "c-2", "c-3"):
        tell(broker, source)


def listed(running: Running) -> list[dict[str, object]]:
    found: list[dict[str, object]] = httpx.get(f"{running.url}/api/sites/{SITE}/alarms").json()
    return found


def test_what_two_collectors_see_is_listed_once_since_the_first_of_them_saw_it(told: Running) -> None:
    wait_until(lambda: len(listed(told)) == 3, "the alarms are heard")
    alarms = {alarm["kind"]: alarm for alarm in listed(told)}
    twice, over = alarms["gateway_id_twice"], alarms["store_unavailable"]
    assert (twice["gateway"], twice["ko"], twice["until"]) == ("gw-1", TWICE.ko, None)
    assert int(str(twice["since"])) - int(str(over["since"])) == 600_000
    assert alarms["collector_offline"]["since"] is None
    assert listed(told)[-1]["kind"] == "store_unavailable", "what is over comes last"


@pytest.mark.parametrize(("language", "words"), [("ko", "게이트웨이 이름 중복"), ("en", "Gateway id used twice")])
def test_the_gateways_page_shows_them_in_the_visitors_language(
    told: Running, visit: Visit, test_output: Path, language: str, words: str
) -> None:
    wait_until(lambda: len(listed(told)) == 3, "the alarms are heard")
    visit.page.goto(f"{told.url}/sites/{SITE}/gateways?lang={language}")
    shown = visit.page.locator(".alarms")
    assert words in shown.inner_text()
    assert shown.locator("li[data-state=lasts]").count() == 2
    assert shown.locator("li[data-state=past]").count() == 1
    visit.page.screenshot(path=test_output / f"alarms-{language}.png", full_page=True)


def test_what_an_alarm_quotes_of_a_store_is_in_korean_too(store: DuckStore, mosquitto: Broker) -> None:
    quoted = "InfluxDB at http://db:8086 cannot be reached (timed out); is it running?"
    ko, en = (text.format(detail=quoted) for text in SENTENCES["store_unavailable"])
    tell(mosquitto, "c-1", Alarm("store_unavailable", now_ms(), ko, en))
    with serving(store, Settings(), mosquitto, in_korean=in_korean) as running:
        wait_until(lambda: len(listed(running)) == 1, "the alarm is heard")
        korean, english = (
            httpx.get(f"{running.url}/sites/{SITE}/gateways?lang={language}").text for language in ("ko", "en")
        )
    assert "(InfluxDB(http://db:8086)에 연결할 수 없습니다 (응답 시간 초과). 실행 중인지 확인하십시오.)" in korean
    assert quoted in english


def test_every_page_of_a_site_counts_what_lasts_and_goes_on_counting(
    told: Running, broker: Broker, visit: Visit
) -> None:
    wait_until(lambda: len(listed(told)) == 3, "the alarms are heard")
    page = visit.page
    page.goto(f"{told.url}/sites/{SITE}/replacement?lang=en")
    count = page.locator("#alarm-count")
    assert (count.inner_text(), count.get_attribute("aria-label")) == ("2", "lasting alarms: 2")
    page.goto(f"{told.url}/sites/{SITE}?lang=en")
    page.wait_for_selector('#link[data-state="on"]')
    growing = Alarm("quarantine_growing", now_ms(), "격리", "Set aside", site=SITE, gateway="gw-1")
    tell(broker, "c-4", growing)
    count.filter(has_text="3").wait_for(timeout=30_000)
    tell(broker, "c-4")
    count.filter(has_text="2").wait_for(timeout=30_000)
    assert httpx.get(f"{told.url}/api/sites/{SITE}/now").json()["alarms"] == 2


def test_a_collector_that_ends_in_good_order_takes_its_alarms_along(mosquitto: Broker) -> None:
    presence = Presence(mosquitto, now_ms)
    presence.start()
    try:
        tell(mosquitto, "c-1", TWICE)
        wait_until(presence.alarms, "it is heard")
        tell(mosquitto, "c-1")
        wait_until(lambda: not presence.alarms(), "it is forgotten")
    finally:
        presence.stop()


def test_what_is_a_collectors_own_is_listed_for_each_of_them(mosquitto: Broker) -> None:
    presence = Presence(mosquitto, now_ms)
    presence.start()
    try:
        for source in ("c-1", "c-2"):
            tell(mosquitto, source, Alarm("collector_id_twice", 1, f"수집기 {source}", f"Collector {source}"))
        wait_until(lambda: len(presence.alarms()) == 2, "both are heard")
        assert {alarm.en for alarm in list_alarms(SITE, presence)} == {"Collector c-1", "Collector c-2"}
    finally:
        presence.stop()
