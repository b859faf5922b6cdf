"""Alarms: raised when something is wrong, told once, over when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import Quarantine
from collector.alarms import Board
from collector.limits import Shortfall
from collector.own_clock import OwnClock
from collector.reason_words import in_words
from collector.refusals import Reason, Refusal
from collector.registry import Registry
from collector.sentences import SENTENCES
from collector.watch import Trouble, Watch
from telemetry import AlarmKind, Batch, Birth, ClockState, Gap, State, Table, encode, topic

MINUTE = 60_000


class Stand:
    """A watch, and the hands that move its clock and its store."""

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        self.now = 1_795_000_000_000
        self.trouble = Trouble("store_unavailable", "")
        self.quarantine = Quarantine(folder / "quarantine.sqlite", max_bytes=10_000)
        self.board = Board("c-1", lambda: self.now)
        self.watch = Watch(
            self.board,
            self.quarantine,
            Registry({}),
            lambda: [self.trouble],
            OwnClock(),
            lambda: self.now,
            shared=shared,
        )

    def lasting(self) -> list[AlarmKind]:
        self.watch.look()
        return [alarm.kind for alarm in self.board.alarms().alarms if alarm.until is None]

    def commit(self, clock: ClockState = "", epoch: str = "a", gaps: list[Gap] | None = None, *, seq: int = 1) -> None:
        table = Table.of("main", "power_meter", [self.now], {"active_power_w": [1.0]}, clock)
        self.watch.committed([Batch("site-1", "gw-1", epoch, seq, [table], gaps or [])])

    def state(self, *, online: bool, at: int, epoch: str = "", retained: bool = False) -> None:
        self.watch.heard(topic("site-1", "gw-1", "state"), encode(State(online, at, epoch)), retained=retained)

    def birth(self, epoch: str, *, retained: bool = False) -> None:
        told = Birth("site-1", "gw-1", epoch, 0, "0", "site-1", "Asia/Seoul", [], host=f"machine-{epoch}")
        self.watch.heard(topic("site-1", "gw-1", "birth"), encode(told), retained=retained)


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    made = Stand(tmp_path)
    yield made
    made.quarantine.close()


@pytest.mark.parametrize("kind", ["store_unavailable", "store_refused", "quarantine_unusable", "clock_not_set"])
def test_a_store_that_fails_is_told_until_it_works_again(stand: Stand, kind: AlarmKind) -> None:
    stand.trouble = Trouble(kind, "InfluxDB http://x: 401")
    assert stand.lasting() == [kind]
    stand.now += MINUTE
    stand.trouble = Trouble(kind, "")
    assert stand.lasting() == []
    (over,) = stand.board.alarms().alarms
    assert (over.kind, over.until, over.until and over.until - over.since) == (kind, stand.now, MINUTE)
    assert "InfluxDB http://x: 401" in over.en
    stand.now += 86_400_001
    assert stand.board.alarms().alarms == [], "a day later it is history"


def test_there_is_news_only_when_something_has_changed(stand: Stand) -> None:
    assert stand.watch.look() is not None, "the first look is news, be it that all is well"
    assert stand.watch.look() is None
    stand.trouble = Trouble("store_unavailable", "away")
    assert stand.watch.look() is not None
    assert stand.watch.look() is None


def test_a_lost_gateway_is_told_after_a_while_and_one_that_signed_off_is_not(stand: Stand) -> None:
    stand.state(online=False, at=0)
    assert stand.lasting() == [], "it may be back in a moment"
    stand.now += 30_000
    assert stand.lasting() == ["gateway_offline"]
    stand.state(online=True, at=stand.now)
    assert stand.lasting() == []
    stand.state(online=False, at=stand.now)
    stand.now += MINUTE
    assert stand.lasting() == []


def test_the_will_of_a_start_that_another_has_replaced_means_nothing(stand: Stand) -> None:
    stand.state(online=True, at=stand.now, epoch="b")
    stand.state(online=False, at=0, epoch="a")
    stand.now += MINUTE
    assert stand.lasting() == []
    stand.state(online=False, at=0, epoch="b")
    stand.now += MINUTE
    assert stand.lasting() == ["gateway_offline"]


def test_births_that_alternate_are_two_machines_and_retained_ones_tell_nothing(stand: Stand) -> None:
    for number, epoch in enumerate("abab"):
        stand.now += 1000
        stand.birth(epoch, retained=True)
        assert stand.lasting() == [], number
    for epoch in "abab":
        stand.now += 1000
        stand.birth(epoch)
    assert stand.lasting() == ["gateway_id_twice"]
    (alarm,) = stand.board.alarms().alarms
    assert "machine-a, machine-b" in alarm.ko
    assert "machine-a, machine-b" in alarm.en
    stand.now += 11 * MINUTE
    assert stand.lasting() == []


def test_batches_that_alternate_are_two_machines(stand: Stand) -> None:
    for epoch in "abab":
        stand.now += 1000
        stand.commit(epoch=epoch)
    assert stand.lasting() == ["gateway_id_twice"]


def test_a_clock_that_runs_free_is_told_when_it_does_so_for_long(stand: Stand) -> None:
    stand.commit("free_running")
    stand.now += 9 * MINUTE
    stand.commit("free_running")
    assert stand.lasting() == []
    stand.now += MINUTE
    assert stand.lasting() == ["clock_not_synchronised"]
    stand.commit("synchronised")
    assert stand.lasting() == []


def test_of_the_clock_of_a_gateway_that_is_no_more_nothing_is_told(stand: Stand) -> None:
    for _ in range(3):
        stand.commit("free_running")
        stand.now += 5 * MINUTE
    assert stand.lasting() == ["clock_not_synchronised"]
    stand.now += 6 * MINUTE
    assert stand.lasting() == []
    stand.commit("free_running")
    assert stand.lasting() == []


def test_a_clock_that_was_set_is_told_for_an_hour(stand: Stand) -> None:
    stand.commit("stepped")
    assert stand.lasting() == ["clock_stepped"]
    stand.now += 60 * MINUTE
    assert stand.lasting() == []


def test_gaps_are_added_up_and_told_for_an_hour(stand: Stand) -> None:
    gap = Gap("main", "power_meter", "active_power_w", 0, 1, "outbox_full", 40)
    stand.commit(gaps=[gap])
    stand.commit(gaps=[gap, gap], seq=2)
    assert stand.lasting() == ["gap_declared"]
    (alarm,) = stand.board.alarms().alarms
    assert "측정값 120개" in alarm.ko
    assert "게이트웨이 저장 공간 부족" in alarm.ko
    assert "120 readings" in alarm.en
    stand.now += 60 * MINUTE
    assert stand.lasting() == []


def test_a_gap_that_is_sent_again_is_one_loss(stand: Stand) -> None:
    gap = Gap("main", "power_meter", "active_power_w", 0, 1, "outbox_full", 40)
    for seq in (7, 8, 7, 8):
        stand.commit(gaps=[gap], seq=seq)
        stand.lasting()
        stand.now += 15_000
    (alarm,) = stand.board.alarms().alarms
    assert "80 readings" in alarm.en


def test_one_of_several_that_share_the_work_says_that_its_numbers_are_not_all(tmp_path: Path) -> None:
    for shared, lost, aside in [
        (False, "declared 40 readings", "(1 in"),
        (True, "at least 40 readings", "(at least 1 in"),
    ]:
        stand = Stand(tmp_path, shared=shared)
        stand.commit(gaps=[Gap("main", "power_meter", "active_power_w", 0, 1, "outbox_full", 40)])
        stand.watch.set_aside(topic("site-1", "gw-1", "batch"), [Refusal(Reason.FUTURE, "", "", 1, b"")])
        assert stand.lasting() == ["gap_declared", "quarantine_growing"]
        gap, growing = stand.board.alarms().alarms
        assert lost in gap.en
        assert aside in growing.en
        assert ("40개 이상 손실" in gap.ko, "1건 이상" in growing.ko) == (shared, shared)
        stand.quarantine.close()


def test_a_quarantine_that_fills_is_told_by_gateway_with_the_main_reason(stand: Stand) -> None:
    future, past = (Refusal(reason, "", "power_meter/main/x", 1, b"x" * 300) for reason in (Reason.FUTURE, Reason.PAST))
    told = topic("site-1", "gw-1", "batch")
    stand.watch.set_aside(told, [future, future, past])
    assert stand.lasting() == ["quarantine_growing"]
    (alarm,) = stand.board.alarms().alarms
    assert (alarm.site, alarm.gateway) == ("site-1", "gw-1")
    assert "미래 시각(future)" in alarm.ko
    assert "time in the future (future)" in alarm.en
    for number in range(40):
        stand.quarantine.add(told, str(number).encode(), stand.now, [future])
    assert stand.lasting() == ["quarantine_growing", "quarantine_full"]
    stand.now += 11 * MINUTE
    assert stand.lasting() == ["quarantine_full"]


def test_limits_are_told_with_their_settings(stand: Stand) -> None:
    stand.watch.limits([Shortfall("Receive Maximum", "부족 (max_inflight_messages)", "low (max_inflight_messages)")])
    assert stand.lasting() == ["broker_limits"]
    assert "max_inflight_messages" in stand.board.alarms().alarms[0].ko
    stand.watch.limits([])
    assert stand.lasting() == []


def test_what_is_no_message_harms_nothing(stand: Stand) -> None:
    for payload in (b"", b"{", b"\xff"):
        for kind in ("birth", "state"):
            stand.watch.heard(topic("site-1", "gw-1", kind), payload, retained=False)
    stand.watch.heard("elsewhere", b"{}", retained=False)
    assert stand.lasting() == []


def test_every_alarm_says_in_two_languages_what_is_wrong() -> None:
    for kind, (korean, english) in SENTENCES.items():
        assert any("가" <= letter <= "힣" for letter in korean), kind
        assert not any("가" <= letter <= "힣" for letter in english), kind
        assert english.count("{") == korean.count("{"), kind


@pytest.mark.parametrize("reason", [*Reason, "outbox_full", "outbox_age", "outbox_damaged"])
def test_every_reason_is_told_in_words_of_both_languages(reason: str) -> None:
    korean, english = in_words(reason)
    assert any("가" <= letter <= "힣" for letter in korean)
    assert " " in english


def test_a_reason_of_another_version_is_told_as_it_is() -> None:
    assert in_words("meteor") == ("meteor", "meteor")


def test_a_gateway_that_never_hears_that_its_readings_are_stored_is_told_of(stand: Stand) -> None:
    for _ in range(3):
        stand.commit()
        assert stand.lasting() == []
        stand.now += 30_000
    stand.commit()
    assert stand.lasting() == ["acks_unheard"]
    (alarm,) = stand.board.alarms().alarms
    assert "wattproof/1/+/+/ack" in alarm.ko
    assert "access list" in alarm.en
    stand.now += 4 * MINUTE
    assert stand.lasting() == []


def test_copies_that_come_together_are_no_sign_of_unheard_acknowledgements(stand: Stand) -> None:
    for _ in range(100):
        stand.commit()
        stand.now += 10
    assert stand.lasting() == []


def test_a_city_in_the_dark_does_not_overfill_the_board(stand: Stand) -> None:
    for number in range(2000):
        stand.board.tell("gateway_offline", on=True, site="site-1", gateway=f"gw-{number}")
    alarms = stand.board.alarms()
    assert len(alarms.alarms) == 500
    assert len(encode(alarms)) < 1_000_000


def test_whatever_else_is_wrong_is_told_when_a_city_is_in_the_dark(stand: Stand) -> None:
    dark = {("site-1", f"gw-{number}") for number in range(600)}

    def look() -> list[AlarmKind]:
        stand.watch._plain("gateway_offline", dark)
        return [alarm.kind for alarm in stand.board.alarms().alarms if alarm.until is None]

    assert look() == ["gateway_offline"] * 500
    stand.board.tell("store_refused", on=True, detail="the disk is full")
    lost = {"number": "1", "at_least": "", "or_more": "", "reason_ko": "", "reason_en": ""}
    stand.board.tell("gap_declared", on=True, site="site-2", gateway="gw-9", **lost)
    assert sorted(look()) == ["gap_declared", *["gateway_offline"] * 499, "store_refused"]
    stand.board.tell("store_refused", on=False)
    stand.board.tell("gap_declared", on=False, site="site-2", gateway="gw-9")
    assert look() == ["gateway_offline"] * 500
    dark.clear()
    assert look() == []


def test_a_gateway_that_goes_with_the_broker_and_does_not_come_back_is_told(stand: Stand) -> None:
    stand.state(online=True, at=1, epoch="a")
    stand.watch.cut_off("Unspecified error")
    stand.now += 10 * MINUTE
    assert stand.lasting() == []
    stand.watch.connected()
    stand.now += MINUTE - 1
    assert stand.lasting() == []
    stand.now += 1
    assert stand.lasting() == ["gateway_offline"]
    stand.watch.cut_off("Unspecified error")
    assert stand.lasting() == []
    stand.watch.connected()
    stand.now += MINUTE
    assert stand.lasting() == ["gateway_offline"]
    stand.state(online=True, at=2, epoch="b")
    assert stand.lasting() == []


@pytest.mark.parametrize("after", [True, False])
def test_a_gateway_that_the_broker_still_knows_is_there(stand: Stand, *, after: bool) -> None:
    stand.state(online=True, at=1)
    stand.watch.cut_off("Unspecified error")
    for say in (stand.watch.connected, lambda: stand.state(online=True, at=1, retained=True))[:: 1 if after else -1]:
        say()
    stand.now += 2 * MINUTE
    assert stand.lasting() == []


def test_a_gateway_that_signed_off_before_the_broker_went_is_not_waited_for(stand: Stand) -> None:
    stand.state(online=True, at=1)
    stand.state(online=False, at=2)
    stand.watch.cut_off("Unspecified error")
    stand.watch.connected()
    stand.now += 2 * MINUTE
    assert stand.lasting() == []
