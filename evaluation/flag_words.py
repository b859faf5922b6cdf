"""The marks of intervals as people read them."""

from __future__ import annotations

from collections.abc import Mapping

from analytics import Flag
from evaluation.wording import Text

_WORDS = {
    Flag.GAP: Text("데이터 공백", "gap"),
    Flag.ROLLOVER: Text("레지스터 넘침", "rollover"),
    Flag.RESET: Text("레지스터 초기화", "reset"),
    Flag.GLITCH: Text("튀는 값", "glitch"),
    Flag.JUMP: Text("비정상 급증", "jump"),
    Flag.EXCHANGE: Text("계량기 교체", "exchange"),
    Flag.SPREAD: Text("공백을 고르게 나눔", "spread"),
    Flag.OUTLIER: Text("이상값", "outlier"),
}
_NAMED = {str(flag.name).lower(): word for flag, word in _WORDS.items()}


def marks(counts: Mapping[str, int]) -> Text:
    """Marks with how many intervals bear each, by `evaluation.metered.flag_counts`; empty without any."""
    said = [(_NAMED[name], count) for name, count in counts.items()]
    return Text(
        ", ".join(f"{word.ko} {count:,}" for word, count in said),
        ", ".join(f"{word.en} {count:,}" for word, count in said),
    )
