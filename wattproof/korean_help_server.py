"""The Korean of what `--help` says of collector, quarantine, broker and data file: a part of `korean_help`."""

from __future__ import annotations

from typing import Final

_COLLECTOR: Final = {
    "MQTT in, store out, acknowledgement back.": "MQTT로 받아 저장소에 기록하고, 저장했다고 게이트웨이에 알립니다.",
    "Show what a message of others would become, and store nothing; exit 1 unless all of it would be stored.":
        "다른 기기의 메시지가 무엇이 될지 보여 줍니다. 저장하지는 않습니다. "
        "저장되지 않을 것이 있으면 종료 코드는 1입니다.",
    "Mapping: a name of the library, or a file; without it, those of the configuration.":
        "매핑: 라이브러리의 이름이나 파일. 지정하지 않으면 설정에 적힌 매핑을 씁니다.",
    "Topic of the message; without it, the mapping's own examples.":
        "메시지의 토픽. 지정하지 않으면 매핑에 든 예제를 씁니다.",
    "Payload of the message, as text.": "메시지의 내용(글).",
    "File that holds the payload; without --payload and it, the standard input.":
        "메시지의 내용이 든 파일. --payload도 이것도 없으면 표준 입력에서 읽습니다.",
    "Site id, in place of the mapping's.": "매핑 대신 쓸 사업장 ID.",
    "Zone of times that name none, such as Asia/Seoul.": "시간대가 없는 시각에 쓸 시간대. 예: Asia/Seoul.",
    "Show what arrives at HOST or HOST:PORT; `config` for the configured broker.":
        "HOST나 HOST:PORT로 오는 것을 보여 줍니다. `config`는 설정된 브로커입니다.",
    "Listen so long.": "듣는 시간.",
    "One JSON object per message.": "메시지마다 JSON 객체 하나로 출력합니다.",
    "Store what gateways send, and acknowledge it once the store has committed; until Ctrl-C.":
        "게이트웨이가 보낸 것을 저장하고, 저장소가 기록을 마치면 확인을 보냅니다. Ctrl-C를 누를 때까지 계속합니다.",
    "Share the work with the other collectors of this group (MQTT 5).": "이 그룹의 수집기들과 일을 나눕니다(MQTT 5).",
    "Which of the group this is: 1, 2, 3 … each its own.": "그룹 안의 번호: 1, 2, 3 … 수집기마다 달라야 합니다.",
    "Say whether the collector of this data folder is at work; exit 0 if it is, 1 if not (for health checks).":
        "이 데이터 폴더의 수집기가 일하고 있는지 알려 줍니다. 일하고 있으면 종료 코드 0, 아니면 1입니다(상태 점검용).",
    "Ask the broker for its limits, try those it does not tell, and say which are too tight; exit 1 if any is.\n\n"
    "Run it while no collector runs. It sends itself 2 MB through the broker.":
        "브로커의 한도를 묻고, 알려 주지 않는 것은 시험해서 부족한 것을 알려 줍니다. "
        "부족한 것이 있으면 종료 코드는 1입니다.\n\n"
        "수집기가 꺼져 있을 때 실행하십시오. 브로커를 거쳐 자신에게 2 MB를 보냅니다.",
    "The web server: pages, REST and the live feed.": "웹 서버: 화면, REST, 실시간 피드.",
    "Serve pages and REST from the configured store until Ctrl-C.":
        "설정된 저장소의 데이터로 화면과 REST를 Ctrl-C를 누를 때까지 제공합니다.",
}  # fmt: skip

_QUARANTINE: Final = {
    "What was set aside, why, and what becomes of it.": "격리 보관한 것과 그 이유, 처리 방법.",
    "List what is held, superseded or only counted, newest first; with --all also what was stored since or dropped.":
        "보관 중이거나 대체되었거나 수만 남은 것을 최신순으로 나열합니다. "
        "--all은 그 뒤 저장했거나 버린 것도 보여 줍니다.",
    "Only entries with this reason, e.g. future, unknown_channel.": "이 이유의 항목만. 예: future, unknown_channel.",
    "Only entries of this site.": "이 사업장의 항목만.",
    "Only entries of this gateway.": "이 게이트웨이의 항목만.",
    "Only readings of this device.": "이 설비의 측정값만.",
    "Also what has been stored since, or dropped.": "그 뒤 저장했거나 버린 것도 보여 줍니다.",
    "At most so many entries, newest first.": "보여 줄 최대 항목 수(최신순).",
    "JSON instead of a table.": "표 대신 JSON으로 출력합니다.",
    "Count what is and what ever was in quarantine, by state and reason: the trail when the entries have left.":
        "지금까지 격리 보관한 것을 상태와 이유별로 셉니다. 항목이 지워진 뒤에도 수는 남습니다.",
    "Show one entry: what came, why it is here, and what to do.":
        "항목 하나를 보여 줍니다. 무엇이 왔는지, 왜 격리되었는지, 무엇을 해야 하는지 알려 줍니다.",
    "Number of the entry, as `list` shows it.": "`list`에 나오는 항목 번호.",
    "Let the collector take in again what is held, once its cause is mended; exit 1 if something stays.\n\n"
    "Where the store has another value of a moment, it stays, and both are told, unless --overwrite is given. The\n"
    "collector at work in this data folder does it, within a second; without one it is done when one starts.":
        "원인을 고친 뒤 보관 중인 것을 수집기가 다시 받아들이게 합니다. 남는 것이 있으면 종료 코드는 1입니다.\n\n"
        "저장소에 같은 시각의 다른 값이 있으면, --overwrite가 없는 한 그 값을 그대로 두고 두 값을 모두 알려 줍니다. "
        "이 데이터 폴더에서 일하는 수집기가 1초 안에 처리하며, 수집기가 없으면 다음에 시작할 때 처리합니다.",
    "Numbers of entries, as `list` shows them.": "`list`에 나오는 항목 번호.",
    "Everything that is held; needed when nothing else is given.":
        "보관 중인 모든 것. 다른 조건을 지정하지 않으면 필요합니다.",
    "Judge times by now: the collector's own clock was wrong then.":
        "지금 시각으로 판단합니다. 그때 수집기의 시계가 틀렸을 때 씁니다.",
    "Where the store has another value of that moment, replace it, or keep it.":
        "저장소에 같은 시각의 다른 값이 있으면 바꿀지, 그대로 둘지.",
    "Wait so long for the collector.": "수집기를 기다리는 시간.",
    "Give up what is held: its content is deleted, its number stays in the ledger as not stored.":
        "보관 중인 것을 버립니다. 내용은 지워지고, 수는 저장하지 않은 것으로 장부에 남습니다.",
    "Why, for whoever asks later.": "버리는 이유. 나중에 확인할 사람을 위해 적습니다.",
}  # fmt: skip

