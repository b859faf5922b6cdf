"""The failures that people meet most, in English as the rooms say them and in Korean.

A name in braces stands for what differs. A test holds every English sentence against the program's own, so that none of
them goes stale; the first that fits is taken.
"""

from __future__ import annotations

from typing import Final

from wattproof.korean_imports import IMPORTS
from wattproof.korean_options import OPTIONS
from wattproof.korean_provision import PROVISION
from wattproof.korean_stores import STORES

REASONS: Final = {
    "No such file or directory": "파일이나 폴더가 없음",
    "Permission denied": "권한이 없음",
    "Is a directory": "파일이 아니라 폴더임",
    "Not a directory": "폴더가 아님",
    "File exists": "이미 있음",
    "File name too long": "파일 이름이 너무 김",
    "No space left on device": "디스크가 가득 참",
    "Disk quota exceeded": "디스크 할당량을 넘음",
    "Read-only file system": "읽기 전용 디스크",
    "Input/output error": "디스크 입출력 오류",
    "Address already in use": "이미 사용 중인 포트",
    "Cannot assign requested address": "이 컴퓨터의 주소가 아님",
    "Connection refused": "연결이 거부됨",
    "Connection reset by peer": "상대가 연결을 끊음",
    "Connection timed out": "응답 시간 초과",
    "timed out": "응답 시간 초과",
    "No route to host": "상대에게 닿을 수 없음",
    "Network is unreachable": "네트워크에 닿을 수 없음",
    "Name or service not known": "알 수 없는 호스트 이름",
    "Temporary failure in name resolution": "호스트 이름을 찾지 못함",
    "not UTF-8 text": "UTF-8 텍스트가 아님",
    "another process": "다른 프로세스",
    "configuration": "설정",
    "MQTT broker": "MQTT 브로커",
    "web server": "웹 서버",
    "mapping": "매핑",
    "nothing in the store": "없음(저장소에 이 설비의 측정값이 없음)",
    "this token": "이 토큰",
    "no credentials": "인증 정보 없음",
    "the broker ends the connection: it speaks no MQTT 5, or is not there": (
        "브로커가 연결을 끊음. MQTT 5를 모르거나 브로커가 없음"
    ),
}
"""The system's reasons, and parts of sentences."""

