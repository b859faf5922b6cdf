"""Sentences of the acceptance list: English, Korean."""

from __future__ import annotations

from typing import Final

ACCEPTANCE: Final[dict[str, tuple[str, str]]] = {
    "check_communication": ("Communication", "통신"),
    "check_values": ("Values", "값"),
    "check_counting": ("Counters", "생산 적산값"),
    "check_voltage": ("Voltage", "전압"),
    "check_frequency": ("Frequency", "주파수"),
    "check_ct_direction": ("CT direction", "CT 방향"),
    "check_phase_order": ("Phase order", "상 순서"),
    "check_ratio": ("CT/PT ratio", "CT/PT 비"),
    "check_power_factor": ("Power factor", "역률"),
    "check_counter": ("Counter against power", "적산값 대 전력"),
    "check_clock": ("Clock", "시계"),
    "result_pass": ("pass", "합격"),
    "result_warn": ("warn", "주의"),
    "result_fail": ("FAIL", "불합격"),
    "result_not_possible": ("not possible", "판정 불가"),
    "column_check": ("Check", "항목"),
    "will_commission": (
        "Reading {devices} device(s) for {seconds} s. Let the machines run: without load, CTs cannot be judged.",
        "장치 {devices}대를 {seconds}초 동안 읽습니다. 부하가 없으면 CT를 판정할 수 없으니 설비를 가동하십시오.",
    ),
    "commission_title": ("{device} ({profile})", "{device} ({profile})"),
    "commission_saved": (
        "Saved in {file}; the agent sends it with its birth message when it starts.",
        "{file}에 저장함. 에이전트가 시작할 때 시작 알림(birth)과 함께 보냅니다.",
    ),
    "commission_summary": (
        "Of {devices} device(s) {passed} pass, {warned} pass with remarks, {failed} fail",
        "장치 {devices}대 중 합격 {passed}, 주의 {warned}, 불합격 {failed}",
    ),
    "nothing_read": ("nothing was read", "읽은 값 없음"),
    "no_channel": ("the profile has no such channels", "프로파일에 해당 채널 없음"),
    "no_load": ("no load: nothing can be told", "부하가 없어 판정할 수 없음"),
    "no_load_per_phase": (
        "no load, or no power by phase: the total alone does not show a single turned CT",
        "부하가 없거나 상별 전력이 없음: 합계만으로는 뒤집힌 CT 하나를 알 수 없음",
    ),
    "errors_share": ("{failed} of {reads} reads failed ({share} %)", "{reads}회 중 {failed}회 실패 ({share} %)"),
    "errors_advice": (
        "Check wiring, termination, and the unit number.", "배선, 종단저항, 유닛 번호를 확인하십시오.",
    ),
    "values_missing": ("no value: {channels}", "값 없음: {channels}"),
    "values_all": ("all {count} channels have values", "채널 {count}개 모두 값이 있음"),
    "values_advice": (
        "Compare the profile's addresses with the device's manual, and the sensor with its connector.",
        "프로파일 주소를 장치 설명서와 비교하고 센서 연결을 확인하십시오.",
    ),
    "value_is": ("{value}", "{value}"),
    "voltage_is": ("{values}", "{values}"),
    "voltage_advice": (
        "{channel} is near no nominal voltage: check the PT ratio and whether the meter is set to line or "
        "phase voltage.",
        "{channel}: 공칭전압과 다름. PT 비와 결선 방식(선간/상) 설정을 확인하십시오.",
    ),
    "voltage_dead": (
        "{channel} has no voltage: check its fuse and its terminal.",
        "{channel}: 전압 없음. 퓨즈와 단자를 확인하십시오.",
    ),
    "frequency_advice": (
        "Neither 50 nor 60 Hz: check byte order and scale of this register, or the generator.",
        "50 Hz도 60 Hz도 아님: 레지스터의 바이트 순서와 배율, 또는 발전기를 확인하십시오.",
    ),
    "direction_is": ("{values}", "{values}"),
    "direction_turn": (
        "Power of {phases} is negative under load: turn that CT round, or exchange its S1 and S2 (never open "
        "a CT under "
        "load).",
        "{phases}의 유효전력이 부하 중 음수임: CT를 돌리거나 S1과 S2를 바꾸십시오 (부하 중 CT 2차 개방 금지).",
    ),
    "direction_all": (
        "All phases are negative: the plant feeds in (solar), or every CT points the wrong way (K and L exchanged).",
        "모든 상이 음수임: 역송전(태양광)이거나 모든 CT의 방향(K, L)이 바뀜.",
    ),
    "direction_total": (
        "Total power is negative: the plant feeds in (solar), or CTs are turned. Read the phases on the display.",
        "합계 전력이 음수임: 역송전(태양광)이거나 CT가 뒤집힘. 화면에서 상별 값을 확인하십시오.",
    ),
    "three_needed": ("only {count} phase(s) under load, three are needed", "부하가 있는 상이 {count}개 (3개 필요)"),
    "factors_are": ("P/(V·I): {values}", "P/(V·I): {values}"),
    "order_exchanged": (
        "The currents of {one} and {other} are exchanged: exchange these two CTs, or their voltage wires.",
        "{one}와 {other}의 전류가 서로 바뀜: 두 CT 또는 두 전압선을 맞바꾸십시오.",
    ),
    "order_rotated": (
        "No current fits its voltage: all three are rotated by one place, or all CTs are turned.",
        "전류와 전압이 모두 맞지 않음: 세 상이 한 칸씩 밀렸거나 모든 CT가 뒤집힘.",
    ),
    "order_all_low": (
        "All factors are low: an idling motor, or currents that do not belong to their voltages. Look again "
        "under load.",
        "역률이 모두 낮음: 무부하 전동기이거나 전류와 전압이 맞지 않음. 부하를 걸고 다시 확인하십시오.",
    ),
    "order_uneven": (
        "The phases differ much: a load on single phases, or a CT at the wrong phase. Look at each phase on "
        "the display.",
        "상별 차이가 큼: 단상 부하이거나 CT의 상이 잘못됨. 화면에서 상별로 확인하십시오.",
    ),
    "ratio_is": ("P {power}, V·I·PF {product} (× {share})", "P {power}, V·I·PF {product} (× {share})"),
    "ratio_advice": (
        "Power and V·I·PF differ by this factor: a CT or PT ratio is set in one place only, or a scale is wrong.",
        "전력과 V·I·PF가 이 배율만큼 다름: CT/PT 비가 한 곳에만 설정되었거나 배율이 틀림.",
    ),
    "power_factor_above": (
        "Above 1, which cannot be: current, voltage or power has a wrong ratio.",
        "1보다 클 수 없음: 전류, 전압, 전력의 비가 틀림.",
    ),
    "power_factor_low": (
        "Low: an idling motor, or a CT at the wrong phase. Look again under load.",
        "낮음: 무부하 전동기이거나 CT의 상이 잘못됨. 부하를 걸고 다시 확인하십시오.",
    ),
    "counter_is": ("counted {counted} Wh, ∫P dt {expected} Wh", "적산 {counted} Wh, ∫P dt {expected} Wh"),
    "counter_coarse": (
        "the counter moves in steps of {step} Wh: at this power {minutes} min are needed (--seconds)",
        "적산값의 최소 단위가 {step} Wh: 이 전력에서는 {minutes}분 필요 (--seconds)",
    ),
    "counter_watch_longer": (
        "Nearly right; watch longer (--seconds) to be sure.", "거의 맞음: 더 오래 확인하십시오 (--seconds).",
    ),
    "counter_unit": (
        "The counter runs × {factor}: its unit (Wh, kWh, MWh) or scale is wrong in the profile, or a CT "
        "ratio is applied "
        "twice.",
        "적산값이 × {factor}: 프로파일의 단위(Wh, kWh, MWh)나 배율이 틀렸거나 CT 비가 두 번 적용됨.",
    ),
    "counter_advice": (
        "Counter and power disagree: check the CT ratio, the counter's register and its direction (import, export).",
        "적산값과 전력이 맞지 않음: CT 비, 적산 레지스터, 방향(수전, 송전)을 확인하십시오.",
    ),
    "counting_above": (
        "{channel} shows {value}, but its modulus is {modulus}", "{channel} 값이 {value}인데 modulus는 {modulus}임",
    ),
    "counting_modulus": (
        "A counter never reaches its modulus: correct the modulus, the type or the address in the profile.",
        "적산값은 modulus에 도달할 수 없음: 프로파일의 modulus, 형식, 주소를 고치십시오.",
    ),
    "counting_fell": ("{channel} fell from {before} to {after}", "{channel}이(가) {before}에서 {after}(으)로 떨어짐"),
    "counting_reset": (
        "If the PLC sets it back (shift end, new order), nothing needs doing: what was counted before is kept, and the "
        "step of the reset counts as unknown. If it began again by itself, state the value as modulus in the profile.",
        "PLC가 초기화했다면(교대, 작업 변경) 조치할 것 없음: 이전 값은 남고 초기화된 구간만 알 수 없음으로 처리됨. "
        "스스로 처음부터 다시 센 것이라면 그 값을 프로파일의 modulus로 적으십시오.",
    ),
    "clock_unknown": ("this system does not tell", "이 시스템에서는 알 수 없음"),
    "clock_fine": ("follows a time server", "시간 서버와 동기화됨"),
    "clock_free": ("runs free", "동기화되지 않음"),
    "clock_advice": (
        "Let the gateway reach a time server (chrony or systemd-timesyncd).",
        "게이트웨이를 시간 서버에 연결하십시오 (chrony 또는 systemd-timesyncd).",
    ),
}  # fmt: skip
