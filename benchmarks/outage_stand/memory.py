"""How much memory a process has resident, how much of it is its own, and the most of each in each phase of a run."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final, NamedTuple

_EVERY_S: Final = 0.1


class Resident(NamedTuple):
    """What a process has resident.

    Attributes
    ----------
    whole_mb
        All of it (VmRSS) [MB].
    own_mb
        What it has written itself (RssAnon) [MB]. The rest are pages of program files, which every process that runs
        the same program shares, and which the kernel takes back whenever it needs the room.
    """

    whole_mb: float = 0.0
    own_mb: float = 0.0


def resident(pid: int) -> Resident:
    """What a process has resident; nothing when it has ended. Source: proc(5), /proc/pid/status."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return Resident()
    kilobytes = {name: rest.split()[0] for name, _, rest in (line.partition(":") for line in lines) if rest.strip()}
    return Resident(*(int(kilobytes.get(name, 0)) * 1024 / 1e6 for name in ("VmRSS", "RssAnon")))


class Memory:
    """Looks at a process's memory ten times a second; `most` is the highest of each phase."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._phase = ""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.most: dict[str, Resident] = {}

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
        now, most = resident(self._pid), self.most.get(phase, Resident())
        self.most[phase] = Resident(max(now.whole_mb, most.whole_mb), max(now.own_mb, most.own_mb))
