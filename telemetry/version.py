"""The version of this source, which gateways, collectors and pages tell."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.1.0"
"""As in pyproject.toml: a source tree that was never installed knows it too."""
