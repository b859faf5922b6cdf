"""The frame of every benchmark: figures with targets and peers, a table for people, one JSON line for programs."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table


class Figure(msgspec.Struct, frozen=True, omit_defaults=True):
    """One measured figure.

    Parameters
    ----------
    name, value, unit
        What was measured.
    target
        The requirement in words, e.g. ``<= 10`` or ``87..93``; empty when none is set.
    met
        Whether the target is met; ``None`` without a target.
    peer, peer_value
        The named alternative measured in the same run, in the same unit.
    ratio
        How many times better than the peer; ``None`` without one.
    """

    name: str
    value: float
    unit: str
    target: str = ""
    met: bool | None = None
    peer: str = ""
    peer_value: float | None = None
    ratio: float | None = None


class Report(msgspec.Struct, frozen=True):
    """What one benchmark says: `met` is true when every figure that has a target meets it."""

    benchmark: str
    machine: str
    met: bool
    figures: list[Figure]
    facts: dict[str, Any] = {}


def at_most(name: str, value: float, unit: str, limit: float) -> Figure:
    """Figure that must not exceed `limit`."""
    return Figure(name, value, unit, f"≤ {limit:g}", value <= limit)


def at_least(name: str, value: float, unit: str, limit: float) -> Figure:
    """Figure that must reach `limit`."""
    return Figure(name, value, unit, f"≥ {limit:g}", value >= limit)


def within(name: str, value: float, unit: str, low: float, high: float) -> Figure:
    """Figure that must lie between `low` and `high`, both included."""
    return Figure(name, value, unit, f"{low:g} … {high:g}", low <= value <= high)


def machine() -> str:
    """Describe the machine in one line: processor, cores, memory, Python."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123 - procfs, line by line
            model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    except OSError:
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def report(
    name: str, figures: Sequence[Figure], *, as_json: bool | None = None, facts: dict[str, Any] | None = None
) -> int:
    """Print a benchmark's figures and return its exit code: 0 when every target is met, else 1.

    Parameters
    ----------
    name
        The benchmark's module name.
    figures
        What was measured.
    as_json
        End with one JSON object on the last line; by default when ``--json`` was given.
    facts
        Seeds, sizes and other conditions of the run.
    """
    met = all(figure.met is not False for figure in figures)
    result = Report(name, machine(), met, list(figures), facts or {})
    table = Table(title=f"{name} · {result.machine}", title_justify="left")
    for column in ("figure", "value", "unit", "target", "met", "peer", "ratio"):
        table.add_column(column, justify="right" if column in {"value", "ratio"} else "left")
    for figure in result.figures:
        verdict = {None: "", True: "yes", False: "NO"}[figure.met]
        peer = f"{figure.peer} {figure.peer_value:.4g}" if figure.peer_value is not None else ""
        ratio = f"{figure.ratio:.3g} ×" if figure.ratio is not None else ""
        table.add_row(figure.name, f"{figure.value:,.4g}", figure.unit, figure.target, verdict, peer, ratio)
    Console(stderr=True, width=None if sys.stderr.isatty() else 140).print(table)
    if "--json" in sys.argv if as_json is None else as_json:
        sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    return 0 if met else 1
