"""The Korean of what `--help` says of a technician's commands: a part of `korean_help`."""

from __future__ import annotations

from typing import Final

EDGE: Final = {
    "The gateway agent: read devices over Modbus, publish over MQTT.":
        "게이트웨이 에이전트: Modbus로 기기를 읽어 MQTT로 보냅니다.",
    "Read one unit now: by a profile, or bare registers with what they most likely mean. Only reads.":
        "기기 하나를 지금 읽습니다. 프로파일로 읽거나, 레지스터와 그 의미를 유력한 순으로 보여 줍니다. 읽기만 합니다.",
    "tcp://HOST:PORT, rtu:///dev/ttyUSB0?baud=9600, or tls, rtu+tcp, ascii+tcp, ascii.":
        "tcp://HOST:PORT, rtu:///dev/ttyUSB0?baud=9600, 또는 tls, rtu+tcp, ascii+tcp, ascii.",
    "Unit number.": "유닛 번호.",
    "A profile's name or YAML file, or sunspec.": "프로파일 이름이나 YAML 파일, 또는 sunspec.",
    "With --profile sunspec: keep the profile it yields.":
        "--profile sunspec과 함께 쓰면 만들어진 프로파일을 저장합니다.",
    "Registers of an unknown device.": "모르는 기기의 레지스터 주소.",
    "How many registers.": "레지스터 수.",
    "3 holding registers, 4 input registers.": "3은 홀딩 레지스터, 4는 입력 레지스터.",
    "Time between the two readings.": "두 번 읽는 사이의 시간.",
    "Longest wait for an answer.": "응답을 기다리는 최대 시간.",
    "One JSON object instead of text.": "글 대신 JSON 객체 하나로 출력합니다.",
    "Language of what is shown; by default that of LANG.": "표시 언어. 지정하지 않으면 LANG을 따릅니다.",
    "Set up this gateway: find devices, write the site file, test every device, start the agent.":
        "게이트웨이를 설치합니다. 기기를 찾고, 현장 파일을 쓰고, 모든 기기를 시험하고, 에이전트를 시작합니다.",
    "The site file to write.": "만들 현장 파일.",
    "A saved scan, instead of scanning; repeatable.": "스캔하는 대신 쓸 저장된 결과. 여러 번 쓸 수 있습니다.",
    "A network to scan; repeatable.": "스캔할 네트워크. 여러 번 쓸 수 있습니다.",
    "Ports to scan.": "스캔할 포트.",
    "Units behind each port.": "포트마다 찾을 유닛 번호.",
    "A serial line to scan; repeatable.": "스캔할 시리얼 선로. 여러 번 쓸 수 있습니다.",
    "Speed of the lines.": "선로의 속도.",
    "The site's id.": "사업장 ID.",
    "The site's name for people.": "사람이 읽을 사업장 이름.",
    "This gateway's id.": "이 게이트웨이의 ID.",
    "The MQTT broker.": "MQTT 브로커.",
    "Its port.": "브로커의 포트.",
    "User name at the broker.": "브로커의 사용자 이름.",
    "Ask nothing: flags and defaults.": "묻지 않고 옵션과 기본값을 씁니다.",
    "Overwrite the file if it exists.": "파일이 있으면 덮어씁니다.",
    "Start the agent at the end, without asking.": "끝나면 묻지 않고 에이전트를 시작합니다.",
    "Folder for the outbox.": "아웃박스를 둘 폴더.",
    "Check a site file without touching any device: every problem at once with its line; exit 2 if there is one.":
        "기기를 건드리지 않고 현장 파일을 검사합니다. 모든 문제를 줄 번호와 함께 한 번에 알려 줍니다. "
        "문제가 있으면 종료 코드는 2입니다.",
    "The site file: gateway, broker, buses, devices.": "현장 파일: 게이트웨이, 브로커, 버스, 기기.",
    "Print the polling plan: every read of every device, its bus time, and how busy that makes each bus.":
        "수집 계획을 출력합니다. 기기마다 무엇을 읽는지, 버스를 얼마나 쓰는지, 버스가 얼마나 바쁜지 보여 줍니다.",
    "The agent's data folder, to plan around what devices have refused.":
        "에이전트의 데이터 폴더. 기기가 거부했던 것을 피해 계획합니다.",
    "Accept the installation: CT direction, phase order, ratios, counters and more, with what to do about it.\n\n"
    "Exit code 1 when a device fails. The record is kept beside the site file and sent with the gateway's birth.":
        "시운전 점검을 합니다. CT 방향, 상 순서, 비율, 적산값 등을 확인하고 조치 방법을 알려 줍니다.\n\n"
        "합격하지 못한 기기가 있으면 종료 코드는 1입니다. 기록은 현장 파일 옆에 저장되고, "
        "게이트웨이가 시작을 알릴 때 함께 보냅니다.",
    "How long every device is watched.": "기기마다 지켜보는 시간.",
    "Time between two readings.": "두 계측 사이의 시간.",
    "Poll the devices of a site file until Ctrl-C; every reading stays on disk until the collector has it.\n\n"
    "A changed site file is read again by itself, and on SIGHUP.":
        "현장 파일의 기기를 Ctrl-C를 누를 때까지 읽습니다. 측정값은 수집기가 저장할 때까지 디스크에 남습니다.\n\n"
        "현장 파일이 바뀌면 스스로 다시 읽습니다. SIGHUP으로도 다시 읽습니다.",
    "At the end, wait so long for acknowledgements.": "끝낼 때 저장 확인을 기다리는 시간.",
    "At the end, one JSON object: the ledger.": "끝날 때 장부를 JSON 객체 하나로 출력합니다.",
    "Show how the agent on this machine fares: last values, their age, errors, lateness, outbox.\n\n"
    "Exit code 1 when what was shown is older than five seconds: the agent does not run.":
        "이 장비의 에이전트 상태를 보여 줍니다. 최근 값과 경과 시간, 오류, 지연, 아웃박스를 표시합니다.\n\n"
        "표시한 내용이 5초보다 오래되었으면 에이전트가 꺼져 있는 것이며 종료 코드는 1입니다.",
    "The agent's data folder.": "에이전트의 데이터 폴더.",
    "Show it once instead of following it.": "계속 따라가지 않고 한 번만 표시합니다.",
    "Find Modbus devices, name their models, and read a value to compare with the display. Only reads.":
        "Modbus 기기를 찾아 기종을 알아내고, 기기 화면과 비교할 값을 읽습니다. 읽기만 합니다.",
    "Scan a network for Modbus TCP devices and serial gateways (RTU or ASCII over TCP, TLS by its URL).":
        "네트워크에서 Modbus TCP 기기와 시리얼 게이트웨이를 찾습니다(TCP 위의 RTU와 ASCII, TLS는 URL로).",
    "A network such as 192.168.0.0/24, an address, a host name, or a URL such as tls://HOST?ca=FILE.":
        "192.168.0.0/24 같은 네트워크, 주소, 호스트 이름, 또는 tls://HOST?ca=FILE 같은 URL.",
    "Ports, e.g. 502,1502.": "포트. 예: 502,1502.",
    "Unit numbers behind each port.": "포트마다 찾을 유닛 번호.",
    "Longest wait for a unit.": "유닛 하나를 기다리는 최대 시간.",
    "How units are asked; auto: Modbus TCP, and RTU over TCP where nothing answers to that.":
        "묻는 프레임 방식. auto는 Modbus TCP로 묻고, 응답이 없으면 TCP 위의 RTU로 묻습니다.",
    "Also networks larger than a /22.": "/22보다 큰 네트워크도 스캔합니다.",
    "Keep the result for `edge init --found`.": "`edge init --found`에 쓸 수 있게 결과를 저장합니다.",
    "Scan a serial line (RS-485) for Modbus RTU or ASCII devices.":
        "시리얼 선로(RS-485)에서 Modbus RTU나 ASCII 기기를 찾습니다.",
    "The serial port, e.g. /dev/ttyUSB0.": "시리얼 포트. 예: /dev/ttyUSB0.",
    "Speed of the line.": "선로의 속도.",
    "None, even or odd; left out, N for RTU and E for ASCII.":
        "패리티(N 없음, E 짝수, O 홀수). 지정하지 않으면 RTU는 N, ASCII는 E입니다.",
    "1 or 2.": "1 또는 2.",
    "7 or 8, of ASCII only.": "7 또는 8. ASCII에만 씁니다.",
    "How units are asked.": "묻는 프레임 방식.",
    "Unit numbers to ask for.": "물어볼 유닛 번호.",
    "How long a device may think.": "기기의 응답을 기다리는 시간.",
    "Try all usual speeds and parities.": "흔히 쓰는 속도와 패리티를 모두 시도합니다.",
}  # fmt: skip
"""English and Korean."""
