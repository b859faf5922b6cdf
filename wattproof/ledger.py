"""What a demo run says in the end: the ledger of its readings, their latency, and the verdict beside the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from rich.table import Table

from evaluation import Verdict
from wattproof.demo_words import say

if TYPE_CHECKING:
    from wattproof.in_korean import Language


class Latency(msgspec.Struct, frozen=True):
    """From a register read to its commit in the store [ms], live readings only."""

    p50: float
    p99: float


class Outcome(msgspec.Struct, frozen=True):
    """The evaluation of the replaced machine, and what the simulator knows to be true [kWh]."""

    saving_kwh: float | None
    low: float | None
    high: float | None
    true_kwh: float
    verdict: str


class Ledger(msgspec.Struct, frozen=True):
    """Every reading accounted for [readings].

    `read` is counted by the outboxes, `stored` by the database; `gaps` is what was declared lost and is not stored.
    ``lost = read - stored - outbox - quarantined - gaps``, or 0 where a batch that is stored still waits for its ack,
    and so is in the outbox as well. `duplicates` are values that share series and time with another in the database.
    """

    read: int
    stored: int
    outbox: int
    quarantined: int
    gaps: int
    lost: int
    duplicates: int
    latency_ms: Latency
    evaluation: Outcome

    @property
    def ok(self) -> bool:
        """Whether nothing was lost or doubled."""
        return self.lost == 0 and self.duplicates == 0


def table(ledger: Ledger, language: Language) -> Table:
    """The ledger for a terminal."""
    shown = Table(title=say("ledger", language), title_justify="left", show_header=False)
    shown.add_column()
    shown.add_column(justify="right")
    shown.add_column()
    for name in ("read", "stored", "outbox", "quarantined", "gaps", "lost", "duplicates"):
        shown.add_row(say(name, language), f"{getattr(ledger, name):,}", say("readings", language))
    shown.add_row(say("p50", language), f"{ledger.latency_ms.p50:,.0f}", "ms")
    shown.add_row(say("p99", language), f"{ledger.latency_ms.p99:,.0f}", "ms")
    found = ledger.evaluation
    if found.saving_kwh is not None and found.low is not None and found.high is not None:
        saving = f"{found.saving_kwh:,.0f} ({found.low:,.0f} … {found.high:,.0f})"
        shown.add_row(say("saving", language), saving, "kWh")
    shown.add_row(say("truth", language), f"{found.true_kwh:,.0f}", "kWh")
    shown.add_row(say("verdict", language), _verdict(found.verdict, language))
    return shown


def _verdict(word: str, language: Language) -> str:
    verdict = Verdict(word)
    return verdict.ko if language == "ko" else verdict.en
