from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from api.assets import vendor
from api.settings import Settings
from telemetry import DocumentError, decode_yaml


def test_the_lock_names_packages_by_digest_and_no_host() -> None:
    text = (vendor.HERE / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text
    assert '"resolved"' not in text
    packages = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
    assert packages
    assert all(entry["integrity"].startswith("sha512-") and entry["license"] for entry in packages.values())


def test_every_borrowed_package_comes_with_its_licence() -> None:
    packages = {name.partition("/")[0] for name in vendor.FILES}
    assert all(f"{package}/LICENSE" in vendor.FILES for package in packages)


def test_building_puts_the_files_there_once(tmp_path: Path) -> None:
    target = tmp_path / "static" / "vendor"
    assert vendor.build(target) is True
    assert all((target / place).stat().st_size > 500 for place in vendor.FILES.values())
    assert vendor.build(target) is False, "nothing is fetched while the lock is the same"
    (target / "uplot" / "LICENSE").unlink()
    assert vendor.build(target) is True, "a damaged folder is made whole"


def test_a_failing_npm_says_what_to_check(tmp_path: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        (tmp_path / name).write_text("{", encoding="utf-8")
    with pytest.raises(RuntimeError, match=r"npm ci failed.*network(.|\n)*npm said"):
        vendor.build(tmp_path / "vendor", tmp_path)
    assert not (tmp_path / "vendor").exists()


def test_settings_can_be_read_without_a_web_framework() -> None:
    code = "import sys, api; api.Settings(); sys.exit('fastapi' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=vendor.HERE.parent.parent)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("timezone: Mars/Base", "not known"),
        ("port: 70000", "outside 0-65535"),
        ("demand_target_kw: 0", "above 0"),
        ("refresh_s: 0", "at least 0.05"),
        ("language: fr", "fr"),
        ("colour: blue", "unknown key"),
    ],
)
def test_settings_that_make_no_sense_are_refused(text: str, problem: str) -> None:
    with pytest.raises(DocumentError, match=problem):
        decode_yaml(text, Settings, "settings.yaml")
