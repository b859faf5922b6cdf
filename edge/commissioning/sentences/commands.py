"""Sentences of the technician's commands: English, Korean."""

from __future__ import annotations

from typing import Final

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    # Commands: scan.
    "stage_hosts": ("addresses", "주소"),
    "stage_units": ("unit numbers", "유닛 번호"),
    "stage_models": ("models", "기종 확인"),
    "stage_devices": ("devices", "장치"),
    "stage_seconds": ("seconds", "초"),
    "will_scan_tcp": (
        "Connecting to {ports} port(s) of {hosts} address(es), at most 100 connections a second; where one opens, "
        "asking {units} unit number(s) for one register, each waited for at most {timeout} s. Nothing is written.",
        "주소 {hosts}개의 포트 {ports}개에 초당 최대 100회 연결하고, 열린 곳에서 유닛 번호 {units}개에 레지스터 "
        "하나씩을 물어봅니다 (각 최대 {timeout}초). 쓰기는 하지 않습니다.",
    ),
    "will_scan_serial": (
        "Asking {units} unit number(s) on {line} ({settings} line setting(s)) for one register. A silent number costs "
        "{silent} ms, an answer at most {answering} ms (the wire's time, and {wait} ms to think): at most "
        "{seconds} s. "
        "Nothing is written; nobody else may use the line meanwhile.",
        "{line}에서 유닛 번호 {units}개에 레지스터 하나씩을 물어봅니다 (통신 설정 {settings}가지). 응답이 없으면 "
        "{silent} ms, 있으면 최대 {answering} ms (전송 시간과 장치 대기 {wait} ms): 길어야 {seconds}초. 쓰기는 하지 않"
        "으며, 그동안 다른 프로그램은 이 선로를 쓸 수 없습니다.",
    ),
    "scan_title": ("What answers", "응답한 장치"),
    "scan_done": ("{units} unit(s) found in {seconds} s", "유닛 {units}개를 {seconds}초에 찾음"),
    "scan_saved": (
        "Saved. Next: wattproof edge init --found {file}", "저장함. 다음: wattproof edge init --found {file}",
    ),
    "scan_nothing": (
        "Nothing answered ({seconds} s). Check power, A/B wires and termination, line settings (--baud, --parity, "
        "--all) or the network and port.",
        "응답 없음 ({seconds}초). 전원, A/B 결선과 종단저항, 통신 설정(--baud, --parity, --all) 또는 "
        "네트워크와 포트를 "
        "확인하십시오.",
    ),
    "model_unknown": ("unknown", "알 수 없음"),
    "model_unknown_advice": (
        "wattproof edge probe {url} {unit} --address 0 --count 40",
        "wattproof edge probe {url} {unit} --address 0 --count 40",
    ),
    "sure_likely": ("likely", "유력"),
    "sure_possible": ("possible", "가능"),
    "column_where": ("Where", "위치"),
    "unit": ("unit {unit}", "유닛 {unit}"),
    "column_model": ("Model, profile", "기종, 프로파일"),
    "column_sure": ("Sure", "확신"),
    "column_live": ("Compare with the display", "화면과 비교할 값"),
    "column_why": ("Why", "이유"),
    # Commands: probe.
    "probe_title": ("Now", "현재 값"),
    "probe_described": ("{vendor} {model}, {profile}", "{vendor} {model}, {profile}"),
    "probe_saved": (
        "Saved in {file}; in the site file: profile: {file}", "{file}에 저장함. 현장 파일에는 profile: {file}",
    ),
    "probe_no_value": ("no value ({reason})", "값 없음 ({reason})"),
    "probe_words": ("Registers", "레지스터"),
    "probe_ranked": ("What they may mean, the likeliest first", "가능한 해석 (유력한 순)"),
    "probe_nothing": (
        "None of these registers looks like a voltage, a frequency or a counter. Try other addresses, or "
        "--function 4.",
        "전압, 주파수, 적산값으로 보이는 레지스터가 없습니다. 다른 주소나 --function 4를 써 보십시오.",
    ),
    "column_quantity": ("Quantity", "항목"),
    "column_channel": ("Channel", "채널"),
    "column_value": ("Value", "값"),
    "column_address": ("Address", "주소"),
    "column_hex": ("Hex", "16진수"),
    "column_decimal": ("Decimal", "10진수"),
    "column_later": ("Later", "나중 값"),
    "column_offset": ("Offset", "차이"),
    "column_type": ("Type, order", "형식, 바이트 순서"),
    "column_scale": ("Scale", "배율"),
    "column_bits": ("Bits", "증거(비트)"),
    # Why there is no value.
    "reason_connect": ("connect", "연결 안 됨"),
    "reason_timeout": ("timeout", "응답 없음"),
    "reason_exception": ("refused", "장치가 거부"),
    "reason_frame": ("frame", "깨진 응답"),
    "reason_stale": ("stale", "늦은 응답"),
    "reason_range": ("out of range", "범위 밖"),
    "reason_sentinel": ("device says none", "장치가 값 없음으로 표시"),
    # Commands: init.
    "init_written": ("{file} is written.", "{file} 파일을 작성했습니다."),
    "init_exists": (
        "{file} exists already; name another file, or say --replace to write it anew",
        "{file} 파일이 이미 있습니다. 다른 이름을 쓰거나 --replace로 새로 쓰십시오",
    ),
    "init_profile_exists": (
        "{file} exists already; say --replace to write it anew, or name the device otherwise",
        "{file} 파일이 이미 있습니다. --replace로 새로 쓰거나 장치 이름을 바꾸십시오",
    ),
    "init_where": (
        "say where to look: --serial /dev/ttyUSB0, --tcp 192.168.0.0/24, or --found FILE of a scan",
        "어디를 찾을지 알려 주십시오: --serial /dev/ttyUSB0, --tcp 192.168.0.0/24, 또는 스캔 결과 --found FILE",
    ),
    "init_nothing": (
        "no unit was found that fits a profile, so there is nothing to put into a site file. Check power, wiring, "
        "address and line settings; `wattproof edge probe` looks at a unit whose model is unknown",
        "프로파일에 맞는 장치가 없어 현장 파일에 쓸 것이 없습니다. 전원, 결선, 주소, 통신 설정을 확인하십시오. 기종을 "
        "모르는 장치는 `wattproof edge probe`로 살펴볼 수 있습니다",
    ),
    "probe_which": (
        "say either --profile P (a known model) or --address A (an unknown one)",
        "--profile P(아는 기종)와 --address A(모르는 기종) 중 하나를 쓰십시오",
    ),
    "probe_save": (
        "--save keeps the profile of a device that describes itself: --profile sunspec",
        "--save는 스스로 설명하는 장치의 프로파일을 저장할 때만 씁니다: --profile sunspec",
    ),
    "parity": (
        "--parity {parity}: N (none), E (even) or O (odd)", "--parity {parity}: N(없음), E(짝수), O(홀수) 중 하나",
    ),
    "stopped": ("ended before there was a result", "결과가 나오기 전에 중단했습니다"),
    "status_none": (
        "{path}: no agent has run with this folder; name the agent's own with --data-dir",
        "{path}: 이 폴더로 실행된 에이전트가 없습니다. 에이전트의 폴더를 --data-dir로 알려 주십시오",
    ),
    "init_run": ("Start the agent now?", "지금 에이전트를 시작할까요?"),
    "init_running": ("The agent runs. Ctrl-C ends it.", "에이전트가 실행 중입니다. Ctrl-C로 끝냅니다."),
    "init_next": ("Next: wattproof edge run {file}", "다음: wattproof edge run {file}"),
    "ask_ports": ("Serial ports here: {ports}", "이 기기의 시리얼 포트: {ports}"),
    "ask_serial": ("Serial lines to scan (- for none)", "스캔할 시리얼 포트 (없으면 -)"),
    "ask_network": (
        "Networks to scan, e.g. 192.168.0.0/24 (- for none)",
        "스캔할 네트워크, 예: 192.168.0.0/24 (없으면 -)",
    ),
    "ask_site": ("Site id (a-z, 0-9, -)", "사업장 ID (a-z, 0-9, -)"),
    "ask_site_name": ("Site name", "사업장 이름"),
    "ask_gateway": ("Gateway id", "게이트웨이 ID"),
    "ask_device": ("{where}, unit {unit}: {model}; {live}", "{where}, 유닛 {unit}: {model}; {live}"),
    "ask_profile": (
        "Which profile is it? Compare with its plate: {profiles}",
        "어느 프로파일입니까? 명판과 비교하십시오: {profiles}",
    ),
    "ask_one_of": ("one of {names}", "{names} 중 하나"),
    "ask_device_id": ("Device id (a-z, 0-9, -)", "장치 ID (a-z, 0-9, -)"),
    "ask_label": ("Its name for people", "사람이 볼 이름"),
    "ask_bad_id": ("only a-z, 0-9, - and _, beginning with a letter or digit", "a-z, 0-9, -, _ 만 쓸 수 있습니다"),
    "ask_taken_id": ("{id} is another device already", "{id}은(는) 이미 다른 장치입니다"),
    "ask_broker": ("MQTT broker's host", "MQTT 브로커 주소"),
    "test_title": ("Every device, read once", "모든 장치 시험 (1회)"),
    "test_ok": ("answers", "정상"),
    "test_partly": ("answers in part", "일부 응답"),
    "test_failed": ("does not answer", "응답 없음"),
    "test_values": ("{good} of {all} values", "값 {all}개 중 {good}개"),
    "column_device": ("Device", "장치"),
    "column_result": ("Result", "결과"),
    "column_said": ("What it said", "내용"),
    # Commands: status.
    "status_title": (
        "{site}/{gateway}: broker {broker}\n"
        "Outbox {batches} batches ({kilobytes} kB); {readings} readings taken, {stored} stored\n"
        "Polls late at most {late} ms (p99)",
        "{site}/{gateway}: 브로커 {broker}\n"
        "아웃박스 {batches}건 ({kilobytes} kB), 계측값 {readings}개 중 {stored}개 저장됨\n"
        "수집 지연 최대 {late} ms (p99)",
    ),
    "status_connected": ("connected", "연결됨"),
    "status_disconnected": ("NOT CONNECTED", "연결 안 됨"),
    "status_away": (
        "What is read stays on this gateway's disk and is sent when the broker is back. Check its host, port and user, "
        "and the network; the log says why.",
        "계측값은 이 게이트웨이의 디스크에 보관했다가 브로커에 다시 연결되면 보냅니다. 브로커 주소, 포트, 계정과 "
        "네트워크를 확인하십시오. 원인은 로그에 있습니다.",
    ),
    "status_lost": (
        "{lost} readings were lost since this outbox was begun, and declared as gaps.",
        "이 게이트웨이의 아웃박스를 만든 뒤 계측값 {lost}개를 잃었고, 손실 구간으로 신고했습니다.",
    ),
    "status_advice": ("{devices}: {reason}. {advice}", "{devices}: {reason}. {advice}"),
    "status_id_twice": (
        "Another client logs in at the broker as gateway {gateway}: give each gateway an id of its own.",
        "다른 클라이언트가 게이트웨이 {gateway}의 ID로 브로커에 접속하고 있습니다. 게이트웨이마다 다른 ID를 쓰십시오.",
    ),
    "status_old": (
        "This is {seconds} s old: the agent does not run.",
        "{seconds}초 전 상태: 에이전트가 실행 중이 아님.",
    ),
    "column_live_value": ("Last value", "최근 값"),
    "column_age": ("Age", "경과"),
    "column_errors": ("Errors", "오류"),
    "column_state": ("State", "상태"),
    "state_fine": ("fine", "정상"),
    "state_late": ("late", "지연"),
    "state_failing": ("FAILING", "장애"),
    "state_no_value": ("no value yet", "아직 값 없음"),
    # Commands: check and plan.
    "check_fine": (
        "{file}: {buses} buses, {devices} devices, nothing wrong",
        "{file}: 버스 {buses}개, 장치 {devices}대, 이상 없음",
    ),
    "check_problems": (
        "{count} problem(s): the agent does not start with this file.",
        "문제 {count}건: 이 파일로는 에이전트가 시작되지 않습니다.",
    ),
    "plan_title": ("{bus} ({url}): {load} % of its time", "{bus} ({url}): 점유율 {load} %"),
    "column_every": ("Every", "주기"),
    "column_read": ("Function from+count", "기능 주소+개수"),
    "column_channels": ("Channels", "채널"),
    "column_bytes": ("Bytes out, back", "송신, 수신 바이트"),
    "column_bus_time": ("Bus time", "버스 시간"),
    "column_load": ("Load", "점유율"),
    "plan_once": ("once", "한 번"),
}  # fmt: skip
