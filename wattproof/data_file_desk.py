"""A desk for the data file: the process that holds it backs it up, checks and compacts it for others who ask.

A DuckDB file has one owner. It listens on a socket beside the file, named like it because a folder may hold several,
which only its user can reach, and answers one request per connection in lines of JSON: progress, then a result or an
error.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Literal

import msgspec
import structlog

import storage
from storage.duck import compaction, maintenance
from wattproof.errors import UnavailableError

log = structlog.get_logger(__name__)

_MOST_BYTES: Final = 107
"""Of a socket's address, on Linux."""

Action = Literal["backup", "check", "compact"]
Progress = Callable[[int, int], None]


class Request(msgspec.Struct, frozen=True):
    """What is asked for; `target` is the absolute path of a backup."""

    action: Action
    target: str = ""


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of an answer: progress (`done` of `total` rows), the result, or why there is none."""

    done: int = 0
    total: int = 0
    checked: maintenance.Checked | None = None
    copied: maintenance.Copied | None = None
    error: str = ""


def socket_of(path: Path) -> Path:
    """Where the owner of a data file listens; where the file is a link, beside what it leads to."""
    real = path.resolve()
    return real.with_name(real.name + ".sock")


def perform(store: storage.DuckStore, request: Request, progress: Progress) -> Line:
    """Do what is asked for.

    Raises
    ------
    StoreError
        When it cannot be done.
    """
    if request.action == "check":
        return Line(checked=maintenance.check_store(store))
    if request.action == "compact":
        return Line(copied=compaction.compact(store, progress))
    return Line(copied=maintenance.backup(store, Path(request.target), progress))


class Desk:
    """Answers requests about one open store, one after the other, in a thread of its own."""

    def __init__(self, store: storage.DuckStore) -> None:
        self._store = store
        self._path = socket_of(store.file.path)
        # Nobody else can be listening: this process holds the file.
        self._path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        with _address(self._path) as address:
            self._listener.bind(address)
        self._path.chmod(0o600)
        self._listener.listen(8)
        self._thread = threading.Thread(target=self._serve, name="data-file-desk", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the answer under way, and listen no more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._thread.is_alive():
            self._thread.join()
        self._path.unlink(missing_ok=True)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        with connection.makefile("rb") as lines:
            text = lines.readline(65_536)

        def say(line: Line) -> None:
            connection.sendall(msgspec.json.encode(line) + b"\n")

        def progress(done: int, total: int) -> None:
            # Whoever asked may have gone; what was begun is finished all the same.
            with contextlib.suppress(OSError):
                say(Line(done=done, total=total))

        try:
            request = msgspec.json.decode(text, type=Request)
            log.info("data_file_request", action=request.action, target=request.target)
            say(perform(self._store, request, progress))
        except (storage.StoreError, msgspec.ValidationError, msgspec.DecodeError, OSError) as error:
            say(Line(error=str(error)))
        except Exception as error:
            # A defect of ours: whoever asked is told, and the next one is still answered.
            log.exception("data_file_request_failed")
            say(Line(error=f"unexpected: {error!r}; its log says more"))


def ask(path: Path, request: Request, progress: Progress) -> Line | None:
    """Have the owner of a data file do something; None when nobody is there.

    Raises
    ------
    UnavailableError
        When it could not do it, or ended meanwhile.
    """
    connection = socket.socket(socket.AF_UNIX)
    try:
        with _address(socket_of(path)) as address:
            connection.connect(address)
    except OSError:
        connection.close()
        return None
    # Who is killed before it has read the question lets go of it with an error.
    with contextlib.suppress(ConnectionError), connection, connection.makefile("rb") as lines:
        connection.sendall(msgspec.json.encode(request) + b"\n")
        for text in lines:
            line = msgspec.json.decode(text, type=Line)
            if line.error:
                raise UnavailableError(line.error)
            if line.checked is not None or line.copied is not None:
                return line
            progress(line.done, line.total)
    raise UnavailableError("the process that holds the data file ended before it was done; look at its log")


@contextlib.contextmanager
def _address(path: Path) -> Iterator[str]:
    """The socket's address: its path, or where that is too long for one, a way through the folder's descriptor."""
    if len(os.fsencode(path)) <= _MOST_BYTES:
        yield str(path)
        return
    descriptor = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{path.name}"
    finally:
        os.close(descriptor)
