"""Certificate files of a TLS connection, and their renewal while the program runs."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import structlog

from telemetry.errors import CertificateError
from telemetry.mqtt import Tls

log = structlog.get_logger()

_Stamp = tuple[tuple[int, int, int], ...]
_GONE: Final = (0, 0, 0)
_LOOK_S: Final = 10.0
"""How often the files are looked at [s]; new ones are also taken in at every connect."""
_CA_ADVICE: Final = "name the authority's certificate, a PEM file"


class Certificates:
    """One TLS context, whose certificates are those of the files named in `tls`.

    Renewed files are taken into the same context, so that the next connection uses them. An authority that is no
    longer in the file stays trusted until the program is started again.

    Parameters
    ----------
    tls
        Paths of the files.

    Raises
    ------
    CertificateError
        When a file cannot be read, or holds no usable certificate or key.
    """

    def __init__(self, tls: Tls) -> None:
        self._tls = tls
        self._stamp = self._now()
        self._refused: _Stamp = ()
        with _named(f"tls.ca {tls.ca}", _CA_ADVICE):
            self.context = ssl.create_default_context(cafile=tls.ca or None)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._load_into(self.context)

    def changed(self) -> bool:
        """Whether the files are others than those in use, and sound.

        Files that do not fit together, as while they are being replaced, are told once and left until they change.
        """
        stamp = self._now()
        if stamp in (self._stamp, self._refused):
            return False
        try:
            self._load_into(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))  # a failure must not spoil the one in use
        except CertificateError as error:
            self._refused = stamp
            log.warning(
                "certificates_not_renewed", reason=str(error), certificate=self._tls.certificate,
                advice="the ones in use stay; put a certificate and the key that belongs to it in place",
            )  # fmt: skip
            return False
        return True

    def renew(self) -> None:
        """Take in the files if they have changed."""
        stamp = self._now()
        if self.changed():
            self._load_into(self.context)
            self._stamp = stamp
            log.info("certificates_renewed", certificate=self._tls.certificate, ca=self._tls.ca)

    def follow(self, ended: threading.Event, look: Callable[[], None]) -> None:
        """Call `look`, which asks whether they have `changed`, now and then until `ended` is set."""
        while not ended.wait(_LOOK_S):
            look()

    def _load_into(self, context: ssl.SSLContext) -> None:
        tls = self._tls
        if tls.ca:
            with _named(f"tls.ca {tls.ca}", _CA_ADVICE):
                context.load_verify_locations(cafile=tls.ca)
        if tls.certificate:
            files = " and ".join([f"tls.certificate {tls.certificate}", *([f"tls.key {tls.key}"] if tls.key else [])])
            with _named(files, "put a certificate and the key that belongs to it in place"):
                context.load_cert_chain(tls.certificate, tls.key or None, _no_password)

    def _now(self) -> _Stamp:
        """What tells one version of the files from another."""
        return tuple(_stamp(name) for name in (self._tls.ca, self._tls.certificate, self._tls.key) if name)


@contextlib.contextmanager
def _named(files: str, advice: str) -> Iterator[None]:
    """The library's errors name no file."""
    try:
        yield
    except OSError as error:
        raise CertificateError(f"{files}: {error.strerror or error}; {advice}") from error


def _no_password() -> str:
    """Without this, OpenSSL asks for it at the terminal, and waits."""
    raise OSError("the key is encrypted, and nobody is there to type its password")


def _stamp(name: str) -> tuple[int, int, int]:
    try:
        found = Path(name).stat()
    except OSError:
        return _GONE
    return found.st_mtime_ns, found.st_size, found.st_ino
