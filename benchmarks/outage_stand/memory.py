"""How much memory a process has resident, and the most of it in each phase of a run."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

_EVERY_S: Final = 0.1


def resident_mb(pid: int) -> float:
    """What a process has resident [MB]; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmRSS:")), 0.0)


class Memory:
    """Looks at a process's memory ten times a second; `most` is the highest of each phase [MB]."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._phase = ""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.most: dict[str, float] = {}

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def begin(self, phase: str) -> None:
        """What follows is another phase."""
        self._phase = phase
        self._look()

    def _run(self) -> None:
        while not self._done.wait(_EVERY_S):
            self._look()

    def _look(self) -> None:
        phase = self._phase
        self.most[phase] = max(self.most.get(phase, 0.0), resident_mb(self._pid))
