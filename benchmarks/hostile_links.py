"""Reads from devices that do everything wrong: how many wrong values got through, and how many good ones were refused.

``python -m benchmarks.hostile_links --reads 1000000`` reads over Modbus TCP, RTU through TCP and a pseudo-terminal, the
same number each; by default a tenth of a million. Every fifth answer is wrong in one of the ways of
`tests.edge.hostile.FAULTS`. The seed decides who does what when; the machine's load decides what is in time.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import subprocess
import sys
from typing import Final

import msgspec
import structlog

from benchmarks.frame import Figure, at_most, report
from tests.edge.hostile import FAULTS, read_from_hostile

_KINDS: Final = ("tcp", "rtu+tcp", "rtu")
_LINKS: Final = 150
_TIMEOUT_S: Final = 0.06
_SHARE: Final = 0.2


class Result(msgspec.Struct):
    """What one kind of link came to; see `tests.edge.hostile.Outcome`."""

    reads: int
    accepted: int
    wrong: list[str]
    rejected: int
    unasked: int
    questions: int
    seconds: float
    errors: dict[str, int]
    intact: int


def main() -> int:
    """Run each kind in a process of its own, two at a time; exit 1 when a wrong value was taken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reads", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=_KINDS, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.kind:
        sys.stdout.write(msgspec.json.encode(_one(asked.kind, asked.reads, asked.seed)).decode() + "\n")
        return 0
    reads = -(-asked.reads // len(_KINDS))
    running = {kind: _start(kind, reads, asked.seed) for kind in _KINDS}
    results = {kind: msgspec.json.decode(process.communicate()[0], type=Result) for kind, process in running.items()}
    facts = {"seed": asked.seed, "wrong answers": f"{_SHARE:.0%}", "timeout_ms": 1000 * _TIMEOUT_S, "links": _LINKS}
    return report("hostile_links", _figures(results), facts={**facts, "faults": len(FAULTS)})


def _start(kind: str, reads: int, seed: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.hostile_links", "--kind", kind]
    return subprocess.Popen([*command, "--reads", str(reads), "--seed", str(seed)], stdout=subprocess.PIPE, text=True)


def _one(kind: str, reads: int, seed: int) -> Result:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    outcome = asyncio.run(read_from_hostile(kind, reads, seed, links=_LINKS, share=_SHARE, timeout_s=_TIMEOUT_S))
    return Result(
        reads=outcome.reads,
        accepted=outcome.accepted,
        wrong=outcome.wrong,
        rejected=outcome.rejected,
        unasked=outcome.unasked,
        questions=outcome.questions,
        seconds=outcome.seconds,
        errors=dict(outcome.errors),
        intact=sum(count for what, count in outcome.did.items() if what not in FAULTS),
    )


def _figures(results: dict[str, Result]) -> list[Figure]:
    total = list(results.values())
    wrong = [text for result in total for text in result.wrong]
    for text in wrong[:20]:
        sys.stderr.write(f"wrong: {text}\n")
    figures = [
        Figure("reads", sum(result.reads for result in total), "reads"),
        at_most("wrong values accepted", len(wrong), "values", 0),
    ]
    for kind, result in results.items():
        figures += [
            Figure(f"{kind}: reads", result.reads, "reads"),
            at_most(f"{kind}: wrong values accepted", len(result.wrong), "values", 0),
            Figure(f"{kind}: values accepted", result.accepted, "values"),
            Figure(f"{kind}: good answers refused", 100 * result.rejected / result.intact, "% of good answers"),
            Figure(f"{kind}: reads not asked for safety", result.unasked, "reads"),
            Figure(f"{kind}: questions per read", result.questions / result.reads, "questions"),
            Figure(f"{kind}: reads per second", result.reads / result.seconds, "reads/s"),
            Figure(f"{kind}: time", result.seconds, "s"),
        ]
    return figures


if __name__ == "__main__":
    raise SystemExit(main())
