"""A proven claim that would not outlast noise too slow for the windows to show is doubted; any other is left alone."""

from __future__ import annotations

import msgspec
import pytest

from benchmarks.families_stand.replacements import Replacement, cut
from evaluation import Evaluation, Verdict
from evaluation.plan import Claim
from evaluation.run import judge_metered

MACHINE = Replacement(cooling=0.0, noise=0.05)


def judged(minimum: float) -> Evaluation:
    plan = MACHINE.plan({"a": ["parts"]})
    asked = msgspec.structs.replace(plan, claim=Claim(minimum_saving_pct=minimum))
    return judge_metered(asked, *cut(MACHINE, plan), [])


def test_a_claim_that_only_noise_without_a_slow_part_proves_is_doubted_and_stays_proven() -> None:
    easy = judged(0.0)
    assert easy.saving is not None
    assert easy.saving.pct_low is not None
    assert easy.verdict is Verdict.PROVEN
    assert not [reason for reason in easy.reasons if reason.code == "slow_change_hidden"]
    close = judged(easy.saving.pct_low - 0.01)
    assert close.verdict is Verdict.PROVEN, "a doubt decides nothing"
    doubt = next(reason for reason in close.reasons if reason.code == "slow_change_hidden")
    assert doubt.doubt
    assert doubt.cure is not None
    low = float(doubt.text.en.split("the band is ")[1].split(" to ")[0].replace(",", ""))
    assert low < easy.saving.low - 0.1 * (easy.saving.kwh - easy.saving.low)
    assert f"{low:,.0f} ~" in doubt.text.ko
    missed = judged(easy.saving.pct_low + 0.01)
    assert missed.verdict is Verdict.NOT_PROVEN
    assert not [reason for reason in missed.reasons if reason.code == "slow_change_hidden"]
    assert missed.saving is not None
    assert missed.saving.kwh == pytest.approx(easy.saving.kwh)
