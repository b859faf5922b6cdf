"""The acceptance record: kept beside the site file, sent with the gateway's birth."""

from __future__ import annotations

from pathlib import Path

import msgspec

from edge.commissioning.acceptance import DeviceAcceptance
from edge.commissioning.errors import RecordError
from edge.commissioning.phrases import Lang
from telemetry import Acceptance, AcceptanceCheck, AcceptedDevice


def record_of(devices: list[DeviceAcceptance], at: int, seconds: float, lang: Lang) -> Acceptance:
    """Put the lists into words; `at` [ms since 1970-01-01 UTC], watched for `seconds` [s]."""
    return Acceptance(at, seconds, [_device(each, lang) for each in devices])


def _device(found: DeviceAcceptance, lang: Lang) -> AcceptedDevice:
    checks = [
        AcceptanceCheck(each.check, each.result, each.reason.text(lang), each.advice.text(lang) if each.advice else "")
        for each in found.checks
    ]
    return AcceptedDevice(found.device, found.profile, found.digest, checks)


def record_path(site: Path) -> Path:
    """Where a site file's record is kept: ``site.yaml`` has ``site.acceptance.json``."""
    return site.with_name(f"{site.stem}.acceptance.json")


def save_record(path: Path, record: Acceptance) -> None:
    """Write a record whole or not at all."""
    new = path.with_name(path.name + ".new")
    new.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")
    new.replace(path)


def load_record(path: Path) -> Acceptance | None:
    """Read a record; none when there is none.

    Raises
    ------
    RecordError
        When it cannot be read or is none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Acceptance)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RecordError(f"{path}: this acceptance record cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise RecordError(f"{path}: not an acceptance record ({error}); run `edge commission` again") from error
