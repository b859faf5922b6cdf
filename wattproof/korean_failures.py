"""The failures that people meet most, in English as the rooms say them and in Korean.

A name in braces stands for what differs. A test holds every English sentence against the program's own, so that none of
them goes stale; the first that fits is taken.
"""

from __future__ import annotations

from typing import Final

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
    ("{folder}: no such folder for the backup", "{folder}: 백업할 폴더가 없습니다."),
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
_OPTIONS: Final = (
    (
        "say which site the readings are of (--site), or only look at them (--dry-run)",
        "어느 사업장의 측정값인지 --site로 지정하거나, --dry-run으로 살펴보기만 하십시오.",
    ),
    (
        "say which: numbers of entries, --reason, --site, --gateway, --device, or --all",
        "대상을 지정하십시오: 항목 번호, --reason, --site, --gateway, --device, 또는 --all",
    ),
    (
        "no entry {entry} in quarantine; `wattproof quarantine list --all` shows all",
        "격리 보관함에 {entry}번 항목이 없습니다. `wattproof quarantine list --all`로 모두 볼 수 있습니다.",
    ),
    (
        "{file}: the name does not tell the format; end it in .parquet, .csv or .xlsx, or say --format",
        "{file}: 이름으로 형식을 알 수 없습니다. .parquet, .csv, .xlsx로 끝내거나 --format을 지정하십시오.",
    ),
    (
        "{file}: the name does not tell the format; end it in .csv or .xlsx",
        "{file}: 이름으로 형식을 알 수 없습니다. .csv나 .xlsx로 끝내십시오.",
    ),
    ("--from {since} is not before --to {until}", "--from {since}이(가) --to {until}보다 앞서지 않습니다."),
    (
        "--every {length}: write a part of a day or whole days, e.g. 1m, 15m, 1h, 1d",
        "--every {length}: 하루를 나누는 길이나 며칠로 쓰십시오. 예: 1m, 15m, 1h, 1d",
    ),
    (
        "{text} is no day or time; write e.g. 2026-03-01 or '2026-03-01 06:00'",
        "{text}: 날짜나 시각이 아닙니다. 2026-03-01이나 '2026-03-01 06:00'처럼 쓰십시오.",
    ),
    ("{text} is no month; write e.g. 2026-07", "{text}: 달이 아닙니다. 2026-07처럼 쓰십시오."),
    ("no site {site} in the store; there are: {sites}", "저장소에 {site} 사업장이 없습니다. 있는 것: {sites}"),
    (
        "the store has no readings of a site {site}; it has {sites}",
        "저장소에 {site} 사업장의 측정값이 없습니다. 있는 것: {sites}",
    ),
    (
        "plan {plan}: no site {site} in the store; there are {sites}",
        "계획 {plan}: 저장소에 {site} 사업장이 없습니다. 있는 것: {sites}",
    ),
    (
        "site {site} was not read for one whole day yet: {first} to {until}",
        "{site} 사업장은 아직 하루를 다 계측하지 않았습니다: {first} ~ {until}",
    ),
    (
        "environment variable {name} is unknown; `wattproof config show --variables` lists those that are",
        "환경 변수 {name}은(는) 없는 설정입니다. `wattproof config show --variables`로 볼 수 있습니다.",
    ),
)
_DEMO: Final = (
    ("--store {store}: use duck or influx", "--store {store}: duck이나 influx를 쓰십시오."),
    (
        "--store influx and --influx-url URL belong together; give both or neither",
        "--store influx와 --influx-url URL은 함께 쓰거나 둘 다 쓰지 마십시오.",
    ),
    (
        "the store already holds {count} readings of {site}, so this run could not be accounted for; use another data"
        " folder, or another database with --influx-database",
        "저장소에 {site}의 측정값 {count}개가 이미 있어 이번 실행의 장부를 만들 수 없습니다. 다른 데이터 폴더를 쓰거나"
        " --influx-database로 다른 데이터베이스를 지정하십시오.",
    ),
    ("ended before the factory ran", "가상 공장이 시작되기 전에 끝냈습니다."),
)
_IMPORTS: Final = (
    (
        "{file}: this is a web page or XML, whatever its name; open it in Excel, save it as CSV (UTF-8) and import"
        " that",
        "{file}: 이름과 달리 웹 문서나 XML입니다. 엑셀에서 열어 CSV(UTF-8)로 저장하여 가져오십시오.",
    ),
    (
        "{file}: this is JSON, not a table; save its rows as CSV and import that",
        "{file}: 표가 아니라 JSON입니다. CSV로 저장하여 가져오십시오.",
    ),
    (
        "{file}: this is no text but some program's own format; export it there as CSV",
        "{file}: 텍스트가 아니라 어떤 프로그램의 고유 형식입니다. 그 프로그램에서 CSV로 내보내십시오.",
    ),
    ("{file}: the file is empty", "{file}: 빈 파일입니다."),
    ("{file}: nothing but empty lines", "{file}: 빈 줄뿐입니다."),
    (
        "{file}: line {line} is no header with data below it; check --header-line",
        "{file}: {line}행은 아래에 자료가 있는 머리행이 아닙니다. --header-line을 확인하십시오.",
    ),
    ("{file}: no column {name}; it has {columns}", "{file}: {name} 열이 없습니다. 있는 열: {columns}"),
    (
        "{series}: the store holds other values at {count} of these times, first {first}; --replace puts the file's in"
        " their place",
        "{series}: 이 시각들 가운데 {count}곳에 저장소의 값이 다릅니다. 첫 번째: {first}. --replace를 붙이면 파일의"
        " 값으로 바꿉니다.",
    ),
    ("{file}: no rows below the header", "{file}: 머리행 아래에 자료가 없습니다."),
    (
        "{file}: no columns found (looked for {signs}); name the delimiter with --delimiter",
        "{file}: 열을 나누지 못했습니다 (찾아본 구분 기호: {signs}). --delimiter로 지정하십시오.",
    ),
    (
        "{file}: no column of dates and times found among {columns}; name it with --time",
        "{file}: 날짜·시각 열을 찾지 못했습니다. --time으로 지정하십시오. 열: {columns}",
    ),
    ("{file}: this Parquet file cannot be read: {why}", "{file}: Parquet 파일을 읽을 수 없습니다: {why}"),
    (
        "time zone {zone} is unknown; write e.g. Asia/Seoul, Europe/Berlin, UTC or +09:00",
        "시간대 {zone}을(를) 알 수 없습니다. Asia/Seoul, Europe/Berlin, UTC, +09:00처럼 쓰십시오.",
    ),
)
_WHATEVER: Final = (
    (
        "this command needs parts that are not installed: pip install 'wattproof[{extra}]'",
        "이 명령에 필요한 부분이 설치되어 있지 않습니다: pip install 'wattproof[{extra}]'",
    ),
    ("{file}: {os}", "{file}: {os}"),
)

FAILURES: Final = (*_FILES, *_STORE, *_NETWORK, *_OPTIONS, *_DEMO, *_IMPORTS, *_WHATEVER)
"""English and Korean; the first that fits is taken."""
