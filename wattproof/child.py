"""Child processes: commands of our own, ready when they say so, ended together with their parent.

A child runs with ``--child``: its standard input is a pipe from its parent, and it ends when that pipe closes, so that
nothing is left running even when the parent is killed.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from wattproof.errors import StoppedError, UnavailableError

T = TypeVar("T")

_LOOK_S = 0.05


class Child:
    """A command of ours running as a child process.

    Parameters
    ----------
    name
        What people call it; also names its log file.
    arguments
        Arguments after ``wattproof``.
    logs
        Folder for its log.
    """

    def __init__(self, name: str, arguments: Sequence[str], logs: Path) -> None:
        self.name = name
        logs.mkdir(parents=True, exist_ok=True)
        self._log = logs / f"{name}.log"
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, arguments as a list
                [sys.executable, "-m", "wattproof", "--child", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the parent, which ends its children in order
            )
        threading.Thread(target=self._read, name=f"read-{name}", daemon=True).start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def ready(self, kind: type[T], timeout_s: float = 60.0, stop: threading.Event | None = None) -> T:
        """Wait for the child's first line of output, which says that it is ready.

        Raises
        ------
        UnavailableError
            The child ended or stayed silent; the sentence carries its own last words.
        StoppedError
            `stop` was set meanwhile.
        """
        return self._message(kind, timeout_s, "did not become ready", stop)

    def stop(self, kind: type[T] | None = None, timeout_s: float = 3.0) -> T | None:
        """End the child: ask, wait, then force. Returns its last line of output when `kind` is given.

        Raises
        ------
        UnavailableError
            A last line was asked for and did not come.
        """
        if self.alive:
            self._process.send_signal(signal.SIGTERM)
        message = self._message(kind, timeout_s, "ended without its result") if kind is not None else None
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        return message

    def _message(self, kind: type[T], timeout_s: float, failure: str, stop: threading.Event | None = None) -> T:
        line = None
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            if stop is not None and stop.is_set():
                raise StoppedError(f"ended before the {self.name} was ready")
            with contextlib.suppress(queue.Empty):
                line = self._lines.get(timeout=_LOOK_S)
                break
        if line is None:
            raise UnavailableError(f"{self.name} {failure}: {self._last_words()}")
        return msgspec.json.decode(line, type=kind)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                self._lines.put(line)
        self._lines.put(None)

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else f"no reason given; see {self._log}"


def say(message: msgspec.Struct) -> None:
    """Tell the parent (or whoever reads standard output) one thing: one line of JSON."""
    sys.stdout.write(msgspec.json.encode(message).decode() + "\n")
    sys.stdout.flush()


def end_with_parent() -> None:
    """End this process, as on SIGTERM, when its standard input closes; by force if it does not within three seconds."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(3)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
