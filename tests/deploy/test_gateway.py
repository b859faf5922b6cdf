"""What is put on a gateway: the unit, the install script, the names of serial ports."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.deploy.compose_file import ROOT
from tests.parts import program

GATEWAY = ROOT / "deploy" / "gateway"
INSTALL, UNIT = GATEWAY / "install.sh", GATEWAY / "wattproof-edge.service"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels of mine"
    folder.mkdir()
    made = folder / "wattproof-0.1.0-py3-none-any.whl"
    made.write_bytes(b"")
    return made


def install(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", str(INSTALL), *options], capture_output=True, text=True, check=False, timeout=60)


def files_below(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def test_a_dry_run_says_every_step_and_does_none(wheel: Path, tmp_path: Path) -> None:
    before = files_below(tmp_path)
    answer = install("--dry-run", "--wheels", str(wheel.parent))
    assert answer.returncode == 0, answer.stderr
    steps = [line.removeprefix("would run: ") for line in answer.stdout.splitlines() if line.startswith("would run: ")]
    assert any(
        re.search(r"pip install .*--no-index --find-links .*--require-hashes .*requirements/edge\.txt", step)
        for step in steps
    )
    assert any("--no-deps" in step and step.endswith(str(wheel)) for step in steps)
    unit = "wattproof-edge.service"
    assert steps[-3:] == ["systemctl daemon-reload", f"systemctl enable {unit}", f"systemctl restart {unit}"]
    assert files_below(tmp_path) == before


def test_below_a_prefix_no_user_and_no_service_of_this_machine_is_touched(wheel: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "image"
    answer = install("--dry-run", "--prefix", str(prefix), "--wheel", str(wheel))
    assert answer.returncode == 0, answer.stderr
    steps = [line for line in answer.stdout.splitlines() if line.startswith("would run: ")]
    assert not [step for step in steps if "useradd" in step or "systemctl" in step or "--owner" in step]
    targets = ("/opt/wattproof", "/etc/wattproof", "/var/lib/wattproof", "/etc/systemd/system/wattproof-edge.service")
    for target in targets:
        assert any(f"{prefix}{target}" in step for step in steps)
    assert not prefix.exists()


def test_not_starting_is_possible(wheel: Path) -> None:
    answer = install("--dry-run", "--no-start", "--wheel", str(wheel))
    assert "systemctl enable" in answer.stdout
    assert "systemctl restart wattproof-edge.service" not in answer.stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--wheel", "/nowhere.whl"], "no WattProof wheel found"),
        (["--requirements", "/nowhere.txt"], "requirements/edge.txt not found"),
        (["--wheels", "/nowhere"], "no such folder"),
        (["--python", "/bin/false"], "is not Python 3.11 or newer"),
        (["--surprise"], "usage:"),
    ],
)
def test_what_is_missing_is_named_before_anything_is_done(wheel: Path, options: list[str], says: str) -> None:
    answer = install("--dry-run", "--wheel", str(wheel), *options)
    assert answer.returncode != 0
    assert says in answer.stderr
    assert "would run" not in answer.stdout


def test_the_scripts_are_clean() -> None:
    scripts = sorted(str(path) for path in (ROOT / "deploy").rglob("*.sh"))
    answer = subprocess.run([program("shellcheck"), *scripts], capture_output=True, text=True, check=False, timeout=60)
    assert answer.returncode == 0, answer.stdout


def unit_as_installed(folder: Path) -> Path:
    """The unit with a program that is there: systemd checks that."""
    text = UNIT.read_text(encoding="utf-8").replace("/opt/wattproof/bin/wattproof", "/bin/true")
    copy = folder / UNIT.name
    copy.write_text(text, encoding="utf-8")
    return copy


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    command = [program("systemd-analyze"), "verify", "--man=no", str(unit_as_installed(tmp_path))]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert answer.returncode == 0, answer.stderr
    assert UNIT.name not in answer.stderr


def test_systemd_rates_the_units_exposure_as_low(tmp_path: Path) -> None:
    command = [
        program("systemd-analyze"),
        "security",
        "--offline=true",
        "--threshold=20",
        str(unit_as_installed(tmp_path)),
    ]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert answer.returncode == 0, answer.stdout[-500:]


def test_the_unit_runs_what_the_script_installs() -> None:
    text, script = UNIT.read_text(encoding="utf-8"), INSTALL.read_text(encoding="utf-8")
    assert "ExecStart=/opt/wattproof/bin/wattproof edge run /etc/wattproof/site.yaml" in text
    assert "home=$prefix/opt/wattproof" in script
    assert "Type=notify" in text
    assert "SupplementaryGroups=dialout" in text


def test_the_example_of_udev_rules_does_nothing_until_somebody_means_it() -> None:
    lines = (GATEWAY / "99-wattproof-serial.rules").read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("#") for line in lines)


def allowed_calls() -> set[str]:
    """System calls the unit's filters let through: groups as systemd knows them, applied in the unit's order."""
    groups: dict[str, set[str]] = {}
    text = subprocess.run(
        [program("systemd-analyze"), "syscall-filter"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    for line in text.splitlines():
        if line.startswith("@"):
            members = groups.setdefault(line, set())
        elif line.startswith("    ") and not line.strip().startswith("#"):
            members.add(line.strip())

    def calls(word: str) -> set[str]:
        return set().union(*map(calls, groups[word])) if word in groups else {word}

    allowed: set[str] = set()
    for words in re.findall(r"^SystemCallFilter=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE):
        listed = set().union(*map(calls, words.removeprefix("~").split()))
        allowed = allowed - listed if words.startswith("~") else allowed | listed
    return allowed


def test_the_agent_may_ask_whether_a_time_server_disciplines_the_clock_and_not_set_it() -> None:
    allowed = allowed_calls()
    assert {"adjtimex", "clock_adjtime", "futex", "socket"} <= allowed
    assert not {"clock_settime", "settimeofday", "mount", "reboot"} & allowed
    text = UNIT.read_text(encoding="utf-8")
    assert not re.search(r"^ProtectClock=", text, re.MULTILINE)  # it would forbid the question as well
    assert "CapabilityBoundingSet=\n" in text  # without CAP_SYS_TIME the two calls only read
