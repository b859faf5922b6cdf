"""A programme's band, counted: how often does it hold the truth of programmes that were drawn?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import stdtrit

from analytics import as_student, portfolio

DRAWS = 1500


def held(
    rng: np.random.Generator,
    *,
    freedoms: tuple[float, ...],
    sources: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    told: bool = True,
    confidence: float = 0.9,
) -> float:
    """Share of drawn programmes whose band holds the sum of their errors [%].

    Each machine errs by N(0, σ²), whose variance is only estimated, by a χ² of its freedom; machines of one group err
    by the same draw, and shared sources come on top, which the band is `told` of or not.
    """
    machines = len(freedoms)
    freedom = np.array(freedoms)
    sigma = np.exp(rng.normal(0.0, 0.7, machines))
    count = 0
    for _ in range(DRAWS):
        normal, square = rng.normal(size=machines), rng.chisquare(freedom) / freedom
        if groups is not None:
            normal, square = normal[groups], square[groups]
        error = float((sigma * normal).sum())
        if sources is not None:
            error += float((sources @ rng.normal(size=sources.shape[1])).sum())
        estimated = sigma * np.sqrt(square)
        told_of = {"shared": sources, "together": groups} if told else {}
        found = portfolio(np.zeros(machines), estimated, freedom, **told_of)
        count += abs(error) <= found.half_width(confidence)
    return 100.0 * count / DRAWS


def test_the_band_of_independent_machines_holds_as_often_as_it_says() -> None:
    for confidence in (0.8, 0.9):
        share = held(np.random.default_rng(11), freedoms=(8.0, 15.0, 30.0, 12.0) * 10, confidence=confidence)
        assert share == pytest.approx(100 * confidence, abs=3)
    few = held(np.random.default_rng(12), freedoms=(6.0, 40.0, 10.0))
    assert 88 < few < 95


def test_what_machines_share_is_in_the_band_and_left_out_it_is_not() -> None:
    rng = np.random.default_rng(13)
    sources = np.column_stack((rng.uniform(0.1, 0.5, 40), rng.normal(0, 0.3, 40)))
    freedoms = (10.0, 25.0) * 20
    assert held(np.random.default_rng(14), freedoms=freedoms, sources=sources) == pytest.approx(90, abs=3)
    assert held(np.random.default_rng(14), freedoms=freedoms, sources=sources, told=False) < 75


def test_machines_that_err_as_one_add_up_and_in_squares_they_would_be_too_sure() -> None:
    groups = np.repeat(np.arange(5), 8)
    freedoms = (12.0,) * 40
    assert held(np.random.default_rng(15), freedoms=freedoms, groups=groups) == pytest.approx(90, abs=3)
    rng = np.random.default_rng(15)
    sigma, normal = np.ones(40), rng.normal(size=(DRAWS, 5))[:, groups]
    alone = portfolio(np.zeros(40), sigma, np.full(40, np.inf)).half_width(0.9)
    assert (np.abs(normal.sum(axis=1)) <= alone).mean() < 0.6


def test_one_machine_is_its_own_band_and_a_group_the_sum_of_its_bands() -> None:
    scale, freedom = as_student(3.0, 3.0 * float(stdtrit(7.5, 0.95)), 0.9)
    assert scale == 3.0
    assert freedom == pytest.approx(7.5, rel=1e-6)
    one = portfolio(np.array([10.0]), np.array([3.0]), np.array([freedom]))
    assert one.half_width(0.9) == pytest.approx(3.0 * float(stdtrit(7.5, 0.95)))
    two = portfolio(np.ones(2), np.full(2, 3.0), np.full(2, freedom), together=np.zeros(2, dtype=np.int64))
    assert two.half_width(0.9) == pytest.approx(2 * one.half_width(0.9))
    narrow, normal = as_student(3.0, 4.0, 0.9)
    assert normal == np.inf
    alone = portfolio(np.ones(1), np.array([narrow]), np.array([normal]))
    assert alone.half_width(0.9) == pytest.approx(4.0)
    with pytest.raises(ValueError, match="labels"):
        portfolio(np.ones(2), np.ones(2), np.ones(2), together=np.zeros(3, dtype=np.int64))