_FILES: Final = (
    ("{file}: no such {what} file; check the path", "{file}: {what} 파일이 없습니다. 경로를 확인하십시오."),
    ("{file}: this {what} file cannot be read: {why}", "{file}: {what} 파일을 읽을 수 없습니다: {why}"),
    ("{file}: no such file; check the path", "{file}: 파일이 없습니다. 경로를 확인하십시오."),
    ("{file}: no such file", "{file}: 파일이 없습니다. 경로를 확인하십시오."),
    ("mapping {file}: cannot be read: {why}", "매핑 {file}: 읽을 수 없습니다: {why}"),
    ("{file}: cannot be read: {why}", "{file}: 읽을 수 없습니다: {why}"),
    ("{file}:{line}: not valid YAML: {why}", "{file}:{line}: 올바른 YAML이 아닙니다: {why}"),
    (
        "{file}: no plan is there; name plan files, or a folder that holds some",
        "{file}: 평가 계획이 없습니다. 계획 파일이나 계획이 든 폴더를 지정하십시오.",
    ),
    ("{file} is a folder; name the file", "{file}: 폴더입니다. 파일을 지정하십시오."),
    (
        "{file} is a folder; name a file in it, one after the other",
        "{file}: 폴더입니다. 그 안의 파일을 하나씩 지정하십시오.",
    ),
    (
        "{file} may not be read by this user; check its permissions",
        "{file}: 읽을 권한이 없습니다. 권한을 확인하십시오.",
    ),
    (
        "{file} is there already; choose another name, or --force to replace it",
        "{file}: 이미 있습니다. 다른 이름을 쓰거나, 바꾸려면 --force를 붙이십시오.",
    ),
    (
        "{file} is there already; choose another name for the mapping, or remove it",
        "{file}: 이미 있습니다. 매핑을 다른 이름으로 저장하거나 이 파일을 지우십시오.",
    ),
    ("{folder}: no such folder", "{folder}: 폴더가 없습니다."),
)
_STORE: Final = (
    (
        "{file} is in use by {who}; stop it or use another data folder",
        "{file}: {who}에서 사용 중입니다. 그 프로세스를 끝내거나 다른 데이터 폴더를 쓰십시오.",
    ),
    (
        "{file}: there is no data file yet; `wattproof up` makes it",
        "{file}: 아직 데이터 파일이 없습니다. `wattproof up`을 실행하면 만들어집니다.",
    ),
    (
        "{file}: no readings are there yet; run this where wattproof.yaml is, or name it with --config",
        "{file}: 아직 측정값이 없습니다. wattproof.yaml이 있는 폴더에서 실행하거나 --config로 지정하십시오.",
    ),
    (
        "{file} is damaged or not a WattProof data file ({why}); move it away together with {wal}.wal and {a}.journal-a"
        " and -b, and restore a copy, or start without it: gateways send again what was never acknowledged",
        "{file}: 손상되었거나 WattProof 데이터 파일이 아닙니다 ({why}). {wal}.wal, {a}.journal-a, -b와 함께 다른 곳으로"
        " 옮기고 백업을 복원하거나, 없이 시작하십시오. 확인 응답을 받지 못한 측정값은 게이트웨이가 다시 보냅니다.",
    ),
    (
        "{file}: the disk is full or cannot be written ({why}); make room on it",
        "{file}: 디스크가 가득 찼거나 쓸 수 없습니다 ({why}). 공간을 확보하십시오.",
    ),
    (
        "{file} cannot be used ({why}); check its permissions, or use another data folder",
        "{file}: 사용할 수 없습니다 ({why}). 권한을 확인하거나 다른 데이터 폴더를 쓰십시오.",
    ),
    (
        "cannot make the folder {folder}: {why}; use another data folder",
        "{folder}: 폴더를 만들 수 없습니다 ({why}). 다른 데이터 폴더를 쓰십시오.",
    ),
    (
        "{file} exists; a backup overwrites nothing, choose another name",
        "{file}: 이미 있습니다. 백업은 덮어쓰지 않으니 다른 이름을 쓰십시오.",
    ),
    (
        "{file} was left by another file and would be taken for a part of the backup; choose another name",
        "{file}: 다른 파일이 남긴 것이어서 백업의 일부로 읽히게 됩니다. 다른 이름을 쓰십시오.",
    ),
    (
        "{file}: names that begin with {name} belong to the data file in this folder; choose another",
        "{file}: 이 폴더에서 {name}로 시작하는 이름은 데이터 파일의 것입니다. 다른 이름을 쓰십시오.",
    ),
    ("{folder}: no such folder for the backup", "{folder}: 백업할 폴더가 없습니다."),
    (
        "{file} is not for DuckDB {version} ({why}); use the WattProof that wrote it, or a newer one",
        "{file}: DuckDB {version}에서는 읽을 수 없습니다 ({why}). 이 파일을 쓴 WattProof나 더 새로운 것을 쓰십시오.",
    ),
    (
        "{file} is a DuckDB file but not a WattProof data file",
        "{file}: DuckDB 파일이지만 WattProof 데이터 파일이 아닙니다.",
    ),
    (
        "{file} exists; with --force it is set aside, and the backup takes its place",
        "{file}: 이미 있습니다. --force를 붙이면 이 파일의 이름을 바꾸어 두고 백업을 그 자리에 놓습니다.",
    ),
    (
        "{file} is damaged or not a WattProof data file ({why}); it was not used, nothing was changed: restore"
        " another backup",
        "{file}: 손상되었거나 WattProof 데이터 파일이 아닙니다 ({why}). 아무것도 바꾸지 않았습니다. 다른 백업을"
        " 쓰십시오.",
    ),
    (
        "readings are kept on {url}, not in a file; use InfluxDB's own tools (`influxd backup`)",
        "측정값은 파일이 아니라 {url}에 있습니다. InfluxDB의 도구(`influxd backup`)를 쓰십시오.",
    ),
    (
        "InfluxDB at {url} cannot be reached ({why}); is it running?",
        "InfluxDB({url})에 연결할 수 없습니다 ({why}). 실행 중인지 확인하십시오.",
    ),
)
_NETWORK: Final = (
    (
        "broker {url}: {why}. Check its address and port",
        "브로커 {url}에 연결할 수 없습니다 ({why}). 주소와 포트를 확인하십시오.",
    ),
    (
        "broker {url} lets us not in: {why}. Check username and password",
        "브로커 {url}가 접속을 거부합니다 ({why}). 사용자 이름과 비밀번호를 확인하십시오.",
    ),
    ("broker {url}: its limits cannot be told: {why}", "브로커 {url}의 한도를 알 수 없습니다: {why}"),
    (
        "{what}: cannot listen on {address}:{port}: {why}; stop what uses the port or choose another",
        "{what}: {address}:{port}에서 받을 수 없습니다 ({why}). 그 포트를 쓰는 프로그램을 끝내거나 다른 포트를"
        " 쓰십시오.",
    ),
)
_PAGES: Final = (
    (
        "there is no site {site}; /api/sites lists those that there are",
        "{site} 사업장이 없습니다. 있는 사업장은 /api/sites에서 볼 수 있습니다.",
    ),
    (
        "site {site} has no plan {plan}; /api/sites/{under}/plans lists those that it has",
        "{site} 사업장에 {plan} 계획이 없습니다. 있는 계획은 /api/sites/{under}/plans에서 볼 수 있습니다.",
    ),
    (
        "there is no programme {name}; /api/programmes lists those that there are",
        "{name} 사업이 없습니다. 있는 사업은 /api/programmes에서 볼 수 있습니다.",
    ),
    (
        "`{name}`: {text} is no day; write e.g. 2026-03-31",
        "`{name}`: {text}: 날짜가 아닙니다. 2026-03-31처럼 쓰십시오.",
    ),
    ("the last day {last} lies before the first, {first}", "종료일 {last}이(가) 시작일 {first}보다 앞섭니다."),
    ("nothing is served at {path}", "{path}: 없는 주소입니다."),
    ("something went wrong here; the server's log says what", "서버에서 오류가 났습니다. 서버의 로그를 확인하십시오."),
)
_WHATEVER: Final = (
    (
        "this command needs parts that are not installed: pip install 'wattproof[{extra}]'",
        "이 명령에 필요한 부분이 설치되어 있지 않습니다: pip install 'wattproof[{extra}]'",
    ),
    ("{file}: {os}", "{file}: {os}"),
)

