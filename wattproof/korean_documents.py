"""What is wrong with a document's field, English as `telemetry.documents` and the rooms say it, and Korean.

A document's error tells file, line and field first; what stands here is what it tells behind them.
"""

from __future__ import annotations

from typing import Final

_ANY: Final = (
    ("unknown key; check its spelling and indentation", "없는 항목입니다. 철자와 들여쓰기를 확인하십시오."),
    (
        "not a date of the calendar; write it as 2026-01-31",
        "달력에 없는 날짜입니다. 2026-01-31처럼 쓰십시오.",
    ),
    ("key given twice, first on line {line}", "같은 항목이 두 번 있습니다. 첫 번째는 {line}행입니다."),
)
_PLAN: Final = (
    (
        "{a} (line {line}) and {b} overlap; no day may belong to two windows",
        "{a}({line}행)와 {b}이(가) 겹칩니다. 하루는 한 기간에만 속할 수 있습니다.",
    ),
    (
        "{a} (line {line}) and {b} are in the wrong order; baseline, installation, reporting",
        "{a}({line}행)와 {b}의 순서가 바뀌었습니다. baseline, installation, reporting 순서여야 합니다.",
    ),
    (
        "{window} has {days} days; at least {least} are needed",
        "{window}: {days}일뿐입니다. {least}일 이상이어야 합니다.",
    ),
    (
        "unknown time zone {zone}; give a name such as Asia/Seoul",
        "시간대 {zone}을(를) 알 수 없습니다. Asia/Seoul 같은 이름을 쓰십시오.",
    ),
    (
        "a subsidy of {subsidy} 원 is more than the investment of {price} 원",
        "보조금 {subsidy}원이 투자비 {price}원보다 많습니다.",
    ),
    (
        "{channel} is no energy counter; use energy_import_wh or energy_export_wh",
        "{channel}은(는) 전력량의 누적값이 아닙니다. energy_import_wh나 energy_export_wh를 쓰십시오.",
    ),
    (
        "the same series and aggregate as driver {name}; remove one of them",
        "설명변수 {name}과 채널과 집계가 같습니다. 하나를 지우십시오.",
    ),
    (
        "{aggregate} needs a {wanted}, and {channel} is a {kind}",
        "{aggregate} 집계는 {wanted} 채널에만 쓸 수 있는데 {channel}은(는) {kind}입니다.",
    ),
    ("above and below are for a mean", "above와 below는 평균(mean)에만 씁니다."),
    ("modulus and max_per_hour are for a counter", "modulus와 max_per_hour는 누적값(counter)에만 씁니다."),
    (
        "hours need the states that count, e.g. states: [3]; nothing else has any",
        "hours에는 세어야 할 상태를 states: [3]처럼 쓰십시오. 다른 집계에는 states를 쓰지 않습니다.",
    ),
    (
        "{text} is no time; write e.g. 2026-03-20 14:30",
        "{text}: 시각이 아닙니다. 2026-03-20 14:30처럼 쓰십시오.",
    ),
    (
        "write the time without an offset: it is in the plan's time zone",
        "시차 없이 쓰십시오. 계획의 시간대로 읽습니다.",
    ),
    (
        "{moment} does not follow the exchange before; put them in order",
        "{moment}: 앞의 계량기 교체보다 뒤가 아닙니다. 시각 순서대로 쓰십시오.",
    ),
    (
        "{span} is no span of the reporting window {window}; an adjustment is of days in it",
        "{span}: 교체 후(reporting) 기간 {window}을(를) 벗어납니다. 조정은 그 안의 날짜로 쓰십시오.",
    ),
    (
        "models that err together are of two plans at least; name their ids",
        "함께 틀리는 모형은 계획 둘 이상의 것입니다. 계획의 id를 쓰십시오.",
    ),
)
_MAPPING: Final = (
    (
        "say which site: site: gimpo-1 (in a trial --site gimpo-1), or a part {site} of the topic",
        "사업장을 site: gimpo-1처럼 쓰거나(시험할 때는 --site gimpo-1) 토픽의 부분 {site}(으)로 받으십시오.",
    ),
    (
        "all rules of topic {topic} must tell the time, or none",
        "토픽 {topic}의 규칙은 모두 시각(time)을 지정하거나 모두 지정하지 않아야 합니다.",
    ),
    ("names of topic {topic} belong into its first rule", "토픽 {topic}의 names는 첫 규칙에 쓰십시오."),
    (
        "no time zone {zone}; write it as Asia/Seoul or UTC",
        "시간대 {zone}을(를) 알 수 없습니다. Asia/Seoul이나 UTC처럼 쓰십시오.",
    ),
    ("give one of path, sum and value", "path, sum, value 가운데 하나만 쓰십시오."),
    (
        "channels of {name} have different units; give them rules of their own",
        "{name}의 채널들은 단위가 서로 다릅니다. 규칙을 따로 쓰십시오.",
    ),
    ("not in the library; {hint}", "기본 매핑에 없습니다. {hint}"),
    ("no rule takes topic {topic}", "토픽 {topic}을(를) 받는 규칙이 없습니다."),
    ("it is refused: {why}", "예제가 거부됩니다: {why}"),
    (
        "JSON path {path} cannot be read from {rest} on; write ENERGY.Power[0], or ['a.b'] for a name with a dot",
        "JSON 경로 {path}을(를) {rest}부터 읽을 수 없습니다. ENERGY.Power[0]처럼, 점이 든 이름은 ['a.b']처럼 쓰십시오.",
    ),
    ("JSON path is empty; $ is the whole payload", "JSON 경로가 비어 있습니다. 내용 전체는 $로 씁니다."),
    (
        "topic level {level}: beside parts like {part}, no braces, + or #",
        "토픽 단계 {level}: {part} 같은 부분 옆에는 중괄호나 +, #을 쓸 수 없습니다.",
    ),
    (
        "topic level {level}: a part is {part} in a-z, 0-9, _; + stands alone, # at the end",
        "토픽 단계 {level}: 부분은 {part}처럼 a-z, 0-9, _로 쓰고, +는 홀로, #은 끝에만 쓸 수 있습니다.",
    ),
    ("topic {topic} has two parts of one name", "토픽 {topic}: 이름이 같은 부분이 두 개 있습니다."),
    (
        "topic {topic} would take what WattProof's own gateways send",
        "토픽 {topic}: WattProof 게이트웨이가 보내는 것까지 받게 됩니다.",
    ),
    ("{text} has a brace that no other closes", "{text}: 닫히지 않은 중괄호가 있습니다."),
)
_SETTINGS: Final = (
    ("port {port} is outside 0-65535", "포트 {port}: 0~65535여야 합니다."),
    (
        "timezone {zone} is not known; use an IANA name such as Asia/Seoul",
        "시간대 {zone}을(를) 알 수 없습니다. Asia/Seoul 같은 IANA 이름을 쓰십시오.",
    ),
    (
        "demand_target_kw {kw} must be above 0, or left out for no target",
        "demand_target_kw {kw}: 0보다 커야 합니다. 목표가 없으면 빼십시오.",
    ),
    ("refresh_s {seconds} is too short; at least 0.05", "refresh_s {seconds}: 너무 짧습니다. 0.05 이상이어야 합니다."),
    ("an expected saving has a low_pct and a high_pct", "예상 절감률에는 low_pct와 high_pct가 모두 있어야 합니다."),
    (
        "an expected saving of {low} to {high}% falls; begin with the low",
        "예상 절감률 {low}~{high}%: 낮은 값부터 쓰십시오.",
    ),
    (
        "an expected saving is told by one of low_pct and high_pct, plan, like",
        "예상 절감률은 low_pct·high_pct, plan, like 가운데 하나로만 쓰십시오.",
    ),
)

