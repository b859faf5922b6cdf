"""Sentences about what is wrong with a site file or a profile: English, Korean. Both have the same places."""

from __future__ import annotations

from typing import Final

DEFECTS: Final[dict[str, tuple[str, str]]] = {
    # The document.
    "unknown_key": ("unknown key; known here: {known}", "알 수 없는 항목; 사용할 수 있는 항목: {known}"),
    "unknown_key_near": (
        "unknown key; did you mean {near}? Known here: {known}",
        "알 수 없는 항목; {near}을(를) 잘못 쓴 것이 아닌지 확인하십시오. 사용할 수 있는 항목: {known}",
    ),
    "not_allowed": ("{value} is not allowed here; use {known}", "{value}은(는) 쓸 수 없음; 가능한 값: {known}"),
    # The site.
    "name": ("{says}", "쓸 수 없는 이름: 소문자(a-z), 숫자, -, _ 만 사용 ({says})"),
    "timezone": (
        "unknown time zone {name!r}; use an IANA name such as Asia/Seoul",
        "알 수 없는 시간대 {name!r}; Asia/Seoul 같은 IANA 이름을 쓰십시오",
    ),
    "bus_name": (
        "every bus needs a name of its own, not {name!r} again",
        "버스 이름은 서로 달라야 함: {name!r}이(가) 비었거나 이미 있음",
    ),
    "url": ("{says}", "버스 주소를 쓸 수 없음: {says}"),
    "place_twice": (
        "{place} is bus {bus!r} already; put all its devices on one bus",
        "{place}은(는) 이미 버스 {bus!r}임; 장치를 모두 한 버스에 두십시오",
    ),
    "device_twice": (
        "device {id!r} is on bus {bus!r} already; ids are unique in a site",
        "장치 {id!r}은(는) 이미 버스 {bus!r}에 있음; ID는 사업장 안에서 유일해야 함",
    ),
    "unit_impossible": (
        "unit {unit} cannot answer here; use {first} to {last}",
        "유닛 {unit}은(는) 여기에서 응답할 수 없음; {first}~{last} 중에서 쓰십시오",
    ),
    "unit_twice": (
        "unit {unit} is {id!r} already; two devices would answer at once",
        "유닛 {unit}은(는) 이미 {id!r}임; 두 장치가 동시에 응답하게 됨",
    ),
    "unit_shared": (
        "unit {unit} is {id!r} already and both read function {function} register {register}; parts of one unit "
        "(shares_unit) must not overlap",
        "유닛 {unit}은(는) 이미 {id!r}이고 둘 다 기능 {function}의 레지스터 {register}을(를) 읽음; 한 유닛을 나누어 "
        "쓰는 장치(shares_unit)의 레지스터는 겹칠 수 없음",
    ),
    "profile_unknown": ("{says}", "프로파일을 쓸 수 없음: {says}"),
    "kind": (
        "profile {profile} describes a {kind}, not a {said}",
        "프로파일 {profile}의 종류는 {said}이(가) 아니라 {kind}임",
    ),
    "rate_twice": (
        "said twice, here and as every_ms; leave one out", "여기와 every_ms에 두 번 정함; 하나만 두십시오",
    ),
    "slow_faster": (
        "slow ({slow} ms) must not be faster than fast ({fast} ms)",
        "slow({slow} ms)는 fast({fast} ms)보다 빠를 수 없음",
    ),
    "rate_channel_place": (
        "name channels at the device that has them", "채널은 해당 장치에서 지정하십시오",
    ),
    "rate_channel": (
        "profile {profile} has no channel {channel}; it has {known}",
        "프로파일 {profile}에 채널 {channel}이(가) 없음; 있는 채널: {known}",
    ),
    "cycle": (
        "this bus cannot keep its cycle: {reads} {needed} ms of bus time in every {fastest} ms ({load} %); the "
        "costliest, {count} registers of {worst}, takes {bus_ms} ms every {every} ms ({sent} bytes out, {received} "
        "in). Read less often (at least {times} times the period), raise the baud rate or use another bus",
        "이 버스는 주기를 지킬 수 없음: {devices_n}대의 읽기 {reads_n}개에 {fastest} ms마다 {needed} ms가 필요함 "
        "({load} %). 가장 긴 읽기는 {worst}의 레지스터 {count}개로 {every} ms마다 {bus_ms} ms (송신 {sent}, 수신 "
        "{received} 바이트). 주기를 {times}배 이상으로 늘리거나, 통신 속도를 높이거나, 다른 버스를 쓰십시오",
    ),
    # Profiles.
    "channel_unknown": ("{says}", "알 수 없는 채널: {says}"),
    "channel_twice": ("{channel} is defined twice", "채널 {channel}이(가) 두 번 정의됨"),
    "overlap": (
        "register {register} of function {function} is {channel} already",
        "기능 {function}의 레지스터 {register}은(는) 이미 {channel}임",
    ),
    "no_counter": (
        "{channel} is no counter and cannot roll over", "{channel}은(는) 적산값이 아니므로 modulus를 쓸 수 없음",
    ),
    "modulus": ("modulus {modulus} must be above 0", "modulus {modulus}은(는) 0보다 커야 함"),
    "factor_missing": ("there is no factor {name!r}", "계수 {name!r}이(가) 없음"),
    "function_type": (
        "function {function} does not read {type}: 1 and 2 read bits, 3 and 4 read registers; `bit` names one bit of "
        "a register",
        "기능 {function}은(는) {type}을(를) 읽지 않음: 1, 2는 비트, 3, 4는 레지스터를 읽음; 레지스터의 한 비트는 "
        "`bit`로 지정",
    ),
    "field_place": (
        "a field needs a function and an address, or `at`", "필드에는 function과 address, 또는 `at`이 필요함",
    ),
    "field_order": (
        "say its order: CDAB when the low word has the lower number, as PLCs usually keep it, else ABCD",
        "order를 지정하십시오: 하위 워드의 번호가 작으면(대부분의 PLC) CDAB, 아니면 ABCD",
    ),
    "at_place": (
        "`at` needs the profile's `memory`, and no address beside it",
        "`at`에는 프로파일의 `memory`가 필요하고 address와 함께 쓸 수 없음",
    ),
    "at": ("{says}", "PLC 메모리를 쓸 수 없음: {says}"),
    "no_fields": (
        "a profile needs fields: which registers mean which channels",
        "프로파일에는 fields가 필요함: 어느 레지스터가 어느 채널인지",
    ),
}  # fmt: skip
