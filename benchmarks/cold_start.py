"""From a fresh clone to power moving in a browser's feed: `make demo` with nothing preinstalled but Python and make."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import IO

from benchmarks.frame import Figure, at_most, report

ROOT = Path(__file__).parent.parent
LIMIT_S = 120
DEADLINE_S = 600


def first_power(said: IO[str], began: float) -> tuple[float, float]:
    """Seconds until the pages are named, and until their feed has shown two different powers."""
    pages = 0.0
    url = ""
    for line in said:
        found = re.search(r"(http://127\.0\.0\.1:\d+)", line)
        if found:
            url, pages = found[1], time.monotonic() - began
            break
    threading.Thread(target=said.read, daemon=True).start()
    seen: set[str] = set()
    while len(seen) < 2 and time.monotonic() - began < DEADLINE_S:
        try:
            with urllib.request.urlopen(f"{url}/api/sites/gimpo-demo/now", timeout=5) as answer:
                total = re.search(r'"total_w":([\d.]+)', answer.read().decode())
        except OSError:
            total = None
        if total:
            seen.add(total[1])
        time.sleep(0.2)
    return pages, time.monotonic() - began


def main() -> int:
    """Clone, `make demo`, watch, Ctrl-C."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), folder], check=True)
        began = time.monotonic()
        demo = subprocess.Popen(
            ["make", "demo"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert demo.stderr is not None
        try:
            pages, moving = first_power(demo.stderr, began)
        finally:
            stopped = time.monotonic()
            os.killpg(demo.pid, signal.SIGINT)
            demo.wait(30)
            ended = time.monotonic() - stopped
    return report(
        "cold_start",
        [
            at_most("clone → power moving, installation included", moving, "s", LIMIT_S),
            Figure("of that, until the pages are up", pages, "s"),
            at_most("Ctrl-C → everything ended", ended, "s", 3),
        ],
    )


if __name__ == "__main__":
    raise SystemExit(main())
