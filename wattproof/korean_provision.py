"""What `wattproof broker init` says of what it cannot issue, English and Korean: a part of `korean_failures`."""

from __future__ import annotations

from typing import Final

PROVISION: Final = (
    (
        "gateway {gateway} of site {site}: {name} has {count} characters, and a certificate's name at most {most};"
        " choose a shorter site or gateway id",
        "{site} 사업장의 게이트웨이 {gateway}: {name}은(는) {count}자입니다. 인증서의 이름은 {most}자까지이니"
        " 사업장이나 게이트웨이의 이름을 줄이십시오.",
    ),
    (
        "service {name}: use collector, api, health or foreign, or one of them with -SUFFIX",
        "서비스 {name}: collector, api, health, foreign 가운데 하나를 쓰거나 그 뒤에 -이름을 붙이십시오.",
    ),
    (
        "hosts: name at least one address under which clients reach the broker",
        "hosts: 클라이언트가 브로커에 접속할 주소를 하나 이상 쓰십시오.",
    ),
    (
        "publisher {name}: this is a name of WattProof's own; choose another",
        "발신자 {name}: WattProof가 쓰는 이름입니다. 다른 이름을 쓰십시오.",
    ),
    (
        "topic {topic}: write e.g. tele/tasmota_5A9AE8/SENSOR or shellies/+/emeter/#, no spaces",
        "토픽 {topic}: tele/tasmota_5A9AE8/SENSOR나 shellies/+/emeter/#처럼 빈칸 없이 쓰십시오.",
    ),
    (
        "topic {topic}: its first level must be the publisher's own, not one of WattProof's",
        "토픽 {topic}: 첫 단계는 WattProof의 것이 아니라 발신자 자신의 것이어야 합니다.",
    ),
    (
        "{key} is missing, and {file} needs signing with it: put the key back, or make a new authority with --replace",
        "{key}: 키가 없어 {file}에 서명할 수 없습니다. 키를 되돌려 놓거나 --replace로 인증 기관을 새로 만드십시오.",
    ),
    (
        "{file} has expired; make a new authority with --replace",
        "{file}: 만료되었습니다. --replace로 인증 기관을 새로 만드십시오.",
    ),
    (
        "{key} is not the key of {file}; put the right one back",
        "{key}: {file}의 키가 아닙니다. 맞는 키를 되돌려 놓으십시오.",
    ),
    (
        "{file} is no private key in PEM form; restore it, or start over with --replace",
        "{file}: PEM 형식의 개인 키가 아닙니다. 되돌려 놓거나 --replace로 처음부터 다시 만드십시오.",
    ),
    (
        "{file} is no elliptic-curve key; restore ours, or start over with --replace",
        "{file}: 타원 곡선 키가 아닙니다. 원래의 키를 되돌려 놓거나 --replace로 처음부터 다시 만드십시오.",
    ),
    (
        "{file} is no certificate in PEM form; remove it, and it is issued anew",
        "{file}: PEM 형식의 인증서가 아닙니다. 지우면 새로 발급합니다.",
    ),
)
"""English and Korean; the first that fits is taken."""
