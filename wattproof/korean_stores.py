"""What stores say of their files and servers, English and Korean: a part of `korean_failures`."""

from __future__ import annotations

from typing import Final

_DATA_FILE: Final = (
    (
        "{file} was moved, replaced or deleted while in use, and takes nothing more: put it back; or save what it holds"
        " with `wattproof db backup`, stop this process and restore the backup",
        "{file}: 사용 중에 옮겨졌거나 다른 파일로 바뀌었거나 삭제되어 더는 저장하지 않습니다. 파일을 제자리에 되돌려"
        " 놓으십시오. 되돌릴 수 없으면 `wattproof db backup`으로 내용을 백업하고, 이 프로세스를 끝낸 뒤 그 백업을"
        " 복원하십시오.",
    ),
    (
        "{file}: the database stopped and is started again at the next use ({why})",
        "{file}: 데이터베이스가 멈췄습니다. 다음에 쓸 때 다시 시작합니다 ({why}).",
    ),
    (
        "{file} is being read for long, by a backup perhaps; try again later",
        "{file}: 백업 등으로 오래 읽는 중입니다. 나중에 다시 시도하십시오.",
    ),
    (
        "{file}: its log could not be written into it; make room on the disk",
        "{file}: 로그의 내용을 파일에 쓰지 못했습니다. 디스크에 공간을 확보하십시오.",
    ),
    (
        "{name}.journal beside {file}: the disk is full or cannot be written ({why}); make room on it",
        "{file} 옆의 {name}.journal: 디스크가 가득 찼거나 쓸 수 없습니다 ({why}). 공간을 확보하십시오.",
    ),
    (
        "{name}.journal beside {file} cannot be written ({why}); check permissions, or use another data folder",
        "{file} 옆의 {name}.journal: 쓸 수 없습니다 ({why}). 권한을 확인하거나 다른 데이터 폴더를 쓰십시오.",
    ),
    (
        "{journal} holds {count} readings of another data file than {file}: put that file back, or move the journal"
        " away, and keep it: nobody else has them",
        "{journal}: {file}이(가) 아닌 다른 데이터 파일의 측정값 {count}개가 들어 있습니다. 그 데이터 파일을 되돌려"
        " 놓거나 이 저널을 다른 곳으로 옮기십시오. 다른 어디에도 없는 측정값이므로 지우지 마십시오.",
    ),
    (
        "{file} is not a journal of WattProof's; move it away",
        "{file}: WattProof의 저널이 아닙니다. 다른 곳으로 옮기십시오.",
    ),
    (
        "{file} is already open in this process; close that store first",
        "{file}: 이 프로세스에서 이미 쓰고 있습니다. 먼저 닫으십시오.",
    ),
    (
        "{folder}: cannot make a socket there: {why}",
        "{folder}: 소켓을 만들 수 없습니다: {why}",
    ),
)
_BACKUPS: Final = (
    (
        "{file}: the backup could not be written ({why})",
        "{file}: 백업을 쓸 수 없습니다 ({why}).",
    ),
    (
        "{file}: {done} of {total} rows were copied; the copy is not used",
        "{file}: {total}행 가운데 {done}행만 복사되어 이 사본은 쓰지 않습니다.",
    ),
    (
        "{file}: a restore into its place was cut off, {copy} is to take it; the next `wattproof up` finishes it",
        "{file}: 복원하다가 중단되었습니다. 다음에 `wattproof up`을 실행하면 {copy}을(를) 이 자리에 놓고 마칩니다.",
    ),
    (
        "{file}: a restored copy cannot take its place ({why}); make the folder writable, and the next start finishes"
        " it",
        "{file}: 복원한 사본을 이 자리에 놓을 수 없습니다 ({why}). 폴더에 쓸 수 있게 하면 다음에 시작할 때 마칩니다.",
    ),
    (
        "{file} is in use by another process or cannot be read ({why}); nothing was changed",
        "{file}: 다른 프로세스에서 사용 중이거나 읽을 수 없습니다 ({why}). 아무것도 바꾸지 않았습니다.",
    ),
    ("{file} is a folder; name the backup's file", "{file}: 폴더입니다. 백업 파일을 지정하십시오."),
    (
        "{file} is the data file itself, not a backup of it; nothing was changed",
        "{file}: 백업이 아니라 데이터 파일 자체입니다. 아무것도 바꾸지 않았습니다.",
    ),
    (
        "{folder}: the disk is full or cannot be written ({why}); make room on it: nothing was changed",
        "{folder}: 디스크가 가득 찼거나 쓸 수 없습니다 ({why}). 아무것도 바꾸지 않았습니다. 공간을 확보하십시오.",
    ),
    (
        "{folder}: cannot be written ({why}); nothing was changed",
        "{folder}: 쓸 수 없습니다 ({why}). 아무것도 바꾸지 않았습니다.",
    ),
    (
        "{file} cannot be read ({why}); check its permissions",
        "{file}: 읽을 수 없습니다 ({why}). 권한을 확인하십시오.",
    ),
    (
        "{file} is a DuckDB file but not a WattProof data file; it was not used",
        "{file}: DuckDB 파일이지만 WattProof 데이터 파일이 아니어서 쓰지 않았습니다.",
    ),
    (
        "{file}: {duplicates} duplicates, {orphans} readings without a series; it was not used",
        "{file}: 중복 {duplicates}개, 시리즈가 없는 측정값 {orphans}개가 있어 쓰지 않았습니다.",
    ),
)
_INFLUX: Final = (
    (
        "{url} is no InfluxDB URL; write it like http://127.0.0.1:8086",
        "{url}: InfluxDB의 URL이 아닙니다. http://127.0.0.1:8086처럼 쓰십시오.",
    ),
    (
        "the URL of InfluxDB on {host} holds credentials; give them as username and password",
        "InfluxDB({host})의 URL에 인증 정보가 들어 있습니다. 사용자 이름과 비밀번호 항목에 따로 쓰십시오.",
    ),
    ("{url}: {why}; check its certificate", "{url}: {why}. 서버의 인증서를 확인하십시오."),
    (
        "{url}/query does not answer as expected ({why}); check its URL",
        "{url}/query가 InfluxDB처럼 답하지 않습니다 ({why}). URL을 확인하십시오.",
    ),
    (
        "InfluxDB at {url} ended an answer before it was whole",
        "InfluxDB({url})의 응답이 중간에 끊겼습니다.",
    ),
    (
        "InfluxDB at {url} does not accept {who} {said}; check the credentials",
        "InfluxDB({url})가 인증을 거부합니다: {who} {said}. 인증 정보를 확인하십시오.",
    ),
    (
        "InfluxDB at {url} does not let {who} use {database} {said}; grant read and write on it",
        "InfluxDB({url})의 {database}에 권한이 없습니다: {who} {said}. 읽기와 쓰기 권한을 주십시오.",
    ),
    (
        "InfluxDB at {url} has no {database} {said}; check URL and database",
        "InfluxDB({url})에 {database}이(가) 없습니다 {said}. URL과 데이터베이스 이름을 확인하십시오.",
    ),
    (
        "InfluxDB at {url} refuses the request {said}; check URL, organization and database",
        "InfluxDB({url})가 요청을 거부합니다 {said}. URL, 조직, 데이터베이스 이름을 확인하십시오.",
    ),
    (
        "InfluxDB at {url} has no database {database} that {who} may use, nor may it make one ({why}); as its"
        " administrator: {statement}",
        "InfluxDB({url})에 쓸 수 있는 데이터베이스 {database}이(가) 없고 만들 권한도 없습니다: {who} ({why}). 관리자"
        " 권한으로 실행하십시오: {statement}",
    ),
    (
        "InfluxDB at {url} has no organization {org} that {who} may use; it may use {names}",
        "InfluxDB({url})에 쓸 수 있는 조직 {org}이(가) 없습니다: {who}. 쓸 수 있는 조직: {names}",
    ),
    (
        "InfluxDB at {url} has several organizations ({names}) and does not say in which of them {who} was made, from"
        " which it answers; make one for a single organization: influx auth create --org {org} --read-buckets"
        " --write-buckets",
        "InfluxDB({url})에 조직이 여럿({names}) 있는데 어느 조직에서 만든 것인지 알 수 없습니다: {who}. 한 조직의"
        " 토큰을 만드십시오: influx auth create --org {org} --read-buckets --write-buckets",
    ),
    (
        "InfluxDB at {url} answers {who} from the organization {own} it was made in, and {org} is to be used; make a"
        " token there: influx auth create --org {name}",
        "InfluxDB({url})는 토큰을 만든 조직 {own}의 값을 돌려주는데 쓸 조직은 {org}입니다: {who}. 그 조직에서 토큰을"
        " 만드십시오: influx auth create --org {name}",
    ),
    (
        "{url} answers {status} to lines, where InfluxDB says {durable} when they are safe: something else answers, a"
        " proxy or a page to sign in to; check the URL and what is on the way",
        "{url}: 기록 요청에 InfluxDB라면 {durable}(으)로 답해야 하는데 {status}(으)로 답합니다. 프록시나 로그인"
        " 페이지가 대신 답하는 듯합니다. URL과 중간 경로를 확인하십시오.",
    ),
)

STORES: Final = (*_DATA_FILE, *_BACKUPS, *_INFLUX)
"""English and Korean; the first that fits is taken."""
