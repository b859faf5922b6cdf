"""Run every benchmark, or those named, and write the table that the README quotes."""

from __future__ import annotations

import argparse
import pkgutil
import subprocess
import sys
from pathlib import Path

import msgspec

import benchmarks
from benchmarks.frame import Report

_DOCS = Path(__file__).parent.parent / "docs"
_RESULTS = _DOCS / "benchmarks"


def main() -> int:
    """Run all, or those named; exit 1 when one fails or misses a target. Earlier results of the others stay."""
    known = sorted(
        module.name
        for module in pkgutil.iter_modules(benchmarks.__path__)
        if module.name not in {"__main__", "frame"} and not module.ispkg
    )
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Run them, write docs/benchmarks.md.")
    parser.add_argument("names", nargs="*", choices=[*known, []], metavar="NAME", help=f"all, or of {', '.join(known)}")
    names = parser.parse_args().names or known
    _RESULTS.mkdir(exist_ok=True)
    failed = []
    for name in names:
        run = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", "--json"], stdout=subprocess.PIPE, text=True, check=False
        )
        try:
            report = msgspec.json.decode(run.stdout.strip().splitlines()[-1], type=Report)
        except (IndexError, msgspec.DecodeError):
            sys.stderr.write(f"benchmarks.{name} printed no result\n")
            failed.append(name)
            continue
        (_RESULTS / f"{name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
        if not report.met:
            failed.append(name)
    reports = [msgspec.json.decode(path.read_bytes(), type=Report) for path in sorted(_RESULTS.glob("*.json"))]
    (_DOCS / "benchmarks.md").write_text(_markdown(reports), encoding="utf-8")
    return 1 if failed else 0


def _markdown(reports: list[Report]) -> str:
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`. Figures are of one run on the machine named; '**no**' is a target that was missed.",
        "",
    ]
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
