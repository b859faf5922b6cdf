"""What `wattproof edge init` asks is asked again until the answer can be used; why, in the technician's language."""

from __future__ import annotations

import pytest
import typer

from edge.commissioning import Answers
from wattproof.commands.edge.questions import ask_who


def test_an_answer_that_cannot_be_used_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter(["broker.local", "Bad Site!", "gimpo", "김포 공장", "gw 1", "gw-1"])
    monkeypatch.setattr(typer, "prompt", lambda *_args, **_kwargs: next(answers))
    found = ask_who(Answers(), "ko")
    assert (found.site, found.site_name, found.gateway, found.broker.host) == (
        "gimpo", "김포 공장", "gw-1", "broker.local",
    )  # fmt: skip
    assert capsys.readouterr().err.splitlines() == ["a-z, 0-9, -, _ 만 쓸 수 있습니다"] * 2
