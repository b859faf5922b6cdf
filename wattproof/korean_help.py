"""The Korean of what `--help` says, by its English: of the commands, and of the options that most of them have."""

from __future__ import annotations

from typing import Final

from wattproof.korean_help_edge import EDGE
from wattproof.korean_help_server import SERVER
from wattproof.korean_help_tables import TABLES

PANELS: Final = {
    "Start here": "시작하기", "Parts": "구성 요소", "Settings": "설정과 데이터",
    "What the file is like": "파일의 형식", "What its rows mean": "행의 뜻", "Care": "가져올 때의 처리",
}  # fmt: skip
"""Titles of groups of commands and options."""

_EVERYWHERE: Final = {
    "Measure a factory's energy from the meter's register to a proof an evaluator can check.":
        "공장의 에너지를 계측기의 레지스터에서 읽어, 평가자가 확인할 수 있는 입증까지 이어 줍니다.",
    "Configuration; without it, ./wattproof.yaml if there is one.":
        "설정 파일. 지정하지 않으면 ./wattproof.yaml이 있을 때 그것을 씁니다.",
    "debug, info, warning or error.": "debug, info, warning, error 가운데 하나.",
    "Show the version.": "버전을 표시합니다.",
    "Install completion for the current shell.": "지금 쓰는 셸에 자동 완성을 설치합니다.",
    "Show completion for the current shell, to copy it or customize the installation.":
        "지금 쓰는 셸의 자동 완성을 표시합니다. 복사하거나 고쳐 설치할 때 씁니다.",
    "Show this message and exit.": "이 도움말을 표시하고 끝냅니다.",
    "One JSON object.": "JSON 객체 하나로 출력합니다.",
    "Language of what is said and of the pages; by default the configuration's.":
        "안내문과 화면의 언어. 지정하지 않으면 설정을 따릅니다.",
    "Language of the table; by default the configuration's.": "표의 언어. 지정하지 않으면 설정을 따릅니다.",
    "Language of the tables; by default the configuration's.": "표의 언어. 지정하지 않으면 설정을 따릅니다.",
    "Language of the answer; by default the configuration's.": "답의 언어. 지정하지 않으면 설정을 따릅니다.",
    "Run a virtual factory and all of WattProof, and open its pages at http://127.0.0.1:8000.\n\n"
    "Twelve weeks of the factory's past are sent first, then it goes on live. Ctrl-C ends it and prints the ledger.":
        "가상 공장과 WattProof 전체를 실행하고 http://127.0.0.1:8000 에 화면을 엽니다.\n\n"
        "공장의 지난 12주를 먼저 보낸 뒤 실시간 계측을 이어 갑니다. Ctrl-C로 끝내면 장부를 출력합니다.",
    "End after so many seconds of live measurement.": "실시간 계측을 이만큼(초) 한 뒤 끝냅니다.",
    "At the end, one JSON object: ledger, latency, verdict.": "끝날 때 장부, 지연, 판정을 JSON 객체 하나로 출력합니다.",
    "Port of the pages; 0 takes any free one.": "화면의 포트. 0이면 비어 있는 포트를 씁니다.",
    "Seed of the virtual factory; by default its file's.":
        "가상 공장의 난수 시드. 지정하지 않으면 공장 파일의 값을 씁니다.",
    "Where readings go.": "측정값을 저장할 곳.",
    "The InfluxDB, with --store influx.": "--store influx일 때 쓸 InfluxDB 주소.",
    "Its database; made if absent.": "그 데이터베이스. 없으면 만듭니다.",
    "Its token, for InfluxDB 2 and 3.": "그 토큰. InfluxDB 2와 3에서 씁니다.",
    "Its organisation, for InfluxDB 2.": "그 조직. InfluxDB 2에서 씁니다.",
    "Keep everything here; by default it is gone at the end.":
        "모든 것을 이 폴더에 남깁니다. 지정하지 않으면 끝날 때 지웁니다.",
    "Run one box for a small factory: MQTT broker, collector, store and pages, until Ctrl-C.\n\n"
    "With collector.endpoint in the configuration it also serves /healthz, /readyz and /metrics.":
        "작은 공장을 한 대로 운영합니다. MQTT 브로커, 수집기, 저장소, 화면을 Ctrl-C를 누를 때까지 실행합니다.\n\n"
        "설정에 collector.endpoint가 있으면 /healthz, /readyz, /metrics도 제공합니다.",
    "Also run the edge agent with this site file.": "이 현장 파일로 게이트웨이 에이전트도 함께 실행합니다.",
    "Run a virtual factory on real sockets; its first line of output names its links (JSON). Ctrl-C ends it.":
        "가상 공장을 실제 소켓에서 실행합니다. 출력 첫 줄이 연결 주소입니다(JSON). Ctrl-C로 끝냅니다.",
    "A factory's YAML file, or the built-in 'gimpo'.": "공장의 YAML 파일, 또는 내장된 'gimpo'.",
    "Another year's weather of chance; by default the file's.":
        "우연을 정하는 난수 시드. 지정하지 않으면 파일의 값을 씁니다.",
    "Write the edge agent's site file for it here.": "이 공장을 읽을 게이트웨이의 현장 파일을 여기에 씁니다.",
}  # fmt: skip

HELP: Final = {**_EVERYWHERE, **TABLES, **EDGE, **SERVER}
"""English and Korean."""
