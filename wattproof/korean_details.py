"""Why something was set aside, as the quarantine keeps it: English, and the Korean.

Like `wattproof.korean_failures`, and held against the program's own sentences by the same test; a name in braces
may stand for another of these.
"""

from __future__ import annotations

from typing import Final

_BUILT: Final = (
    ("{why} (and {more} more)", "{why} (그 밖에 {more}건)"),
    ("{why} (came under {topic})", "{why} (토픽 {topic}(으)로 옴)"),
)
"""What stands around another sentence."""

_WHOLE: Final = (
    ("topic {topic} carries no batches", "{topic}: 측정값을 보내는 토픽이 아님"),
    (
        "topic {topic} is not {root}/SITE/GATEWAY/{kinds}",
        "{topic}: {root}/사업장/게이트웨이/{kinds} 형식의 토픽이 아님",
    ),
    (
        "{count} bytes, of which the first {kept} are kept; at most {most} are taken",
        "{count}바이트임(처음 {kept}바이트만 남김). {most}바이트까지 받음",
    ),
    ("{count} bytes; at most {most} are taken", "{count}바이트임. {most}바이트까지 받음"),
    (
        "says site {site}, gateway {gateway}; came as {topic_site}/{topic_gateway}",
        "내용에는 사업장 {site}, 게이트웨이 {gateway}라고 되어 있으나 {topic_site}/{topic_gateway}의 토픽으로 옴",
    ),
    ("seq {seq} is not 1 or more - at `$.seq`", "순번(seq) {seq}: 1 이상이어야 함"),
    ("two tables of {kind} {device} with {name}", "{kind} {device}의 {name} 값이 한 메시지의 표 두 개에 있음"),
    (
        "its checksum is that of other bytes (these have {crc}): altered on the way",
        "체크섬이 내용과 맞지 않음(내용의 체크섬은 {crc}): 오는 길에 바뀜",
    ),
    ("Times do not rise - at `{path}.times`", "시각이 차례로 늘지 않음 (위치: `{path}.times`)"),
    (
        "{values} values for {channels} channels at {times} times",
        "채널 {channels}개, 시각 {times}개에 값이 {values}개임",
    ),
    (
        "no rule of a mapping takes it now (collector.foreign)",
        "지금은 이 토픽을 받는 매핑 규칙이 없음 (collector.foreign)",
    ),
)
_READINGS: Final = (
    (
        "neither gateway {gateway}'s birth nor the configuration (collector.devices) names a device {device}"
        " at site {site}",
        "사업장 {site}의 기기 {device}: 게이트웨이 {gateway}의 등록 정보(birth)에도 설정(collector.devices)에도 없음",
    ),
    ("older than {days} days (collector.oldest_days)", "{days}일보다 오래됨 (collector.oldest_days)"),
    ("before 2000: set the gateway's clock", "2000년 이전의 시각: 게이트웨이의 시계를 맞출 것"),
    (
        "more than {minutes} min after {now}, the time here: set the gateway's clock",
        "수집기의 시각 {now}보다 {minutes}분 넘게 앞섬: 게이트웨이의 시계를 맞출 것",
    ),
    ("outside {low} to {high}", "{low} ~ {high} 범위를 벗어남"),
    (
        "{what} {name} cannot be used: 1-64 of a-z, 0-9, '-' and '_', a letter or digit at both ends",
        "{what} {name}: 쓸 수 없는 이름. a-z, 0-9, '-', '_'로 64자까지, 처음과 끝은 글자나 숫자",
    ),
    ("unknown channel {name}; did you mean {near}?", "{name}: 없는 채널. 비슷한 채널: {near}"),
    ("unknown channel {name}; see docs/channels.md", "{name}: 없는 채널. docs/channels.md를 볼 것"),
    ("{shown}: no finite number; leave such a reading out", "{shown}: 유한한 숫자가 아님. 그런 측정값은 빼고 보낼 것"),
    ("{shown}: no JSON number; leave such a reading out", "{shown}: JSON 숫자가 아님. 그런 측정값은 빼고 보낼 것"),
    (
        "{count} values for the same times, such as {shown}: which are right cannot be known",
        "같은 시각에 값이 여럿임({count}개, 예: {shown}): 어느 것이 맞는지 알 수 없음",
    ),
    ("{count} readings from {start} to {end}", "측정값 {count}개, {start} ~ {end}: 손실 구간으로 맞지 않음"),
    (
        "the time {time} is no number, as {format} must be; text such as {such} is iso8601",
        "시각 {time}: {format} 형식이면 숫자여야 함. {such} 같은 글자의 형식은 iso8601",
    ),
    (
        "the time {time} is of this century as {other}, and not as {format}; write format: {better}",
        "시각 {time}: {format}이(가) 아니라 {other}(으)로 읽어야 이번 세기임. format: {better}(으)로 쓸 것",
    ),
    (
        "the time {time} is a day without its time; name a field that has both",
        "시각 {time}: 날짜뿐이고 시각이 없음. 둘 다 있는 항목을 지정할 것",
    ),
    (
        "no time at {path}; without time: in the rule, that of arrival counts",
        "{path}에 시각이 없음. 규칙에서 time:을 빼면 도착한 시각으로 저장됨",
    ),
    ("the message does not name its device ({device})", "메시지에 기기 이름({device})이 없음"),
    (
        "the time {time} is beyond any {format}; is its format another?",
        "시각 {time}: {format} 형식의 범위를 벗어남. 다른 형식인지 확인할 것",
    ),
    (
        "the time {time} names no zone; write timezone: into the mapping",
        "시각 {time}에 시간대가 없음. 매핑에 timezone:을 쓸 것",
    ),
    (
        "the time {time} is not ISO 8601, such as 2026-01-31T09:00:00+09:00; a number has the format"
        " epoch_s or epoch_ms",
        "시각 {time}: ISO 8601 형식(예: 2026-01-31T09:00:00+09:00)이 아님. 숫자라면 형식은 epoch_s나 epoch_ms",
    ),
    (
        "the time {time} is of this century neither in seconds nor in ms, µs or ns since 1970; is the sender's clock"
        " set, and is this its time?",
        "시각 {time}: 1970년부터의 초, ms, µs, ns 어느 것으로 읽어도 이번 세기가 아님. 발신자의 시계와"
        " 시각 항목을 확인할 것",
    ),
    ("{said}: a truth value; say under words: what it stands for", "{said}: 참·거짓 값임. 매핑의 words:에 뜻을 쓸 것"),
    (
        "{said}: no number but an object or a list; name the element that is meant",
        "{said}: 숫자가 아니라 객체나 목록임. 어느 요소인지 지정할 것",
    ),
    (
        "{said}: text that is none of the words {words}; add it under words:",
        "{said}: 매핑의 words:({words})에 없는 글자임. words:에 더할 것",
    ),
    (
        "{said}: text; with text: true, numbers written as text are taken",
        "{said}: 글자임. 매핑에 text: true를 쓰면 글자로 된 숫자도 받음",
    ),
    (
        "{said}: text that is no number; a decimal point (a comma with decimal: comma), no thousands separators",
        "{said}: 숫자가 아닌 글자임. 소수점은 쓰되(쉼표이면 매핑에 decimal: comma) 천 단위 구분 기호는 쓰지 말 것",
    ),
    (
        "{said}: text that is no number; a decimal comma, no thousands separators",
        "{said}: 숫자가 아닌 글자임. 소수점은 쉼표로 쓰되 천 단위 구분 기호는 쓰지 말 것",
    ),
)
_STORE: Final = (
    ("declared gap not recorded: {why}", "손실 구간을 기록하지 못함: {why}"),
    (
        "time outside {first} to {last} ms; check the gateway's clock",
        "시각이 {first} ~ {last} ms를 벗어남. 게이트웨이의 시계를 확인할 것",
    ),
    ("NaN or infinity is not a value", "NaN이나 무한대는 값이 아님"),
    (
        "its quarter-hour is closed: the raw readings around it were deleted by retention, and rolling this one alone"
        " would overwrite the whole with a part; raise store.keep_raw_days before such late data come",
        "닫힌 15분 구간의 값: 그 앞뒤의 원시 측정값이 보관 기간이 지나 지워져서, 이 값만으로 집계하면 전체를"
        " 일부로 덮어쓰게 됨. 이렇게 늦은 데이터가 올 예정이면 미리 store.keep_raw_days를 늘릴 것",
    ),
    ("what the store has of that time cannot be compared: {why}", "저장소에 있는 그 시각의 값과 견줄 수 없음: {why}"),
)
_NOTES: Final = (
    ("the store has {there}; this is {value}", "저장소의 값 {there}, 이 항목의 값 {value}"),
    (
        "the store had {there}; entry {entry} replaced it by {value}",
        "저장소에 있던 값 {there}. {entry}번 항목의 값 {value}(으)로 바뀜",
    ),
    (
        "{count} more superseded: the store has other values",
        "그 밖에 {count}개는 저장소에 다른 값이 있어 저장하지 않음",
    ),
)

