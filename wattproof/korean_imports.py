"""Why a file was not imported or written, in English as `exchange` says it and in Korean (see `korean_failures`)."""

from __future__ import annotations

from typing import Final

IMPORTS: Final = (
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
    (
        "{file}: no column {name} to choose rows by; it has {columns}",
        "{file}: 행을 고를 {name} 열이 없습니다. 있는 열: {columns}",
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
    (
        "{file}: this is a workbook; save it as CSV (UTF-8) in Excel and import that",
        "{file}: 엑셀 통합 문서입니다. 엑셀에서 CSV(UTF-8)로 저장하여 가져오십시오.",
    ),
    (
        "{file}: this is a compressed archive; unpack it and import the table that is in it",
        "{file}: 압축 파일입니다. 압축을 풀어 그 안의 표를 가져오십시오.",
    ),
    (
        "{file}: line {line}: a quotation mark is left open, so {count} rows below it would be taken for text, the"
        " first {row}; close or remove the mark",
        "{file}: {line}행에 닫히지 않은 따옴표가 있어 그 아래 {count}개 행(첫 행 {row})을 글로 읽게 됩니다. 따옴표를"
        " 닫거나 지우십시오.",
    ),
    (
        "{file}: the file was written to while it was read ({before} B, now {now} B); import it when the other program"
        " has finished, or import a copy",
        "{file}: 읽는 동안 다른 프로그램이 이 파일에 썼습니다 ({before} B에서 {now} B로). 그 프로그램이 끝난 뒤에"
        " 가져오거나 사본을 가져오십시오.",
    ),
    (
        "{file}: neither UTF-8 ({utf8}) nor CP949 ({cp949}); name the encoding with --encoding, e.g. latin-1",
        "{file}: UTF-8도({utf8}) CP949도({cp949}) 아닙니다. --encoding으로 문자 코드를 지정하십시오. 예: latin-1",
    ),
    (
        "{file}: dates but no values beside them in the first {count} lines; export it again, with the values",
        "{file}: 처음 {count}행에 날짜만 있고 값이 없습니다. 값을 넣어 다시 내보내십시오.",
    ),
    (
        "{file}: no date found in the first {count} lines: year, month and day stand in columns of their own; join them"
        " into one, as yyyy-mm-dd (in Excel: =DATE(A2,B2,C2)), and save it again",
        "{file}: 처음 {count}행에서 날짜를 찾지 못했습니다. 따로 있는 연·월·일 열을 yyyy-mm-dd 하나로 합쳐 (엑셀:"
        " =DATE(A2,B2,C2)) 다시 저장하십시오.",
    ),
    (
        "{file}: no date found in the first {count} lines: {cell} is a whole month; bills are no interval data: export"
        " 15-minute, hourly or daily values",
        "{file}: 처음 {count}행에서 날짜를 찾지 못했습니다. {cell}은(는) 한 달 전체이며 고지서는 구간 자료가 아닙니다."
        " 15분, 1시간 또는 하루 값을 내보내십시오.",
    ),
    (
        "{file}: no date found in the first {count} lines: {cell} has a year of two digits, so it may be three dates;"
        " show years with four (in Excel, as yyyy-mm-dd hh:mm) and save it again",
        "{file}: 처음 {count}행에서 날짜를 찾지 못했습니다. {cell}은(는) 연도가 두 자리라 세 가지 날짜일 수 있습니다."
        " 연도를 네 자리로 표시하여 (엑셀: yyyy-mm-dd hh:mm) 다시 저장하십시오.",
    ),
    (
        "{file}: no date found in the first {count} lines: {cell} has no year; add it to the column and save it again",
        "{file}: 처음 {count}행에서 날짜를 찾지 못했습니다. {cell}에 연도가 없습니다. 열에 연도를 넣어 다시"
        " 저장하십시오.",
    ),
    (
        "{file}: no date found in the first {count} lines: {cell} is a time without its day; put a column with the"
        " date, as yyyy-mm-dd, in front of it and save it again",
        "{file}: 처음 {count}행에서 날짜를 찾지 못했습니다. {cell}은(는) 날짜 없는 시각입니다. 그 앞에 yyyy-mm-dd 날짜"
        " 열을 넣어 다시 저장하십시오.",
    ),
    (
        "{file}: no date found in the first {count} lines: {cell} seems to be a date as Excel counts days; show the"
        " column as yyyy-mm-dd hh:mm and save it again",
        "{file}: 처음 {count}행에서 날짜를 찾지 못했습니다. {cell}은(는) 엑셀의 날짜 일련번호로 보입니다. 열을"
        " yyyy-mm-dd hh:mm으로 표시하여 다시 저장하십시오.",
    ),
    (
        "{file}: no date found in the first {count} lines; is it interval data? The first line is {row}; name the"
        " header's line with --header-line",
        "{file}: 처음 {count}행에서 날짜를 찾지 못했습니다. 구간 자료가 맞습니까? 첫 행은 {row}입니다. 머리행을"
        " --header-line으로 지정하십시오.",
    ),
    (
        "{file}: no column recognised among {columns}; say what one is, e.g. with --column"
        " '{example}=energy_import_wh:kWh:interval'",
        "{file}: 무엇인지 알 수 있는 열이 없습니다 ({columns}). 지정하십시오. 예: --column"
        " '{example}=energy_import_wh:kWh:interval'",
    ),
    (
        "{file}: line {line} has more cells than the header: numbers seem to be split at the comma between their"
        " thousands; save it without thousands separators, or with semicolons between the columns",
        "{file}: {line}행의 칸이 머리행보다 많습니다. 숫자가 천 단위 쉼표에서 나뉜 듯합니다. 천 단위 쉼표 없이, 또는 열"
        " 사이를 세미콜론으로 하여 다시 저장하십시오.",
    ),
    (
        "{file}: the dates stand side by side in line {line}; transpose the table, so that each has its own row",
        "{file}: {line}행에 날짜가 옆으로 놓여 있습니다. 날짜마다 한 행이 되도록 행과 열을 바꾸십시오.",
    ),
    (
        "{file}: these are aggregates, not readings; export readings (without --every) and import those",
        "{file}: 측정값이 아니라 집계입니다. --every 없이 내보낸 측정값을 가져오십시오.",
    ),
    (
        "{file}: rows lie {days} days apart, but months differ in length, so bills are no interval data; export"
        " 15-minute, hourly or daily values",
        "{file}: 행 간격이 {days}일입니다. 달마다 길이가 달라 고지서는 구간 자료가 아닙니다. 15분, 1시간 또는 하루 값을"
        " 내보내십시오.",
    ),
    (
        "{file}: only one line, {row}, and no rows below it",
        "{file}: 한 행({row})뿐이고 그 아래에 자료가 없습니다.",
    ),
    (
        "encoding {name} is unknown; write e.g. utf-8, cp949, utf-16, latin-1",
        "문자 코드 {name}을(를) 알 수 없습니다. utf-8, cp949, utf-16, latin-1처럼 쓰십시오.",
    ),
    (
        "{file}: not {encoding}: {why}; leave --encoding out to have it found",
        "{file}: {encoding}이(가) 아닙니다 ({why}). --encoding을 빼면 알아서 찾습니다.",
    ),
    (
        "delimiter {sign} is not one character; write e.g. ';', ',' or tab",
        "구분 기호 {sign}은(는) 한 글자가 아닙니다. ';', ',', tab처럼 쓰십시오.",
    ),
    (
        "{text} is no length of time; write e.g. 15m, 1h or 1d",
        "{text}은(는) 시간의 길이가 아닙니다. 15m, 1h, 1d처럼 쓰십시오.",
    ),
    (
        "--column {text}: write HEADER=CHANNEL:UNIT:MEANING, e.g. '사용량=energy_import_wh:kWh:interval'",
        "--column {text}: '머리글=채널:단위:뜻'으로 쓰십시오. 예: '사용량=energy_import_wh:kWh:interval'",
    ),
    (
        "--column {text}: the meaning is none of interval, register, mean, instant",
        "--column {text}: 뜻은 interval, register, mean, instant 가운데 하나입니다.",
    ),
    (
        "{header}: {meaning} is no meaning of {channel}; it may be {which}",
        "{header}: {meaning}은(는) {channel}의 뜻이 될 수 없습니다. 쓸 수 있는 것: {which}",
    ),
    (
        "{column}: unit {unit} cannot become {stored}; it may be {known}",
        "{column}: 단위 {unit}을(를) {stored}(으)로 바꿀 수 없습니다. 쓸 수 있는 단위: {known}",
    ),
    (
        "{file}: no row with {texts}; look at what the column holds",
        "{file}: 그런 행이 없습니다 ({texts}). 열에 무엇이 있는지 확인하십시오.",
    ),
    (
        "{file}: column {column} says whose readings these are; leave --device out",
        "{file}: 누구의 측정값인지 {column} 열에 있습니다. --device를 빼십시오.",
    ),
    ("{site} has no device {name}; it has {known}", "{site}에 장치 {name}이(가) 없습니다. 있는 것: {known}"),
    ("{site} has no channel {name}; it has {known}", "{site}에 채널 {name}이(가) 없습니다. 있는 것: {known}"),
    (
        "{site}: no readings in this time; try a longer one, or leave --from and --to out",
        "{site}: 이 기간에 측정값이 없습니다. 기간을 늘리거나 --from과 --to를 빼십시오.",
    ),
    (
        "only counters increase, not {channels}; choose counters with --channel",
        "증가량은 누적값에만 있으며 {channels}에는 없습니다. --channel로 누적 채널을 고르십시오.",
    ),
    (
        "no window of this length has a value; choose a shorter --every or a longer time",
        "이 길이의 구간에는 값이 없습니다. --every를 줄이거나 기간을 늘리십시오.",
    ),
    (
        "{rows} rows are too many for a workbook ({most} per sheet, {sheets} sheets): choose windows (--every 15m), a"
        " shorter time, or --format parquet or csv",
        "{rows}행은 엑셀 파일에 너무 많습니다 (시트마다 {most}행, 시트 {sheets}개). --every 15m 같은 집계나 더 짧은"
        " 기간, 또는 --format parquet이나 csv를 쓰십시오.",
    ),
    (
        "in this zone days differ in length when summer time begins or ends; use --zone +01:00 or --every 1h",
        "이 시간대에서는 서머타임이 시작하거나 끝나는 날의 길이가 다릅니다. --zone +01:00이나 --every 1h를 쓰십시오.",
    ),
    (
        "{file}: {encoding}, but {why}: it was cut off; download or copy it again",
        "{file}: {encoding} 파일이지만 {why}. 잘린 파일이니 다시 내려받거나 복사하십시오.",
    ),
    (
        "{file}: line {line}: {why}; is it a CSV file, or is a quotation mark left open?",
        "{file}: {line}행: {why}. CSV 파일이 맞는지, 닫히지 않은 따옴표가 있는지 확인하십시오.",
    ),
    ("a mapping has either columns or series, not both", "매핑에는 columns와 series 가운데 하나만 쓰십시오."),
    (
        "{folder}: no room for what is read ({why}); make room there, or name another folder with TMPDIR",
        "{folder}: 읽은 것을 둘 공간이 없습니다 ({why}). 공간을 확보하거나 TMPDIR로 다른 폴더를 지정하십시오.",
    ),
    (
        "{file}: cannot be written ({why}); make room, or choose another place",
        "{file}: 쓸 수 없습니다 ({why}). 공간을 확보하거나 다른 곳을 지정하십시오.",
    ),
    ("{file} is a folder; name a file in it", "{file}: 폴더입니다. 그 안의 파일 이름을 지정하십시오."),
)
"""English and Korean; the first that fits is taken."""
