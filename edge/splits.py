"""What devices have refused: the reads that had to be cut, remembered over a restart."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec
import structlog

from edge.blocks import Wall

log = structlog.get_logger()

FILE = "splits.json"


class Split(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where one device's reads are cut.

    Parameters
    ----------
    profile_digest
        The profile it was read by; what was learned with another is forgotten.
    walls
        Function and address before which a read ends.
    """

    profile_digest: str
    walls: list[Wall]


class Splits:
    """The cuts of all devices of a gateway.

    Parameters
    ----------
    folder
        Where they are remembered (``splits.json``); without one they last as long as the program.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._path = None if folder is None else folder / FILE
        self._by_device = self._load()

    def walls(self, device: str, profile_digest: str) -> frozenset[Wall]:
        """Where a device's reads are cut, if it is still read by this profile."""
        known = self._by_device.get(device)
        return frozenset(known.walls) if known is not None and known.profile_digest == profile_digest else frozenset()

    def add(self, device: str, profile_digest: str, walls: Iterable[Wall]) -> None:
        """Remember more cuts of a device; a disk that refuses is no reason to stop reading."""
        together = self.walls(device, profile_digest) | set(walls)
        self._by_device[device] = Split(profile_digest, sorted(together))
        if self._path is None:
            return
        draft = self._path.with_suffix(".new")
        try:
            with draft.open("wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(self._by_device)))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        except OSError as error:
            log.warning("splits_not_saved", path=str(self._path), reason=str(error))

    def _load(self) -> dict[str, Split]:
        if self._path is None or not self._path.exists():
            return {}
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Split])
        except (OSError, msgspec.DecodeError) as error:
            log.warning("splits_unreadable", path=str(self._path), reason=str(error))
            return {}