_BROKER: Final = {
    "Run the embedded MQTT broker, or set up mosquitto.": "내장 MQTT 브로커를 실행하거나 mosquitto를 설정합니다.",
    "Run the embedded broker; its first line of output says where it listens (JSON).":
        "내장 브로커를 실행합니다. 출력 첫 줄이 접속 주소입니다(JSON).",
    "Address to listen on.": "접속을 받을 주소.",
    "Port; 0 takes any free one.": "포트. 0이면 비어 있는 포트를 씁니다.",
    "Folder for the generated credentials.": "만들어진 인증 정보를 둘 폴더.",
    "Set up mosquitto: authority, certificates, configuration, and rights that keep gateways apart.\n\n"
    "What exists is kept; run it again with one more --gateway or --publisher to add one.":
        "mosquitto를 설정합니다. 인증 기관, 인증서, 설정 파일과 게이트웨이별 접근 권한을 만듭니다.\n\n"
        "이미 있는 것은 그대로 둡니다. 하나를 더하려면 --gateway나 --publisher를 더해 다시 실행하십시오.",
    "Where authority, certificates and files are kept.": "인증 기관, 인증서, 파일을 둘 폴더.",
    "A gateway that may connect; repeatable.": "접속을 허용할 게이트웨이. 여러 번 쓸 수 있습니다.",
    "A meter or program of others, and a topic (with + or #) that it may write and the collector read; repeatable.":
        "다른 계측기나 프로그램과, 그것이 쓰고 수집기가 읽을 토픽(+나 # 가능). 여러 번 쓸 수 있습니다.",
    "Collectors that share the work, each with its certificate.": "일을 나눌 수집기 수. 저마다 인증서를 받습니다.",
    "A name clients reach the broker by; repeatable.": "클라이언트가 브로커에 접속할 이름. 여러 번 쓸 수 있습니다.",
    "A new authority and new keys; every client needs its new files.":
        "인증 기관과 키를 새로 만듭니다. 모든 클라이언트에 새 파일이 필요합니다.",
    "One JSON object: what was created, changed and kept.":
        "새로 만든 것, 바꾼 것, 그대로 둔 것을 JSON 객체 하나로 출력합니다.",
}  # fmt: skip

_FILES: Final = {
    "Check, back up, restore and compact the data file; while `wattproof up` runs, it does the work.":
        "데이터 파일을 검사, 백업, 복원, 압축합니다. `wattproof up`이 실행 중이면 그쪽에서 처리합니다.",
    "Read every row of the data file, or of a backup; exit 1 if something is wrong, 3 if it cannot be read.":
        "데이터 파일이나 백업의 모든 행을 읽습니다. 잘못된 것이 있으면 종료 코드 1, 읽을 수 없으면 3입니다.",
    "A backup or data file that nobody uses, instead of our own.":
        "설정된 데이터 파일 대신 검사할, 아무도 쓰지 않는 백업이나 데이터 파일.",
    "Copy the data file as it is at this moment, while readings go on being stored.":
        "저장을 멈추지 않고 데이터 파일을 지금 상태 그대로 복사합니다.",
    "Write the data file anew without the room of what was deleted, while readings go on being stored.":
        "저장을 멈추지 않고, 지워진 자리를 뺀 데이터 파일을 새로 씁니다.",
    "Put a backup in the place of the data file once a copy of it is checked; nothing may be using it.":
        "백업의 사본을 검사한 뒤 데이터 파일 자리에 놓습니다. 데이터 파일을 쓰는 것이 없어야 합니다.",
    "A backup; it stays as it is.": "백업. 그대로 남습니다.",
    "Set an existing data file aside (renamed, not deleted).":
        "이미 있는 데이터 파일을 치웁니다(지우지 않고 이름을 바꿉니다).",
    "Show and check the configuration.": "설정을 보여 주고 검사합니다.",
    "Show the configuration in force (file, then environment), secrets masked; exit 2 if it cannot be used.":
        "적용 중인 설정(파일, 환경 변수 순)을 비밀 값은 가리고 보여 줍니다. 쓸 수 없는 설정이면 종료 코드는 2입니다.",
    "List the environment variables instead.": "설정 대신 환경 변수를 나열합니다.",
}  # fmt: skip

SERVER: Final = {**_COLLECTOR, **_QUARANTINE, **_BROKER, **_FILES}
"""English and Korean."""
