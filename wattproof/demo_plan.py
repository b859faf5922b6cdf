"""The evaluation plan of the virtual factory's replaced press, in this week's dates."""

from __future__ import annotations

from datetime import timedelta

from simulator import Factory, Span

FILE = "press-2.yaml"
REVIEW = """\
# What the energy review of this factory is told: made up, as the factory is.
won_per_kwh: 170
products: # whose counter counts what a machine makes; those that a plan names need no word
  press-1: [{device: plc-1}]
replacements: # what tells what a new machine would save (the replacement of press 2), and its price less a subsidy
  press-1: {plan: press-2, investment_won: 45_000_000}
"""


def plan_document(factory: Factory) -> str:
    """Write the plan (YAML): press 2, explained by its production, its operating days and the weather."""
    windows = factory.plan_windows()
    site = factory.file.site
    return f"""# The plan of one machine replacement, as it would be fixed before the purchase.
id: press-2
title:
  ko: 사출기 2호 교체 (유압식 → 서보 유압식)
  en: Press 2 replaced (hydraulic by servo-hydraulic)
site: {site.id}
device: press-2
kind: power_meter
energy: energy_import_wh
timezone: {site.timezone}
drivers: # what the machine's energy follows
  - {{name: production, device: plc-2, kind: plc, channel: production_count, aggregate: difference}}
  - {{name: operating, device: plc-2, kind: plc, channel: production_count, aggregate: active}}
  - {{name: temperature, device: ambient, kind: sensor, channel: temperature_c, aggregate: mean}}
baseline: {_window(windows.baseline)}
installation: {_window(windows.installation)}
reporting: {_window(windows.reporting)}
granularity: day
confidence: 0.9
worth: # made up, as the factory is: price of the machine, the programme's part, what a kWh costs
  {{investment_won: 90_000_000, subsidy_won: 45_000_000, won_per_kwh: 170, life_years: 12, discount_rate_pct: 4.5}}
candidates: # the one that best predicts stretches of the baseline held out whole is used; every one's answer is shown
  linear: [production, operating, temperature]
  no weather: [production, operating]
  heating: {{family: change_point, form: 3PH, temperature: temperature, drivers: [production, operating]}}
  weekdays: {{family: levels, by: [weekday], drivers: [production]}}
"""


def _window(span: Span) -> str:
    return f"{{first_day: {span.start}, last_day: {span.end - timedelta(days=1)}}}"
