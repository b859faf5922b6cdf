"""What the demo says on the terminal, in Korean and English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wattproof.in_korean import Language

_WORDS: Final = {
    "demo": ("데모", "demo"),
    "pages": ("화면 주소: {0}", "pages: {0}"),
    "past_is_stored": (
        "지난 12주의 데이터를 모두 저장했습니다. 이제 실시간 계측만 이어집니다.",
        "the past is in the store; from here on it is live",
    ),
    "ending": ("끝내는 중: 마지막 확인 응답을 기다립니다.", "ending: waiting for the last acknowledgements"),
    "history": ("지난 12주의 데이터", "twelve weeks of history"),
    "readings": ("개", "readings"),
    "ledger": ("이번 실행의 장부", "The ledger of this run"),
    "read": ("읽은 값", "read"),
    "stored": ("저장한 값", "stored"),
    "outbox": ("게이트웨이에서 대기 중인 값", "outbox"),
    "quarantined": ("격리한 값", "quarantined"),
    "gaps": ("잃었다고 밝힌 값", "gaps"),
    "lost": ("잃어버린 값", "lost"),
    "duplicates": ("중복된 값", "duplicates"),
    "p50": ("계측부터 저장까지(p50)", "register → store, p50"),
    "p99": ("계측부터 저장까지(p99)", "register → store, p99"),
    "saving": ("평가한 절감량", "saving found"),
    "truth": ("실제 절감량", "saving that is true"),
    "verdict": ("판정", "verdict"),
}


def say(word: str, language: Language, *values: object) -> str:
    """A word or sentence of the demo."""
    text = _WORDS[word][language == "en"]
    return text.format(*values) if values else text
