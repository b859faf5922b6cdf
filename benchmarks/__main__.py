"""Run every benchmark and write the table that the README quotes."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import msgspec

import benchmarks
from benchmarks.frame import Report

_TABLE = Path(__file__).parent.parent / "docs" / "benchmarks.md"


def main() -> int:
    """Run all; exit 1 when one fails or misses a target."""
    names = sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name not in {"__main__", "frame"})
    reports: list[Report] = []
    failed: list[str] = []
    for name in names:
        run = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", "--json"], stdout=subprocess.PIPE, text=True, check=False
        )
        try:
            reports.append(msgspec.json.decode(run.stdout.strip().splitlines()[-1], type=Report))
        except (IndexError, msgspec.DecodeError):
            failed.append(name)
    _TABLE.write_text(_markdown(reports), encoding="utf-8")
    for name in failed:
        sys.stderr.write(f"benchmarks.{name} printed no result\n")
    return 0 if not failed and all(report.met for report in reports) else 1


def _markdown(reports: list[Report]) -> str:
    lines = ["# Benchmarks", "", "Written by `make bench`. Figures are of one run on the machine named.", ""]
    for report in reports:
        lines += [f"## `python -m benchmarks.{report.benchmark}`", "", report.machine, ""]
        lines += ["| figure | value | target | met | peer | ratio |", "|---|---:|---|---|---|---:|"]
        for figure in report.figures:
            met = {None: "", True: "yes", False: "**no**"}[figure.met]
            peer = f"{figure.peer}: {figure.peer_value:.4g}" if figure.peer_value is not None else ""
            ratio = f"{figure.ratio:.3g} ×" if figure.ratio is not None else ""
            lines.append(
                f"| {figure.name} | {figure.value:,.4g} {figure.unit} | {figure.target} | {met} | {peer} | {ratio} |"
            )
        if report.facts:
            lines += ["", "Conditions: " + ", ".join(f"{key} {value}" for key, value in report.facts.items())]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
