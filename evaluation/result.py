"""What an evaluation says: plain structures that `msgspec.json` encodes; a missing number is ``None``, never NaN.

Energies are kWh, times [ms since 1970-01-01 UTC], percentages are of the adjusted baseline.
"""

from __future__ import annotations

import msgspec

from analytics import Grade
from evaluation.findings import (
    AdjustmentResult,
    CandidateResult,
    Check,
    CounterCheck,
    EventResult,
    IntensityResult,
    Spread,
    WorkResult,
)
from evaluation.fitted_model import ModelResult
from evaluation.saving import BandBeside, Cumulative, Detectable, OtherForms, PeakDemand, Placebos, Saving
from evaluation.verdict import Reason, Verdict
from evaluation.windows import DriverRange, Intervals, WindowResult
from evaluation.wording import Text
from evaluation.worth import Worth


class Evaluation(msgspec.Struct, frozen=True):
    """Everything an evaluation found.

    `worth` is of a saving with a verdict, `intensities` of plans with counted drivers; `forms`, `bands` and `peak` tell
    the same saving otherwise, and decide nothing.
    `model`, `saving`, `placebos`, `cumulative` and `detectable` are ``None`` when the data did not suffice to
    compute them; `reasons` then says why. `candidates` and `spread` are of a plan that names candidates; `events` are
    proposals that nothing was done about; `checks` are what the data were held against. `conditions` grades how well
    the baseline knew the reporting period's. `counter_check` is ``None`` without a power reading, `work` without
    a measure of work that no model uses. A number is shown together with the verdict, never alone.
    """

    plan_id: str
    plan_digest: str
    title: Text
    site: str
    device: str
    timezone: str
    granularity: str
    method: Text
    verdict: Verdict
    reasons: list[Reason]
    baseline: WindowResult
    installation: WindowResult
    reporting: WindowResult
    intervals: Intervals
    drivers: list[DriverRange]
    claim_minimum_pct: float
    model: ModelResult | None = None
    saving: Saving | None = None
    placebos: Placebos | None = None
    cumulative: Cumulative | None = None
    candidates: list[CandidateResult] = []
    spread: Spread | None = None
    adjustments: list[AdjustmentResult] = []
    events: list[EventResult] = []
    conditions: Grade | None = None
    detectable: Detectable | None = None
    checks: list[Check] = []
    counter_check: CounterCheck | None = None
    work: WorkResult | None = None
    worth: Worth | None = None
    intensities: list[IntensityResult] = []
    forms: OtherForms | None = None
    bands: list[BandBeside] = []
    peak: PeakDemand | None = None
