"""The evaluator's work: a plan, its run on stored readings, and the verdict."""

from evaluation.billing import Connection, MonthBill, bill_month, compare_month
from evaluation.declared import MeterExchange, NonRoutine
from evaluation.drivers import Driver
from evaluation.errors import EvaluationError
from evaluation.findings import AdjustmentResult, CandidateResult, EventResult, Period, WorkResult
from evaluation.fitted_model import Coefficient, ModelResult
from evaluation.machines import MachineResult
from evaluation.plan import Claim, Plan, Quality, Title, Window, load_plan, parse_plan
from evaluation.portfolio import PortfolioResult, SharedResult, evaluate_programme
from evaluation.portfolio_sums import SumFigure, SumResult
from evaluation.portfolio_table import TableFormat, portfolio_table
from evaluation.portfolio_terminal import render_portfolio
from evaluation.portfolio_words import FIGURES as PORTFOLIO_FIGURES
from evaluation.portfolio_words import SELECTED as PORTFOLIO_SELECTED
from evaluation.portfolio_words import YEAR as PORTFOLIO_YEAR
from evaluation.programme import Programme, is_programme, load_programme, plan_files
from evaluation.quarter_hours import Reading, from_rollups, read_intervals
from evaluation.result import Evaluation
from evaluation.run import evaluate
from evaluation.saving import BandBeside, Cumulative, Detectable, OtherForms, PeakDemand, Placebos, Saving
from evaluation.tariffs import Contract, Tariffs
from evaluation.terminal import render
from evaluation.verdict import Reason, Verdict
from evaluation.windows import DriverRange, Intervals, WindowResult
from evaluation.wording import Text
from evaluation.worth import Worth, WorthTerms
from evaluation.worth_words import NEVER, worth_lines, worth_note

__all__ = [
    "NEVER",
    "PORTFOLIO_FIGURES",
    "PORTFOLIO_SELECTED",
    "PORTFOLIO_YEAR",
    "AdjustmentResult",
    "BandBeside",
    "CandidateResult",
    "Claim",
    "Coefficient",
    "Connection",
    "Contract",
    "Cumulative",
    "Detectable",
    "Driver",
    "DriverRange",
    "Evaluation",
    "EvaluationError",
    "EventResult",
    "Intervals",
    "MachineResult",
    "MeterExchange",
    "ModelResult",
    "MonthBill",
    "NonRoutine",
    "OtherForms",
    "PeakDemand",
    "Period",
    "Placebos",
    "Plan",
    "PortfolioResult",
    "Programme",
    "Quality",
    "Reading",
    "Reason",
    "Saving",
    "SharedResult",
    "SumFigure",
    "SumResult",
    "TableFormat",
    "Tariffs",
    "Text",
    "Title",
    "Verdict",
    "Window",
    "WindowResult",
    "WorkResult",
    "Worth",
    "WorthTerms",
    "bill_month",
    "compare_month",
    "evaluate",
    "evaluate_programme",
    "from_rollups",
    "is_programme",
    "load_plan",
    "load_programme",
    "parse_plan",
    "plan_files",
    "portfolio_table",
    "read_intervals",
    "render",
    "render_portfolio",
    "worth_lines",
    "worth_note",
]
