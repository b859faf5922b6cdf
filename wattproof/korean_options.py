"""What commands say of their options and of how they ended, English and Korean: a part of `korean_failures`."""

from __future__ import annotations

from typing import Final

OPTIONS: Final = (
    (
        "say which site the readings are of (--site), or only look at them (--dry-run)",
        "어느 사업장의 측정값인지 --site로 지정하거나, --dry-run으로 살펴보기만 하십시오.",
    ),
    (
        "say which: numbers of entries, --reason, --site, --gateway, --device, or --all",
        "대상을 지정하십시오: 항목 번호, --reason, --site, --gateway, --device, 또는 --all",
    ),
    (
        "--reason {reason}: there is no such reason; there are {reasons}",
        "--reason {reason}: 그런 사유는 없습니다. 있는 것: {reasons}",
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
        "{file}: plan {plan}: no site {site} in the store; there are {sites}",
        "{file}: 계획 {plan}: 저장소에 {site} 사업장이 없습니다. 있는 것: {sites}",
    ),
    (
        "{file}: plan {plan}: site {site} has no {kind} {device}; there are {devices}",
        "{file}: 계획 {plan}: {site} 사업장에 {device}({kind})이(가) 없습니다. 있는 것: {devices}",
    ),
    (
        "{place}: {window} ends before it starts; swap first_day and last_day",
        "{place}: {window}: 끝이 시작보다 앞섭니다. first_day와 last_day를 서로 바꾸십시오.",
    ),
    (
        "the store holds no {channel} of {device} at site {site} from {first} to {last}",
        "저장소에 {site} 사업장 {device}의 {channel} 값이 {first}부터 {last}까지 하나도 없습니다.",
    ),
    (
        "{file} has no contract {contract}; it has {contracts}",
        "{file}에 {contract}(이)라는 계약종별이 없습니다. 있는 것: {contracts}",
    ),
    (
        "the store holds no meter {meter}; meters with energy_import_wh: {there}",
        "저장소에 계측기 {meter}이(가) 없습니다. 전력량(energy_import_wh)을 재는 계측기: {there}",
    ),
    (
        "the store holds {count} meters called {meter}: say --site; meters with energy_import_wh: {there}",
        "저장소에 이름이 {meter}인 계측기가 {count}대 있습니다. --site로 사업장을 지정하십시오."
        " 전력량(energy_import_wh)을 재는 계측기: {there}",
    ),
    (
        "{contract} has its demand metered; only a low-voltage contract can be without",
        "{contract}: 최대수요전력계가 있는 계약입니다. 저압 계약에만 없을 수 있습니다.",
    ),
    (
        "site {site}: no {channel} of {device}; it has {there}",
        "{site} 사업장의 {device}에 {channel} 값이 없습니다. 있는 채널: {there}",
    ),
    (
        "{channel} of {device} is no product: name a counter of what is made ({counters}) or a flow ({flows})",
        "{device}의 {channel}은(는) 생산 지표가 아닙니다. 생산 수량의 누적값({counters})이나 유량({flows})을"
        " 지정하십시오.",
    ),
    (
        "site {site} has no meter with {energy} or {power}; its channels are {channels}",
        "{site} 사업장에 {energy}나 {power}을(를) 재는 계측기가 없습니다. 있는 채널: {channels}",
    ),
    (
        "the meters of site {site} were never read",
        "{site} 사업장의 계측기에서 읽은 값이 하나도 없습니다.",
    ),
    (
        "{device} is named as like itself; name the meter of a machine as the new one would be",
        "{device}을(를) 자기 자신과 비교하게 되어 있습니다. 새 설비와 비슷한 설비의 계측기를 지정하십시오.",
    ),
    (
        "{like} meters the whole site, so it is no machine like {device}",
        "{like}은(는) 공장 전체의 계측기여서 {device}와 비교할 수 없습니다.",
    ),
    (
        "shifts must begin one after another; they begin at {shifts}",
        "교대 시작 시각은 이른 것부터 하나씩 써야 합니다. 지금은 {shifts}입니다.",
    ),
    (
        "{first} to {last} are {days} days; {most} are the most",
        "{first} ~ {last}: {days}일입니다. {most}일까지 진단할 수 있습니다.",
    ),
    (
        "no evaluation plan {plan} in the plans folder; there are: {there}",
        "계획 폴더에 평가 계획 {plan}이(가) 없습니다. 있는 것: {there}",
    ),
    (
        "--price and --contract are two ways to price a kWh; give one of them",
        "--price와 --contract는 둘 다 단가를 정하는 옵션입니다. 하나만 쓰십시오.",
    ),
    (
        "{file} is a programme, which names its plans itself: give it alone",
        "{file}: 사업 파일이며 그 안에 계획이 적혀 있습니다. 이 파일만 지정하십시오.",
    ),
    (
        "the mapping brings no examples; give --topic and --payload",
        "이 매핑에는 예제가 없습니다. --topic과 --payload를 쓰십시오.",
    ),
    (
        "{file}: no factory file ({why}); built-in factories: {there}",
        "{file}: 공장 파일이 없습니다 ({why}). 기본 공장: {there}",
    ),
    (
        "site {site} has no meter {meter}; its meters are {meters}",
        "{site} 사업장에 계측기 {meter}이(가) 없습니다. 있는 것: {meters}",
    ),
    (
        "site {site}: nothing of {meters} was read from {first} to {last}; last read {time}",
        "{site} 사업장: {meters}의 측정값이 {first}부터 {last}까지 하나도 없습니다. 마지막 측정: {time}",
    ),
    ("{text} is no time a shift begins; write e.g. 08:00", "{text}: 교대 시작 시각이 아닙니다. 08:00처럼 쓰십시오."),
    ("{option} {text} is no day; write e.g. 2026-03-01", "{option} {text}: 날짜가 아닙니다. 2026-03-01처럼 쓰십시오."),
    (
        "--product {text}: write meter and counting device, e.g. press-1=plc-1",
        "--product {text}: 계측기와 생산을 세는 설비를 press-1=plc-1처럼 쓰십시오.",
    ),
    (
        "--replace {text}: write meter, expected saving and price, e.g. press-1=18-28@90000000",
        "--replace {text}: 계측기, 예상 절감률, 가격을 press-1=18-28@90000000처럼 쓰십시오.",
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
        "environment variable {name}: {why}; it is {text}",
        "환경 변수 {name}: {why} 지금 값은 {text}입니다.",
    ),
    (
        "environment variable {name} is unknown; `wattproof config show --variables` lists those that are",
        "환경 변수 {name}은(는) 없는 설정입니다. `wattproof config show --variables`로 볼 수 있습니다.",
    ),
    ("--peak {text}: write month and kW, e.g. 2026-01=412.5", "--peak {text}: 달과 kW를 2026-01=412.5처럼 쓰십시오."),
    (
        "--gateway {pair}: write it as SITE/GATEWAY, e.g. gimpo-demo/gw-1",
        "--gateway {pair}: 사업장/게이트웨이로 쓰십시오. 예: gimpo-demo/gw-1",
    ),
    (
        "--publisher {pair}: write it as NAME=TOPIC, e.g. press-meter=tele/tasmota_5A9AE8/SENSOR",
        "--publisher {pair}: 이름=토픽으로 쓰십시오. 예: press-meter=tele/tasmota_5A9AE8/SENSOR",
    ),
    (
        "--workers-group: each of several collectors would have a part of the readings in a DuckDB file of its own; "
        "let them write to one InfluxDB (store.engine: influx), or run one",
        "--workers-group: 수집기를 여럿 실행하면 저마다 자기 DuckDB 파일에 측정값의 일부만 갖게 됩니다. "
        "모두 InfluxDB 하나에 쓰게 하거나(store.engine: influx) 하나만 실행하십시오.",
    ),
    (
        "--workers-group {name}: a-z, 0-9, '-' and '_' only ({why})",
        "--workers-group {name}: a-z, 0-9, '-', '_'만 쓸 수 있습니다 ({why})",
    ),
    (
        "a payload without its topic: give --topic as well, or neither to see the examples",
        "메시지만 있고 토픽이 없습니다. --topic도 쓰십시오. 둘 다 쓰지 않으면 매핑의 예를 보여 줍니다.",
    ),
    (
        "which mapping? Name one, or list some in the configuration under collector.foreign.maps",
        "매핑을 지정하거나, 설정의 collector.foreign.maps에 적으십시오.",
    ),
    ("give --payload or --file, not both", "--payload와 --file 가운데 하나만 쓰십시오."),
    (
        "--listen {where}: write HOST or HOST:PORT, such as 192.168.0.10:1883",
        "--listen {where}: 호스트나 호스트:포트로 쓰십시오. 예: 192.168.0.10:1883",
    ),
    (
        "nothing arrived within {seconds} s under {filters}; give --topic and --payload",
        "{filters} 토픽으로 {seconds}초 동안 아무것도 오지 않았습니다. --topic과 --payload로 시험할 수 있습니다.",
    ),
    (
        "--aggregate is of windows: say how long they are, e.g. --every 15m",
        "--aggregate에는 구간의 길이가 필요합니다. 예: --every 15m",
    ),
    ("--bom is for CSV; {format} needs none", "--bom은 CSV에만 씁니다. {format}에는 필요 없습니다."),
    ("{file}: stopped; no file was written", "{file}: 중단했습니다. 파일을 만들지 않았습니다."),
    (
        "--only {text}: write HEADER=TEXT, e.g. '계량기=압연기'",
        "--only {text}: 열이름=값으로 쓰십시오. 예: '계량기=압연기'",
    ),
    ("the check ended without an answer; try again", "검사가 결과 없이 끝났습니다. 다시 시도하십시오."),
    (
        "the process that holds the data file ended before it was done; look at its log",
        "데이터 파일을 쓰던 프로세스가 먼저 끝났습니다. 그 로그를 확인하십시오.",
    ),
    ("say which site: the store holds {sites}", "사업장을 지정하십시오. 저장소에 있는 것: {sites}"),
    ("the store holds no readings yet", "저장소에 아직 측정값이 없습니다."),
    ("the edge agent ended; see {log}", "게이트웨이 프로그램이 끝났습니다. {log}을(를) 확인하십시오."),
    ("ended before the {part} was ready", "{part}이(가) 준비되기 전에 끝냈습니다."),
    (
        "web server: {host} is not an address of this machine; use 127.0.0.1 or 0.0.0.0",
        "웹 서버: {host}은(는) 이 컴퓨터의 주소가 아닙니다. 127.0.0.1이나 0.0.0.0을 쓰십시오.",
    ),
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
