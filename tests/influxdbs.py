"""The stores' tests against InfluxDBs that are in nobody's packages, built from their published Go modules.

``python -m tests.influxdbs [VERSION ...] [--influx PROGRAM]`` (``make influxdb``) builds what is not built yet, which
takes minutes and wants Go, Cargo and a C compiler. Then it runs against each, on loopback: the stores' tests, every
query of Grafana's dashboards, and 25 faults; with InfluxDB 2's command, the users of the compose file as well.
"""

from __future__ import annotations

import argparse
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

VERSIONS: Final = ("1.8.10", "2.7.12")
_WRAPPER: Final = "github.com/influxdata/pkg-config@v0.2.14"
"""Builds Flux's Rust part (libflux) when Go asks for it."""
_TOOLS: Final = {"go": "Go", "cargo": "Rust's Cargo", "cc": "a C compiler", "pkg-config": "pkg-config"}
_PARTS: Final = ("", "_model", "_rollups", "_windows", "_words")
_CONFORMANCE: Final = [f"tests/storage/test_conformance{part}.py" for part in _PARTS]
_STORES: Final = {
    "1": ["tests/storage"],
    "2": [
        *_CONFORMANCE, *(f"tests/storage/test_{name}.py" for name in ("charts", "gaps", "upkeep")),
        *(
            f"tests/storage/test_influx_{name}.py"
            for name in ("backlog", "claims", "forgetting", "lanes", "many", "newest", "rolling")
        ),
        "tests/storage/real_influxdb_2.py",
    ],
}  # fmt: skip
"""Tests of both engines, and of InfluxDB alone; ``-k influx`` leaves DuckDB out."""
_MORE: Final = {
    "1": [
        "tests/grafana/test_queries.py", "tests/exchange/test_influxdb.py", "tests/collector/test_outage.py",
        "tests/deploy/test_services.py",
    ],
    "2": ["tests/grafana/test_queries.py"],
}  # fmt: skip
_USERS: Final = "tests/deploy/real_influxdb_2_users.py"
_CHAOS: Final = ["--store", "influx", "--faults", "25", "--seed", "5"]
FOLDER: Final = Path(__file__).parent.parent / ".influxdb"


class _Module(msgspec.Struct):
    Dir: str


def build(version: str, folder: Path = FOLDER) -> Path:
    """Build a version of InfluxDB, unless it is there.

    Raises
    ------
    SystemExit
        When a tool is missing, or the build fails.
    """
    built = folder / f"influxd-{version}"
    if built.exists():
        return built
    missing = [told for tool, told in _TOOLS.items() if shutil.which(tool) is None]
    if missing:
        raise SystemExit(f"tests.influxdbs: InfluxDB {version} is built with {', '.join(missing)}: install it first")
    folder.mkdir(exist_ok=True)
    major = version.split(".", 1)[0]
    module = "github.com/influxdata/influxdb" + ("" if major == "1" else f"/v{major}")
    env = {**os.environ, "GOBIN": str(folder), "GOFLAGS": "-mod=mod -buildvcs=false", "GOTOOLCHAIN": "local"}
    # Flux asks for a compiler of 2023, and forbids warnings, of which later ones have more. Flags alone would not reach
    # what is compiled for the build itself.
    lenient = folder / "rustc-lenient"
    lenient.write_text('#!/bin/sh\nexec "$@" --cap-lints warn\n', encoding="utf-8")
    lenient.chmod(0o755)
    env |= {"RUSTUP_TOOLCHAIN": "stable", "RUSTC_WRAPPER": str(lenient)}
    _run(["go", "install", _WRAPPER], folder, env)
    said = _run(["go", "mod", "download", "-json", f"{module}@v{version}"], folder, env)
    source = folder / f"source-{version}"
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(msgspec.json.decode(said, type=_Module).Dir, source)
    for path in (source, *source.rglob("*")):
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
    told = f"-X main.version={'' if major == '1' else 'v'}{version}"
    env["PKG_CONFIG"] = str(folder / "pkg-config")
    _run(["go", "build", "-ldflags", told, "-o", str(built), "./cmd/influxd"], source, env)
    shutil.rmtree(source)
    return built


def _run(command: list[str], folder: Path, env: dict[str, str]) -> bytes:
    done = subprocess.run(command, cwd=folder, env=env, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise SystemExit(f"tests.influxdbs: {' '.join(command[:3])} ended with {done.returncode}; its words are above")
    return done.stdout


def _checks(version: str, built: Path, influx: str) -> list[list[str]]:
    """Commands that try a server; `influx` is the command of InfluxDB 2.x, empty where it is not there."""
    major = version[0]
    tests = [sys.executable, "-m", "pytest", "-q", "--influxd", str(built)]
    commands = [
        [*tests, *_STORES[major], "-k", "influx"],
        [*tests, *_MORE[major]],
        [sys.executable, "-m", "chaos", "--influxd", str(built), *_CHAOS],
    ]
    if major == "2" and influx:
        commands.append([*tests, _USERS, "--influx", influx])
    return commands


def main() -> int:
    """Build and test; 0 when every version passes."""
    parser = argparse.ArgumentParser(description="Run the stores' tests against other InfluxDBs than Debian's.")
    parser.add_argument("versions", nargs="*", default=VERSIONS, metavar="VERSION", help="1.x or 2.x, e.g. 2.7.12")
    parser.add_argument("--build-only", action="store_true", help="build, test nothing")
    parser.add_argument("--influx", default="", metavar="PROGRAM", help="InfluxDB 2's command, for the compose users")
    options = parser.parse_args()
    failed = []
    for version in options.versions:
        built = build(version)
        print(f"InfluxDB {version}: {built}", flush=True)
        if options.build_only:
            continue
        if version.startswith("2") and not options.influx:
            print("not run: the compose file's users, whom InfluxDB 2's command makes (--influx PROGRAM)", flush=True)
        commands = _checks(version, built, options.influx)
        codes = [subprocess.run(command, cwd=FOLDER.parent, check=False).returncode for command in commands]
        if any(codes):
            failed.append(version)
    if failed:
        print(f"failed against InfluxDB {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
