"""The command line as its user meets it, and without a process of its own: output, sentences, exit code."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from wattproof import in_korean
from wattproof.__main__ import main


@dataclass(frozen=True)
class Ended:
    """What a command has said, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


def wattproof(
    *arguments: str, env: dict[str, str] | None = None, cwd: Path | None = None, failures: str | None = "en"
) -> Ended:
    """Run a command to its end in this process: the interpreter's start and the imports cost more than most commands.

    Failures are told in English, whatever the language of the command, or in that language where `failures` is None.
    That the program starts, and how it is stopped, is for the tests that start it: test_up, test_demo, test_edge_*.
    """
    said, complained = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patched,
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(complained),
    ):
        for name in [name for name in os.environ if name.startswith("WATTPROOF_")]:
            patched.delenv(name)
        for name, value in ({"COLUMNS": "120"} | (env or {})).items():
            patched.setenv(name, value)
        if cwd is not None:
            patched.chdir(cwd)
        if failures is not None:
            patched.setattr(in_korean, "language_of", lambda *_: failures)
        patched.setattr(sys, "argv", ["wattproof", *arguments])
        patched.setattr(sys, "stdin", io.StringIO())
        with pytest.raises(SystemExit) as ended:
            main()
    return Ended(int(ended.value.code or 0), said.getvalue(), complained.getvalue())
