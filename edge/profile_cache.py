"""Profiles from files, read once: hundreds of devices may name the same file."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from edge.profiles import Profile, is_profile_path, load_profile


def cached_profile(name: str | dict[str, Any]) -> Profile:
    """As `load_profile`; a file is read again only when it has changed."""
    if not isinstance(name, str) or not is_profile_path(name):
        return load_profile(name)
    try:
        stat = Path(name).stat()
    except OSError:
        return load_profile(name)  # which says what is wrong
    return _loaded(name, stat.st_mtime_ns, stat.st_size, stat.st_ino)


@functools.lru_cache(maxsize=128)
def _loaded(name: str, _modified: int, _size: int, _inode: int) -> Profile:
    return load_profile(name)
