"""Sentences about values, scans and the site file: English, Korean."""

from __future__ import annotations

from typing import Final

FINDINGS: Final[dict[str, tuple[str, str]]] = {
    # Judging a value.
    "zero": ("0, which says nothing", "0이라 판단할 수 없음"),
    "tiny": ("{value}: so small a number is no measured value", "{value}: 측정값으로 보기에는 너무 작음"),
    "near": ("{value}, near {nominal}", "{value}, 공칭 {nominal}에 가까움"),
    "in_range": ("{value}, plausible", "{value}, 가능한 값"),
    "odd": ("{value}, unusual", "{value}, 드문 값"),
    "voltage_odd": ("{value} is near no nominal voltage", "{value}: 가까운 공칭전압 없음"),
    "frequency_odd": ("{value} is near neither 50 nor 60 Hz", "{value}: 50 Hz도 60 Hz도 아님"),
    "line_to_phase": ("line voltage is {ratio} times phase voltage", "선간전압이 상전압의 {ratio}배"),
    "line_to_phase_odd": (
        "line voltage is {ratio} times phase voltage, not 1.73", "선간전압이 상전압의 {ratio}배 (1.73배가 아님)",
    ),
    "power_agrees": ("P {power} agrees with V·I·PF {product}", "P {power}가 V·I·PF {product}와 일치"),
    "power_disagrees": ("P {power} is not V·I·PF {product}", "P {power}가 V·I·PF {product}와 다름"),
    "rising": ("rises ({before} to {after}), as a counter does", "증가함 ({before} → {after}): 적산값"),
    "same_kind_beside": ("{count} such values side by side", "같은 값 {count}개가 나란히 있음"),
    "three_phases": (
        "V, I and P of three phases fit: P1 {power} of V1·I1 {product} at {where}",
        "3상의 V, I, P가 맞음: P1 {power}, V1·I1 {product}, 위치 {where}",
    ),
    "outside": ("{channel}: {reason}", "{channel}: {reason}"),
    "refused_all": ("refuses every register of this profile", "이 프로파일의 모든 레지스터를 거부"),
    "fingerprint": ("fingerprint: {points} points", "지문: {points}점"),
    # Reads that failed: the link's own words, and what to do.
    "link_connect": (
        "{says}. Check the bus's url, the cable, and that no other program holds it.",
        "연결할 수 없음. 버스 주소와 케이블, 다른 프로그램이 쓰고 있지 않은지 확인하십시오 ({says})",
    ),
    "link_timeout": (
        "{says}. Check the unit number, the power, the baud rate and the A/B wires.",
        "응답 없음. 유닛 번호, 전원, 통신 속도, A/B 결선을 확인하십시오 ({says})",
    ),
    "link_exception": (
        "{says}. Check the profile's addresses and functions against the device's manual.",
        "장치가 거부함. 프로파일의 주소와 기능을 장치 설명서와 비교하십시오 ({says})",
    ),
    "link_exception_busy": (
        "{says}. The device cannot answer just now: check the unit number and the device's display; restart it if this "
        "stays.",
        "장치가 지금은 응답할 수 없음. 유닛 번호와 장치 화면을 확인하고, 계속되면 장치를 다시 켜십시오 ({says})",
    ),
    "link_exception_gateway": (
        "{says}. The gateway in between answers, the device behind it does not: check unit number, power and A/B "
        "wires.",
        "중간의 변환기(게이트웨이)는 응답하지만 그 뒤의 장치가 응답하지 않음. 유닛 번호, 전원, A/B 결선을 확인하십시오 "
        "({says})",
    ),
    "link_frame": (
        "{says}. Check wiring, termination, and that there is no second master and no number twice.",
        "깨진 응답. 배선과 종단저항, 마스터나 유닛 번호의 중복을 확인하십시오 ({says})",
    ),
    "link_stale": (
        "{says}. Raise the bus's timeout_ms above the device's slowest answer.",
        "늦은 응답. 버스의 timeout_ms를 장치의 가장 느린 응답보다 길게 하십시오 ({says})",
    ),
    # The same without the link's words, for devices that fare alike.
    "advice_connect": (
        "Check the bus's url, the cable, and that no other program holds it.",
        "버스 주소와 케이블, 다른 프로그램이 쓰고 있지 않은지 확인하십시오.",
    ),
    "advice_timeout": (
        "Check the unit number, the power, the baud rate and the A/B wires.",
        "유닛 번호, 전원, 통신 속도, A/B 결선을 확인하십시오.",
    ),
    "advice_exception": (
        "Check the profile's addresses against the device's manual, and the device's display for a fault.",
        "프로파일의 주소를 장치 설명서와 비교하고, 장치 화면에 이상이 없는지 확인하십시오.",
    ),
    "advice_frame": (
        "Check wiring, termination, and that there is no second master and no number twice.",
        "배선과 종단저항, 마스터나 유닛 번호의 중복을 확인하십시오.",
    ),
    "advice_stale": (
        "Raise the bus's timeout_ms above the device's slowest answer.",
        "버스의 timeout_ms를 장치의 가장 느린 응답보다 길게 하십시오.",
    ),
    # Scanning.
    "scan_swept": ("{line}: {units} unit numbers asked in {seconds} s", "{line}: 번호 {units}개를 {seconds}초에 조회"),
    "scan_unclear": (
        "{line}: something like an answer near unit {unit}, but no whole one ({says}). Check termination and A/B "
        "wires, and that no two devices share a number",
        "{line}: 유닛 {unit} 부근에서 온전하지 않은 응답 ({says}). 종단저항과 A/B 결선, 번호 중복을 확인하십시오",
    ),
    "scan_opened": ("{opened} of {hosts} addresses take a connection", "주소 {hosts}개 중 {opened}개가 연결됨"),
    "scan_trouble": (
        "{where} unit {unit}: {says}. Perhaps it is no Modbus device, or answers more slowly than --timeout",
        "{where} 유닛 {unit}: {says}. Modbus 장치가 아니거나 --timeout보다 느릴 수 있음",
    ),
    "scan_closed": ("{where}: {says}", "{where}: {says}"),
    "scan_transparent": (
        "{where}: a serial gateway that passes RTU frames through TCP",
        "{where}: RTU 프레임을 TCP로 그대로 전달하는 시리얼 게이트웨이",
    ),
    "scan_silent": (
        "{where} takes a connection, but none of {units} unit number(s) answers; tried: {ways}. Try other units "
        "(--units 1-247), a longer --timeout, or --framing ascii",
        "{where}: 연결은 되지만 유닛 번호 {units}개 모두 응답 없음 (시도: {ways}). 다른 유닛(--units 1-247), 더 긴 "
        "--timeout, --framing ascii를 써 보십시오",
    ),
    "sunspec": (
        "SunSpec: describes itself at {base}, models {chain}", "SunSpec: {base}번지부터 스스로 설명함, 모델 {chain}",
    ),
    "scan_any_unit": (
        "{where} answers to every unit number: it is one device, listed once",
        "{where}: 모든 유닛 번호에 응답하므로 한 대로 표시함",
    ),
    # The site file.
    "file_written": ("Written by `wattproof edge init` on {when}.", "{when}에 `wattproof edge init`이 작성함."),
    "file_check": (
        "After a change: wattproof edge check FILE. Then: wattproof edge commission FILE",
        "고친 뒤: wattproof edge check FILE. 그 다음: wattproof edge commission FILE",
    ),
    "file_gateway": ("unique within the site", "사업장 안에서 유일한 이름"),
    "file_password": (
        "keep the password out of this file: WATTPROOF_BROKER_PASSWORD",
        "비밀번호는 이 파일 대신 WATTPROOF_BROKER_PASSWORD에 둘 것",
    ),
    "file_every": (
        "how often a device is read that does not say otherwise [ms]", "따로 정하지 않은 장치의 수집 주기 [ms]",
    ),
    "file_tls": (
        "TLS: take the # away; an empty ca means the system's own authorities",
        "TLS를 쓰려면 앞의 #을 지울 것; ca를 비우면 시스템의 인증기관을 씀",
    ),
    "file_rates": ("quickly changing values, and counters", "빨리 변하는 값과 적산값의 주기"),
    "file_outbox": ("how much and how long is kept while the broker is away", "브로커가 없는 동안 보관할 크기와 기간"),
    "file_endpoint": (
        "/health and Prometheus' /metrics; off unless it stands here",
        "/health와 Prometheus /metrics; 적지 않으면 꺼짐",
    ),
    "file_unknown": (
        "{url} unit {unit} answers but fits no profile: wattproof edge probe {url} {unit} --address 0 --count 40",
        "{url} 유닛 {unit}: 응답하지만 맞는 프로파일 없음: wattproof edge probe {url} {unit} --address 0 --count 40",
    ),
    "file_unsure": (
        "{profile} is only a guess: compare the values with the device's display",
        "{profile}은(는) 추정임: 장치 화면의 값과 비교할 것",
    ),
    "file_part": (
        "a part of the unit above: both say shares_unit", "위 유닛의 일부: 둘 다 shares_unit으로 표시",
    ),
    "file_own": (
        "made from what the device says of itself (SunSpec); make it anew when its firmware changes: {command}",
        "장치 스스로의 설명(SunSpec)으로 만듦; 펌웨어가 바뀌면 다시 만들 것: {command}",
    ),
    "file_live": ("when it was found: {live}", "찾았을 때의 값: {live}"),
}  # fmt: skip
