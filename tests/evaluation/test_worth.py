"""What a saving is worth, beside figures made by hand."""

from __future__ import annotations

import pytest

from evaluation.worth import Figure, WorthTerms, worth

TERMS = WorthTerms(
    investment_won=40e6, subsidy_won=20e6, won_per_kwh=150.0, life_years=10, discount_rate_pct=4.5
)  # fmt: skip


def figure(found: Figure | None) -> tuple[float | None, float | None, float | None]:
    assert found is not None
    return found.value, found.low, found.high


def test_carbon_and_oil_need_no_terms_and_name_where_their_factors_are_from() -> None:
    found = worth(10_000.0, 8_000.0, 12_000.0, 73.0, WorthTerms())
    assert figure(found.avoided_tco2eq) == pytest.approx((4.173, 3.3384, 5.0076))
    assert found.avoided_toe.value == pytest.approx(10.0 * 0.2293, rel=1e-4)
    assert found.yearly_kwh == Figure(50_000.0, 40_000.0, 60_000.0)
    assert found.yearly_tco2eq.value == pytest.approx(20.865)
    assert "2023" in found.emission_basis.ko
    assert "에너지법" in found.heat_basis.ko
    assert (found.payback_years, found.npv_won, found.per) == (None, None, "")


def test_money_follows_the_band_and_the_owner_pays_what_the_subsidy_leaves() -> None:
    found = worth(10_000.0, 8_000.0, 12_000.0, 73.0, TERMS)
    assert found.yearly_won == Figure(7.5e6, 6.0e6, 9.0e6)
    assert figure(found.payback_years) == pytest.approx((20 / 7.5, 20 / 9, 20 / 6))
    annuity = sum(1.045**-year for year in range(1, 11))
    assert figure(found.npv_won)[0] == pytest.approx(7.5e6 * annuity - 20e6)
    rate = figure(found.irr_pct)[0] or 0.0
    assert sum(7.5e6 / (1 + rate / 100) ** year for year in range(1, 11)) == pytest.approx(20e6)
    assert figure(found.won_per_conserved_kwh)[0] == pytest.approx(40e6 / annuity / 50_000.0)
    assert figure(found.subsidy_won_per_kwh)[0] == pytest.approx(40.0)
    assert found.per == "subsidy"
    assert figure(found.tco2eq_per_million_won)[0] == pytest.approx(20.865 / 20)


def test_what_a_saving_that_may_be_none_never_pays_is_said_as_never() -> None:
    found = worth(1_000.0, -500.0, 2_500.0, 365.0, TERMS)
    assert figure(found.payback_years)[2] is None
    assert figure(found.irr_pct)[1] is None
    assert figure(found.won_per_conserved_kwh)[2] is None
    assert (figure(found.npv_won)[1] or 0.0) < -20e6


def test_a_plan_may_bring_its_own_factors() -> None:
    found = worth(1_000.0, 1_000.0, 1_000.0, 365.0, WorthTerms(emission_tco2eq_per_mwh=0.5, heat_mj_per_kwh=8.9))
    assert (found.avoided_tco2eq.value, found.emission_basis.en) == (0.5, "given by the plan")
    assert found.yearly_toe.value == pytest.approx(0.2126, rel=1e-3)
