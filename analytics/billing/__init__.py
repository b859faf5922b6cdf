"""The electricity bill of a load under a dated time-of-use tariff: pure, every rate and rule an argument."""

from analytics.billing.bill import Account, Bill, Line, bill
from analytics.billing.comparison import OptionCost, bill_saving, compare_options
from analytics.billing.demand import (
    BillingDemand,
    DemandReason,
    MonthPeak,
    billing_demand,
    highest_demand,
    month_peak,
)
from analytics.billing.load import Load, discount_shares, load_bands
from analytics.billing.power_factor import PowerFactorCharge, PowerFactors, power_factor_charge, power_factors
from analytics.billing.tariff import (
    Dated,
    DemandRule,
    Discount,
    LoadBand,
    PowerFactorRule,
    Prices,
    Season,
    Tariff,
    Timeline,
)

__all__ = [
    "Account",
    "Bill",
    "BillingDemand",
    "Dated",
    "DemandReason",
    "DemandRule",
    "Discount",
    "Line",
    "Load",
    "LoadBand",
    "MonthPeak",
    "OptionCost",
    "PowerFactorCharge",
    "PowerFactorRule",
    "PowerFactors",
    "Prices",
    "Season",
    "Tariff",
    "Timeline",
    "bill",
    "bill_saving",
    "billing_demand",
    "compare_options",
    "discount_shares",
    "highest_demand",
    "load_bands",
    "month_peak",
    "power_factor_charge",
    "power_factors",
]
