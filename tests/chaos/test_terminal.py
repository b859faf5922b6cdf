"""The ledger's table says in both languages what struck, and what must not be."""

from __future__ import annotations

import io

import msgspec
import pytest
from rich.console import Console

from chaos.faults import targets
from chaos.ledger import MUST_BE_NONE, Ledger
from chaos.terminal import Language, table
from tests.chaos.parts import CLEAN

KINDS = {kind for kind, _ in targets(["broker", "gw-1"], ["gw-1-broker"], ["gw-1"])}


def shown(ledger: Ledger, language: Language) -> str:
    console = Console(width=132, file=io.StringIO())
    with console.capture() as captured:
        console.print(table(ledger, language))
    return captured.get()


def test_a_clean_run_says_so_and_names_every_kind_of_fault() -> None:
    struck = msgspec.structs.replace(CLEAN, faults=dict.fromkeys(sorted(KINDS), 2))
    text = shown(struck, "en")
    assert "22 faults in 61 s, store duck, seed 7" in text
    assert "every reading is where it must be, once" in text
    assert text.count(" faults ") == len(KINDS) + 2
    assert text.count("must be 0") == len(MUST_BE_NONE)
    assert "1,234 │ readings" in text
    assert text.count("met nothing") == 1
    assert "gw-1 ended unasked" in text
    assert "broker ended with an error" in text
    korean = shown(struck, "ko")
    assert "모든 측정값이 있어야 할 곳에 한 번씩 있음" in korean
    assert korean.count("0이어야 함") == len(MUST_BE_NONE)


@pytest.mark.parametrize("name", MUST_BE_NONE)
def test_whatever_must_be_none_and_is_not_makes_a_run_fail_and_is_pointed_out(name: str) -> None:
    found = msgspec.structs.replace(CLEAN, **{name: 1})
    assert not found.clean
    text = shown(found, "en")
    assert text.count("MUST BE 0") == 1
    assert "NOT every reading" in text
    assert "0이 아님!" in shown(found, "ko")
