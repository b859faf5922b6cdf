"""A technician's terminal, 80 columns wide: the real command behind a pseudo-terminal, typed to and looked at."""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>]")
COLUMNS = 80


class Terminal:
    """One command in a terminal of its own."""

    def __init__(self, *arguments: str, cwd: Path) -> None:
        self.seen = ""
        self._read = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._code: int | None = None
        environ = {name: value for name, value in os.environ.items() if not name.startswith("WATTPROOF_")}
        environ |= {"PYTHONPATH": str(Path.cwd()), "TERM": "xterm", "LANG": "C.UTF-8", "COLUMNS": str(COLUMNS)}
        command = [sys.executable, "-m", "wattproof", *arguments]
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            try:
                os.chdir(cwd)
                os.execve(sys.executable, command, environ)
            finally:
                os._exit(127)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))

    @property
    def text(self) -> str:
        """Everything shown, without colours; where the cursor moves a new line begins."""
        return _ESCAPES.sub(lambda code: "" if code[0].endswith("m") else "\n", self.seen).replace("\r", "")

    def expect(self, pattern: str, deadline_s: float = 60.0) -> re.Match[str]:
        """Wait until something is shown, after what was waited for before."""
        until = time.monotonic() + deadline_s
        while True:
            found = re.compile(pattern).search(self.text, self._read)
            if found:
                self._read = found.end()
                return found
            if time.monotonic() > until or not self._more(0.2):
                pytest.fail(f"not shown: {pattern!r}; shown was:\n{self.text}")

    def type(self, line: str) -> None:
        """Type a line and Enter."""
        os.write(self._fd, line.encode() + b"\r")

    def interrupt(self) -> None:
        """Type Ctrl-C."""
        os.write(self._fd, b"\x03")

    def ended(self, deadline_s: float = 60.0) -> int:
        """Wait for its end; its exit code."""
        until = time.monotonic() + deadline_s
        while self._more(0.2):
            if time.monotonic() > until:
                pytest.fail(f"it does not end; shown was:\n{self.text}")
        if self._code is None:
            self._code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self._code

    def close(self) -> None:
        """End it, if it runs."""
        if self._code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._fd)

    def _more(self, wait_s: float) -> bool:
        """Take what it shows; False when it has ended."""
        if not select.select([self._fd], [], [], wait_s)[0]:
            return True
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # what a pseudo-terminal says when nobody holds its other end any more
            return False
        self.seen += self._decoder.decode(data)
        return bool(data)


@contextlib.contextmanager
def terminal(*arguments: str, cwd: Path) -> Iterator[Terminal]:
    """Run a command in a terminal; killed at the end if it still runs."""
    opened = Terminal(*arguments, cwd=cwd)
    try:
        yield opened
    finally:
        opened.close()
