"""The same input gives the same answer: to the bit here, to nine digits on another processor's arithmetic."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.analytics.answers import answers

ARITHMETIC = {
    "another processor's linear algebra": {"OPENBLAS_CORETYPE": "Sandybridge"},
    "two threads": {"OPENBLAS_NUM_THREADS": "2"},
    "no vector instructions": {"NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3", "OPENBLAS_CORETYPE": "Prescott"},
}


def elsewhere(environment: dict[str, str]) -> dict[str, list[float]]:
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.analytics.answers"],
        env=os.environ | environment, stdout=subprocess.PIPE, check=True, timeout=120,
    )  # fmt: skip
    found: dict[str, list[float]] = json.loads(run.stdout)
    return found


def test_the_same_input_gives_the_same_bits() -> None:
    assert answers() == answers()


@pytest.mark.parametrize("environment", ARITHMETIC.values(), ids=ARITHMETIC)
def test_another_arithmetic_changes_nothing_in_nine_digits(environment: dict[str, str]) -> None:
    for name, values in elsewhere(environment).items():
        assert values == pytest.approx(answers()[name], rel=1e-9), name


@pytest.mark.parametrize("name", sorted(answers()))
def test_noise_in_the_last_digits_of_the_input_stays_in_the_last_digits_of_the_answer(name: str) -> None:
    """Other tools' parameters were seen to move by tens of percent at 1e-13 (OpenDSM, issue 608)."""
    quiet, noisy = np.array(answers()[name]), np.array(answers(1e-13)[name])
    assert noisy == pytest.approx(quiet, rel=1e-9)
