"""What a ledger of a run must say."""

from __future__ import annotations

from typing import Any


def check_clean(ledger: dict[str, Any]) -> None:
    assert ledger["findings"] == []
    assert [ledger[name] for name in ("lost", "altered", "duplicated", "invented")] == [0, 0, 0, 0]
    assert ledger["read"] == ledger["stored"] + ledger["outbox"] + ledger["quarantined"] + ledger["gaps"]
    assert ledger["outbox"] == 0
    assert ledger["stored"] > 100
    assert sum(ledger["kills"].values()) > 0
    assert ledger["bytes_altered"] > 0
