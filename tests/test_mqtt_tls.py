"""MQTT over TLS with client certificates, against a real mosquitto that requires them."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from collector import Collector, Quarantine
from storage import DuckStore
from telemetry import Broker, TelemetryError, Tls
from tests.collector.parts import collecting, gateway, now_ms, readings
from tests.parts import free_port, program, running, wait_until


class Authority:
    """A certificate authority of this test's own, that writes PEM files."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        basic = x509.BasicConstraints(ca=True, path_length=0)
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
            decipher_only=False,
        )  # fmt: skip
        certificate = (
            _unsigned(self.name, self.name, self.key.public_key())
            .add_extension(basic, critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, usage: x509.ObjectIdentifier) -> tuple[Path, Path]:
        """Certificate and key for the loopback address."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        where = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        certificate = (
            _unsigned(subject, self.name, key.public_key())
            .add_extension(where, critical=False)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(issuer, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        certificate_file, key_file = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return certificate_file, key_file


def _unsigned(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
    )


class Secured(NamedTuple):
    """A mosquitto that asks for certificates, and the authority it trusts."""

    port: int
    authority: Authority

    def broker(self, name: str) -> Broker:
        certificate, key = self.authority.issue(name, ExtendedKeyUsageOID.CLIENT_AUTH)
        return Broker(port=self.port, tls=Tls(str(self.authority.file), str(certificate), str(key)))


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[Secured]:
    authority = Authority(tmp_path, "authority")
    certificate, key = authority.issue("server", ExtendedKeyUsageOID.SERVER_AUTH)
    port = free_port()
    config = tmp_path / "mosquitto-tls.conf"
    config.write_text(
        f"""listener {port} 127.0.0.1
cafile {authority.file}
certfile {certificate}
keyfile {key}
require_certificate true
use_identity_as_username true
allow_anonymous false
user root
""",
        encoding="utf-8",
    )
    with running([program("mosquitto"), "-c", str(config)], port, tmp_path / "mosquitto-tls.log"):
        yield Secured(port, authority)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckStore]:
    opened = DuckStore(tmp_path / "readings.duckdb")
    yield opened
    opened.close()


@pytest.fixture
def quarantine(tmp_path: Path) -> Iterator[Quarantine]:
    opened = Quarantine(tmp_path / "quarantine.sqlite")
    yield opened
    opened.close()


def told(logs: list[structlog.typing.EventDict], event: str) -> list[structlog.typing.EventDict]:
    return [entry for entry in logs if entry["event"] == event]


def test_a_batch_travels_from_edge_to_store_with_client_certificates(
    secured: Secured, tmp_path: Path, store: DuckStore, quarantine: Quarantine
) -> None:
    with (
        collecting(store, secured.broker("collector"), quarantine),
        gateway(tmp_path, secured.broker("gw-1")) as (outbox, publisher),
    ):
        outbox.put(readings(now_ms() - 60_000, 10))
        assert publisher.drained(30)
        assert outbox.counters.stored == 10
    assert store.count() == 10


def test_a_client_without_a_certificate_is_refused_and_told_why(secured: Secured, tmp_path: Path) -> None:
    bare = Broker(port=secured.port, tls=Tls(ca=str(secured.authority.file)))
    with structlog.testing.capture_logs() as logs, gateway(tmp_path, bare) as (outbox, publisher):
        outbox.put(readings(now_ms() - 60_000, 10))
        wait_until(lambda: told(logs, "mqtt_closed_before_login"), "the refusal is told")
        assert not publisher.connected
        assert outbox.counters.pending == 10
    assert "client certificate (tls.certificate, tls.key)" in told(logs, "mqtt_closed_before_login")[0]["advice"]


def test_a_client_of_another_authority_is_refused(secured: Secured, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger")
    certificate, key = stranger.issue("intruder", ExtendedKeyUsageOID.CLIENT_AUTH)
    broker = Broker(port=secured.port, tls=Tls(str(secured.authority.file), str(certificate), str(key)))
    with structlog.testing.capture_logs() as logs, gateway(tmp_path, broker) as (_, publisher):
        wait_until(lambda: told(logs, "mqtt_closed_before_login"), "the refusal is told")
        assert not publisher.connected


def test_a_broker_of_another_authority_is_not_trusted_and_the_reason_is_told(secured: Secured, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger")
    certificate, key = secured.authority.issue("gw-1", ExtendedKeyUsageOID.CLIENT_AUTH)
    broker = Broker(port=secured.port, tls=Tls(str(stranger.file), str(certificate), str(key)))
    with structlog.testing.capture_logs() as logs, gateway(tmp_path, broker) as (_, publisher):
        wait_until(lambda: told(logs, "mqtt_unreachable"), "the reason is told")
        assert not publisher.connected
    (complaint,) = told(logs, "mqtt_unreachable")
    assert "certificate verify failed" in complaint["reason"]
    assert "not from the authority in tls.ca" in complaint["advice"]
    assert complaint["broker"] == f"mqtts://127.0.0.1:{secured.port}"


def test_speaking_plainly_to_a_tls_port_is_told(secured: Secured, tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as logs, gateway(tmp_path, Broker(port=secured.port)):
        wait_until(lambda: told(logs, "mqtt_closed_before_login"), "the reason is told")
    assert "or for TLS on this port" in told(logs, "mqtt_closed_before_login")[0]["advice"]


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_an_unusable_certificate_file_is_named_at_once(
    content: bytes | None, tmp_path: Path, store: DuckStore, quarantine: Quarantine
) -> None:
    ca = tmp_path / "ca.pem"
    if content is not None:
        ca.write_bytes(content)
    with pytest.raises(TelemetryError, match=re.escape(f"tls.ca {ca}: ")):
        Collector(store, Broker(tls=Tls(ca=str(ca))), quarantine)
