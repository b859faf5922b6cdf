"""What the quarantine's commands say, in Korean and English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from telemetry import InvalidNameError, Topic, parse_topic

if TYPE_CHECKING:
    from collector import Entry
    from wattproof.in_korean import Language

ADVICE: Final = {
    "topic": (
        "발신자가 wattproof/1/사업장/게이트웨이/batch가 아닌 토픽을 씀: 토픽을 고칠 것",
        "the publisher uses a topic that is not wattproof/1/SITE/GATEWAY/batch: mend its topic",
    ),
    "oversized": (
        "메시지 하나는 1,000,000바이트까지: 나누어 보낼 것",
        "split it: a message has at most 1,000,000 bytes",
    ),
    "malformed": (
        "docs/wire.schema.json과 다른 형식으로 보냄: 발신자를 고칠 것",
        "the publisher writes something else than docs/wire.schema.json says: mend the publisher",
    ),
    "damaged": (
        "보낼 때마다 체크섬이 틀림: 발신자의 체크섬을 고칠 것",
        "its checksum is wrong each time it is sent: mend the publisher's checksum",
    ),
    "topic_mismatch": (
        "게이트웨이가 다른 게이트웨이의 토픽으로 보냄: 현장 파일이나 브로커의 권한을 고칠 것",
        "a gateway speaks under another's topic: mend its site file or the broker's access list",
    ),
    "duplicate_table": (
        "한 메시지에 같은 기기의 같은 채널이 두 번 있음: 발신자를 고칠 것",
        "one channel of a device comes twice in a message: mend the publisher",
    ),
    "not_finite": (
        "NaN이나 무한대는 값이 아님: 발신자가 그런 값을 빼고 보내게 할 것",
        "NaN or infinity is no value: let the publisher leave such a reading out",
    ),
    "wrong_type": (
        "숫자를 글자로 보냄: 숫자로 보내게 할 것 (매핑으로 받는 것은 text: true로 받을 수 있음)",
        "a number is sent as text: let the publisher send numbers (a mapping takes such text with text: true)",
    ),
    "unknown_device": (
        "기기를 collector.devices나 게이트웨이의 현장 파일에 더한 뒤 다시 처리할 것 (replay)",
        "add the device to collector.devices or to its gateway's site file, then replay",
    ),
    "invalid_name": (
        "기기 이름을 바꿀 것: a-z, 0-9, '-', '_'",
        "rename the device: a-z, 0-9, '-' and '_'",
    ),
    "unknown_channel": (
        "docs/channels.md를 볼 것. 그 채널을 아는 버전으로 업데이트한 뒤 다시 처리할 것 (replay)",
        "see docs/channels.md; after an update that knows the channel, replay",
    ),
    "future": (
        "게이트웨이의 시계를 맞출 것 (NTP). 수집기의 시계가 틀렸던 것이라면 replay --trust-times",
        "set the gateway's clock (NTP); if the collector's own was wrong: replay --trust-times",
    ),
    "past": (
        "게이트웨이의 시계를 맞출 것. 또는 collector.oldest_days를 늘린 뒤 다시 처리할 것 (replay)",
        "set the gateway's clock; or raise collector.oldest_days, then replay",
    ),
    "out_of_range": (
        "배율이나 배선이 틀림: 프로파일을 고칠 것. 이미 잘못 측정된 값은 되살릴 수 없음",
        "a scale or a wiring is wrong: mend the profile; what was measured wrongly stays so",
    ),
    "invalid_gap": (
        "끝이 시작보다 앞선 손실 구간: 발신자를 고칠 것",
        "a gap that ends before it begins: mend the publisher",
    ),
    "type_conflict": (
        "데이터베이스에 이 필드가 다른 형식으로 있음: 데이터베이스를 고친 뒤 다시 처리할 것 (replay)",
        "the database holds this field as another type: mend it there, then replay",
    ),
    "store": (
        "데이터베이스가 알린 원인을 해결한 뒤 다시 처리할 것 (replay)",
        "see what the database said, mend it there, then replay",
    ),
    "unprocessable": (
        "이 프로그램의 오류: 신고하고, 수정된 버전으로 업데이트한 뒤 다시 처리할 것 (replay)",
        "a defect of this program: report it; after an update, replay",
    ),
}
"""What to do about each reason: Korean, English."""

_UNMAPPED: Final = (
    "메시지가 매핑과 맞지 않음: `wattproof collector try`로 어떻게 읽히는지 보고, 발신자나 매핑을 고친 뒤"
    " 다시 처리할 것 (replay)",
    "the message does not fit its mapping: `wattproof collector try` shows how it is read; mend the sender or the"
    " mapping, then replay",
)
_KEPT_OUT: Final = {
    "superseded": (
        "저장소에 같은 시각의 다른 값이 있어 그대로 둠(두 값은 메모에 있음). 이 값이 맞으면 replay --overwrite",
        "the store has another value of that moment, and it stayed (the note tells both); if this one is right:"
        " replay --overwrite",
    ),
    "replaced": (
        "저장소에 있던 값. replay --overwrite로 바뀜. 되돌리려면 이 번호로 replay --overwrite",
        "the store had this value until a replay --overwrite; to bring it back: replay --overwrite with this number",
    ),
}
_WORDS: Final = {
    "id": ("번호", "id"),
    "received": ("받은 시각", "received"),
    "topic": ("토픽", "topic"),
    "from": ("보낸 곳", "from"),
    "reason": ("이유", "reason"),
    "detail": ("설명", "detail"),
    "part": ("대상", "part"),
    "readings": ("측정값 수", "readings"),
    "content": ("내용", "content"),
    "state": ("상태", "state"),
    "entries": ("건수", "entries"),
    "decided": ("바뀐 시각", "decided"),
    "note": ("메모", "note"),
    "advice": ("할 일", "advice"),
    "held": ("보관 중", "held"),
    "asked": ("재처리 대기", "asked"),
    "stored": ("저장됨", "stored"),
    "dropped": ("버림", "dropped"),
    "summarised": ("개수만 남음", "summarised"),
    "superseded": ("다른 값이 있음", "superseded"),
    "replaced": ("바뀜", "replaced"),
    "leaves": ("기록을 지울 시각", "leaves"),
    "left_entries": ("지운 건수", "left"),
    "left_readings": ("지운 측정값 수", "their readings"),
    "left": (
        "끝난 지 오래되어 기록을 지운 항목 {0:,}건: 개수는 남아 있음 (`wattproof quarantine summary`)",
        "{0:,} entries decided long ago have left; their numbers are kept (`wattproof quarantine summary`)",
    ),
    "summary": (
        "격리 보관함 누계: 저장되지 않은 측정값 {0:,}개, 다시 처리해 저장한 측정값 {1:,}개",
        "Quarantine, ever: readings not stored {0:,}, readings stored by a replay {1:,}",
    ),
    "superseded_now": (
        "{0:,}건은 저장소에 다른 값이 있어 그 값을 그대로 둠 (`wattproof quarantine show 번호`에 두 값이 있음. 바꾸려면"
        " --overwrite)",
        "{0:,} entries are superseded: the store has other values, and they stayed (`wattproof quarantine show ID`"
        " tells both; --overwrite replaces them)",
    ),
    "whole": ("(메시지 전체)", "(whole message)"),
    "not kept": ("(남아 있지 않음)", "(not kept)"),
    "title": (
        "격리 보관함: 보관 중 {0:,}건, 저장되지 않은 측정값 {1:,}개, {2:,.1f} kB (시각은 {3})",
        "Quarantine: held {0:,}, readings not stored {1:,}, {2:,.1f} kB (times of {3})",
    ),
    "empty": ("격리 보관함: 보관 중인 것이 없음", "Quarantine: nothing is held"),
    "waiting": (
        "{1:,}건 중 {0:,}건이 이 데이터 폴더의 수집기를 기다림: 수집기가 실행되면 다시 처리함",
        "{0:,} of {1:,} entries wait for a collector of this data folder: it replays them when it runs",
    ),
    "replayed": (
        "{0:,}건을 다시 처리해 측정값 {1:,}개를 저장했고, {2:,}건은 다시 거부됨 (이유는 `wattproof quarantine list`)",
        "{0:,} entries replayed, {1:,} readings stored, {2:,} entries refused again (`wattproof quarantine list` says"
        " why)",
    ),
    "given_up": ("{0:,}건을 버림. 보관 중 {1:,}건", "{0:,} entries dropped; {1:,} are held"),
}


def say(word: str, language: Language, *values: object) -> str:
    """A word or sentence of these commands."""
    text = _WORDS[word][language == "en"]
    return text.format(*values) if values else text


def advice(entry: Entry, language: Language) -> str:
    """What to do about an entry; empty for a reason this version does not know."""
    pair = _KEPT_OUT.get(entry.state) or ADVICE.get(entry.reason, ("", ""))
    if entry.state not in _KEPT_OUT and entry.reason == "malformed" and _ours(entry.topic) is None:
        pair = _UNMAPPED
    return pair[language == "en"]


def shown(text: str, most: int) -> str:
    """A sender's text as a terminal may have it: at most so many characters, and what commands a terminal by number."""
    safe = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text[:most])
    return safe if len(text) <= most else f"{safe}…"


def sender(topic: str) -> str:
    """Who sent it: site and gateway, or the topic of others."""
    ours = _ours(topic)
    return topic if ours is None else f"{ours.site}/{ours.gateway}"


def _ours(topic: str) -> Topic | None:
    try:
        return parse_topic(topic)
    except InvalidNameError:
        return None
