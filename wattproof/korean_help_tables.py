"""The Korean of what `--help` says of evaluations, bills and tables: a part of `korean_help`."""

from __future__ import annotations

from typing import Final

_EVALUATION: Final = {
    "Evaluate a machine replacement: the saving, its band, every candidate model's answer, and the verdict.\n\n"
    "The verdict is 입증 · 미입증 · 판정불가. What the data propose to look at is shown, and never applied.":
        "설비 교체 효과를 평가합니다. 절감량과 그 범위, 후보 모형별 답, 판정을 보여 줍니다.\n\n"
        "판정은 입증 · 미입증 · 판정불가입니다. 데이터를 보고 살펴보라고 제안한 것은 표시만 하고 적용하지 않습니다.",
    "The plan: site, device, drivers, windows, candidate models, claim (docs/plans.md).":
        "평가 계획: 사업장, 설비, 설명 변수, 기간, 후보 모형, 주장(docs/plans.ko.md).",
    "Evaluate a programme of many machines: each one's verdict, and the sums with what their errors share.\n\n"
    "Machines that are 판정불가 or could not be evaluated are listed with the reason and are in no sum. "
    "The exit code is\n1 when a plan could not be evaluated.":
        "여러 설비의 사업을 평가합니다. 설비별 판정과, 공통 오차를 반영한 합계를 보여 줍니다.\n\n"
        "판정불가이거나 평가하지 못한 설비는 이유와 함께 나열하고 합계에 넣지 않습니다. "
        "평가하지 못한 계획이 있으면 종료 코드는 1입니다.",
    "A programme's file, or plans and folders of plans (docs/plans.md).":
        "사업 파일, 또는 평가 계획과 그 폴더(docs/plans.ko.md).",
    "Of the sums' two-sided bands; by default the programme's, or 0.9.":
        "합계의 양측 범위에 쓰는 신뢰수준. 지정하지 않으면 사업 파일의 값, 그것도 없으면 0.9입니다.",
    "Write the machines to a .csv or .xlsx file, one row each.": "설비를 한 줄씩 .csv나 .xlsx 파일로 씁니다.",
    "Replace an existing table.": "이미 있는 표를 바꿉니다.",
    "Review a site's energy (에너지 진단): where it goes, standby, peaks, unusual days, machines to replace.\n\n"
    "What the site's file in the reviews folder says (docs/review.md) holds where no option says otherwise.":
        "사업장의 에너지를 진단합니다. 어디에 쓰는지, 대기 전력, 최대수요, 평소와 다른 날, 교체할 설비를 봅니다.\n\n"
        "옵션으로 지정하지 않은 것은 진단 폴더에 있는 사업장 파일(docs/review.ko.md)을 따릅니다.",
    "The site; needed when the store holds several.": "사업장. 저장소에 여러 곳이 있으면 필요합니다.",
    "First day, e.g. 2026-03-01; by default 27 days before the last.":
        "첫날. 예: 2026-03-01. 지정하지 않으면 마지막 날의 27일 전입니다.",
    "Last day, itself included; by default the last one metered whole.":
        "마지막 날(그날 포함). 지정하지 않으면 온종일 계측된 마지막 날입니다.",
    "Review this meter; repeat for more. All of them without it.":
        "진단할 계측기. 여러 번 쓸 수 있고, 지정하지 않으면 모두 진단합니다.",
    "What a kWh costs (won/kWh).": "전력량 단가(원/kWh).",
    "Price by a contract's hours instead, e.g. industrial_b/high_a/option_2 (see wattproof bill).":
        "단가 대신 계약종별의 시간대별 요금을 씁니다. 예: industrial_b/high_a/option_2 (wattproof bill 참고).",
    "A tariff file of your own; KEPCO's without it.": "직접 만든 요금표 파일. 지정하지 않으면 한전 요금표를 씁니다.",
    "The contract kept its old hours and prices for as long as could be asked.":
        "시간대 개편을 미룰 수 있는 만큼 미룬 계약입니다.",
    "What a meter's machine makes, e.g. press-1=plc-1: a counter (production_count, air_volume_m3) or a flow "
    "(flow_m3_h); CHANNEL is production_count without a word.":
        "계측기의 설비가 만드는 것. 예: press-1=plc-1. 카운터(production_count, air_volume_m3)나 유량(flow_m3_h)을 "
        "씁니다. CHANNEL을 쓰지 않으면 production_count입니다.",
    "A machine that may be replaced, and the new one's price. EXPECTED is the saving its maker says [%] (18-28), "
    "plan:ID (as the evaluated replacement of that plan saved) or like:METER (as that machine, which makes the same, "
    "draws). Without it: what it uses more than it did.":
        "교체를 검토하는 설비와 새 설비의 가격. EXPECTED에는 제조사가 제시한 절감률 %(18-28), "
        "plan:ID(평가가 끝난 그 계획만큼 절감), like:METER(같은 것을 만드는 그 설비만큼 사용) 가운데 하나를 씁니다. "
        "쓰지 않으면 예전보다 더 쓰는 만큼입니다.",
    "When a shift begins; repeat for each. By default 00, 08 and 16 h.":
        "교대 시작 시각. 교대마다 한 번씩 씁니다. 지정하지 않으면 0시, 8시, 16시입니다.",
    "Life of a new machine, for its present value (years); else 10.":
        "순현재가치 계산에 쓰는 새 설비의 수명(년). 지정하지 않으면 10년입니다.",
    "Discount rate for the present value (% a year); else 4.5.":
        "순현재가치 계산에 쓰는 할인율(연 %). 지정하지 않으면 4.5%입니다.",
    "Explain a month's electricity bill (전기요금) line by line, from the readings in the store.":
        "한 달 전기요금을 저장된 측정값으로 한 줄씩 설명합니다.",
    "The meter of the connection, e.g. main.": "수전 계측기. 예: main.",
    "The month of the bill.": "청구 월.",
    "Class/voltage/option, e.g. industrial_b/high_a/option_2; 'list' shows them.":
        "계약종별/전압/선택. 예: industrial_b/high_a/option_2. 'list'로 모두 볼 수 있습니다.",
    "Contract power (계약전력) in kW.": "계약전력(kW).",
    "Peak of an earlier month that the store does not hold (kW).": "저장소에 없는 지난달의 최대수요전력(kW).",
    "The old hours and prices were kept for as long as could be asked.":
        "시간대 개편을 미룰 수 있는 만큼 미루었습니다.",
    "Low voltage without a demand meter: billed on the contract power.":
        "최대수요전력계가 없는 저압: 계약전력으로 청구됩니다.",
    "Months in which demand lay above the contract power before.": "지금까지 최대수요가 계약전력을 넘은 달의 수.",
    "No power-factor penalty (역률) was notified before: this one is notice.":
        "역률 요금을 통지받은 적이 없습니다. 이번 달은 통지만 합니다.",
    "The month under every option, cheapest first.": "같은 달을 모든 선택요금으로 계산해 싼 순서로 보여 줍니다.",
}  # fmt: skip