_HEALTH: Final = (
    (
        "no collector has worked in {folder}; start it with `wattproof collector run`",
        "{folder}에서 수집기가 실행된 적이 없습니다. `wattproof collector run`으로 시작하십시오.",
    ),
    ("{file} is unreadable: {why}", "{file}을 읽을 수 없습니다: {why}"),
    (
        "the collector's last sign of life is {seconds} s old",
        "수집기가 {seconds}초 전부터 응답하지 않습니다.",
    ),
    (
        "the collector runs, but its broker or store is not reachable; see its log",
        "수집기는 실행 중이지만 브로커나 저장소에 연결되지 않습니다. 수집기 로그를 확인하십시오.",
    ),
    (
        "this computer's clock says {time} UTC: set it, or let a time server do it",
        "이 컴퓨터의 시각이 {time} UTC로 되어 있습니다. 시계를 맞추거나 시각 서버(NTP)를 설정하십시오.",
    ),
    (
        "quarantine {file}: {why}. Check the disk, its room, and the file's owner.",
        "격리 보관함 {file}: {why}. 디스크와 남은 공간, 파일의 소유자를 확인하십시오.",
    ),
    (
        "quarantine {file}: no quarantine this version can read. Move the file away.",
        "격리 보관함 {file}: 이 버전에서 읽을 수 없습니다. 파일을 다른 곳으로 옮기십시오.",
    ),
    (
        "collector.endpoint {host}:{port}: {why}. Name a free port of this machine, or leave the section out.",
        "collector.endpoint {host}:{port}: {why}. 이 컴퓨터에서 비어 있는 포트를 쓰거나 이 항목을 빼십시오.",
    ),
    ("a thread of the collector has ended: restart it", "수집기의 스레드가 끝났습니다. 다시 시작하십시오."),
    ("the collector is at work", "수집기가 정상 작동 중입니다."),
)

FAILURES: Final = (*_HEALTH, *_FILES, *STORES, *_STORE, *_NETWORK, *OPTIONS, *PROVISION, *_PAGES, *IMPORTS, *_WHATEVER)
"""English and Korean; the first that fits is taken."""
