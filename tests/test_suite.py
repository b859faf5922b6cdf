"""What fails in the crowd is tried once more, and told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_LUCK = """
from pathlib import Path

def test_that_passes_the_second_time():
    been = Path(__file__).with_name("been")
    there = been.exists()
    been.touch()
    assert there, "the crowd"
"""

_POISON = """def stored(readings):
    assert readings == 4, "one is lost"

def test_that_fails():
    for number in range(30):
        print("event", number)
    print("Traceback (most recent call last):\\n  File deep\\nKeyError: 7")
    stored(3)
"""


def run(folder: Path, content: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_of_it.py").write_text(content, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [sys.executable, "-m", "tests.suite", "-q"]
    path = str(Path(__file__).parent.parent)
    return subprocess.run(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )


def test_what_passes_alone_does_not_fail_the_suite_and_is_named_with_its_failure(tmp_path: Path) -> None:
    ended = run(tmp_path, _LUCK)
    assert ended.returncode == 0
    assert "AssertionError: the crowd" in ended.stdout
    assert ended.stdout.count("logged last:") == 1
    assert ended.stdout.rstrip().endswith("test_of_it.py::test_that_passes_the_second_time")
    assert "PASSED ONLY THE SECOND TIME" in ended.stdout


@pytest.mark.parametrize(
    ("content", "tried", "told"),
    [
        ("def test_that_fails():\n    raise ValueError", 2, 1),
        ("import pytest\n@pytest.mark.parametrize('n', range(4))\ndef test_that_fails(n):\n    raise ValueError", 1, 3),
        ("import nothing_of_that_name", 1, 0),
    ],
    ids=["one_that_fails_alone_as_well", "too_many", "what_cannot_be_collected"],
)
def test_what_is_broken_fails_the_suite(tmp_path: Path, content: str, tried: int, told: int) -> None:
    ended = run(tmp_path, content)
    assert ended.returncode in (1, 2)
    assert ended.stdout.count("short test summary info") == tried
    assert ended.stdout.count("logged last:") == told
    assert "SECOND TIME" not in ended.stdout


def test_what_fails_alone_too_is_told_last_with_its_place_its_reason_and_what_was_logged(tmp_path: Path) -> None:
    ended = run(tmp_path, _POISON)
    assert ended.returncode == 1
    assert ended.stdout.splitlines()[-21:] == [
        "FAILED test_of_it.py::test_that_fails (call)",
        "  test_of_it.py:8: stored(3)",
        '  test_of_it.py:2: assert readings == 4, "one is lost"',
        "  E AssertionError: one is lost",
        "  E assert 3 == 4",
        "  logged last:",
        *(f"    event {number}" for number in range(16, 30)),
        "    KeyError: 7",
    ]
