"""A proven claim that would not outlast noise too slow for the windows to show, or its own days, is doubted."""

from __future__ import annotations

import dataclasses

import msgspec
import numpy as np
import pytest

from benchmarks.families_stand.replacements import Replacement, cut
from evaluation import Evaluation, Verdict
from evaluation.metered import Metered
from evaluation.models import Levels
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


@pytest.mark.parametrize("rest", [0, 4])
def test_hours_that_go_otherwise_than_days_are_doubted(rest: int) -> None:
    machine = Replacement(cooling=0.0, per_part=0.1, noise=0.01, granularity="hour")
    plan = machine.plan({"hours": Levels(["weekday", "hour"], ["parts"])})
    baseline, installation, reporting = cut(machine, plan)
    # On days off the machine is off, and draws no base load either, whatever the hours of other weeks say.
    first, last = (stand_still(window, days) for window, days in ((baseline, 2), (reporting, rest)))
    found = judge_metered(plan, first, installation, last, [])
    doubts = [reason for reason in found.reasons if reason.code == "days_disagree"]
    assert bool(doubts) is (rest > 0)
    for doubt in doubts:
        assert doubt.doubt
        assert doubt.cure is not None
        assert found.saving is not None
        by_days = float(doubt.text.en.split("fitted to days find ")[1].split(" kWh")[0].replace(",", ""))
        assert not found.saving.low <= by_days <= found.saving.high
        truth = 0.1 / 0.9 * float(last.energy.sum())
        assert abs(by_days - truth) < abs(found.saving.kwh - truth), "days tell this machine better"


def stand_still(window: Metered, days: int) -> Metered:
    """The window with its first Tuesdays, of so many weeks, off: nothing made and nothing drawn."""
    energy, drivers = window.energy.copy(), window.drivers.copy()
    tuesdays = np.flatnonzero(window.grid.clock.weekday == 1)[: 24 * days]
    energy[tuesdays] = 0.0
    drivers[tuesdays, 0] = 0.0
    return dataclasses.replace(window, energy=energy, drivers=drivers)
