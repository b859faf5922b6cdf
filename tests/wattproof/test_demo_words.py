"""What the demo says, in Korean and in English."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from wattproof.commands.demo import Watcher
from wattproof.in_korean import Language
from wattproof.ledger import Latency, Ledger, Outcome, table

LEDGER = Ledger(
    read=1_234, stored=1_230, outbox=4, quarantined=0, gaps=0, lost=0, duplicates=0,
    latency_ms=Latency(215.2, 1069.0), evaluation=Outcome(2339.0, 2176.0, 2502.0, 2298.0, "not_proven"),
)  # fmt: skip


def printed(language: Language) -> str:
    screen = Console(file=io.StringIO(), width=100)
    screen.print(table(LEDGER, language))
    watcher = Watcher(screen, language)
    for word, values in (("pages", ("http://127.0.0.1:8000",)), ("past_is_stored", ()), ("ending", ())):
        watcher.say(word, *values)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


@pytest.mark.parametrize(("language", "verdict"), [("ko", "미입증"), ("en", "not proven")])
def test_the_demo_speaks_one_language_at_a_time(language: Language, verdict: str) -> None:
    shown = printed(language)
    for figure in ("1,234", "1,230", "2,339 (2,176 … 2,502)", "2,298", "1,069", verdict, "http://127.0.0.1:8000"):
        assert figure in shown
    without = re.sub(r"http\S+|kWh|ms|p50|p99", "", shown)
    assert re.search(r"[a-z]{2}" if language == "ko" else r"[가-힣]", without) is None
