"""Reasons in words, Korean and English, as alarms tell them; the commands' own word stands beside each."""

from __future__ import annotations

from typing import Final

from collector.refusals import Reason

_SET_ASIDE: Final[dict[str, tuple[str, str]]] = {
    Reason.TOPIC: ("토픽 이름이 잘못됨", "wrong topic"),
    Reason.OVERSIZED: ("메시지가 너무 큼", "message too large"),
    Reason.MALFORMED: ("형식이 맞지 않음", "not of the format"),
    Reason.DAMAGED: ("체크섬이 맞지 않음", "wrong checksum"),
    Reason.TOPIC_MISMATCH: ("다른 게이트웨이의 토픽으로 옴", "sent under another gateway's topic"),
    Reason.DUPLICATE_TABLE: ("같은 채널이 두 번 있음", "one channel twice"),
    Reason.NOT_FINITE: ("NaN 또는 무한대", "NaN or infinity"),
    Reason.WRONG_TYPE: ("숫자가 아닌 값", "a value that is no number"),
    Reason.UNKNOWN_DEVICE: ("등록되지 않은 기기", "device that nobody has named"),
    Reason.INVALID_NAME: ("쓸 수 없는 이름", "name that cannot be used"),
    Reason.UNKNOWN_CHANNEL: ("알 수 없는 채널", "unknown channel"),
    Reason.FUTURE: ("미래 시각", "time in the future"),
    Reason.PAST: ("너무 오래된 시각", "time too long ago"),
    Reason.OUT_OF_RANGE: ("있을 수 없는 값", "value out of range"),
    Reason.INVALID_GAP: ("손실 구간이 잘못됨", "gap that makes no sense"),
    Reason.TYPE_CONFLICT: ("데이터베이스의 형식과 다름", "other type than in the database"),
    Reason.STORE: ("데이터베이스가 거부함", "refused by the database"),
    Reason.UNPROCESSABLE: ("프로그램 오류", "defect of this program"),
}
_LOST: Final = {
    "outbox_full": ("게이트웨이 저장 공간 부족", "gateway storage full"),
    "outbox_age": ("보관 기한 초과", "kept too long unsent"),
    "outbox_damaged": ("게이트웨이 저장 파일 손상", "gateway storage damaged"),
}


def in_words(reason: str) -> tuple[str, str]:
    """Why something was set aside, or lost: Korean, English; the word itself where it is none of ours."""
    if reason in _LOST:
        return _LOST[reason]
    ko, en = _SET_ASIDE.get(reason, ("", ""))
    return (f"{ko}({reason})", f"{en} ({reason})") if ko else (reason, reason)