DETAILS: Final = (*_BUILT, *_WHOLE, *_READINGS, *_STORE, *_NOTES)
"""English and Korean; the first that fits is taken."""

PARTS: Final = (
    ("{why} - at {path}", "{why} (위치: {path})"),
    (
        'no checksum at its end, where ,"crc":"<CRC-32 of what is before, 8 hexadecimal digits>"{end} belongs',
        '끝에 체크섬 ,"crc":"<앞 내용의 CRC-32, 16진수 8자리>"{end}이 없음',
    ),
    ("not JSON: {why}", "JSON이 아님: {why}"),
    ("the file ends within a letter, on line {line}", "{line}행의 글자 중간에서 끝남"),
    ("byte {byte} on line {line}", "{line}행의 바이트 {byte}"),
    ("{value} at {time} UTC", "{value} (시각 {time} UTC)"),
    ("the quarantine was full", "격리 보관함이 가득 찼음"),
    ("Object missing required field {field}", "필수 항목 {field} 없음"),
    ("Object contains unknown field {field}", "알 수 없는 항목 {field}"),
    ("Expected {wanted}, got {got}", "{got} 대신 {wanted}이(가) 와야 함"),
    ("Input data was truncated", "데이터가 중간에 끊김"),
    ("JSON is malformed: {what} (byte {byte})", "JSON 형식이 틀림 ({byte}번째 바이트: {what})"),
)
"""Parts of such sentences, and what msgspec says of a message that is not of the form; tried last."""