_EXCHANGE: Final = {
    "Import history: meter exports, utility downloads, spreadsheets saved as CSV.":
        "과거 데이터를 가져옵니다. 계측기에서 내보낸 파일, 전력회사에서 받은 파일, CSV로 저장한 표를 읽습니다.",
    "CSV or Parquet.": "CSV나 Parquet 파일.",
    "Site to import into.": "데이터를 넣을 사업장.",
    "Whose readings they are, e.g. main.": "어느 설비의 측정값인지. 예: main.",
    "Kind of device: power_meter (the default), plc, sensor.": "설비 종류: power_meter(기본값), plc, sensor.",
    "What a column is, e.g. '사용량=energy_import_wh:kWh:interval' (or register, mean, instant); "
    "'press-1/energy_import_wh' where columns are of several devices; 'HEADER=-' leaves it out.":
        "열의 뜻. 예: '사용량=energy_import_wh:kWh:interval'(또는 register, mean, instant). 열마다 설비가 다르면 "
        "'press-1/energy_import_wh'처럼, 뺄 열은 'HEADER=-'로 씁니다.",
    "Of a file with several meters' rows: read those with this text in this column.":
        "여러 계측기의 행이 섞인 파일에서, 이 열에 이 글자가 있는 행만 읽습니다.",
    "How to read the file, written down.": "파일을 읽는 방법을 적어 둔 파일.",
    "Write down what was understood, to be corrected; imports nothing.":
        "이해한 내용을 고칠 수 있게 파일로 적습니다. 가져오지는 않습니다.",
    "Show what was understood, and with --site how it fits to what the store holds; import nothing. "
    "Exit code 1: something is open.":
        "이해한 내용을 보여 주고, --site가 있으면 저장소의 내용과 어떻게 맞는지도 보여 줍니다. 가져오지는 않습니다. "
        "정해야 할 것이 남았으면 종료 코드는 1입니다.",
    "utf-8, cp949, utf-16, …; found out without it.": "utf-8, cp949, utf-16 등. 지정하지 않으면 알아냅니다.",
    "',', ';', '|' or tab; found out without it.": "',', ';', '|', tab 가운데 하나. 지정하지 않으면 알아냅니다.",
    "Sign of the fraction: 1234.5 or 1234,5; found out without it.":
        "소수점 기호: 1234.5 또는 1234,5. 지정하지 않으면 알아냅니다.",
    "Line of the column names, from 1; found out without it.":
        "열 이름이 있는 줄(1부터). 지정하지 않으면 알아냅니다.",
    "Column of the time; twice for a date's and a time's.": "시각 열. 날짜와 시각이 따로 있으면 두 번 씁니다.",
    "Whether 2/1/2018 is 2 January (dmy) or 1 February (mdy).": "2/1/2018이 1월 2일(dmy)인지 2월 1일(mdy)인지.",
    "Time zone of the stamps, e.g. Europe/Berlin or +09:00; Asia/Seoul without it.":
        "시각의 시간대. 예: Europe/Berlin, +09:00. 지정하지 않으면 Asia/Seoul입니다.",
    "Whether a stamp is its interval's start or end; found out without it.":
        "시각이 구간의 시작인지 끝인지. 지정하지 않으면 알아냅니다.",
    "Length of every row's interval, e.g. 15m, where rows lie further apart now and then.":
        "행마다의 구간 길이. 예: 15m. 행 간격이 가끔 더 벌어지는 파일에 씁니다.",
    "Which hour a stamp is of that came twice when summer time ended.":
        "서머타임이 끝나 두 번 나온 시각이 어느 쪽인지.",
    "Which of two different values of one time counts.": "같은 시각에 다른 값이 둘이면 어느 것을 쓸지.",
    "Leave out cells that cannot be read, and import the rest.": "읽을 수 없는 칸은 빼고 나머지를 가져옵니다.",
    "Put the file's values in the place of others in the store.": "저장소에 다른 값이 있으면 파일의 값으로 바꿉니다.",
    "Go on where an import was stopped, or write all of it again.":
        "중단된 곳부터 이어서 가져올지, 처음부터 다시 쓸지.",
    "Export readings or aggregates to Parquet, CSV or XLSX.": "측정값이나 집계를 Parquet, CSV, XLSX로 내보냅니다.",
    "Where to; an existing file is not overwritten.": "내보낼 파일. 이미 있는 파일은 덮어쓰지 않습니다.",
    "Whose readings.": "어느 사업장의 측정값인지.",
    "Of this device only; may be given again.": "이 설비만. 여러 번 쓸 수 있습니다.",
    "This channel only, e.g. energy_import_wh; may be given again.":
        "이 채널만. 예: energy_import_wh. 여러 번 쓸 수 있습니다.",
    "First day or time, e.g. 2026-03-01 or '2026-03-01 06:00', in the zone.":
        "첫날이나 시작 시각. 예: 2026-03-01, '2026-03-01 06:00'. --zone의 시간대로 씁니다.",
    "Last day, itself included, or the time to stop before.": "마지막 날(그날 포함), 또는 끝 시각(그 시각 제외).",
    "Zone of --from, --to and the local times; days begin at its midnight.":
        "--from, --to와 현지 시각의 시간대. 하루는 그곳의 0시에 시작합니다.",
    "Windows instead of readings: 15m, 1h, 1d.": "측정값 대신 구간 집계: 15m, 1h, 1d.",
    "Of windows; else a counter's increase, a gauge's mean over time, a state's last.":
        "구간의 집계 방법. 지정하지 않으면 적산값은 증가분, 순시값은 시간 평균, 상태는 마지막 값입니다.",
    "Of the file; by its name without it.": "파일 형식. 지정하지 않으면 파일 이름으로 정합니다.",
    "One row per time and one column per series, instead of one row per value.":
        "값마다 한 행 대신, 시각마다 한 행, 계열마다 한 열로 씁니다.",
    "Begin a CSV file with a byte order mark, so that Excel shows Korean.":
        "엑셀에서 한글이 보이도록 CSV 파일 앞에 BOM을 붙입니다.",
    "Replace an existing file.": "이미 있는 파일을 바꿉니다.",
}  # fmt: skip

TABLES: Final = {**_EVALUATION, **_EXCHANGE}
"""English and Korean."""
