from __future__ import annotations

import fnmatch
import json
import os
import re
import subprocess
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.deploy.compose_file import ROOT

TARGETS = ["server", "edge", "demo"]


@dataclass
class Stage:
    """One stage of the Dockerfile: what it starts from, and its instructions."""

    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [text for instruction, text in self.instructions if instruction == name]


def stages() -> dict[str, Stage]:
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    found: dict[str, Stage] = {}
    name = ""
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        if not line.strip():
            continue
        instruction, rest = line.split(" ", 1)
        if instruction == "FROM":
            base, _, name = re.fullmatch(r"(\S+)( AS (\S+))?", rest).group(1, 2, 3)  # type: ignore[union-attr] # every FROM names its stage
            found[name] = Stage(base)
        else:
            found[name].instructions.append((instruction, rest))
    return found


STAGES = stages()


def line_of(target: str) -> list[Stage]:
    """A stage and the stages it is built upon, the last first."""
    chain = [STAGES[target]]
    while chain[-1].base in STAGES:
        chain.append(STAGES[chain[-1].base])
    return chain


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path out of the build; the last line that matches decides."""
    out = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!").removeprefix("**/")
        parts = [path, *(str(parent) for parent in Path(path).parents)]
        names = [*parts, *(Path(part).name for part in parts)] if "**/" in line else parts
        if any(fnmatch.fnmatchcase(name, pattern) for name in names):
            out = not line.startswith("!")
    return out


def test_every_image_starts_from_the_same_python_of_a_fixed_version() -> None:
    bases = {stage.base for stage in STAGES.values() if stage.base not in STAGES}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-bookworm", bases.pop())


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_is_built_in_stages_and_carries_no_build_tool(target: str) -> None:
    copied = [text for stage in line_of(target) for text in stage.all("COPY") if "--from=" in text]
    assert copied == [f"--from={target}-venv /opt/venv /opt/venv"]
    runs = " ".join(run for stage in line_of(target) for run in stage.all("RUN"))
    assert "pip" not in runs
    assert "apt-get" not in runs


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_runs_as_a_user_who_is_not_root(target: str) -> None:
    users = [user for stage in line_of(target) for user in stage.all("USER")]
    assert users == ["wattproof"]
    assert STAGES["runtime"].all("ARG") == ["UID=1000", "GID=1000"]


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_says_how_its_health_is_found(target: str) -> None:
    (check,) = STAGES[target].all("HEALTHCHECK")
    command = json.loads(check.split(" CMD ")[1])
    tools = {"python", "sh"}
    assert command[0] in tools
    assert ("/api/health" if target == "server" else "outbox.sqlite") in command[2]


def test_the_gateways_health_check_tells_a_fresh_outbox_from_an_old_one(tmp_path: Path) -> None:
    (check,) = STAGES["edge"].all("HEALTHCHECK")
    command = json.loads(check.split(" CMD ")[1])
    command[2] = command[2].replace("/var/lib/wattproof", str(tmp_path))
    assert subprocess.run(command, check=False).returncode != 0
    outbox = tmp_path / "outbox.sqlite-wal"
    outbox.write_bytes(b"")
    assert subprocess.run(command, check=False).returncode == 0
    old = time.time() - 200
    os.utime(outbox, (old, old))
    assert subprocess.run(command, check=False).returncode != 0


@pytest.mark.parametrize("target", TARGETS)
def test_dependencies_are_installed_from_the_hash_checked_lock_and_nothing_else(target: str) -> None:
    stage = STAGES[f"{target}-venv"]
    assert stage.all("COPY")[0] == f"requirements/{target}.txt /requirements.txt"
    locked, own = stage.all("RUN")
    assert "--require-hashes --no-deps -r /requirements.txt" in locked
    assert "--no-index --no-deps /wheels/" in own
    lock = (ROOT / "requirements" / f"{target}.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^[a-z0-9]\S*==\S+", lock, flags=re.MULTILINE | re.IGNORECASE)
    assert len(pins) >= 5
    entries = re.split(r"^(?=[a-zA-Z0-9])", re.sub(r"^\s*#.*\n", "", lock, flags=re.MULTILINE), flags=re.MULTILINE)
    assert [entry.split()[0] for entry in entries if entry.strip() and "--hash=sha256:" not in entry] == []


def test_the_edge_image_has_none_of_the_servers_parts() -> None:
    lock = (ROOT / "requirements" / "edge.txt").read_text(encoding="utf-8")
    for part in ("fastapi", "duckdb", "scipy", "numpy", "influxdb"):
        assert not re.search(rf"^{part}", lock, flags=re.MULTILINE)


def test_everything_that_is_copied_exists_and_reaches_the_build() -> None:
    for stage in STAGES.values():
        for text in stage.all("COPY"):
            if "--from=" in text:
                assert re.match(r"--from=(\S+)", text).group(1) in STAGES  # type: ignore[union-attr] # the line above found it
                continue
            *sources, _ = text.split()
            for source in sources:
                assert (ROOT / source).exists(), source
                assert not ignored(source), source


def test_the_wheel_is_built_from_every_room() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rooms = project["tool"]["hatch"]["build"]["packages"]
    copied = {source for text in STAGES["wheel"].all("COPY") for source in text.split()[:-1]}
    assert copied == {*rooms, "pyproject.toml", project["project"]["readme"], *project["project"]["license-files"]}


@pytest.mark.parametrize(
    "path", [".env", ".git/config", "deploy/broker/ca/ca.key", "tests/conftest.py", "wattproof-data/x", "docs/a.md"]
)
def test_what_no_image_needs_stays_out_of_the_build(path: str) -> None:
    assert ignored(path)


def test_a_rooms_caches_stay_out_of_the_build() -> None:
    assert ignored("edge/__pycache__/outbox.cpython-311.pyc")
    assert not ignored("edge/outbox.py")