PROBLEMS: Final = (*_ANY, *_PLAN, *_MAPPING, *_SETTINGS)
"""English and Korean; the first that fits is taken."""

_BUILT: Final = (
    ("it becomes {readings}", "예제의 결과가 다릅니다: {readings}"),
    (
        "write the words in quotes, such as {example}: bare, YAML takes on, off, yes and no for truth values",
        "{example}처럼 따옴표를 붙이십시오. 따옴표가 없으면 YAML이 on, off, yes, no를 참·거짓으로 읽습니다.",
    ),
    (
        "say under names: what {part} may be, as in names: {example}",
        "{part}에 올 수 있는 것을 names: {example}처럼 names에 쓰십시오.",
    ),
    (
        "{part} is no part of topic {topic}; write {field} for a field of the message",
        "{part}은(는) 토픽 {topic}에 없습니다. 메시지의 항목이라면 {field}처럼 쓰십시오.",
    ),
    (
        "driver name {name}; already used on line {line}; choose another",
        "설명변수 이름 {name}을(를) {line}행에서 이미 썼습니다. 다른 이름을 쓰십시오.",
    ),
    (
        "driver name {name} is the model's own word; choose another",
        "설명변수 이름 {name}은(는) 모형이 쓰는 말입니다. 다른 이름을 쓰십시오.",
    ),
    (
        "{model} names {names}, which is no driver of this plan",
        "{model}의 {names}은(는) 이 계획의 설명변수가 아닙니다.",
    ),
    (
        'shifts must rise through the day; they are {shifts}; write e.g. ["06:00", "14:00", "22:00"]',
        '교대 시작 시각은 이른 것부터 써야 합니다({shifts}). ["06:00", "14:00", "22:00"]처럼 쓰십시오.',
    ),
    ("unit {unit} is none of {known}", "단위 {unit}은(는) 쓸 수 없습니다. 쓸 수 있는 단위: {known}"),
    (
        "say in which unit the sender writes it: one of {known}",
        "보내는 쪽의 단위를 unit에 쓰십시오. 쓸 수 있는 단위: {known}",
    ),
    (
        "{files}: {why}; name the authority's certificate, a PEM file",
        "{files}: {why}. 인증 기관의 인증서(PEM 파일)를 지정하십시오.",
    ),
    (
        "{files}: {why}; put a certificate and the key that belongs to it in place",
        "{files}: {why}. 서로 맞는 인증서와 키를 두십시오.",
    ),
    ("{part} is no part of topic {topic}", "{part}은(는) 토픽 {topic}에 없습니다."),
    (
        "{model} needs granularity hour or quarter_hour; this plan's is {granularity}",
        "{model}: granularity가 hour나 quarter_hour여야 합니다. 이 계획은 {granularity}입니다.",
    ),
    (
        "{model} names {name} twice, as temperature and as driver",
        "{model}: {name}을(를) 온도와 설명변수로 두 번 썼습니다.",
    ),
    ("did you mean {near}?", "비슷한 매핑: {near}"),
    ("it has {known}; a file ends in .yaml", "있는 것: {known}. 파일이라면 이름이 .yaml로 끝나야 합니다."),
)
_CONVERTED: Final = (
    ("missing key {field}", "{field} 항목이 빠졌습니다."),
    ("expected {wanted}, got {got}", "{wanted}이(가) 와야 하는데 {got}입니다."),
    ("expected {wanted} matching regex {form}", "{form} 형식의 {wanted}이어야 합니다."),
    ("expected {wanted} of length >= {least}", "길이가 {least} 이상인 {wanted}이어야 합니다."),
    ("expected {wanted} of length <= {most}", "길이가 {most} 이하인 {wanted}이어야 합니다."),
    ("expected {wanted} >= {least}", "{least} 이상의 {wanted}이어야 합니다."),
    ("expected {wanted} <= {most}", "{most} 이하의 {wanted}이어야 합니다."),
    ("expected {wanted} > {least}", "{least}보다 큰 {wanted}이어야 합니다."),
    ("expected {wanted} < {most}", "{most}보다 작은 {wanted}이어야 합니다."),
    ("Invalid enum value {value}", "{value}: 쓸 수 없는 값입니다."),
    ("Invalid value {value}", "{value}: 쓸 수 없는 값입니다."),
)

BUILT: Final = (*_BUILT, *_CONVERTED)
"""What the program puts together from parts, and what msgspec says of a field; tried last."""
