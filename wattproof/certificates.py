"""A small certificate authority of our own (RFC 5280), on ECDSA P-256: what broker and clients know each other by."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wattproof.errors import BadInputError

_CA_DAYS, _LEAF_DAYS, _RENEW_DAYS = 3650, 1825, 60


class ProvisionError(BadInputError):
    """The broker's files cannot be made as asked; the text says why and what to do."""


@dataclass
class Written:
    """What became of the files; paths are relative to `folder`."""

    folder: Path
    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def text(self, path: Path, text: str) -> None:
        """Put `text` there (mode 0600) unless it is there already."""
        name = str(path.relative_to(self.folder))
        before = path.read_text(encoding="utf-8") if path.exists() else None
        if before == text:
            self.kept.append(name)
            return
        fresh = path.with_name(path.name + ".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(path)
        (self.created if before is None else self.changed).append(name)


@dataclass(frozen=True)
class Authority:
    """An authority that may sign, or, without its key, only vouch for what it signed before."""

    folder: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | None
    now: dt.datetime

    def issue(self, written: Written, folder: Path, stem: str, name: str, hosts: Sequence[str], *, anew: bool) -> None:
        """Put ``ca.crt``, ``STEM.key`` and ``STEM.crt`` into `folder`, each unless it is there and fits.

        Parameters
        ----------
        written
            Takes note of what was done.
        folder, stem
            Where, and under which file name.
        name
            Common name: who the certificate's owner is.
        hosts
            Names and addresses of a server; none for a client.
        anew
            Replace key and certificate even if they fit.

        Raises
        ------
        ProvisionError
            When a certificate must be signed and the authority's key is not there, or a file is unreadable.
        """
        folder.mkdir(mode=0o700, exist_ok=True)
        written.text(folder / "ca.crt", pem(self.certificate))
        key = _key(written, folder / f"{stem}.key", anew=anew)
        path = folder / f"{stem}.crt"
        if path.exists() and not anew and self._fits(_load_certificate(path), key, name, hosts):
            written.kept.append(str(path.relative_to(written.folder)))
            return
        if self.key is None:
            raise ProvisionError(
                f"{self.folder / 'ca.key'} is missing, and {path} needs signing with it: "
                "put the key back, or make a new authority with --replace"
            )
        written.text(path, pem(_leaf(self.certificate, self.key, key, name, hosts, self.now)))

    def _fits(
        self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, name: str, hosts: Sequence[str]
    ) -> bool:
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (InvalidSignature, ValueError, TypeError):
            return False
        common = [str(part.value) for part in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        extensions = certificate.extensions
        named: list[x509.GeneralName] = []
        if hosts:
            try:
                named = list(extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
            except x509.ExtensionNotFound:
                return False
        return (
            certificate.public_key() == key.public_key()
            and common == [name]
            and named == [_general_name(host) for host in hosts]
            and certificate.not_valid_after_utc - self.now > dt.timedelta(days=_RENEW_DAYS)
        )


def open_authority(written: Written, folder: Path, now: dt.datetime, *, anew: bool) -> Authority:
    """Open the authority in `folder` (``ca.crt``, ``ca.key``), or found one where there is none.

    Raises
    ------
    ProvisionError
        When it has expired, or its files cannot be read or do not belong together.
    """
    certificate_path, key_path = folder / "ca.crt", folder / "ca.key"
    if anew or not certificate_path.exists():
        key = _key(written, key_path, anew=anew)
        certificate = _root(key, now)
        written.text(certificate_path, pem(certificate))
        return Authority(folder, certificate, key, now)
    certificate = _load_certificate(certificate_path)
    if certificate.not_valid_after_utc < now:
        raise ProvisionError(f"{certificate_path} has expired; make a new authority with --replace")
    kept_key = _load_key(key_path) if key_path.exists() else None
    if kept_key is not None and kept_key.public_key() != certificate.public_key():
        raise ProvisionError(f"{key_path} is not the key of {certificate_path}; put the right one back")
    written.kept.append(str(certificate_path.relative_to(written.folder)))
    return Authority(folder, certificate, kept_key, now)


def hosts_of(path: Path) -> list[str]:
    """Names and addresses in a server's certificate; none when there is no such file.

    Raises
    ------
    ProvisionError
        When the file is no certificate.
    """
    if not path.exists():
        return []
    try:
        names = _load_certificate(path).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in names]


def pem(certificate: x509.Certificate) -> str:
    """Text form of a certificate."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def _root(key: ec.EllipticCurvePrivateKey, now: dt.datetime) -> x509.Certificate:
    name = _name("WattProof broker authority")
    return (
        _builder(name, name, key, now, _CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def _leaf(
    root: x509.Certificate,
    root_key: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePrivateKey,
    name: str,
    hosts: Sequence[str],
    now: dt.datetime,
) -> x509.Certificate:
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if hosts else ExtendedKeyUsageOID.CLIENT_AUTH
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    builder = (
        _builder(_name(name), root.subject, key, now, _LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(authority, critical=False)
    )
    if hosts:
        names = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(root_key, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: dt.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A gateway's clock may run behind ours; a certificate must not be too new for it.
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key(written: Written, path: Path, *, anew: bool) -> ec.EllipticCurvePrivateKey:
    if path.exists() and not anew:
        written.kept.append(str(path.relative_to(written.folder)))
        return _load_key(path)
    key = ec.generate_private_key(ec.SECP256R1())
    clear = serialization.NoEncryption()
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, clear)
    written.text(path, text.decode("ascii"))
    return key


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise ProvisionError(
            f"{path} is no private key in PEM form; restore it, or start over with --replace"
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ProvisionError(f"{path} is no elliptic-curve key; restore ours, or start over with --replace")
    return key


def _load_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError as error:
        raise ProvisionError(f"{path} is no certificate in PEM form; remove it, and it is issued anew") from error
