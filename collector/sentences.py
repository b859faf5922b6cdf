"""What each alarm says, in Korean and English: what is wrong, what it means for the readings, what to do."""

from __future__ import annotations

from typing import Final

from telemetry import AlarmKind

SENTENCES: Final[dict[AlarmKind, tuple[str, str]]] = {
    "acks_unheard": (
        "이 게이트웨이가 이미 저장된 묶음을 되풀이해 보내고 있습니다. "
        "저장했다는 확인 응답이 게이트웨이에 닿지 않아서입니다. "
        "측정값은 게이트웨이에 남아 있지만 새 측정값은 늦게 들어옵니다. 브로커의 접근 권한에서 수집기가 "
        "wattproof/1/+/+/ack에 쓸 수 있는지, 게이트웨이가 자기 ack 토픽을 읽을 수 있는지 확인하십시오.",
        "This gateway sends again and again what is stored already: the word that it is stored does not reach it. "
        "Its readings stay with it, and new ones come late. Check the broker's access list: the collector must be "
        "allowed to write wattproof/1/+/+/ack, and the gateway to read its own.",
    ),
    "broker_limits": (
        "브로커의 한도가 부족합니다. 괄호 안의 설정을 늘리십시오: {problems_ko}",
        "The broker's limits are too tight: {problems_en}",
    ),
    "clock_behind": (
        "여러 사업장의 게이트웨이 시각과 비교하면 수집기 {source}가 실행되는 컴퓨터의 시계가 {minutes}분쯤 늦습니다. "
        "미래 시각으로 보이는 측정값은 받지 않고 게이트웨이에 남겨 둡니다. "
        "시계를 맞추거나 시각 서버(NTP)를 설정하십시오. 이미 격리된 것은 시계를 맞춘 뒤 "
        "`wattproof quarantine replay --reason future --trust-times`로 저장할 수 있습니다.",
        "By the clocks of gateways at several sites, that of the computer collector {source} runs on is about "
        "{minutes} min behind. Readings that seem to be of the future are left with their gateways. "
        "Set the clock, or let a time server do it (NTP); then "
        "`wattproof quarantine replay --reason future --trust-times` stores what was set aside before.",
    ),
    "clock_not_set": (
        "수집기 {source}가 실행되는 컴퓨터의 시계가 맞춰져 있지 않아 아무것도 받아들이지 않습니다. "
        "측정값은 게이트웨이에 남아 있습니다. 시계를 맞추거나 시각 서버(NTP)를 설정하십시오. ({detail})",
        "The clock of the computer that collector {source} runs on was never set, so nothing is taken in; "
        "readings stay with their gateways: {detail}.",
    ),
    "clock_not_synchronised": (
        "이 게이트웨이의 시계가 시각 서버와 맞춰지지 않고 있습니다. 측정 시각이 조금씩 어긋날 수 있습니다. "
        "NTP 설정(timedatectl)과 네트워크를 확인하십시오.",
        "This gateway's clock is not set by a time server, so the times of its readings may drift. "
        "Check NTP (timedatectl) and its network.",
    ),
    "clock_stepped": (
        "이 게이트웨이의 시계가 갑자기 바뀌었습니다. 그 무렵의 측정 시각을 확인하십시오.",
        "This gateway's clock was set to another time. Look at the readings of that moment.",
    ),
    "collector_id_twice": (
        "브로커가 수집기 {source}의 연결을 거듭 끊고 있습니다. 같은 신원으로 수집기 두 개가 실행되면"
        "(예: 설정을 복사한 다른 컴퓨터) 이렇게 되고, 그동안 측정값은 두 저장소에 나뉘어 저장됩니다. "
        "한쪽을 멈추십시오. 일을 나누려면 그룹(workers_group)을 만들고 worker 번호를 서로 다르게 하십시오. "
        "두 컴퓨터의 주소는 브로커의 로그에 있습니다. 수집기가 하나뿐이면 연결을 끊는 까닭을 그 로그에서 찾으십시오.",
        "The broker ends the connection of collector {source} again and again, as it does when two collectors run "
        "under one identity (a configuration copied to a second computer); readings are then parted between their two "
        "stores. Stop one of them. To share the work, let them be a group (workers_group), each with a worker number "
        "of its own. The broker's log names both addresses; if there is only one, it says why the connection ends.",
    ),
    "collector_offline": (
        "수집기 {source}의 연결이 끊겼습니다. 측정값은 게이트웨이에 남아 있습니다. "
        "수집기 프로세스와 네트워크를 확인하십시오.",
        "Collector {source} is gone. Readings stay with their gateways. Check its process and its network.",
    ),
    "gap_declared": (
        "이 게이트웨이가 측정값 {number}개{or_more} 손실을 알려 왔습니다(원인: {reason_ko}). "
        "그래프에는 손실 구간으로 표시됩니다. 게이트웨이의 저장 공간과 네트워크를 확인하십시오.",
        "This gateway has declared {at_least}{number} readings lost ({reason_en}). Charts show the gap. "
        "Check the gateway's disk and network.",
    ),
    "gateway_id_twice": (
        "두 대의 게이트웨이(장비: {hosts})가 같은 이름을 쓰면서 서로의 연결을 끊고 있습니다. "
        "한 대를 멈추고 현장 파일의 gateway 이름을 바꾸십시오. "
        "복제한 SD 카드나 백업으로 켠 장비가 있는지도 확인하십시오.",
        "Two machines ({hosts}) run under this gateway's name. They end each other's connection. "
        "Stop one of them and give it another gateway id in its site file; "
        "look for a cloned SD card or a machine started from a backup.",
    ),
    "gateway_offline": (
        "이 게이트웨이의 연결이 끊겼습니다. 다시 연결되면 그동안의 측정값을 보냅니다. 전원과 네트워크를 확인하십시오.",
        "This gateway's connection is lost. It sends what it has read since when it is back. Check power and network.",
    ),
    "quarantine_full": (
        "격리 보관함이 가득 찼습니다. 가장 많은 종류의 오래된 항목부터 내용이 지워지고 개수만 남습니다. "
        "`wattproof quarantine list`로 원인을 찾아 해결하고, 다시 처리(replay)하거나 버리십시오(drop).",
        "The quarantine is full: of the most abundant sort only the number is kept. Find the cause with "
        "`wattproof quarantine list`, mend it, then replay or drop what is held.",
    ),
    "quarantine_growing": (
        "측정값이나 메시지가 저장되지 못하고 격리되고 있습니다(최근 10분 {number}건{or_more}, 주된 원인: {reason_ko}). "
        "`wattproof quarantine list`로 원인을 확인하십시오. 원인을 해결한 뒤 다시 처리(replay)하면 저장됩니다.",
        "Readings or messages are being set aside ({at_least}{number} in the last 10 min, mostly: {reason_en}). "
        "See `wattproof quarantine list`; once the cause is mended, a replay stores them.",
    ),
    "quarantine_unusable": (
        "격리 보관함에 쓸 수 없습니다. 격리해야 할 것은 받지 않고 보낸 쪽에 남겨 두며, 나머지는 그대로 저장합니다. "
        "디스크의 남은 공간과 파일의 권한을 확인하십시오. ({detail})",
        "The quarantine cannot be written. What it is to keep is left with whoever sent it; all else is stored. "
        "{detail}",
    ),
    "store_refused": (
        "저장소가 기록을 거부하고 있어 사람이 조치해야 합니다. 그동안 측정값은 게이트웨이에 남아 있습니다. ({detail})",
        "Nothing can be stored until a person acts; readings stay with their gateways meanwhile. {detail}",
    ),
    "store_unavailable": (
        "저장소에 연결할 수 없습니다. 계속 다시 시도하며, 그동안 측정값은 게이트웨이에 남아 있습니다. "
        "데이터베이스와 네트워크를 확인하십시오. ({detail})",
        "The store cannot be reached; it is tried again, and readings stay with their gateways meanwhile. "
        "Check the database and the network. {detail}",
    ),
}
