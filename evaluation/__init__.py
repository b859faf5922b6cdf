"""The evaluator's work: plan, run, verdict."""
